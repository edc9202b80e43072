"""Where a setting was written: the line of a file, or a variable of the environment."""

import os
import tomllib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

PREFIX = "DAILIES_"
DELIMITER = "__"
# Variables that begin like settings and are none.
NOT_SETTINGS = ("DAILIES_CONFIG", "DAILIES_FAILPOINT", "DAILIES_REFERENCE")

Key = Sequence[str | int]


class Places:
    """Finds where each key of a configuration comes from."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._lines = text.splitlines(keepends=True)
        self._names = {name.upper(): name for name in os.environ}

    def of(self, key: Key) -> str:
        """As in `config.toml, line 3`; nothing for what was not written anywhere."""
        name = self.variable(key)
        if name is not None:
            return f"{name} in the environment"
        line = self._line(key)
        return "" if line is None else f"{self._path}, line {line}"

    def variable(self, key: Key) -> str | None:
        """The variable that sets a key, or a part of the configuration with the key in it."""
        words = [str(part).upper() for part in key]
        names = [PREFIX + DELIMITER.join(words[:n]) for n in range(len(words), 0, -1)]
        return next((self._names[name] for name in names if name in self._names), None)

    def _line(self, key: Key) -> int | None:
        """The line on which a key's value begins: where the file, cut there, first has it.

        The parser itself says so, and knows every way to write TOML. A key that the file does not
        have is where the nearest one around it is.
        """
        for length in range(len(key), 0, -1):
            part, begins = key[:length], 1
            for number, document in enumerate(self._documents, start=1):
                if document is None:
                    continue  # in the middle of a value of several lines
                if _has(document, part):
                    return self._first_written(begins, number)
                begins = number + 1
        return None

    @cached_property
    def _documents(self) -> list[Any]:
        """What the file would be, cut after each line; None where that is no TOML."""
        return [_parsed("".join(self._lines[:n])) for n in range(1, len(self._lines) + 1)]

    def _first_written(self, begins: int, ends: int) -> int:
        for number in range(begins, ends):
            line = self._lines[number - 1].strip()
            if line and not line.startswith("#"):
                return number
        return ends


def unknown_variables(known: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """DAILIES_ variables of no section, with what is said of them; `known` are keys by section."""
    names = [name for name in os.environ if name.upper().startswith(PREFIX)]
    told = []
    for name in sorted(names):
        section = name.upper().removeprefix(PREFIX).partition(DELIMITER)[0].lower()
        if name.upper() not in NOT_SETTINGS and section not in known:
            told.append((name, "there is no such setting" + _suggestion(name.upper(), known)))
    return told


def suggestion(key: Key, known: Mapping[str, Sequence[str]]) -> str:
    """What was probably meant by a key that there is not."""
    near = known if len(key) == 1 else known.get(str(key[0]), ())
    close = get_close_matches(str(key[-1]), near, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _suggestion(name: str, known: Mapping[str, Sequence[str]]) -> str:
    every = [f"{PREFIX}{s}{DELIMITER}{key}".upper() for s, keys in known.items() for key in keys]
    close = get_close_matches(name, [*every, *NOT_SETTINGS], n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _parsed(text: str) -> Any:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _has(document: Any, key: Key) -> bool:
    for part in key:
        try:
            document = document[part]
        except (KeyError, IndexError, TypeError):
            return False
    return True
