"""Creates under way: what Runway answers to one is known to this process alone until it is written down."""

import asyncio
from collections.abc import Coroutine
from datetime import datetime

from bot.errands import Errands
from bot.jobs import Job

# More than are ever under way; an answer that another replica's word overtook is not kept for ever.
MOST_REMEMBERED = 1000

# A job may be sent several times, one after the other; an answer is that to one of them.
Sending = tuple[str, datetime | None]


class Creates:
    """Answers by sending. They outlive the steps that wait for them, which end with a lost lease."""

    def __init__(self) -> None:
        self._errands = Errands()
        self._answers: dict[Sending, asyncio.Task[str]] = {}

    def begin(self, job: Job, create: Coroutine[None, None, str]) -> None:
        """Send a job; whatever was known of this sending of it before counts no more."""
        answer = self._errands.begin(create, f"create of {job.id}")
        answer.add_done_callback(_look_at)
        self._answers[_sending(job)] = answer
        while len(self._answers) > MOST_REMEMBERED:
            del self._answers[next(iter(self._answers))]

    def knows(self, job: Job) -> bool:
        """Whether it was this process that was sending the job, and the answer is not written down."""
        return _sending(job) in self._answers

    async def answer(self, job: Job) -> str:
        """The task's id, or what Runway said instead; whoever stops waiting stops nothing."""
        return await asyncio.shield(self._answers[_sending(job)])

    def forget(self, job: Job) -> None:
        """The answer is written down."""
        self._answers.pop(_sending(job), None)

    async def stop(self) -> None:
        """Wait for no answer any more."""
        await self._errands.stop()


def _sending(job: Job) -> Sending:
    return job.id, job.submitted_at


def _look_at(answer: asyncio.Task[str]) -> None:
    """Nobody may ever ask for an answer; that is no reason to complain of it."""
    if not answer.cancelled():
        answer.exception()
