"""What is offered while somebody types an option; pure."""

from collections.abc import Sequence

from discord import app_commands

from adapters.discord.reading import Typed
from adapters.discord.specification import INTEGER, MOST_CHOICES
from bot.catalog import Catalog
from bot.commands.specification import Choice, CommandSpec, models_for, options_for

MOST_NAME = 100  # letters of a choice


def completions(
    typed: Typed, spec: CommandSpec, catalog: Catalog
) -> list[app_commands.Choice[str | int | float]]:
    """The choices that fit what was typed so far, for the model that was chosen."""
    focused = typed.focused
    if focused is None:
        return []
    choices = _choices(focused.name, typed.options.get("model"), spec, catalog)
    number = focused.kind == INTEGER
    return [
        app_commands.Choice(
            name=choice.label[:MOST_NAME], value=int(choice.value) if number else choice.value
        )
        for choice in _fitting(choices, focused.text)[:MOST_CHOICES]
    ]


def _choices(name: str, model: str | None, spec: CommandSpec, catalog: Catalog) -> Sequence[Choice]:
    option = next((o for o in options_for(spec, catalog) if o.name == name), None)
    if option is None:
        return ()
    models = models_for(spec, catalog)
    return option.choices_for(model or (models[0].id if models else ""))


def _fitting(choices: Sequence[Choice], text: str) -> list[Choice]:
    """Those that begin with the text come first, those that hold it next."""
    wanted = text.strip().lower()
    holding = [c for c in choices if wanted in c.value.lower() or wanted in c.label.lower()]
    return sorted(holding, key=lambda c: not c.value.lower().startswith(wanted))
