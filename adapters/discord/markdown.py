"""Texts as Discord's markdown: what people wrote stays letters, whatever it looks like."""

from collections.abc import Iterable

from bot.text import Bold, Code, Link, Span, Text, When, Who

# https://discord.com/developers/docs/resources/message#create-message
MOST_CONTENT = 2000
# Discord takes a backslash before any sign that is neither letter, digit nor space. These mean
# something anywhere: formatting, masked links, mentions, moments and emoji.
_ANYWHERE = frozenset("\\`*_~|[]<")
# Quotes, headings, small print and lists begin a line.
_FIRST_IN_LINE = frozenset(">#-+")
# Mentions of people, channels and commands, emoji, moments, and links that show no preview.
_AFTER_ANGLE = ("@", "#", "/", ":", "a", "t", "h", "i")
_BLANK = "\u200b"  # breaks a mention or a link without being seen
_ELLIPSIS = "…"


def markdown(text: Text, limit: int = MOST_CONTENT) -> str:
    """The text in at most `limit` characters; a piece that would be cut in half is left out."""
    return _fitted((piece for span in text for piece in _pieces(span)), limit)


def letters(text: str, limit: int = MOST_CONTENT) -> str:
    """What a person wrote, so that nothing of it is formatting, a mention or a link."""
    return _fitted(_letters(text), limit)


def _fitted(pieces: Iterable[str], limit: int) -> str:
    taken: list[str] = []
    length = 0
    for piece in pieces:
        if length + len(piece) > limit:
            while taken and length + len(_ELLIPSIS) > limit:
                length -= len(taken.pop())
            return "".join(taken).rstrip(" ") + _ELLIPSIS
        taken.append(piece)
        length += len(piece)
    return "".join(taken)


def _pieces(span: Span) -> Iterable[str]:
    """What may be parted: never a sign from its backslash, never a formatted word."""
    match span:
        case str():
            return _letters(span)
        case Bold(text):
            return [f"**{letters(text)}**"]
        case Code(text):
            return [_code(text)]
        case When(at, relative):
            return [f"<t:{int(at.timestamp())}{':R' if relative else ''}>"]
        case Link(url, text):
            return [f"[{letters(text)}](<{url}>)"]  # in angle brackets: no preview
        case Who(member_id):
            # An id is a number; anything else is a stranger's text.
            return [f"<@{member_id}>"] if member_id.isdecimal() else _letters(member_id)


def _letters(text: str) -> Iterable[str]:
    begins_line = True
    for place, sign in enumerate(text):
        if sign == "@":
            yield f"@{_BLANK}"
        elif sign == "<" and text[place + 1 : place + 2] in _AFTER_ANGLE:
            yield f"\\<{_BLANK}"
        elif sign in _ANYWHERE or (begins_line and sign in _FIRST_IN_LINE):
            yield f"\\{sign}"
        elif sign == ":" and text.startswith("//", place + 1):
            yield "\\:"  # no link, and no preview of one
        else:
            yield sign
        begins_line = sign == "\n" or (begins_line and sign.isspace())


def _code(text: str) -> str:
    # Inside of a code span nothing can be escaped, so its own end must not occur in it.
    plain = " ".join(text.replace("`", "ˋ").split()).replace("@", f"@{_BLANK}")
    return f"`{plain}`" if plain else ""
