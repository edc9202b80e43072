"""The core's own objects, put together from the ports."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.alerts import Alerts
from bot.cards.lineup import Lineup
from bot.cards.presenter import Presenter
from bot.catalog import Catalog
from bot.commands.references import References
from bot.config import Config
from bot.credits import Allowance
from bot.desk.acceptance import Acceptance
from bot.desk.answers import Answers
from bot.desk.approvals import Approvals
from bot.desk.door import Door
from bot.desk.generation import Generation
from bot.desk.quotas import QuotaDesk
from bot.desk.reporting import Reporting
from bot.errors import ChatError
from bot.housekeeping import Housekeeping
from bot.media.charts import draw_chart
from bot.notifications import Notifications
from bot.offer import Offer
from bot.orders import Orders
from bot.ports import (
    Archive,
    ChatPlatform,
    Clock,
    DraftStorage,
    Library,
    OrderStorage,
    Provider,
    QuotaStorage,
    Storage,
)
from bot.quotas import Moderation
from bot.reconciliation import Reconciliation
from bot.replica import Replica
from bot.retention import Keeping, Retention
from bot.service import Service
from bot.steps.collect import Collection
from bot.steps.deliver import Delivery
from bot.steps.submit import Submission
from bot.steps.watch import Watch
from bot.timing.estimates import Estimates
from bot.timing.patience import Patience
from bot.timing.pauses import IN_A_DAY, Pauses
from bot.worker import Worker
from storage.rules import Defaults

# As many finished jobs teach how long the next ones take.
TIMINGS_READ = 5000


class Chats(dict[str, ChatPlatform]):
    """The platforms that run, by name; jobs of one that does not run now get a plain no."""

    def __missing__(self, name: str) -> ChatPlatform:
        raise ChatError(f"the platform {name} is not running")


@dataclass(frozen=True)
class Ports:
    """The world as the core is given it."""

    storage: Storage
    quotas: QuotaStorage
    drafts: DraftStorage
    orders: OrderStorage
    catalog: Catalog
    provider: Provider
    library: Library
    archive: Archive
    chats: Mapping[str, ChatPlatform]
    door: Door
    replica: Replica
    clock: Clock


@dataclass(frozen=True)
class Core:
    """What the composition root starts, stops and hands to the adapters."""

    service: Service
    worker: Worker
    housekeeping: Housekeeping
    orders: Orders


async def build_core(config: Config, given: Ports) -> Core:
    """Build everything that knows no world outside of the ports; nothing is started yet."""
    world = replace(given, chats=Chats(given.chats))
    storage, quotas, chats = world.storage, world.quotas, world.chats
    catalog, replica, clock = world.catalog, world.replica, world.clock
    presenter = Presenter(chats, storage, catalog, replica, clock, Pauses())
    alerts = Alerts(quotas, chats)
    notifications = Notifications(storage, alerts, chats, replica)
    reconciliation = Reconciliation(quotas, world.provider, clock)
    delivery = Delivery(storage, quotas, chats, catalog, replica, clock, Pauses(), Pauses(IN_A_DAY))
    estimates = Estimates(await storage.timings(TIMINGS_READ), config.runway.poll_seconds)
    worker = _worker(config, world, presenter, estimates, delivery, notifications)
    acceptance = Acceptance(
        storage=storage,
        drafts=world.drafts,
        quotas=quotas,
        presenter=presenter,
        worker=worker,
        replica=replica,
        clock=clock,
        moderation=moderation_of(config),
    )
    approvals = Approvals(
        drafts=world.drafts,
        acceptance=acceptance,
        library=world.library,
        alerts=alerts,
        chats=chats,
        clock=clock,
        ask_lifetime=timedelta(hours=config.quota.ask_hours),
    )
    service = _service(world, presenter, worker, acceptance, approvals, reconciliation)
    housekeeping = Housekeeping(
        approvals=approvals,
        notifications=notifications,
        reconciliation=reconciliation,
        retention=Retention(world.archive, storage, world.drafts, clock, _keeping(config)),
        chats=chats,
        quotas=quotas,
        replica=replica,
        clock=clock,
    )
    orders = Orders(world.orders, storage, service, delivery, chats, replica, clock)
    return Core(service, worker, housekeeping, orders)


def _worker(
    config: Config,
    world: Ports,
    presenter: Presenter,
    estimates: Estimates,
    delivery: Delivery,
    notifications: Notifications,
) -> Worker:
    """Who carries jobs, with the steps of their life."""
    storage, provider, replica, clock = world.storage, world.provider, world.replica, world.clock
    lineup = Lineup(storage, presenter, estimates, clock)
    return Worker(
        storage=storage,
        lineup=lineup,
        offer=Offer(provider, world.catalog, lineup, presenter, clock),
        presenter=presenter,
        submission=Submission(storage, provider, lineup, presenter, replica, clock),
        watch=Watch(storage, provider, presenter, estimates, _patience(config), replica, clock),
        collection=Collection(storage, provider, world.library, clock, Pauses(most_attempts=None)),
        delivery=delivery,
        notifications=notifications,
        replica=replica,
        poll_floor=config.runway.poll_seconds,
    )


def _service(
    world: Ports,
    presenter: Presenter,
    worker: Worker,
    acceptance: Acceptance,
    approvals: Approvals,
    reconciliation: Reconciliation,
) -> Service:
    """What platforms call, with whoever carries a command out."""
    storage, quotas, catalog, clock = world.storage, world.quotas, world.catalog, world.clock
    return Service(
        storage=storage,
        presenter=presenter,
        worker=worker,
        generation=Generation(
            catalog=catalog,
            library=world.library,
            references=References(storage),
            acceptance=acceptance,
        ),
        approvals=approvals,
        answers=Answers(
            storage=storage, catalog=catalog, quotas=quotas, worker=worker, clock=clock
        ),
        quota_desk=QuotaDesk(
            quotas=quotas,
            chats=world.chats,
            reconciliation=reconciliation,
            reporting=Reporting(quotas, world.chats, draw_chart, clock),
            clock=clock,
        ),
        door=world.door,
        clock=clock,
    )


def moderation_of(config: Config) -> Moderation:
    """The operator's rules for refused prompts."""
    rules = config.moderation
    return Moderation(
        strikes=rules.strikes,
        window=timedelta(hours=rules.window_hours),
        pause=timedelta(hours=rules.pause_hours),
        words=rules.words,
    )


def defaults_of(config: Config) -> Defaults:
    """What holds where a workspace has set nothing of its own."""
    quota = config.quota
    return Defaults(
        Allowance(quota.credits, quota.period),
        quota.jobs_in_flight,
        ZoneInfo(quota.time_zone),
        moderation_of(config),
        quota.confirm_above,
    )


def _patience(config: Config) -> Patience:
    return Patience(timedelta(minutes=config.runway.give_up_minutes))


def _keeping(config: Config) -> Keeping:
    kept = config.archive
    return Keeping(
        None if kept.keep_days is None else timedelta(days=kept.keep_days),
        None if kept.max_gb is None else round(kept.max_gb * 1_000_000_000),
    )
