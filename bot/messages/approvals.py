"""What is said around drafts: the price before it runs, and asking an admin."""

from datetime import datetime

from bot.drafts import Draft
from bot.messages.words import NOUNS, a, credits
from bot.requests import GenerationRequest
from bot.text import Bold, Text, When, Who, on_one_line, shorten
from bot.views import Button, Notice

MOST_PROMPT = 300


def confirmation(draft: Draft) -> Notice:
    """The price of a dear request, before it runs."""
    price = draft.request.price
    text: Text = (
        f"This {NOUNS[draft.request.operation]} costs ",
        Bold(credits(price)),
        ". Run it?",
    )
    buttons = (Button(f"Run · {price} cr", "confirm"), Button("Never mind", "forget"))
    return Notice(text, buttons, draft.id)


def forgotten() -> Notice:
    return Notice(("Fine, it is not made. Nothing was charged.",))


def asked(expires_at: datetime) -> Notice:
    return Notice(
        ("The admins have been asked. It runs by itself once one approves; the question ends ",
         When(expires_at, relative=True), "."),
    )  # fmt: skip


def request_for_admins(draft: Draft, expires_at: datetime) -> Notice:
    """What the admins see: who wants what, for how much."""
    text: Text = (
        Who(draft.owner.id),
        f" asks for {_what(draft.request)} that goes beyond the credits left: ",
        Bold(credits(draft.request.price)),
        *_prompt(draft.request),
        "\nEnds ",
        When(expires_at, relative=True),
        ".",
    )
    buttons = (
        Button(f"Approve once · {draft.request.price} cr", "approve"),
        Button("+100", "raise"),
        Button("Deny", "deny", danger=True),
    )
    return Notice(text, buttons, draft.id)


def approved(draft: Draft, by: str, raised_by: int) -> Notice:
    extra = f" and gave {credits(raised_by)} more" if raised_by else ""
    return _decided(draft, (Who(by), f" approved{extra}. It is in the queue now."))


def denied(draft: Draft, by: str) -> Notice:
    return _decided(draft, (Who(by), " said no. Nothing was charged."))


def expired(draft: Draft) -> Notice:
    return _decided(draft, ("No admin answered in time. Nothing was charged.",))


def untold(draft: Draft, decided: Notice) -> Notice:
    """For the admins, where nobody could tell the owner."""
    return Notice(
        (*decided.text, "\nI could not tell ", Who(draft.owner.id), " myself; please pass it on.")
    )


def _decided(draft: Draft, what: Text) -> Notice:
    request = draft.request
    start: Text = (f"{_what(request).capitalize()} for ", Who(draft.owner.id), ", ")
    return Notice((*start, credits(request.price), *_prompt(request), "\n", *what))


def _what(request: GenerationRequest) -> str:
    return a(NOUNS[request.operation])


def _prompt(request: GenerationRequest) -> Text:
    prompt = shorten(on_one_line(request.prompt), MOST_PROMPT)
    return (f"\n“{prompt}”",) if prompt else ()
