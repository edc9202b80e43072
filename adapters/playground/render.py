"""Messages of the core as the page's JSON; pure."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from bot.messages.plain import plain
from bot.requests import Media
from bot.text import Bold, Code, Link, Span, Text, When, Who
from bot.views import Button, Card, Notice, Result

Body = dict[str, Any]
Names = Mapping[str, str]

AUTHOR = "Dailies"


def card_body(card: Card, names: Names) -> Body:
    owner = names.get(card.owner.id, card.owner.id)
    lines = [f"{line.label}: {plain(line.value, names)}" for line in card.lines]
    prompt = [f"“{card.prompt}”"] if card.prompt else []
    return {
        "text": "\n".join([f"{owner} · {card.title}", *prompt, *lines]),
        "buttons": _buttons(card.buttons),
        "job_id": card.job_id,
        "card": {
            "title": card.title,
            "owner": owner,
            "prompt": card.prompt,
            "state": card.state.value,
            "progress": card.progress,
            "lines": [
                {"label": line.label, "value": spans(line.value, names)} for line in card.lines
            ],
            "inputs": [attachment(media) for media in card.inputs],
        },
    }


def result_body(result: Result, names: Names) -> Body:
    return {
        **_text(result.text, names),
        "attachments": [
            {**attachment(media), "alt": result.prompt or media.name} for media in result.files
        ],
        "buttons": _buttons(result.buttons),
        "job_id": result.job_id,
        "reply_to": result.reply_to,
        "mention": result.owner.id,
    }


def notice_body(notice: Notice, names: Names) -> Body:
    return {
        **_text(notice.text, names),
        "buttons": _buttons(notice.buttons),
        "job_id": notice.job_id,
    }


def attachment(media: Media) -> Body:
    return {
        "url": f"/media/{quote(media.key)}",
        "name": media.name,
        "content_type": media.content_type,
        "size": media.size,
        "width": media.width,
        "height": media.height,
    }


def spans(text: Text, names: Names) -> list[Body]:
    """The text as the page draws it: each span with its kind, nothing to be parsed."""
    return [_span(span, names) for span in text]


def _text(text: Text, names: Names) -> Body:
    return {"text": plain(text, names), "spans": spans(text, names)}


def _span(span: Span, names: Names) -> Body:
    match span:
        case Bold(text):
            return {"kind": "bold", "text": text}
        case Code(text):
            return {"kind": "code", "text": text}
        case When(at, relative):
            return {"kind": "relative" if relative else "time", "at": at.isoformat()}
        case Link(url, text):
            return {"kind": "link", "text": text, "url": url}
        case _:
            kind = "who" if isinstance(span, Who) else "text"
            return {"kind": kind, "text": plain((span,), names)}


def _buttons(buttons: Iterable[Button]) -> list[Body]:
    return [
        {
            "label": button.label,
            "action": button.action,
            "style": "danger" if button.danger else None,
        }
        for button in buttons
    ]
