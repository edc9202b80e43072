"""Limits that may be left out: neither a file nor the environment can say None."""

import re

from pydantic import BeforeValidator, PlainSerializer


def without(word: str) -> tuple[BeforeValidator, PlainSerializer]:
    """How a number or None is read and written, with the word that stands for None."""

    def read(value: object) -> object:
        if not isinstance(value, str) or re.fullmatch(r"-?[0-9]+", value):
            return value
        if value.lower() != word:
            raise ValueError(f"must be a whole number, or {word}")
        return None

    def write(value: int | None) -> int | str:
        return word if value is None else value

    return BeforeValidator(read), PlainSerializer(write, when_used="json")
