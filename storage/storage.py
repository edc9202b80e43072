"""The core's Storage port on SQL: each method is one transaction."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

from bot.credits import Outcome
from bot.errors import DailiesError
from bot.jobs import Job, Member, State
from bot.ports import Lines, ModelLimits, Once, Timing, Untold
from storage import jobs, notices, turns
from storage.acceptance import Raced, accept_all
from storage.database import Database
from storage.engines.gathering import Gathering
from storage.proposals import Proposal
from storage.rules import Defaults

# As many notices as are read at once; the rest comes next time.
MOST_UNTOLD = 100


# How often a key may be snatched away before us; it is there then, and the next look finds it.
MOST_RACES = 3


def _marks(proposal: Proposal) -> frozenset[Hashable]:
    """What no two jobs share that are accepted together: the owner, their ids and keys."""
    keys = [("key", key.key) for key in proposal.keys]
    return frozenset([("owner", proposal.job.owner), ("job", proposal.job.id), *keys])


class SqlStorage:
    """Implements bot.ports.Storage."""

    def __init__(self, database: Database, defaults: Defaults) -> None:
        self._db = database
        self._defaults = defaults
        # The caps are a workspace's: its members share a transaction, others do not wait for them.
        self._accepting: dict[str, Gathering[Proposal, Job | DailiesError]] = {}

    async def first_time(self, once: Once, now: datetime) -> bool:
        return await self._db.write(lambda c: jobs.first_time(c, once, "", now))

    async def accept(
        self, job: Job, once: Sequence[Once], now: datetime, roles: Sequence[str] = ()
    ) -> Job:
        gathering = self._accepting.get(job.owner.workspace)
        if gathering is None:
            gathering = self._accepting[job.owner.workspace] = Gathering(self._accept, _marks)
        outcome = await gathering.ask(Proposal(job, once, now, roles))
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def _accept(self, proposals: Sequence[Proposal]) -> list[Job | DailiesError]:
        for _ in range(MOST_RACES):
            with suppress(Raced):
                return await self._db.write(lambda c: accept_all(c, proposals, self._defaults))
        return await self._db.write(lambda c: accept_all(c, proposals, self._defaults))

    async def job(self, job_id: str) -> Job | None:
        return await self._db.read(partial(jobs.find_or_none, job_id=job_id))

    async def unfinished(self) -> list[Job]:
        return await self._db.read(jobs.unfinished)

    async def recent(self, owner: Member, limit: int) -> list[Job]:
        return await self._db.read(partial(jobs.recent, owner=owner, limit=limit))

    async def active(self, workspace: str) -> list[Job]:
        return await self._db.read(partial(jobs.active, workspace=workspace))

    async def lines(self) -> Lines:
        return await self._db.read(turns.lines)

    async def sent_at(self, model: str) -> list[datetime]:
        return await self._db.read(partial(jobs.sent_at, model=model))

    async def take_turns(self, replica: str, limits: Mapping[str, ModelLimits]) -> list[Job]:
        return await self._db.write(lambda c: turns.take_turns(c, replica, limits))

    async def take_over(self, replica: str, most: int) -> list[Job]:
        return await self._db.write(partial(turns.take_over, replica=replica, most=most))

    async def release(self, job: Job, **changes: Any) -> None:
        await self._db.write(partial(turns.release, job=job, changes=changes))

    async def confirm(self, job: Job, replica: str) -> None:
        await self._db.read(partial(turns.confirm, job=job, replica=replica))

    async def to_cancel(self, replica: str) -> list[Job]:
        return await self._db.read(partial(turns.to_cancel, replica=replica))

    async def held(self, replica: str) -> list[str]:
        return await self._db.read(partial(turns.held, replica=replica))

    async def timings(self, limit: int) -> list[Timing]:
        return await self._db.read(partial(jobs.timings, limit=limit))

    async def advance(self, job: Job, to: State, **changes: Any) -> Job:
        return await self._db.write(lambda c: jobs.advance(c, job, to, changes))

    async def note(self, job_id: str, **changes: Any) -> Job:
        return await self._db.write(lambda c: jobs.note(c, job_id, changes))

    async def note_as_held(self, job: Job, **changes: Any) -> Job:
        return await self._db.write(lambda c: jobs.note_as_held(c, job, changes))

    async def note_card(self, job_id: str, card: str) -> Job:
        return await self._db.write(lambda c: jobs.note_card(c, job_id, card))

    async def finish(
        self,
        job: Job,
        to: State,
        outcome: Outcome,
        now: datetime,
        cost: int | None = None,
        **changes: Any,
    ) -> Job:
        return await self._db.write(
            lambda c: jobs.finish(c, job, to, outcome, now, cost, changes, self._defaults)
        )

    async def note_late(self, job: Job, seconds: float) -> None:
        await self._db.write(lambda c: notices.record_late(c, job, seconds))

    async def untold(self, platforms: Collection[str]) -> list[Untold]:
        return await self._db.read(lambda c: notices.untold(c, platforms, MOST_UNTOLD))

    async def told(self, key: str) -> None:
        await self._db.write(partial(notices.mark_told, key=key))
