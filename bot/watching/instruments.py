"""Everything that watches, built from the configuration and put around what is watched."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from adapters.platform import Acknowledged, Platform
from bot.catalog import Catalog
from bot.config import Config
from bot.core import defaults_of
from bot.desk.door import Door
from bot.ports import ChatPlatform, Clock, Provider
from bot.replica import Replica
from bot.watching.metrics import Metrics
from bot.watching.monitoring import Monitoring
from bot.watching.observed import ObservedChat, ObservedProvider, ObservedStorage
from bot.watching.telemetry import Span, tracing
from storage.database import Database


class Instruments:
    """Hands out the watched forms of what the core is built from."""

    def __init__(self, config: Config, span: Span, clock: Clock) -> None:
        self._config = config
        self._span = span
        self._metrics = Metrics()
        self._clock = clock
        limits = config.limits
        self.door = Door(
            burst=limits.burst,
            per_minute=limits.per_minute,
            clock=self._clock,
            count=lambda *of: self._metrics.commands.labels(*of).inc(),
            span=span,
        )

    def storage(self, database: Database, catalog: Catalog) -> ObservedStorage:
        self._metrics.expect(spec.id for spec in catalog.all_specs())
        return ObservedStorage(database, defaults_of(self._config), self._metrics)

    def provider(self, provider: Provider) -> ObservedProvider:
        return ObservedProvider(provider, self._metrics, self._span)

    def chats(self, platforms: Sequence[Platform]) -> Mapping[str, ChatPlatform]:
        return {p.name: ObservedChat(p.name, p.chat, self._metrics, self._span) for p in platforms}

    def acknowledged(self, platform: str) -> Acknowledged:
        """Where a platform says how long its first answers take."""
        return self._metrics.acknowledgement.labels(platform).observe

    def answered(self) -> Callable[[str, int], None]:
        """Where Runway's client says what it was answered."""
        return lambda method, status: self._metrics.answers.labels(method, str(status)).inc()

    def monitoring(
        self, storage: ObservedStorage, platforms: Sequence[Platform], replica: Replica
    ) -> Monitoring:
        web = self._config.web
        return Monitoring(
            metrics=self._metrics,
            shown=web.metrics,
            token=web.metrics_token.get_secret_value() if web.metrics_token else None,
            storage=storage,
            platforms=platforms,
            stopping=lambda: self.door.is_closed,
            may_work=lambda: replica.holds,
            stalled=timedelta(minutes=web.stalled_minutes),
            clock=self._clock,
        )


@asynccontextmanager
async def instruments(config: Config, clock: Clock) -> AsyncIterator[Instruments]:
    """The instruments while the bot runs; what they have not sent yet is sent in the end."""
    async with tracing(config.telemetry) as span:
        yield Instruments(config, span, clock)
