"""Text in Slack's own notation, in and out (docs.slack.dev/messaging/formatting-message-text)."""

import re
from collections.abc import Iterable

# `<@U1>`, `<@U1|ada>`, `<#C1|general>`, `<!subteam^S1|@team>`, `<https://a.b|label>`
_MARKED = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")


def escape(text: str) -> str:
    """Plain text as Slack wants it: nothing in it means anything, least of all `<!channel>`."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """What Slack escaped, as it was typed."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def readable(text: str, mentions: Iterable[str] = ()) -> str:
    """Incoming text as it was typed; marks with these beginnings (`@`, `!subteam`) stay marks."""
    kept = tuple(mentions)

    def plain(match: re.Match[str]) -> str:
        target, label = match[1], match[2]
        if kept and target.startswith(kept):
            return match[0]
        if target.startswith("@"):
            return "@" + (label or target[1:]).lstrip("@")
        if target.startswith("#"):
            return "#" + (label or target[1:]).lstrip("#")
        if target.startswith("!"):
            return label or "@" + target[1:].partition("^")[0]
        return label or target.removeprefix("mailto:")

    return unescape(_MARKED.sub(plain, text))


def fit(text: str, limit: int) -> str:
    """The escaped text in at most `limit` characters, cut between two of the text itself."""
    escaped = escape(text)
    if len(escaped) <= limit:
        return escaped
    size, cut = 0, 0
    for letter in text:
        size += len(escape(letter))
        if size > limit - 1:
            break
        cut += 1
    return escape(text[:cut].rstrip()) + "…"
