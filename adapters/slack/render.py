"""Messages of the core as Slack's blocks; pure.

Limits are Block Kit's: 50 blocks a message, 3000 characters a section, 25 buttons a row, 75
characters a button (docs.slack.dev/reference/block-kit).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from adapters.slack.escape import escape, fit
from bot.commands.specification import COMMANDS
from bot.text import Bold, Code, Link, Span, Text, When, Who, on_one_line
from bot.views import Button, Card, Notice, Result

Body = dict[str, Any]
MOST_BLOCKS = 50
MOST_SECTION = 3000
MOST_BUTTONS = 25
MOST_LABEL = 75
# `text` beside blocks is for notifications; Slack advises 4000 at most.
MOST_TEXT = 3000
ACTION = "dailies:"
EVENT_TYPE = "dailies_message"
BAR_WIDTH = 20
_KEY_MARK = "dailies_key:"
_COMMANDS = frozenset(spec.name.split()[0] for spec in COMMANDS)


@dataclass(frozen=True)
class Names:
    """What members and commands are called in a workspace; who is not known is called by the id."""

    members: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""

    def of(self, member: str) -> str:
        return self.members.get(member, member)

    def code(self, text: str) -> str:
        """Text to type; one of our commands as this workspace has it, with its prefix."""
        word = text[1:].partition(" ")[0]
        is_command = text.startswith("/") and word in _COMMANDS
        return f"/{self.prefix}{text[1:]}" if is_command else text


def card_body(card: Card, names: Names) -> Body:
    """A job at work. Nobody is pinged by it: people are called by their names."""
    owner = escape(names.of(card.owner.id))
    head = f"*{owner}* · {escape(card.title)}"
    blocks = [_section(head + _prompt(card.prompt, MOST_SECTION - len(head)))]
    lines = [f"*{escape(line.label)}*  {mrkdwn(line.value, names)}" for line in card.lines]
    if card.progress is not None:
        lines.append(f"`{_bar(card.progress)}` {round(card.progress * 100)} %")
    blocks += [_section(part) for part in _parts(lines)]
    return _body(head, blocks, card.buttons, card.job_id)


def result_body(result: Result, names: Names) -> Body:
    """A job's end; it pings its owner and nobody else."""
    text = mrkdwn(result.text, names, ping=result.owner.id)
    blocks = [_section(part) for part in _parts(text.split("\n"))]
    if result.prompt:
        blocks.append(_context(_quoted(result.prompt, MOST_SECTION)))
    return _body(text, blocks, result.buttons, result.job_id)


def notice_body(notice: Notice, names: Names, *, mentions: bool = False) -> Body:
    """A notice; with `mentions` people are mentions, which ping whoever else sees it."""
    text = mrkdwn(notice.text, names, mentions=mentions)
    blocks = [_section(part) for part in _parts(text.split("\n"))]
    return _body(text, blocks, notice.buttons, notice.job_id or "")


def mrkdwn(text: Text, names: Names, *, ping: str | None = None, mentions: bool = False) -> str:
    """The spans in Slack's notation; members by name, but `ping` as a mention."""
    return "".join(_span(span, names, ping, mentions) for span in text)


def members_in(*texts: Text) -> set[str]:
    """The members that are named in texts."""
    return {span.member_id for text in texts for span in text if isinstance(span, Who)}


def metadata(key: str) -> Body:
    """What a message carries so that it can be found again; anybody in the workspace can read it."""
    return {"event_type": EVENT_TYPE, "event_payload": {"key": key}}


def with_key(blocks: Sequence[Body], key: str) -> list[Body]:
    """The blocks with a message's key in the first one's id, for where metadata does not come along."""
    return [{**blocks[0], "block_id": _KEY_MARK + key}, *blocks[1:]]


