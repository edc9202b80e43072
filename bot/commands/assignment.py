"""Which attached file plays which role for a model, and what a prompt calls it."""

import itertools
import re
from collections.abc import Iterable, Sequence
from pathlib import PurePath

from bot import errors
from bot.catalog import Catalog, InputRule, ModelSpec
from bot.commands.specification import CommandSpec
from bot.requests import Input, Media

# Runway's form of a tag: 3 to 16 signs.
_TAG = re.compile(r"[a-z][a-z0-9_]{2,15}")
_PLACE = re.compile(r"image[0-9]+")  # what others are called by their place
_MENTION = re.compile(r"@([a-z][a-z0-9_]{2,15})(?![a-z0-9_])")


def assign(spec: ModelSpec, files: Sequence[Media], prompt: str = "") -> tuple[Input, ...] | None:
    """Give every file a role, in the order of attachment; None when they do not fit."""
    slots = [rule for rule in spec.inputs for _ in range(rule.max)]
    if len(files) > len(slots):
        return None
    for chosen in itertools.combinations(range(len(slots)), len(files)):
        for order in itertools.permutations(files):
            pairs = [(slots[index], media) for index, media in zip(chosen, order, strict=True)]
            if all(media.kind in rule.kinds for rule, media in pairs) and _all_filled(spec, pairs):
                return tuple(_tagged(pairs, prompt))
    return None


def assign_or_refuse(
    catalog: Catalog, command: CommandSpec, spec: ModelSpec, files: Sequence[Media], prompt: str
) -> tuple[Input, ...]:
    """The same, or a Refused that says what is missing or too much."""
    assigned = assign(spec, files, prompt)
    if assigned is not None:
        return assigned
    if len(files) > sum(rule.max for rule in spec.inputs):
        taken = ", ".join(_taken(rule) for rule in spec.inputs) or "no attachment"
        raise errors.TooManyInputs(spec.label, taken, [media.name for media in files])
    rule = _unfilled(spec, files)
    without = [s for op in command.only_by_model for s in catalog.offered(op) if not s.needs_input]
    hint = without[0].id if without and not files else None
    raise errors.MissingInput(rule.role, list(rule.kinds), spec.label, hint)


def _unfilled(spec: ModelSpec, files: Sequence[Media]) -> InputRule:
    """The first role that the attached kinds leave empty (or that they do not fit)."""
    left = [media.kind for media in files]
    for rule in spec.inputs:
        fitting = next((kind for kind in left if kind in rule.kinds), None)
        if fitting is None:
            return rule
        left.remove(fitting)
    return spec.inputs[-1]


def _taken(rule: InputRule) -> str:
    kinds = " or ".join(rule.kinds)
    return f"up to {rule.max} {kinds}s" if rule.max > 1 else f"one {kinds}"


def _all_filled(spec: ModelSpec, pairs: Sequence[tuple[InputRule, Media]]) -> bool:
    return all(sum(rule is given for given, _ in pairs) >= rule.min for rule in spec.inputs)


def _tagged(pairs: Sequence[tuple[InputRule, Media]], prompt: str) -> Iterable[Input]:
    """References are `@image1` … in a prompt, or their file's name where the prompt says so."""
    mentioned, used = set(_MENTION.findall(prompt)), set[str]()
    for number, (rule, media) in enumerate(pairs, start=1):
        if rule.form != "tagged_list":
            yield Input(rule.role, media)
            continue
        name = tag_of(media.name)
        is_meant = name in mentioned and name not in used and not _PLACE.fullmatch(name)
        tag = name if is_meant else f"image{number}"
        used.add(tag)
        yield Input(rule.role, media, tag)


def tag_of(name: str) -> str:
    """A file's name as a tag: `My Fox.png` is `my_fox`; empty where the name makes none."""
    tag = re.sub(r"[^a-z0-9]+", "_", PurePath(name).stem.lower()).strip("_")[:16]
    return tag if _TAG.fullmatch(tag) else ""
