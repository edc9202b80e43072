"""Messages of the core as Discord's; pure."""

import io
from collections.abc import Sequence

import discord

from adapters.discord.markdown import MOST_CONTENT, letters, markdown
from bot.jobs import State
from bot.text import Text, on_one_line
from bot.views import Button, Card, Line, Notice, Result

# An embed's own limits, and 6000 over all of it:
# https://discord.com/developers/docs/resources/message#embed-object-embed-limits
MOST_TITLE = 256
MOST_DESCRIPTION = 4096
# Ours, so that a card stays one: together with a title far under 6000.
MOST_PROMPT = 1500
MOST_LINE = 500
MOST_LINES = 6
MOST_QUOTED = 300

BAR_WIDTH = 12
_COLOURS = {
    State.DELIVERED: 0x2E8B57,
    State.FAILED: 0xC0392B,
    State.UNDELIVERABLE: 0xC0392B,
    State.UNCERTAIN: 0xD68910,
    State.CANCELLED: 0x7F8C8D,
}
_AT_WORK = 0x5865F2

REMIX = Button("✏️ Remix", "remix")


def card_embed(card: Card) -> discord.Embed:
    """A job at work: who wants what, for how much, and how far it is."""
    embed = discord.Embed(
        title=letters(card.title, MOST_TITLE),
        description=_description(card),
        colour=_COLOURS.get(card.state, _AT_WORK),
    )
    for line in _shown(card.lines):
        value = markdown(line.value, MOST_LINE) or "\u200b"
        embed.add_field(name=line.label, value=value, inline=line.label != "Status")
    return embed


def result_content(result: Result, note: str = "") -> str:
    """A result's text, with what it was asked for; `note` is about its files."""
    prompt = on_one_line(result.prompt)
    quoted = f"\n> {letters(prompt, MOST_QUOTED)}" if prompt else ""
    rest = quoted + (f"\n{note}" if note else "")
    return markdown(result.text, MOST_CONTENT - len(rest)) + rest


def result_buttons(result: Result) -> tuple[Button, ...]:
    """What may be done with a result; what can be retried can also be changed first."""
    remixable = result.prompt and any(button.action == "retry" for button in result.buttons)
    if not remixable:
        return result.buttons
    first, *others = result.buttons
    return (first, REMIX, *others)


def notice_parts(text: Text) -> tuple[str | None, discord.Embed | None]:
    """A private text as content, or as an embed where it is too long for that."""
    whole = markdown(text, MOST_DESCRIPTION)
    if len(whole) <= MOST_CONTENT:
        return whole, None
    return None, discord.Embed(description=whole)


def notice_files(notice: Notice) -> list[discord.File]:
    """A private word's files; each is good for one sending."""
    return [discord.File(io.BytesIO(d.content), filename=d.name) for d in notice.files]


def _shown(lines: Sequence[Line]) -> list[Line]:
    """As many lines as a card has room for: of those on its files the first, and always the last.

    A card is found again by its last line, which names the job.
    """
    if len(lines) <= MOST_LINES:
        return list(lines)
    inputs = [number for number, line in enumerate(lines) if line.label == "Input"]
    room = max(0, MOST_LINES - len(lines) + len(inputs))
    *others, last = [line for number, line in enumerate(lines) if number not in inputs[room:]]
    return [*others[: MOST_LINES - 1], last]


def _description(card: Card) -> str:
    owner = f"<@{card.owner.id}>" if card.owner.id.isdecimal() else letters(card.owner.id, 50)
    prompt = f"{letters(card.prompt, MOST_PROMPT)}\n" if card.prompt else ""
    return f"{prompt}{_bar(card.progress)}{owner}"


def _bar(progress: float | None) -> str:
    if progress is None:
        return ""
    share = min(1.0, max(0.0, progress))
    full = round(BAR_WIDTH * share)
    return f"`{'█' * full}{'░' * (BAR_WIDTH - full)}` {share:.0%}\n"
