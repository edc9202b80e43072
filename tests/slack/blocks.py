"""Slack's limits on what it is given, as its reference has them; a breach is an error code."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

MENTIONS = re.compile(r"<!(?:channel|here|everyone)[>|]")


def problems(arguments: Mapping[str, Any]) -> list[str]:
    """What Slack would refuse in a message or a view."""
    view = arguments.get("view") or {}
    blocks = view.get("blocks") or arguments.get("blocks") or []
    found = list(_view_problems(view)) if view else []
    if len(blocks) > (100 if view else 50):
        found.append("too many blocks")
    if len(arguments.get("text") or "") > 4000:
        found.append("text")
    if MENTIONS.search(str(arguments)):
        found.append("a mention of everybody")
    for block in blocks:
        found += _block_problems(block)
    return found


def _view_problems(view: Mapping[str, Any]) -> Iterator[str]:
    for part in ("title", "submit", "close"):
        if part in view and len(view[part]["text"]) > 24:
            yield part
    if len(view.get("private_metadata") or "") > 3000:
        yield "private_metadata"
    if view["type"] == "modal" and "title" not in view:
        yield "a modal without a title"


def _block_problems(block: Mapping[str, Any]) -> Iterator[str]:
    check = _BLOCKS.get(block["type"])
    if check is None:
        yield f"block {block['type']}"
    else:
        yield from check(block)
    if len(block.get("block_id") or "") > 255:
        yield "block_id"


def _section(block: Mapping[str, Any]) -> Iterator[str]:
    yield from _text(block["text"], 3000)
    if "accessory" in block:
        yield from _element(block["accessory"])


def _context(block: Mapping[str, Any]) -> Iterator[str]:
    if not 1 <= len(block["elements"]) <= 10:
        yield "context elements"
    for element in block["elements"]:
        yield from _text(element, 3000)


def _actions(block: Mapping[str, Any]) -> Iterator[str]:
    ids = [element["action_id"] for element in block["elements"]]
    if not 1 <= len(ids) <= 25 or len(set(ids)) != len(ids):
        yield f"actions {ids}"
    for element in block["elements"]:
        yield from _element(element)


def _input(block: Mapping[str, Any]) -> Iterator[str]:
    yield from _text(block["label"], 2000)
    yield from _element(block["element"])


_BLOCKS: dict[str, Callable[[Mapping[str, Any]], Iterator[str]]] = {
    "section": _section,
    "header": lambda block: _text(block["text"], 150),
    "context": _context,
    "actions": _actions,
    "input": _input,
    "divider": lambda _: iter(()),
}


def _element(element: Mapping[str, Any]) -> Iterator[str]:
    check = _ELEMENTS.get(element["type"])
    if check is None:
        yield f"element {element['type']}"
    else:
        yield from check(element)
    if len(element["action_id"]) > 255:
        yield "action_id"


def _button(element: Mapping[str, Any]) -> Iterator[str]:
    yield from _text(element["text"], 75)
    if len(element.get("value") or "") > 2000:
        yield "button value"


def _select(element: Mapping[str, Any]) -> Iterator[str]:
    if not 1 <= len(element["options"]) <= 100:
        yield "options"
    for option in element["options"]:
        yield from _text(option["text"], 75)
        if len(option["value"]) > 150:
            yield "option value"
    if element.get("initial_option", element["options"][0]) not in element["options"]:
        yield "initial_option"


def _text_input(element: Mapping[str, Any]) -> Iterator[str]:
    most = element.get("max_length", 3000)
    if most > 3000 or len(element.get("initial_value") or "") > most:
        yield "text input"


def _file_input(element: Mapping[str, Any]) -> Iterator[str]:
    if not 1 <= element.get("max_files", 10) <= 10:
        yield "max_files"
    if not all(ending.isalnum() for ending in element.get("filetypes", ())):
        yield "filetypes"


_ELEMENTS: dict[str, Callable[[Mapping[str, Any]], Iterator[str]]] = {
    "button": _button,
    "static_select": _select,
    "plain_text_input": _text_input,
    "file_input": _file_input,
    "users_select": lambda _: iter(()),
}


def _text(text: Mapping[str, Any], limit: int) -> Iterator[str]:
    if text["type"] not in ("plain_text", "mrkdwn"):
        yield f"text {text['type']}"
    if not 1 <= len(text["text"]) <= limit:
        yield f"text of {len(text['text'])}"
