"""Outputs into the archive, before their addresses die."""

from datetime import timedelta

import structlog

from bot.credits import Outcome
from bot.errors import (
    ArchiveFailed,
    OutputExpired,
    OutputUnavailable,
    OutputUnusable,
    ProviderError,
    TaskGone,
)
from bot.failpoints import failpoint
from bot.jobs import Job, State
from bot.messages.words import file_name
from bot.ports import Clock, Library, Provider, Storage
from bot.provenance import provenance
from bot.requests import Media
from bot.timing.pauses import Pauses

log = structlog.get_logger()

# Runway keeps outputs for 24 to 48 hours (https://docs.dev.runwayml.com/assets/outputs): so long a
# disk may be full, or an archive or a network away, and nothing that was paid for is lost. By our own
# clock, since we try: when Runway has them no more, it says so.
KEPT_AT_RUNWAY = timedelta(hours=20)
# What is wrong with a file itself hardly gets better.
MOST_UNUSABLE = 8


class Collection:
    """Fetches what a finished task made."""

    def __init__(
        self, storage: Storage, provider: Provider, library: Library, clock: Clock, pauses: Pauses
    ) -> None:
        self._storage = storage
        self._provider = provider
        self._library = library
        self._clock = clock
        self._pauses = pauses

    async def collect(self, job: Job, urls: tuple[str, ...]) -> Job:
        """Keep every output; `urls` may be empty after a restart, then the task is asked for."""
        outputs: dict[int, Media] = {}
        unusable, over = 0, self._clock.monotonic() + KEPT_AT_RUNWAY.total_seconds()
        async for _ in self._pauses.attempts(self._clock):
            try:
                urls = urls or (await self._provider.task(job.task_id or "")).outputs
                for index, url in enumerate(urls):
                    if index not in outputs:
                        outputs[index] = await self._keep(job, index, url)
                if outputs:
                    return await self._hand_on(job, outputs)
                unusable += 1
            except OutputExpired:
                urls, unusable = (), unusable + 1
            except (OutputUnusable, TaskGone) as error:
                unusable += 1
                log.warning("not collected", job=job.id, error=str(error))
            except (OutputUnavailable, ProviderError, ArchiveFailed, OSError) as error:
                log.warning("not collected yet", job=job.id, error=str(error))
            if unusable >= MOST_UNUSABLE or self._clock.monotonic() > over:
                break
        now = self._clock.now()
        return await self._storage.finish(
            job, State.FAILED, Outcome.FAILED, now, job.cost, failure="OUTPUT"
        )

    async def _hand_on(self, job: Job, outputs: dict[int, Media]) -> Job:
        failpoint("collect.kept")
        kept = tuple(outputs.values())
        return await self._storage.advance(job, State.DELIVERING, outputs=kept)

    async def _keep(self, job: Job, index: int, url: str) -> Media:
        name = file_name(job) if index == 0 else f"{file_name(job)}-{index + 1}"
        kind = job.request.operation.makes
        media = await self._library.collect(url, f"outputs/{job.id}/{index}", kind, name)
        await self._library.describe(media, provenance(job, media, self._clock.now()))
        return media
