"""The card of a job at work, and the message with its result."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.credits import INPUT_REFUSED_CODES
from bot.jobs import FILE_GONE, NOT_OFFERED, TIMEOUT, WAIT_BUSY, WAIT_DAILY, Cause, Job, State
from bot.messages.inputs import input_lines
from bot.messages.words import NOUNS, TITLES, credits, duration, left, ordinal, shape
from bot.text import Bold, Code, Text, When, Who
from bot.views import Button, Card, Line, Result


@dataclass(frozen=True)
class Progress:
    """What is known beside the job's row: place in the queue (1 is next), ETA, 0 to 1."""

    place: int | None = None
    eta: datetime | None = None
    fraction: float | None = None
    throttled: bool = False
    trouble: bool = False
    late: bool = False


@dataclass(frozen=True)
class FollowUp:
    """An action that is offered on a result, and its price in credits."""

    action: str
    price: int


_ACTION_LABELS = {
    "retry": "🔁 Retry",
    "upscale": "⬆️ Upscale",
    "animate": "🎬 Animate",
    "extend": "⏩ Extend",
}


def card(job: Job, model: str, progress: Progress) -> Card:
    """The card of a job, as it stands; `model` is the model's name for people."""
    return Card(
        job_id=job.id,
        owner=job.owner,
        title=f"{TITLES[job.request.operation]} · {model}",
        prompt=job.request.prompt,
        state=job.state,
        inputs=tuple(i.media for i in job.request.inputs if not i.media.is_link),
        lines=_lines(job, progress),
        progress=_fraction(job, progress),
        buttons=_card_buttons(job),
    )


def result(
    job: Job, model: str, credits_left: int | None, follow_ups: Sequence[FollowUp]
) -> Result:
    """The message with a job's result, for its owner."""
    noun = NOUNS[job.request.operation]
    facts = [model, shape(job.request), credits(_price(job)), left(credits_left)]
    origin: Text = ("\n", *_origin(job)) if job.parent else ()
    text: Text = (Who(job.owner.id), f" your {noun} is ready.\n", " · ".join(filter(None, facts)))
    return Result(
        job_id=job.id,
        owner=job.owner,
        text=(*text, *origin),
        prompt=job.request.prompt,
        files=job.outputs,
        buttons=_follow_up_buttons(follow_ups),
        reply_to=job.card,
    )


def failure(job: Job, follow_ups: Sequence[FollowUp]) -> Result:
    """The message that tells an owner that there will be no result, and what it cost."""
    return Result(
        job_id=job.id,
        owner=job.owner,
        text=(Who(job.owner.id), " ", *_ending(job)),
        prompt=job.request.prompt,
        buttons=_follow_up_buttons(follow_ups),
        reply_to=job.card,
    )


def _ending(job: Job) -> Text:
    noun = NOUNS[job.request.operation]
    if job.state is State.UNCERTAIN:
        return (reason(job), " ", cost(job))
    if job.state is State.UNDELIVERABLE:
        posted = f"your {noun} was made, but could not be posted where you asked for it. "
        kept = " It is kept: an admin can send it on with "
        return (posted, cost(job), kept, Code(f"dailies jobs redeliver {job.id}"), ".")
    return (f"your {noun} could not be made. ", reason(job), " ", cost(job))


def reason(job: Job) -> str:
    """Why a job has no result, and what would help."""
    if job.state is State.UNCERTAIN:
        return (
            "Runway did not answer when this was sent, so nobody can say whether it is being made. "
            "It is not sent again by itself. Retry if you still want it."
        )
    code = job.failure or ""
    if code.startswith("ASSET.INVALID") and any(i.media.is_link for i in job.request.inputs):
        return "Runway could not read what the link leads to. Attach the file itself instead."
    for prefix, text in _REASONS.items():
        if code.startswith(prefix):
            return text
    return "Something went wrong at Runway. Try again in a while."


_INPUT_REFUSED = (
    "Runway's moderation refused the prompt or an attachment. Change it before you try again."
)
_REASONS: dict[str, str] = {
    **dict.fromkeys(INPUT_REFUSED_CODES, _INPUT_REFUSED),
    "SAFETY": (
        "Runway's moderation refused what came out. Change the prompt or an attachment before you "
        "try again."
    ),
    "INTERNAL.BAD_OUTPUT": (
        "What came out was not good enough to keep. Logos, text or watermarks in the input are the "
        "usual cause. Change the input or the prompt, then try again."
    ),
    "ASSET.INVALID": "Runway could not read an attachment. Save it anew in a common format and try again.",
    "THIRD_PARTY.UNAVAILABLE": "The model is not available at the moment. Try again in a while.",
    "OUTPUT": "The finished file could not be fetched from Runway. An admin can find it by the job's id.",
    TIMEOUT: "It ran far longer than its kind ever does, so it was given up. Try again.",
    FILE_GONE: "Old files go after a while: one that this needs is not kept any more. Attach it anew.",
    "TASK_GONE": "Runway no longer knows this task. Try again.",
    "REJECTED.CREDITS": "The Runway account has run out of credits. Ask an admin to top it up.",
    "REJECTED.KEY": "Runway did not accept the bot's key. Ask an admin to look at it.",
    NOT_OFFERED: "Your Runway organisation may not use this model. Choose another one.",
    "REJECTED": "Runway did not take this request. Change it, or choose another model.",
    "DELIVERY": "It was made, but could not be posted here. It is kept, and an admin can send it on.",
}  # fmt: skip


