"""From what a person typed and attached to a valid, priced request, or a refusal that says why."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from bot import errors
from bot.catalog import RATIO_SYNONYMS, Catalog, InputRule, ModelSpec
from bot.commands.assignment import assign, assign_or_refuse
from bot.commands.fitting import expected, plan_fit
from bot.commands.specification import (
    FIT_CHOICES,
    CommandSpec,
    may_be_meant,
    models_for,
    ratio_choices,
    setting_text,
    takes_whole_image,
)
from bot.requests import Fit, GenerationRequest, Input, Media, Setting
from bot.text import is_blank, mended, utf16_units

MOST_SEED = 2**32 - 1
# Words that people type for a duration's unit.
_SECONDS = ("seconds", "second", "secs", "sec", "s")


def choose_model(
    catalog: Catalog, command: CommandSpec, name: str | None, files: Sequence[Media]
) -> ModelSpec:
    """The model to use: the one that was named, or the first that takes what is attached."""
    chosen = may_be_meant(command, catalog, name)
    if not chosen and name is not None:
        raise _not_offered(catalog, command, name, models_for(command, catalog))
    if not chosen:
        raise errors.NothingOffered(command.name)
    return next((spec for spec in chosen if assign(spec, files) is not None), chosen[0])


@dataclass(frozen=True)
class Plan:
    """A valid request with its files as they will be, and what must be done to each, by its key."""

    spec: ModelSpec
    request: GenerationRequest
    options: Mapping[str, str]
    fits: Mapping[str, Fit]

    def with_files(self, files: Mapping[str, Media]) -> GenerationRequest:
        """The request with the files as they have become, by the keys that they had."""
        inputs = tuple(
            replace(given, media=files[given.media.key]) for given in self.request.inputs
        )
        request = self.request
        seed = request.seed or 0
        return complete(self.spec, request.prompt, inputs, self.options, lambda: seed)


def plan_request(
    catalog: Catalog,
    command: CommandSpec,
    prompt: str,
    options: Mapping[str, str],
    files: Sequence[Media],
    pick_seed: Callable[[], int],
) -> Plan:
    """The request that a command asks for; raises a Refused that names what is wrong."""
    prompt = mended(prompt)
    spec = choose_model(catalog, command, options.get("model"), files)
    check_prompt(spec, command.name, prompt)
    inputs = assign_or_refuse(catalog, command, spec, files, prompt)
    check_known(spec, options)
    how = _how_to_fit(options)
    ratio = _ratio(spec, options.get("ratio"), inputs)
    if ratio is not None:
        options = {**options, "ratio": ratio}
    rules = {rule.role: rule for rule in spec.inputs}
    fits = {i.media.key: plan_fit(spec, rules[i.role], i.media, ratio, how) for i in inputs}
    fitted = tuple(replace(i, media=expected(i.media, fits[i.media.key])) for i in inputs)
    request = complete(spec, prompt, fitted, options, pick_seed)
    return Plan(spec, request, options, fits)


def check_typed(
    catalog: Catalog,
    command: CommandSpec,
    prompt: str,
    options: Mapping[str, str],
    files: Sequence[Media],
) -> None:
    """Refuse what no file has to be opened for; of `files` names and kinds are enough."""
    spec = choose_model(catalog, command, options.get("model"), files)
    check_prompt(spec, command.name, prompt)
    assign_or_refuse(catalog, command, spec, files, prompt)
    check_known(spec, options)
    _ratio(spec, options.get("ratio"), ())
    _duration(spec, options.get("duration"))
    _seed(spec, options.get("seed"), int)
    _settings(spec, options)


def complete(
    spec: ModelSpec,
    prompt: str,
    inputs: tuple[Input, ...],
    options: Mapping[str, str],
    pick_seed: Callable[[], int],
) -> GenerationRequest:
    """A request with every choice made and its price worked out."""
    ratio = _ratio(spec, options.get("ratio"), inputs)
    duration = _duration(spec, options.get("duration"))
    settings = _settings(spec, options)
    for rule in spec.inputs:
        for given in inputs:
            if given.role == rule.role:
                _check_input(spec, rule, given.media, settings)
    return GenerationRequest(
        operation=spec.operation,
        model=spec.id,
        prompt=prompt,
        inputs=inputs,
        ratio=ratio,
        duration=duration,
        seed=_seed(spec, options.get("seed"), pick_seed),
        settings=settings,
        price=spec.price.credits(ratio, duration, inputs, settings),
    )


def check_prompt(spec: ModelSpec, command: str, prompt: str) -> None:
    """Raise a Refused unless the model takes this prompt, or works without one."""
    if prompt and not spec.prompt.max:
        raise errors.PromptNotTaken(spec.label)
    if spec.prompt.required and is_blank(prompt):
        raise errors.MissingPrompt(command, spec.label)
    if (units := utf16_units(prompt)) > spec.prompt.max:
        raise errors.PromptTooLong(units, spec.prompt.max, spec.label)


def check_known(spec: ModelSpec, options: Mapping[str, str]) -> None:
    """Raise OptionNotTaken for an option that the command has but this model does not."""
    taken = {"model", "ref", *(rule.name for rule in spec.settings)}
    taken |= {"ratio"} if spec.ratios else set()
    taken |= {"duration"} if spec.durations else set()
    taken |= {"seed"} if spec.seed else set()
    taken |= {"fit"} if spec.ratios and takes_whole_image(spec) else set()
    for name in options:
        if name not in taken:
            raise errors.OptionNotTaken(name, spec.label)


def _not_offered(
    catalog: Catalog, command: CommandSpec, name: str, offered: Sequence[ModelSpec]
) -> errors.Refused:
    known = any(
        s.id == name.lower() and s.operation in command.operations for s in catalog.all_specs()
    )
    if known:
        return errors.NothingOffered(command.name, catalog.label(name.lower()))
    if not offered:
        return errors.NothingOffered(command.name)
    return errors.BadChoice("model", name, list(dict.fromkeys(spec.id for spec in offered)))


def _how_to_fit(options: Mapping[str, str]) -> str | None:
    how = options.get("fit")
    known = [choice.value for choice in FIT_CHOICES]
    if how is not None and how.lower() not in known:
        raise errors.BadChoice("fit", how, known)
    return None if how is None else how.lower()


def _check_input(
    spec: ModelSpec, rule: InputRule, media: Media, settings: Mapping[str, Setting]
) -> None:
    if media.is_link:
        # Nobody has looked into it; only its price must be certain.
        if spec.price.of == rule.role:
            raise errors.NeedsFile(media.name, spec.label)
        return
    width, height = media.width or 0, media.height or 0
    scale = int(settings.get("scale", 1))
    checks = (
        ("length", rule.seconds, media.duration),
        ("short side", rule.sides, min(width, height)),
        ("long side", rule.sides, max(width, height)),
        ("long side", (0, rule.max_side) if rule.max_side else None, max(width, height)),
        ("shape", rule.aspect, width / height if height else 0),
        ("enlarged size", (0, rule.max_output_pixels) if rule.max_output_pixels else None,
         width * height * scale * scale),
    )  # fmt: skip
    for quantity, bounds, value in checks:
        if bounds is None or value is None:
            continue
        low, high = bounds
        if not low <= value <= high:
            raise errors.UnfitInput(media.name, quantity, value, low, high, spec.label)


def _ratio(spec: ModelSpec, asked: str | None, inputs: tuple[Input, ...]) -> str | None:
    if not spec.ratios:
        return None
    if asked is None:
        return _closest_ratio(spec, inputs)
    name = asked.lower().replace("x", ":").replace("×", ":")
    name = RATIO_SYNONYMS.get(name, name)
    if name in spec.ratios:
        return name
    if name in (friendly := spec.friendly_ratios()):
        return friendly[name]
    choices = [choice.value for choice in ratio_choices(spec)]
    raise errors.BadChoice("ratio", asked, choices, spec.label)


def _closest_ratio(spec: ModelSpec, inputs: tuple[Input, ...]) -> str:
    """The ratio that crops least of what the picture is made from; the first for words alone."""
    source = next((i.media for i in inputs if i.role in ("image", "video", "character")), None)
    if source is None or not source.width or not source.height:
        return spec.ratios[0]
    shape = Decimal(source.width) / source.height

    def lost(ratio: str) -> Decimal:
        width, height = (Decimal(side) for side in ratio.split(":"))
        return 1 - min(shape / (width / height), (width / height) / shape)

    return min(spec.ratios, key=lost)


def _duration(spec: ModelSpec, asked: str | None) -> int | None:
    if not spec.durations:
        return None
    if asked is None:
        return spec.duration
    text = asked.lower()
    for unit in _SECONDS:
        text = text.removesuffix(unit)
    text = text.strip().lstrip("0")
    by_text = {str(seconds): seconds for seconds in spec.durations}
    if text not in by_text:
        raise errors.BadChoice("duration", asked, list(by_text), spec.label)
    return by_text[text]


def _seed(spec: ModelSpec, asked: str | None, pick_seed: Callable[[], int]) -> int | None:
    if not spec.seed:
        return None
    if asked is None:
        return pick_seed()
    if asked.isascii() and asked.isdigit() and len(asked) <= 10 and int(asked) <= MOST_SEED:
        return int(asked)
    raise errors.BadChoice("seed", asked, [f"a whole number from 0 to {MOST_SEED}"], spec.label)


def _settings(spec: ModelSpec, options: Mapping[str, str]) -> dict[str, Setting]:
    chosen: dict[str, Setting] = {}
    for rule in spec.settings:
        asked = options.get(rule.name)
        if asked is not None:
            by_text = {setting_text(value): value for value in rule.choices}
            if asked.lower() not in by_text:
                raise errors.BadChoice(rule.name, asked, list(by_text), spec.label)
            chosen[rule.name] = by_text[asked.lower()]
        elif rule.default is not None:
            chosen[rule.name] = rule.default
    return chosen
