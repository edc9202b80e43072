"""How long files are kept: by age and by what they take together; never what is still needed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.ports import Archive, Clock, DraftStorage, Storage, Stored
from bot.requests import GenerationRequest

log = structlog.get_logger()

EVERY = timedelta(hours=1)
# A command under way has put its files there, and its job is about to be written down.
YOUNG = timedelta(hours=1)
# So many files go before it is looked again which are needed: in a bucket, thousands take minutes.
AT_A_TIME = 10


@dataclass(frozen=True)
class Keeping:
    """None keeps for ever; `most_bytes` counts everything that is in the archive."""

    age: timedelta | None = None
    most_bytes: int | None = None


class Retention:
    """Removes files that are too old, and the oldest of too many."""

    def __init__(
        self,
        archive: Archive,
        storage: Storage,
        drafts: DraftStorage,
        clock: Clock,
        keeping: Keeping,
    ) -> None:
        self._archive = archive
        self._storage = storage
        self._drafts = drafts
        self._clock = clock
        self._keeping = keeping
        self._next = clock.now()

    async def tidy_when_due(self) -> None:
        """Once an hour."""
        now = self._clock.now()
        if now < self._next or self._keeping == Keeping():
            return
        self._next = now + EVERY
        await self.tidy()

    async def tidy(self) -> int:
        """Remove what may go; the number of files that went."""
        stored = [file async for file in self._archive.list()]
        may_go = overdue(stored, self._keeping, self._clock.now())
        if not may_go:
            return 0
        gone = list[Stored]()
        for first in range(0, len(may_go), AT_A_TIME):
            gone += await self._remove(may_go[first : first + AT_A_TIME])
        log.info("tidied", files=len(gone), bytes=sum(file.size for file in gone))
        return len(gone)

    async def _remove(self, files: Iterable[Stored]) -> list[Stored]:
        """Remove those that nobody needs now: somebody may just have asked for an old one."""
        needed = await self._needed()
        going = [file for file in files if folder(file.key) not in needed]
        for file in going:
            await self._archive.delete(file.key)
        return going

    async def _needed(self) -> set[str]:
        """The folders of every unfinished job and open draft, and of the files they begin with."""
        needed: set[str] = set()
        for job in await self._storage.unfinished():
            needed |= {f"inputs/{job.id}", f"outputs/{job.id}", *_inputs(job.request)}
        for draft in await self._drafts.open_drafts():
            needed |= {f"inputs/{draft.id}", *_inputs(draft.request)}
        return needed


def overdue(stored: Iterable[Stored], keeping: Keeping, now: datetime) -> list[Stored]:
    """What is too old, and the oldest of what is too much, the oldest first."""
    oldest = sorted(stored, key=lambda file: file.at)
    total, going = sum(file.size for file in oldest), list[Stored]()
    for file in oldest:
        too_old = keeping.age is not None and now - file.at > keeping.age
        too_much = keeping.most_bytes is not None and total > keeping.most_bytes
        if (too_old or too_much) and now - file.at > YOUNG:
            going.append(file)
            total -= file.size
    return going


def folder(key: str) -> str:
    """A job's folder, as in `outputs/ab12`."""
    return "/".join(key.split("/")[:2])


def _inputs(request: GenerationRequest) -> set[str]:
    return {folder(given.media.key) for given in request.inputs if not given.media.is_link}
