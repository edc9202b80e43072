"""The books are compared once a day by the clock, and told once, whoever leads."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from adapters.playground.chat import Chat, Person
from bot.alerts import Alerts
from bot.credits import Outcome
from bot.desk.approvals import Approvals
from bot.errors import ProviderUnavailable
from bot.housekeeping import Housekeeping
from bot.jobs import Member, State
from bot.notifications import Notifications
from bot.ports import Organization
from bot.reconciliation import Reconciliation
from bot.replica import Replica
from bot.retention import Keeping, Retention
from storage.chat import ChatLog
from storage.replicas import SqlReplicas

ADA, BEN = Person("ada", "Ada", admin=True), Person("ben", "Ben")


class BooksClock:
    """The clock that the books are kept by."""

    def __init__(self, books) -> None:
        self.books = books

    def now(self) -> datetime:
        return self.books.now

    def monotonic(self) -> float:
        return 0.0


class Runway:
    """What Runway says that it has charged; `None` when it does not answer."""

    charged: int | None = 0

    async def usage(self, start: date, before: date) -> dict[tuple[date, str], int]:
        if self.charged is None:
            raise ProviderUnavailable("no answer")
        return {(start, "gen4_image"): self.charged} if self.charged else {}

    async def organization(self) -> Organization:
        return Organization(10_000, {})


@pytest.fixture
def runway():
    return Runway()


@pytest.fixture
def chat(books):
    return Chat(ChatLog(books.database), [ADA, BEN], BooksClock(books))


@pytest.fixture
async def start(books, runway, chat):
    """Starts a replica's housekeeping; the first to start leads."""

    async def open_replica() -> tuple[Housekeeping, Replica]:
        clock, chats = BooksClock(books), {"playground": chat}
        replicas = SqlReplicas(books.database, timedelta(seconds=30), alone=False)
        replica = Replica(replicas, clock, timedelta(seconds=30))
        await replica.join()
        alerts = Alerts(books.quotas, chats)
        housekeeping = Housekeeping(
            approvals=Approvals(
                drafts=books.quotas, acceptance=None, library=None, alerts=alerts, chats=chats,
                clock=clock, ask_lifetime=timedelta(hours=1),
            ),
            notifications=Notifications(books.storage, alerts, chats, replica),
            reconciliation=Reconciliation(books.quotas, runway, clock),
            retention=Retention(None, books.storage, books.quotas, clock, Keeping()),
            chats=chats, quotas=books.quotas, replica=replica, clock=clock,
        )  # fmt: skip
        return housekeeping, replica

    return open_replica


@pytest.fixture
def told(chat):
    async def read(person=ADA) -> list[str]:
        return [m["text"] for m in await chat.messages(person) if "The books differ" in m["text"]]

    return read


async def make_something(books):
    job = await books.storage.advance(await books.accept("ben", 5), State.SUBMITTING)
    return await books.storage.advance(job, State.RUNNING, task_id="t1", submitted_at=books.now)


async def test_a_difference_is_told_once_after_one_in_the_morning_utc(books, runway, start, told):
    books.now = datetime(2026, 3, 10, 23, 0, tzinfo=UTC)
    housekeeping, _ = await start()
    await make_something(books)
    runway.charged = 40
    for hour in (23, 24):
        books.now = datetime(2026, 3, 10, tzinfo=UTC) + timedelta(hours=hour, minutes=59)
        await housekeeping.do_chores()
        assert await told() == []
    for minute in range(3):
        books.now = datetime(2026, 3, 11, 1, minute, tzinfo=UTC)
        await housekeeping.do_chores()
    assert len(await told()) == 1
    assert await told(BEN) == []
    books.now += timedelta(days=1)
    await housekeeping.do_chores()
    assert len(await told()) == 2


async def test_nobody_is_told_the_uncertain_jobs_of_another_workspace(books, start, chat):
    housekeeping, _ = await start()
    await housekeeping.do_chores()
    made = []
    for owner in (Member("playground:local", "ben"), Member("playground:other", "zoe")):
        job = replace(books.job("ben", 5, "dailies"), owner=owner)
        job = await books.storage.accept(job, (), books.now)
        job = await books.storage.advance(job, State.SUBMITTING)
        await books.storage.finish(job, State.UNCERTAIN, Outcome.UNCERTAIN, books.now)
        made.append(job.id)
    books.now += timedelta(days=1)
    await housekeeping.do_chores()
    texts = [m["text"] for m in await chat.messages(ADA) if "Uncertain: 1" in m["text"]]
    assert [[job in text for job in made] for text in texts] == [[True, False], [False, True]]


async def test_several_replicas_and_a_new_leader_tell_it_once(books, runway, start, told):
    first, leader = await start()
    second, follower = await start()
    assert (leader.leads, follower.leads) == (True, False)
    await make_something(books)
    for housekeeping in (first, second):
        await housekeeping.do_chores()
    runway.charged = 40
    books.now += timedelta(days=1)
    for housekeeping in (second, first, second):
        await housekeeping.do_chores()
    assert len(await told()) == 1
    await leader.leave()
    third, heir = await start()
    assert heir.leads
    await third.do_chores()
    assert len(await told()) == 1


async def test_the_look_is_made_up_for_after_a_restart_and_when_runway_was_away(
    books, runway, start, told
):
    housekeeping, replica = await start()
    await make_something(books)
    await housekeeping.do_chores()
    await replica.leave()
    books.now += timedelta(days=1)
    again, _ = await start()
    runway.charged = None
    await again.do_chores()
    assert await told() == []
    runway.charged = 40
    await again.do_chores()
    assert len(await told()) == 1


async def test_books_that_agree_are_no_news(books, runway, start, told):
    housekeeping, _ = await start()
    await books.accept("ben", 5)
    await housekeeping.do_chores()
    books.now += timedelta(days=1)
    await housekeeping.do_chores()
    assert await told() == []
    assert await books.quotas.books_looked_at() == "2026-03-11"


async def test_the_workspaces_own_alert_channel_comes_first(books, runway, start, told):
    housekeeping, _ = await start()
    await make_something(books)
    await housekeeping.do_chores()
    new = {"alert_channel": "dailies"}
    await books.quotas.change_settings("playground:local", new, books.change())
    runway.charged = 40
    books.now += timedelta(days=1)
    await housekeeping.do_chores()
    assert len(await told(BEN)) == 1


async def test_a_look_that_two_replicas_made_at_once_is_told_once(books, runway, start, told):
    housekeeping, _ = await start()
    await make_something(books)
    await housekeeping.do_chores()
    runway.charged = 40
    books.now += timedelta(days=1)
    await housekeeping.do_chores()
    # A replica that had begun before the first was done writes down the same day again.
    facts = '{"text": "The books differ"}'
    await books.quotas.note_books("2026-03-11", {"playground:local": facts})
    assert await books.untold() == []
    assert len(await told()) == 1
