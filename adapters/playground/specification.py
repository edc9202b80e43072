"""The command specification as JSON, for the page's autocomplete."""

from collections.abc import Iterable
from typing import Any

from bot.catalog import Catalog
from bot.commands.specification import (
    COMMANDS,
    Choice,
    CommandSpec,
    Option,
    attachment_kinds,
    is_offered,
    models_for,
    options_for,
)


def commands_body(catalog: Catalog) -> list[dict[str, Any]]:
    """Every command that works now: one whose models are not offered is left out."""
    return [_command(spec, catalog) for spec in COMMANDS if is_offered(spec, catalog)]


def _command(spec: CommandSpec, catalog: Catalog) -> dict[str, Any]:
    models = models_for(spec, catalog)
    return {
        "name": spec.name,
        "summary": spec.summary,
        "usage": spec.usage,
        "admin": spec.admin,
        "default_model": models[0].id if models else None,
        "attachments": _attachments(spec, catalog),
        "arguments": [
            {
                "name": argument.name,
                "required": argument.required,
                "summary": argument.summary,
                "choices": [{"value": value, "label": value} for value in argument.choices],
            }
            for argument in spec.arguments
        ],
        "options": [_option(option) for option in options_for(spec, catalog)],
    }


def _attachments(spec: CommandSpec, catalog: Catalog) -> dict[str, Any] | None:
    kinds = attachment_kinds(spec, catalog)
    if not kinds:
        return None
    models = models_for(spec, catalog)
    needed: dict[str, int] = {}
    for model in models:
        files = sum(rule.min for rule in model.inputs)
        needed[model.id] = min(files, needed.get(model.id, files))
    most = max(sum(rule.max for rule in model.inputs) for model in models)
    return {"min": min(needed.values()), "by_model": needed, "max": most, "kinds": kinds}


def _option(option: Option) -> dict[str, Any]:
    by_model = {model: _choices(choices) for model, choices in option.by_model}
    return {
        "name": option.name,
        "summary": option.summary,
        "choices": _choices(option.choices),
        "by_model": by_model or None,
    }


def _choices(choices: Iterable[Choice]) -> list[dict[str, str]]:
    return [{"value": choice.value, "label": choice.label} for choice in choices]
