"""Private answers: help, credits, history, the queue, quotas."""

from collections.abc import Container, Sequence
from datetime import datetime

from bot.commands.specification import CommandSpec
from bot.credits import Balance, Movement, Statement
from bot.jobs import Job, State
from bot.messages.words import NOUNS, POWERED_BY, credits, duration
from bot.text import Bold, Code, Text, When, Who, join, on_one_line, shorten

BAR_WIDTH = 20
MOST_PROMPT = 60


def help_text(commands: Sequence[CommandSpec], balance: Balance) -> Text:
    lines: list[Text] = [(Bold("What you can do here"),)]
    lines += [(Code(spec.usage), f"  {spec.summary}") for spec in commands]
    lines.append(
        (
            "On a result, react with 🔁 to retry or ⬆️ to upscale, or press the buttons; on your job's card, ❌ cancels.",
        )
    )
    lines.append((*_standing(balance), " ", POWERED_BY))
    return join(lines, "\n")


def credits_text(statement: Statement, ahead: Text) -> Text:
    balance, holds, movements = statement.balance, statement.holds, statement.movements
    lines: list[Text] = [_standing(balance)]
    if balance.allowance.credits is not None:
        lines.append((Code(_bar(balance)),))
    if holds:
        held = join([(Code(job), f" {amount}") for job, amount in holds], ", ")
        total = sum(amount for _, amount in holds)
        lines.append((f"Held by jobs at work: {total} (", *held, ")"))
    lines.append(("Resets ", When(balance.resets_at), f", every {balance.allowance.period}."))
    lines += [
        (f"Granted: {grant.left} left", *_until(grant.expires_at)) for grant in balance.grants
    ]
    if ahead:
        lines.append(ahead)
    # A hold of grants alone has a part of nothing in the allowance.
    moved = [_movement(m) for m in movements if m.amount or m.kind == "reset"]
    if moved:
        lines += [(Bold("Last movements"),), *moved]
    return join(lines, "\n")


def history_text(jobs: Sequence[Job], labels: dict[str, str]) -> Text:
    if not jobs:
        return ("You have made nothing yet. Try ", Code("/imagine a lighthouse at dusk"), ".")
    lines: list[Text] = [(Bold("Your last jobs"),)]
    lines += [_past(job, labels[job.request.model]) for job in jobs]
    return join(lines, "\n")


def queue_text(
    jobs: Sequence[Job], places: dict[str, int], labels: dict[str, str], named: Container[str]
) -> Text:
    """What is at work and what waits; `named` are the jobs whose ids the reader may know."""
    if not jobs:
        return ("Nothing is waiting or running.",)
    at_work = [job for job in jobs if job.state is not State.QUEUED]
    queued = sorted(
        (job for job in jobs if job.state is State.QUEUED),
        key=lambda job: (places.get(job.id, len(jobs)), job.seq),
    )
    lines: list[Text] = []
    if at_work:
        lines.append((Bold(f"At work: {len(at_work)}"),))
        lines += [(*_queued(job, labels, named), f" · {job.state}") for job in at_work]
    if queued:
        lines.append((Bold(f"Waiting: {len(queued)}"),))
        lines += [(f"{places.get(j.id, 0)}. ", *_queued(j, labels, named)) for j in queued]
    return join(lines, "\n")


def cancelled_text(job: Job) -> Text:
    noun = NOUNS[job.request.operation]
    if job.state is State.CANCELLED:
        return (
            "Job ",
            Code(job.id),
            f" is cancelled; the {noun} is not made, and nothing was charged.",
        )
    return (
        "Cancelling job ",
        Code(job.id),
        ". Runway has begun with it, so it may cost its price.",
    )


def repeated_text() -> Text:
    """What is said when a platform delivers a command again that was taken before."""
    return (
        "That command arrived a second time; it was not run again. ",
        Code("/history"),
        " and ",
        Code("/quota show"),
        " tell how things stand.",
    )


def failed_inside_text(reference: str) -> Text:
    """What is said when the fault is ours; `reference` finds it in the log."""
    return (
        "Something went wrong on our side. Try again; if it happens again, tell an admin this: ",
        Code(reference),
        ".",
    )


def _standing(balance: Balance) -> Text:
    used = f"{balance.whole_captured} used, {balance.whole_held} held."
    if balance.allowance.blocked:
        return (Bold("An admin has blocked your credits."),)
    if balance.left is None:
        return ("You have ", Bold("unlimited"), f" credits; {used}")
    return ("You have ", Bold(str(balance.left)), f" of {balance.whole} credits left; {used}")


def _until(expires_at: datetime | None) -> Text:
    return (", good until ", When(expires_at)) if expires_at else ()


def _bar(balance: Balance) -> str:
    full = round(BAR_WIDTH * min(1.0, (balance.left or 0) / max(1, balance.whole)))
    return "█" * full + "░" * (BAR_WIDTH - full)


def _movement(movement: Movement) -> Text:
    if movement.kind == "reset":
        return (When(movement.at), f"  started anew: {-movement.amount} used before do not count")
    signs = {"hold": "held", "capture": "spent", "release": "given back"}
    word = signs.get(movement.kind, movement.kind)
    return (When(movement.at), f"  {word} {movement.amount}  ", Code(movement.job_id))


def _past(job: Job, label: str) -> Text:
    cost = "" if job.charged is None else f" · {credits(job.charged)}"
    typed = on_one_line(job.request.prompt)
    prompt = shorten(typed, MOST_PROMPT) or NOUNS[job.request.operation]
    took = ""
    if job.finished_at is not None:
        took = f" · {duration((job.finished_at - job.created_at).total_seconds())}"
    return (
        Code(job.id),
        " ",
        When(job.created_at),
        f" · {label} · {job.state}{cost}{took}\n    {prompt}",
    )


def _queued(job: Job, labels: dict[str, str], named: Container[str]) -> Text:
    name: Text = (Code(job.id), " ") if job.id in named else ()
    return (
        *name,
        Who(job.owner.id),
        f" · {labels[job.request.model]} · {credits(job.request.price)}",
    )
