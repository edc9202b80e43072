"""The core's own objects, put together from the ports."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from bot.acceptance import Acceptance
from bot.accounting import Accounting
from bot.alerts import Alerts
from bot.answers import Answers
from bot.approvals import Approvals
from bot.catalog import Catalog
from bot.clock import SystemClock
from bot.config import Config
from bot.errors import ChatError
from bot.estimates import Estimates
from bot.generation import Generation
from bot.housekeeping import Housekeeping
from bot.lineup import Lineup
from bot.media.charts import draw_chart
from bot.offer import Offer
from bot.patience import Patience
from bot.ports import Archive, ChatPlatform, Library, Provider, Replicas
from bot.presenter import Presenter
from bot.quota_desk import QuotaDesk
from bot.quotas import Moderation
from bot.reconciliation import Reconciliation
from bot.references import References
from bot.replica import Replica
from bot.reporting import Reporting
from bot.retention import Keeping, Retention
from bot.service import Service
from bot.steps.collect import Collection
from bot.steps.deliver import Delivery
from bot.steps.pauses import Pauses
from bot.steps.submit import Submission
from bot.steps.watch import Watch
from bot.worker import Worker
from storage.quota import SqlQuotas
from storage.storage import SqlStorage

# As many finished jobs teach how long the next ones take.
TIMINGS_READ = 5000


class Chats(dict[str, ChatPlatform]):
    """The platforms that run, by name; jobs of one that does not run now get a plain no."""

    def __missing__(self, name: str) -> ChatPlatform:
        raise ChatError(f"the platform {name} is not running")


@dataclass(frozen=True)
class Core:
    """What the composition root starts, stops and hands to the adapters."""

    service: Service
    worker: Worker
    housekeeping: Housekeeping
    replica: Replica


async def build_core(
    config: Config,
    *,
    storage: SqlStorage,
    quotas: SqlQuotas,
    catalog: Catalog,
    provider: Provider,
    library: Library,
    archive: Archive,
    chats: Mapping[str, ChatPlatform],
    replicas: Replicas,
) -> Core:
    """Build everything that knows no world outside of the ports; nothing is started yet."""
    clock, chats = SystemClock(), Chats(chats)
    replica = Replica(replicas, clock, timedelta(seconds=config.storage.lease_seconds))
    await replica.join()
    presenter = Presenter(chats, storage, catalog, replica, clock)
    estimates = Estimates(await storage.timings(TIMINGS_READ))
    lineup = Lineup(storage, presenter, estimates, clock)
    alerts = Alerts(quotas, chats)
    accounting = Accounting(storage, alerts, chats, replica)
    reconciliation = Reconciliation(quotas, provider, clock)
    worker = Worker(
        storage=storage,
        lineup=lineup,
        offer=Offer(provider, catalog, lineup, presenter, clock),
        presenter=presenter,
        estimates=estimates,
        submission=Submission(storage, provider, presenter, replica, clock),
        watch=Watch(storage, provider, presenter, estimates, _patience(config), clock),
        collection=Collection(storage, provider, library, clock, Pauses()),
        delivery=Delivery(storage, quotas, chats, catalog, replica, clock, Pauses()),
        accounting=accounting,
        replica=replica,
        clock=clock,
        poll_floor=config.runway.poll_seconds,
    )
    acceptance = Acceptance(
        storage=storage,
        drafts=quotas,
        quotas=quotas,
        presenter=presenter,
        worker=worker,
        replica=replica,
        clock=clock,
        moderation=moderation_of(config),
    )
    approvals = Approvals(
        drafts=quotas,
        acceptance=acceptance,
        library=library,
        alerts=alerts,
        chats=chats,
        clock=clock,
        ask_lifetime=timedelta(hours=config.quota.ask_hours),
    )
    answers = Answers(storage=storage, catalog=catalog, quotas=quotas, worker=worker, clock=clock)
    desk = QuotaDesk(
        quotas=quotas,
        chats=chats,
        reconciliation=reconciliation,
        reporting=Reporting(quotas, chats, draw_chart, clock),
        clock=clock,
    )
    generation = Generation(
        catalog=catalog,
        library=library,
        references=References(storage),
        acceptance=acceptance,
    )
    service = Service(
        storage=storage,
        presenter=presenter,
        worker=worker,
        generation=generation,
        approvals=approvals,
        answers=answers,
        quota_desk=desk,
        clock=clock,
    )
    housekeeping = Housekeeping(
        approvals=approvals,
        accounting=accounting,
        reconciliation=reconciliation,
        retention=Retention(archive, storage, quotas, clock, _keeping(config)),
        chats=chats,
        quotas=quotas,
        replica=replica,
        clock=clock,
    )
    return Core(service, worker, housekeeping, replica)


def moderation_of(config: Config) -> Moderation:
    """The operator's rules for refused prompts."""
    rules = config.moderation
    return Moderation(
        strikes=rules.strikes,
        window=timedelta(hours=rules.window_hours),
        pause=timedelta(hours=rules.pause_hours),
        words=rules.words,
    )


def _patience(config: Config) -> Patience:
    return Patience(timedelta(minutes=config.runway.give_up_minutes))


def _keeping(config: Config) -> Keeping:
    kept = config.archive
    return Keeping(
        None if kept.keep_days is None else timedelta(days=kept.keep_days),
        None if kept.max_gb is None else round(kept.max_gb * 1_000_000_000),
    )
