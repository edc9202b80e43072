"""A text as plain letters, for a terminal, a log, or whoever cannot show spans."""

from collections.abc import Mapping

from bot.text import Bold, Code, Link, Span, Text, When, Who


def plain(text: Text, names: Mapping[str, str] = {}) -> str:
    """The text without formatting; moments are in UTC, members as `names` has them, or by their ids."""
    return "".join(_letters(span, names) for span in text)


def _letters(span: Span, names: Mapping[str, str]) -> str:
    match span:
        case str():
            return span
        case Bold(text) | Code(text):
            return text
        case When(at):
            return f"{at:%Y-%m-%d %H:%M} UTC"
        case Link(url, text):
            return f"{text}: {url}"
        case Who(member_id):
            return f"@{names.get(member_id, member_id)}"
