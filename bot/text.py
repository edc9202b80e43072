"""Text for people as a row of spans, so that each platform escapes and formats it in its own way."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

# All but the ends of lines and tabs, which only move on.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# Unicode calls them a symbol, letters and a mark; they are what people send to send nothing.
_BLANKS = "\u2800\u3164\uffa0\ufe0f"
_UNSEEN = ("Zs", "Zl", "Zp", "Cc", "Cf")


@dataclass(frozen=True)
class Bold:
    text: str


@dataclass(frozen=True)
class Code:
    text: str


@dataclass(frozen=True)
class When:
    """A moment, shown in the reader's own time; `relative` as in "in 5 minutes"."""

    at: datetime
    relative: bool = False


@dataclass(frozen=True)
class Who:
    """A member, shown by name; never a ping by itself."""

    member_id: str


@dataclass(frozen=True)
class Link:
    """An address of our own making, never one that a person typed; `text` is what it is called."""

    url: str
    text: str


Span = str | Bold | Code | When | Who | Link
Text = tuple[Span, ...]


def join(parts: Iterable[Text], separator: str) -> Text:
    """One text of many, with `separator` between them."""
    joined: list[Span] = []
    for part in parts:
        if joined:
            joined.append(separator)
        joined.extend(part)
    return tuple(joined)


def utf16_units(text: str) -> int:
    """The length of a prompt as Runway counts it."""
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def mended(text: str) -> str:
    """The text with U+FFFD for each half of a surrogate pair, which no row and no wire can hold."""
    return text.encode("utf-16", errors="surrogatepass").decode("utf-16", errors="replace")


def printable(text: str) -> str:
    """The text with control characters spelled out, as JSON has them: a terminal would obey them."""
    return _CONTROL.sub(lambda sign: f"\\u{ord(sign[0]):04x}", text)


def on_one_line(text: str) -> str:
    """What a person wrote without its line ends, so that none of it can pass for a line of ours."""
    return " ".join(text.split())


def is_blank(text: str) -> bool:
    """Whether nothing can be seen of it: blanks, and signs that only join, turn or hide others."""
    return all(c in _BLANKS or unicodedata.category(c) in _UNSEEN for c in text)


def shorten(text: str, limit: int) -> str:
    """The text in at most `limit` characters, with an ellipsis where something was cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
