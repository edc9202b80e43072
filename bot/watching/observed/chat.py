"""A chat platform, measured: how long a result takes to be posted."""

from collections.abc import Sequence
from time import perf_counter

from bot.errors import ChatError
from bot.jobs import Member
from bot.ports import ChatPlatform, Confirm, Landing, Subject
from bot.views import Card, Notice, Result
from bot.watching.metrics import Metrics
from bot.watching.telemetry import Span


class ObservedChat:
    """Implements bot.ports.ChatPlatform on another one."""

    def __init__(self, platform: str, inner: ChatPlatform, metrics: Metrics, span: Span) -> None:
        self._platform = platform
        self._inner = inner
        self._metrics = metrics
        self._span = span

    async def deliver(
        self, channel: str, result: Result, key: str, confirm: Confirm, *, is_first: bool = False
    ) -> str:
        began = perf_counter()
        outcome = "failed"
        try:
            with self._span("deliver", {"platform": self._platform, "job": result.job_id}):
                message = await self._inner.deliver(
                    channel, result, key, confirm, is_first=is_first
                )
            outcome = "posted"
        except ChatError as error:
            outcome = "refused" if error.permanent else "failed"
            raise
        finally:
            seconds = perf_counter() - began
            self._metrics.delivery.labels(self._platform, outcome).observe(seconds)
        return message

    async def post_card(self, channel: str, card: Card, key: str, confirm: Confirm) -> str:
        return await self._inner.post_card(channel, card, key, confirm)

    async def update_card(
        self, channel: str, message: str, card: Card, confirm: Confirm
    ) -> Landing | None:
        return await self._inner.update_card(channel, message, card, confirm)

    async def remove_card(self, workspace: str, channel: str, message: str) -> None:
        await self._inner.remove_card(workspace, channel, message)

    async def notify(self, member: Member, channel: str, notice: Notice) -> None:
        await self._inner.notify(member, channel, notice)

    async def alert(
        self, workspace: str, notice: Notice, key: str, channel: str | None = None
    ) -> str:
        return await self._inner.alert(workspace, notice, key, channel)

    async def update_alert(self, workspace: str, message: str, notice: Notice) -> None:
        await self._inner.update_alert(workspace, message, notice)

    async def find_subject(self, workspace: str, text: str) -> Subject | None:
        return await self._inner.find_subject(workspace, text)

    async def find_channel(self, workspace: str, text: str) -> str | None:
        return await self._inner.find_channel(workspace, text)

    async def name_of(self, member: Member) -> str:
        return await self._inner.name_of(member)

    async def offer_changed(self) -> None:
        await self._inner.offer_changed()

    async def roles_of(self, member: Member) -> Sequence[str]:
        return await self._inner.roles_of(member)