def cost(job: Job) -> str:
    """What an end without a result cost the member."""
    if job.charged:
        return f"It cost {credits(job.charged)}, as Runway charged for it."
    return "It cost nothing."


def _price(job: Job) -> int:
    """What a job may cost; once it is over, what it did cost."""
    return job.request.price if job.charged is None else job.charged


def _lines(job: Job, progress: Progress) -> tuple[Line, ...]:
    lines = [Line("Status", _status(job, progress)), Line("Price", (credits(_price(job)),))]
    if shape(job.request):
        lines.append(Line("Result", (shape(job.request),)))
    lines += input_lines(job.request)
    if job.parent:
        lines.append(Line("From", _origin(job)))
    lines.append(Line("Job", (Code(job.id),)))
    return tuple(lines)


def _status(job: Job, progress: Progress) -> Text:
    match job.state:
        case State.QUEUED:
            return _queued(job, progress)
        case State.RUNNING:
            return _running(job, progress)
        case State.DELIVERED:
            return (Bold("Done"), _took(job))
        case State.CANCELLED:
            return (f"Cancelled. {cost(job)}",)
        case State.FAILED | State.UNCERTAIN | State.UNDELIVERABLE:
            return (f"{reason(job)} {cost(job)}",)
        case _:
            return (_STATUS[job.state],)


def _queued(job: Job, progress: Progress) -> Text:
    if job.failure == WAIT_DAILY:
        return ("Runway's daily limit for this model is reached", *_next_try(job))
    if job.failure == WAIT_BUSY:
        return ("Runway could not take it yet", *_next_try(job))
    place = progress.place or 1
    where = "Next in line" if place == 1 else f"{ordinal(place)} in line"
    return (where, *_ready(progress))


def _running(job: Job, progress: Progress) -> Text:
    if job.cancel_requested:
        return ("Cancelling…",)
    if progress.trouble:
        return ("Runway does not answer at the moment. Still waiting for it.",)
    if progress.throttled:
        return ("Waiting for a free place at Runway",)
    if progress.late:
        return ("Taking much longer than usual. Still waiting for Runway.",)
    return ("Being made", *_ready(progress))


def _ready(progress: Progress) -> Text:
    return (", ready ", When(progress.eta, relative=True)) if progress.eta else ()


def _next_try(job: Job) -> Text:
    return ("; next try ", When(job.due_at, relative=True)) if job.due_at else ()


_STATUS = {
    State.SUBMITTING: "Being sent to Runway",
    State.COLLECTING: "Being fetched from Runway",
    State.DELIVERING: "Being posted here",
}


def _took(job: Job) -> str:
    if job.finished_at is None:
        return ""
    return f" in {duration((job.finished_at - job.created_at).total_seconds())}"


def _fraction(job: Job, progress: Progress) -> float | None:
    if job.state is State.RUNNING:
        return progress.fraction or 0.0
    return 1.0 if job.state in (State.COLLECTING, State.DELIVERING) else None


def _card_buttons(job: Job) -> tuple[Button, ...]:
    if job.cancel_requested:
        return ()
    if job.state is State.QUEUED:
        return (Button("Cancel", "cancel", danger=True),)
    if job.state in (State.SUBMITTING, State.RUNNING):
        return (Button("Cancel · no refund", "cancel", danger=True),)
    return ()


def _follow_up_buttons(follow_ups: Sequence[FollowUp]) -> tuple[Button, ...]:
    return tuple(
        Button(f"{_ACTION_LABELS[offer.action]} · {offer.price} cr", offer.action)
        for offer in follow_ups
    )


def _origin(job: Job) -> Text:
    words = {
        Cause.RETRY: "Retry of ",
        Cause.UPSCALE: "Upscaled from ",
        Cause.ANIMATE: "Made from ",
        Cause.EXTEND: "Goes on from ",
        Cause.REMIX: "Remix of ",
    }
    return (words.get(job.cause, "From "), Code(job.parent or ""))
