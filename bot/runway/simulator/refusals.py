"""What the API says when it refuses: one exception, and the issues of a body in its own words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

M = TypeVar("M", bound=BaseModel)

DOCUMENTATION = "https://docs.dev.runwayml.com/api"

_CODES = {
    "missing": "invalid_type",
    "literal_error": "invalid_value",
    "string_pattern_mismatch": "invalid_format",
    "greater_than_equal": "too_small",
    "greater_than": "too_small",
    "too_short": "too_small",
    "string_too_short": "too_small",
    "less_than_equal": "too_big",
    "too_long": "too_big",
    "string_too_long": "too_big",
}
_OWN_CODES = frozenset({"too_small", "too_big", "invalid_format", "custom"})
_UNION_MEMBERS = frozenset({"(uri)", "(list)", "(seconds)", "(at)", "(image)", "(video)"})


@dataclass(frozen=True)
class Issue:
    """One thing that is wrong with a body, at `path`."""

    code: str
    path: tuple[str | int, ...]
    message: str
    keys: tuple[str, ...] = ()

    def document(self) -> dict[str, object]:
        """The issue as the API writes it."""
        keys = {"keys": list(self.keys)} if self.keys else {}
        return {"code": self.code, "path": list(self.path), "message": self.message, **keys}


@dataclass(eq=False)
class Refusal(Exception):
    """An answer that is not a success: its status, its text, and the issues of a 400."""

    status: int
    error: str
    issues: Sequence[Issue] = field(default_factory=tuple)
    html: bool = False

    def document(self) -> dict[str, object]:
        """The body of the answer."""
        if not self.issues:
            return {"error": self.error}
        issues = [issue.document() for issue in self.issues]
        return {"error": self.error, "issues": issues, "docUrl": DOCUMENTATION}


def invalid(*issues: Issue) -> Refusal:
    """The 400 for a body with these issues."""
    return Refusal(400, "Validation of body failed", issues)


def checked(kind: type[M], document: object) -> M:
    """A body of this kind; raises the 400 that says what is wrong with it."""
    if nulls := find_nulls(document):
        raise invalid(*nulls)
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        raise invalid(*(_issue(each) for each in error.errors(include_url=False))) from None


def _issue(error: ErrorDetails) -> Issue:
    *parents, last = error["loc"] or ("",)
    inside = tuple(part for part in parents if part not in _UNION_MEMBERS)
    kind = error["type"]
    if kind == "extra_forbidden":
        return Issue("unrecognized_keys", inside, f'Unrecognized key: "{last}"', (str(last),))
    path = inside if last in _UNION_MEMBERS or last == "" else (*inside, last)
    if kind == "missing":
        return Issue("invalid_type", path, "Invalid input: expected a value, received undefined")
    code = kind if kind in _OWN_CODES else _CODES.get(kind, "invalid_type")
    message = error["msg"] if kind in _OWN_CODES else f"Invalid input: {error['msg']}"
    return Issue(code, path, message)


def find_nulls(value: object, path: tuple[str | int, ...] = ()) -> list[Issue]:
    """An issue for every null in a body: no field of the API takes one."""
    if value is None:
        return [Issue("invalid_type", path, "Invalid input: received null")]
    if isinstance(value, Mapping):
        return [issue for key, each in value.items() for issue in find_nulls(each, (*path, key))]
    if isinstance(value, list):
        return [issue for n, each in enumerate(value) for issue in find_nulls(each, (*path, n))]
    return []
