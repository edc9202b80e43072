"""What an operator asked from a shell, carried out by the bot that runs.

An order is a row, so that it reaches the bot wherever it runs and waits for it while it does not.
It is answered after it was carried out: a crash in between carries it out again, which is why each
effect has a key of its own.
"""

from collections.abc import Mapping

import structlog

from bot.commands.invocations import Origin
from bot.errands import Errands
from bot.errors import ChatError, DailiesError, Refused
from bot.jobs import Cause, Job
from bot.messages import orders as messages
from bot.messages.plain import plain
from bot.messages.refusals import refusal
from bot.ports import ChatPlatform, Clock, Order, OrderKind, OrderStorage, Storage
from bot.replica import Replica
from bot.service import Service
from bot.steps.deliver import Delivery

log = structlog.get_logger()

EVERY_SECONDS = 1.0
# What came of an order, in words, and whether it was done.
Answer = tuple[str, bool]


class Orders:
    """One loop that looks for orders."""

    def __init__(
        self,
        orders: OrderStorage,
        storage: Storage,
        service: Service,
        delivery: Delivery,
        chats: Mapping[str, ChatPlatform],
        replica: Replica,
        clock: Clock,
    ) -> None:
        self._orders = orders
        self._storage = storage
        self._service = service
        self._delivery = delivery
        self._chats = chats
        self._replica = replica
        self._clock = clock
        self._errands = Errands()

    async def start(self) -> None:
        self._errands.begin(self._run(), "orders")

    async def stop(self) -> None:
        await self._errands.stop()

    async def carry_out_all(self) -> None:
        """Everything that has been ordered and not answered yet; one replica of all does it."""
        if not self._replica.leads:
            return
        for order in await self._orders.unanswered():
            text, done = await self._answer(order)
            log.info("order carried out", order=order.kind.value, job=order.job, done=done)
            await self._orders.answer(order.id, text, done=done)

    async def _run(self) -> None:
        while True:
            try:
                await self.carry_out_all()
            except Exception:
                log.exception("orders failed")
            await self._clock.sleep(EVERY_SECONDS)

    async def _answer(self, order: Order) -> Answer:
        job = await self._storage.job(order.job)
        if job is None:
            return messages.no_such_job(order.job), False
        try:
            return await self._carry_out(order, job)
        except Refused as error:
            return plain(refusal(error)), False
        except DailiesError as error:
            log.warning("order failed", order=order.kind.value, job=job.id, error=str(error))
            return messages.went_wrong(str(error)), False

    async def _carry_out(self, order: Order, job: Job) -> Answer:
        match order.kind:
            case OrderKind.CANCEL:
                job = await self._service.cancel(_as_owner(order, job), job.id)
                return messages.cancelled(job), True
            case OrderKind.RETRY:
                return await self._retry(order, job)
            case OrderKind.REDELIVER:
                return await self._redeliver(order, job)

    async def _retry(self, order: Order, job: Job) -> Answer:
        origin = _as_owner(order, job, await self._roles(job))
        answer = await self._service.carry_out(origin, Cause.RETRY, job.id)
        if not isinstance(answer, Job) and answer.job_id is not None:
            # Its price is asked about first; whoever gives an order has decided.
            made = await self._storage.job(answer.job_id)
            answer = made or await self._service.carry_out(origin, "confirm", answer.job_id)
        if not isinstance(answer, Job):
            return plain(answer.text), False
        return messages.retried(answer), True

    async def _redeliver(self, order: Order, job: Job) -> Answer:
        if not job.state.is_over or not job.outputs:
            return messages.nothing_kept(job), False
        posted = await self._delivery.again(job, f"again:{order.id}", order.at)
        return (messages.redelivered if posted else messages.not_posted)(job), posted

    async def _roles(self, job: Job) -> tuple[str, ...]:
        try:
            return tuple(await self._chats[job.owner.platform].roles_of(job.owner))
        except ChatError:
            return ()


def _as_owner(order: Order, job: Job, roles: tuple[str, ...] = ()) -> Origin:
    return Origin(job.owner, job.channel, roles=roles, event=f"order:{order.id}")
