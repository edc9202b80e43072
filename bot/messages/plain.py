"""A text as plain letters, for a terminal or a log."""

from bot.text import Bold, Code, Text, When, Who


def plain(text: Text) -> str:
    """The text without formatting; moments are in UTC."""
    return "".join(_letters(span) for span in text)


def _letters(span: object) -> str:
    match span:
        case Bold(text) | Code(text):
            return text
        case When(at):
            return f"{at:%Y-%m-%d %H:%M} UTC"
        case Who(member_id):
            return f"@{member_id}"
        case _:
            return str(span)
