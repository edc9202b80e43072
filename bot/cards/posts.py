"""The first message of a job's card: posted by one, however many replicas there are."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import structlog

from bot.errands import Errands
from bot.errors import ChatError, StaleJob, StorageUnavailable
from bot.failpoints import failpoint
from bot.jobs import Job, State
from bot.ports import ChatPlatform, Clock, Landing, Storage
from bot.replica import Replica
from bot.timing.pauses import Pauses
from bot.views import Card

log = structlog.get_logger()

# The replica that accepted a job posts its card; when it has not so many seconds after another one
# could have, that one does. By its own clock: those of two replicas may differ by hours.
FIRST_CARD_SECONDS = 10.0
# The database is asked again so often.
AWAY_SECONDS = 0.5


@dataclass
class Shown:
    """What is known here of a card: `at` and `missed_since` in seconds of a clock of our own.

    `newest` is the state that a job here has got to, whether or not the card shows it already.
    """

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    newest: State | None = None
    card: Card | None = None
    ref: str | None = None
    at: float = 0.0
    missed_since: float | None = None
    landing: Landing | None = None


class CardPosts:
    """Posts cards, and takes back those that another replica has posted as well."""

    def __init__(
        self,
        chats: Mapping[str, ChatPlatform],
        storage: Storage,
        replica: Replica,
        clock: Clock,
        pauses: Pauses,
        errands: Errands,
    ) -> None:
        self._chats = chats
        self._storage = storage
        self._replica = replica
        self._clock = clock
        self._pauses = pauses
        self._errands = errands

    async def are_elsewhere(self, shown: Shown, job: Job) -> bool:
        """Whether another replica is just about to post this card, in answer to a command."""
        by = job.accepted_by
        if by is None or by == self._replica.id or job.state.is_over:
            return False
        now = self._clock.monotonic()
        if shown.missed_since is None:
            shown.missed_since = now
        return now - shown.missed_since < FIRST_CARD_SECONDS and await self._replica.is_live(by)

    async def post(self, shown: Shown, job: Job, view: Card) -> Job:
        """Post a job's card; the job as its row is then. Raises ChatError and StaleJob."""
        chat = self._chats[job.owner.platform]
        ref = await chat.post_card(job.channel, view, f"card:{job.id}", partial(self._confirm, job))
        shown.ref = ref
        failpoint("card.posted")
        try:
            now = await self._storage.note_card(job.id, ref)
        except StorageUnavailable:
            self._errands.begin(self._note_later(job, ref), f"note card of {job.id}")
            raise
        if now.card is not None and now.card != ref:
            self._errands.begin(self._take_back(job, ref), f"take back card of {job.id}")
            shown.ref = now.card
        return now

    async def _confirm(self, job: Job) -> None:
        """Raise StaleJob when somebody else has posted the card: whoever stood still goes on late."""
        self._replica.check()
        now = await self._storage.job(job.id)
        if now is not None and now.card is not None:
            raise StaleJob(f"job {job.id} has a card")

    async def _note_later(self, job: Job, ref: str) -> None:
        """Another may post the card as well as long as nobody knows of this one."""
        while True:
            await self._clock.sleep(AWAY_SECONDS)
            try:
                now = await self._storage.note_card(job.id, ref)
            except StorageUnavailable as error:
                log.warning("card not noted yet", job=job.id, error=str(error))
                continue
            if now.card != ref:
                await self._take_back(job, ref)
            return

    async def _take_back(self, job: Job, ref: str) -> None:
        """Another replica has posted this card as well, and was the first to note it.

        Who stands still right before it posts cannot be kept from it when it goes on too late.
        """
        log.info("second card taken back", job=job.id)
        async for _ in self._pauses.attempts(self._clock):
            try:
                chat = self._chats[job.owner.platform]
                await chat.remove_card(job.owner.workspace, job.channel, ref)
            except ChatError as error:
                log.warning("second card not taken back", job=job.id, error=str(error))
                if not error.permanent:
                    continue
            return
