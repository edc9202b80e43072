"""What pydantic says of a wrong value, in the words of whoever wrote the value."""

from collections.abc import Mapping
from typing import Any

LIST = 'must be a list, as in ["one", "two"]'
TABLE = "must be a section: [its.name] on a line of its own, and its settings below"
WHOLE, NUMBER = "must be a whole number", "must be a number"
TRUTH, TEXT = "must be true or false", 'must be text, as in "text"'

# https://docs.pydantic.dev/latest/errors/validation_errors/
_SAID = {
    "missing": "is missing",
    "extra_forbidden": "there is no such setting",
    "string_type": TEXT,
    "bool_type": TRUTH,
    "bool_parsing": TRUTH,
    "int_type": WHOLE,
    "int_parsing": WHOLE,
    "int_from_float": WHOLE,
    "float_type": NUMBER,
    "float_parsing": NUMBER,
    "finite_number": NUMBER,
    "decimal_type": NUMBER,
    "decimal_parsing": NUMBER,
    "tuple_type": LIST,
    "list_type": LIST,
    "model_type": TABLE,
    "dict_type": TABLE,
    "mapping_type": TABLE,
    "greater_than_equal": "must be at least {ge:g}",
    "greater_than": "must be more than {gt:g}",
    "less_than_equal": "must be at most {le:g}",
    "less_than": "must be less than {lt:g}",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "string_too_short": "must have at least {min_length} letters",
    "string_too_long": "must have at most {max_length} letters",
    "string_pattern_mismatch": "does not have the right form (it must match {pattern})",
}


def in_words(slip: Mapping[str, Any]) -> str:
    """One of a ValidationError's `errors()`, without the value, which may be a secret."""
    said = _SAID.get(slip["type"])
    if said is None:
        return str(slip["msg"]).removeprefix("Value error, ")
    return said.format(**slip.get("ctx", {}))
