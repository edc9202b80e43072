"""Outputs into the archive, before their addresses die."""

import structlog

from bot.credits import Outcome
from bot.errors import ArchiveFailed, OutputExpired, OutputUnavailable, ProviderError
from bot.failpoints import failpoint
from bot.jobs import Job, State
from bot.messages.words import file_name
from bot.pauses import Pauses
from bot.ports import Clock, Library, Provider, Storage
from bot.provenance import provenance
from bot.requests import Media

log = structlog.get_logger()


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
        async for _ in self._pauses.attempts(self._clock):
            try:
                urls = urls or (await self._provider.task(job.task_id or "")).outputs
                for index, url in enumerate(urls):
                    if index not in outputs:
                        outputs[index] = await self._keep(job, index, url)
            except OutputExpired:
                urls = ()
            except (OutputUnavailable, ProviderError, ArchiveFailed, OSError) as error:
                log.warning("not collected", job=job.id, error=str(error))
            else:
                if outputs:
                    failpoint("collect.kept")
                    kept = tuple(outputs.values())
                    return await self._storage.advance(job, State.DELIVERING, outputs=kept)
        now = self._clock.now()
        return await self._storage.finish(
            job, State.FAILED, Outcome.FAILED, now, job.cost, failure="OUTPUT"
        )

    async def _keep(self, job: Job, index: int, url: str) -> Media:
        name = file_name(job) if index == 0 else f"{file_name(job)}-{index + 1}"
        kind = job.request.operation.makes
        media = await self._library.collect(url, f"outputs/{job.id}/{index}", kind, name)
        await self._library.describe(media, provenance(job, media, self._clock.now()))
        return media
