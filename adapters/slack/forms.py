"""The form for a generation: built from the command specification, read back when it is sent.

Limits are Slack's: 100 options a select, 75 characters an option, 3000 in a text field and in
private_metadata, 10 MB a file (docs.slack.dev/reference/block-kit).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from adapters.slack import words
from adapters.slack.api import Body
from adapters.slack.errors import Told
from adapters.slack.escape import unescape
from bot.catalog import Catalog, ModelSpec
from bot.commands.references import names_files, take_links
from bot.commands.specification import (
    Choice,
    CommandSpec,
    attachment_kinds,
    may_be_meant,
    models_for,
    options_for,
)
from bot.requests import ENDINGS, Kind

CALLBACK = "dailies:form"
MODEL_ACTION = "form:model"
MOST_OPTIONS = 100
MOST_OPTION = 75
MOST_TEXT = 3000
MOST_KEPT = 100
_SHOWN = ("model", "ratio", "duration")


@dataclass(frozen=True)
class Errand:
    """What a form carries along: where it was opened, and what is known without being asked.

    `once` names this very form; `files` are ids; `message` is where files still have to be looked
    for (channel and ts); `options` are typed ones that the form does not show.
    """

    command: str
    channel: str
    once: str
    files: tuple[str, ...] = ()
    message: tuple[str, str] | None = None
    options: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))

    @staticmethod
    def from_json(text: str) -> "Errand":
        kept = json.loads(text)
        message = kept.pop("message")
        files = tuple(kept.pop("files"))
        return Errand(**kept, files=files, message=tuple(message) if message else None)


@dataclass(frozen=True)
class Filled:
    """A form as it was sent."""

    errand: Errand
    prompt: str
    options: Mapping[str, str]
    files: Sequence[Mapping[str, Any]]


def needs_form(
    spec: CommandSpec, catalog: Catalog, prompt: str | None, options: Mapping[str, str]
) -> bool:
    """Whether a typed command lacks what only a form can take: a file, or its words."""
    kinds = attachment_kinds(spec, catalog)
    said, links = take_links(prompt or "", kinds)
    chosen = may_be_meant(spec, catalog, options.get("model"))
    if not links and "ref" not in options:
        if needs_file(spec, catalog, options):
            return True
        chosen = [model for model in chosen if not model.needs_input]
    return bool(chosen) and not said and all(model.prompt.required for model in chosen)


def needs_file(spec: CommandSpec, catalog: Catalog, options: Mapping[str, str]) -> bool:
    """Whether nothing comes of a command without a file."""
    chosen = may_be_meant(spec, catalog, options.get("model"))
    return bool(chosen) and all(model.needs_input for model in chosen)


def form(
    spec: CommandSpec,
    catalog: Catalog,
    errand: Errand,
    prompt: str = "",
    options: Mapping[str, str] | None = None,
) -> Body:
    """The form of a command, prefilled with what was typed; raises Told for more than it can carry."""
    typed = dict(options or {})
    models = models_for(spec, catalog)
    chosen = (may_be_meant(spec, catalog, typed.get("model")) or models)[0]
    blocks = [_prompt_input(chosen, prompt)] if any(m.prompt.max for m in models) else []
    blocks += _file_input(
        attachment_kinds(spec, catalog), models, chosen, errand, prompt, {**errand.options, **typed}
    )
    shown: dict[str, str] = {}
    for option in options_for(spec, catalog):
        if option.name not in _SHOWN:
            continue
        choices = option.choices_for(chosen.id)
        value = chosen.id if option.name == "model" else typed.get(option.name)
        if value in [choice.value for choice in choices]:
            shown[option.name] = value or ""
        if choices:
            blocks.append(_select(option.name, option.summary, choices, value, chosen))
    # Nothing else that can be meant is longer; half a link would be another one.
    kept = {n: v if n == "ref" else v[:MOST_KEPT] for n, v in typed.items() if n not in shown}
    errand = replace(errand, options={**errand.options, **kept})
    metadata = errand.to_json()
    if len(metadata) > MOST_TEXT:
        raise Told(words.too_long_for_a_form())
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "title": _plain(spec.name.capitalize(), 24),
        "submit": _plain("Make it", 24),
        "close": _plain("Cancel", 24),
        "private_metadata": metadata,
        "blocks": blocks,
    }


def filled(view: Mapping[str, Any]) -> Filled:
    """What a person entered; a field that was left empty is left out."""
    errand = Errand.from_json(view["private_metadata"])
    values = {
        action: element
        for block in view["state"]["values"].values()
        for action, element in block.items()
    }
    options = dict(errand.options)
    for name in _SHOWN:
        element = values.get(MODEL_ACTION if name == "model" else f"form:{name}") or {}
        selected = element.get("selected_option")
        if selected:
            options[name] = selected["value"]
    prompt = (values.get("form:prompt") or {}).get("value") or ""
    files = (values.get("form:files") or {}).get("files") or []
    return Filled(errand, unescape(prompt).strip(), options, files)


def _prompt_input(model: ModelSpec, prompt: str) -> Body:
    element: Body = {
        "type": "plain_text_input",
        "action_id": "form:prompt",
        "multiline": True,
        "max_length": MOST_TEXT,
    }
    if prompt:
        element["initial_value"] = prompt[:MOST_TEXT]
    return {
        "type": "input",
        "block_id": "prompt",
        "label": _plain("What you want to see", MOST_OPTION),
        "optional": not (model.prompt.required and model.prompt.max),
        "element": element,
    }


def _file_input(
    kinds: Sequence[Kind],
    models: Sequence[ModelSpec],
    chosen: ModelSpec,
    errand: Errand,
    prompt: str,
    options: Mapping[str, str],
) -> list[Body]:
    most = max((sum(rule.max for rule in m.inputs) for m in models), default=0)
    chosen_files = max(len(errand.files), 1 if errand.message else 0)
    known = chosen_files + ("ref" in options)
    blocks = _known_files(chosen_files, options.get("ref"))
    if most <= known:
        return blocks
    needed = sum(rule.min for rule in chosen.inputs)
    element = {
        "type": "file_input",
        "action_id": "form:files",
        "filetypes": [ending for kind in kinds for ending in ENDINGS[kind]],
        "max_files": min(10, most - known),
    }
    label = " or ".join(kinds).capitalize()
    return [
        *blocks,
        {
            "type": "input",
            "block_id": "files",
            "label": _plain(f"{label}, up to 10 MB", MOST_OPTION),
            "optional": known >= needed or names_files(prompt, options, kinds),
            "element": element,
        },
    ]


def _known_files(of_message: int, ref: str | None) -> list[Body]:
    """What the form says of files that it need not ask for."""
    said = []
    if of_message:
        count = "the file" if of_message == 1 else f"{of_message} files"
        said.append(f"With {count} of the message that you chose.")
    if ref:
        said.append(f"With --ref {ref}")
    return [{"type": "context", "elements": [_plain(text, MOST_TEXT)]} for text in said]


def _select(
    name: str, summary: str, choices: Iterable[Choice], value: str | None, model: ModelSpec
) -> Body:
    options = [
        {"text": _plain(choice.label, MOST_OPTION), "value": choice.value}
        for choice in list(choices)[:MOST_OPTIONS]
    ]
    is_model = name == "model"
    element: Body = {
        "type": "static_select",
        "action_id": MODEL_ACTION if is_model else f"form:{name}",
        "options": options,
    }
    initial = next((option for option in options if option["value"] == value), None)
    if initial is not None:
        element["initial_option"] = initial
    block: Body = {
        "type": "input",
        # Another model has other choices: what was chosen for the last one must not stay.
        "block_id": name if is_model else f"{name}:{model.id}",
        "label": _plain(f"{name.capitalize()}: {summary[0].lower()}{summary[1:]}", MOST_OPTION),
        "optional": not is_model,
        "element": element,
    }
    return {**block, "dispatch_action": True} if is_model else block


def _plain(text: str, limit: int) -> Body:
    return {"type": "plain_text", "text": text[:limit]}