def key_in(message: Mapping[str, Any]) -> str | None:
    """The key that a message carries, if it is one of ours."""
    carried = message.get("metadata") or {}
    if carried.get("event_type") == EVENT_TYPE:
        key = (carried.get("event_payload") or {}).get("key")
        return key if isinstance(key, str) else None
    ids = [str(block.get("block_id") or "") for block in message.get("blocks") or ()]
    return next((i.removeprefix(_KEY_MARK) for i in ids if i.startswith(_KEY_MARK)), None)


def button_row(buttons: Iterable[Button], subject: str) -> Body:
    """Buttons that mean something for ever: what they are about is in them."""
    elements = []
    for button in list(buttons)[:MOST_BUTTONS]:
        element: Body = {
            "type": "button",
            "text": {"type": "plain_text", "text": button.label[:MOST_LABEL], "emoji": True},
            "action_id": ACTION + button.action,
            "value": subject,
        }
        if button.danger:
            element["style"] = "danger"
        elements.append(element)
    return {"type": "actions", "elements": elements}


def sections(text: Text, names: Names) -> list[Body]:
    """A text as sections, each within Slack's limit."""
    return [_section(part) for part in _parts(mrkdwn(text, names).split("\n"))]


def _body(text: str, blocks: list[Body], buttons: Sequence[Button], subject: str) -> Body:
    blocks = blocks[: MOST_BLOCKS - 1]
    if buttons:
        blocks.append(button_row(buttons, subject))
    return {"text": _cut(text, MOST_TEXT), "blocks": blocks}


def _section(text: str) -> Body:
    # verbatim: nothing that looks like a name or a link is made one.
    return {"type": "section", "text": {"type": "mrkdwn", "text": text or " ", "verbatim": True}}


def _context(text: str) -> Body:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text, "verbatim": True}]}


def _prompt(prompt: str, room: int) -> str:
    return "\n" + _quoted(prompt, room - 1) if prompt else ""


def _quoted(prompt: str, limit: int) -> str:
    # Slack has no escape for what makes letters bold, as our labels are.
    return fit(f"“{on_one_line(prompt)}”", limit)


def _parts(lines: Iterable[str]) -> list[str]:
    """Lines put together to parts of at most a section's length."""
    parts = [""]
    for line in lines:
        line = _cut(line, MOST_SECTION)
        joined = f"{parts[-1]}\n{line}" if parts[-1] else line
        if len(joined) > MOST_SECTION:
            parts.append(line)
        else:
            parts[-1] = joined
    return parts


def _cut(text: str, limit: int) -> str:
    """Notation in at most `limit` characters; never half an entity or half a mention."""
    if len(text) <= limit:
        return text
    kept = text[: limit - 1]
    for opening, closing in (("&", ";"), ("<", ">")):
        begun = kept.rfind(opening)
        if begun > kept.rfind(closing):
            kept = kept[:begun]
    return kept.rstrip() + "…"


def _span(span: Span, names: Names, ping: str | None, mentions: bool) -> str:
    match span:
        case Bold(text):
            return f"*{escape(text)}*" if text.strip() == text else escape(text)
        case Code(text):
            # A backtick would end the code; Slack has no escape for it.
            shown = names.code(text).replace("`", "ˋ")
            return f"`{escape(shown)}`" if text.strip() else escape(text)
        case When(at):
            return _moment(at)
        case Link(url, text):
            return f"<{escape(url)}|{escape(text)}>"
        case Who(member_id):
            if mentions or member_id == ping:
                return f"<@{member_id}>"
            return escape("@" + names.of(member_id))
        case _:
            return escape(span)


def _moment(at: datetime) -> str:
    # Each reader's own time; there is no form for "in five minutes".
    form = "{date_short_pretty} at {time}"
    return f"<!date^{int(at.timestamp())}^{form}|{at:%Y-%m-%d %H:%M} UTC>"


def _bar(fraction: float) -> str:
    full = round(BAR_WIDTH * min(1.0, max(0.0, fraction)))
    return "█" * full + "░" * (BAR_WIDTH - full)
