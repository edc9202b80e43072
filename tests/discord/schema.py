"""Holds what goes over the wire against Discord's own description, where that file is present."""

import json
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import ValidationError

from tests.discord.judging import validator_of

PREFIX = "/api/v10"
_FOLDER = Path(os.environ.get("DAILIES_REFERENCE", Path(__file__).parents[3] / "shared/reference"))
_FILE = _FOLDER / "discord-openapi.json"


def is_present() -> bool:
    return _FILE.is_file()


def request_problems(method: str, template: str, body: Any) -> list[str]:
    """What is wrong with a request's JSON; nothing when there is no description."""
    operation = _operation(method, template)
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema")
    return _problems(schema, _with_text_ids(body), f"request {method} {template}")


def response_problems(method: str, template: str, status: int, body: Any) -> list[str]:
    """What is wrong with a response's JSON."""
    responses = _operation(method, template).get("responses", {})
    known = responses.get(str(status))
    if known is None and 400 <= status < 500:
        schema = {"$ref": "#/components/schemas/ErrorResponse"}
        return _problems(schema, body, f"response {status} {method} {template}")
    schema = (known or {}).get("content", {}).get("application/json", {}).get("schema")
    return _problems(schema, body, f"response {status} {method} {template}")


def _operation(method: str, template: str) -> Mapping[str, Any]:
    if not is_present():
        return {}
    found: Mapping[str, Any] = _document()["paths"].get(template, {}).get(method.lower(), {})
    return found


def _problems(schema: Any, body: Any, where: str) -> list[str]:
    if schema is None or not is_present():
        return []
    return [f"{where}: {found}" for found in _found(json.dumps(schema), json.dumps(body))]


@cache
def _found(schema: str, body: str) -> tuple[str, ...]:
    """The same body is looked at once: our commands are large, and every start reads them."""
    return tuple(
        f"{error.json_path} {error.message[:300]} {_why(error)}"
        for error in _validator(schema).iter_errors(json.loads(body))
    )


def _with_text_ids(body: Any) -> Any:
    """Ids as texts: discord.py sends some as numbers, which Discord takes beside its description."""
    if isinstance(body, list):
        return [_with_text_ids(item) for item in body]
    if not isinstance(body, dict):
        return body
    ids = ("id", "message_id", "channel_id", "recipient_id")
    changed = {
        name: str(value) if name in ids and isinstance(value, int) else _with_text_ids(value)
        for name, value in body.items()
    }
    if isinstance(changed.get("users"), list):
        changed["users"] = [str(user) for user in changed["users"]]
    return changed


def _why(error: ValidationError) -> str:
    """What each of several allowed forms lacks."""
    return " | ".join(f"{e.json_path} {e.message[:80]}" for e in error.context or ())


def components() -> dict[str, Any]:
    """The schemas that all others refer to."""
    found: dict[str, Any] = _document()["components"]
    return found


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return document


@cache
def _validator(schema: str) -> Any:
    return validator_of(json.loads(schema), components())
