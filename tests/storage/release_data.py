"""Writes the database of this version, with some rows of every kind, as a dump: `make release-data`."""

import asyncio
import sqlite3
import tempfile
import tomllib
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.credits import Allowance, Outcome, Period
from bot.drafts import Draft, DraftState
from bot.jobs import Cause, Job, Member, State
from bot.ports import Once, Order, OrderKind, Receipt
from bot.quotas import Change, Moderation, Rule
from bot.requests import GenerationRequest, Kind, Media, Operation
from storage.database import Database
from storage.engines.opening import open_database
from storage.installations import SqlInstallations
from storage.orders import SqlOrders
from storage.quota import SqlQuotas
from storage.receipts import SqlReceipts
from storage.rules import Defaults
from storage.secrets import secret
from storage.storage import SqlStorage

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).parent / "released"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ADA, BEN = Member("discord:4711", "ada"), Member("discord:4711", "ben")
DEFAULTS = Defaults(Allowance(500, Period.MONTH), 10, ZoneInfo("UTC"), Moderation())
# How far each job is brought, and how it ends.
WAYS: dict[str, tuple[State, ...]] = {
    "queued": (),
    "submitting": (State.SUBMITTING,),
    "running": (State.SUBMITTING, State.RUNNING),
    "collecting": (State.SUBMITTING, State.RUNNING, State.COLLECTING),
    "delivering": (State.SUBMITTING, State.RUNNING, State.COLLECTING, State.DELIVERING),
    "delivered": (State.SUBMITTING, State.RUNNING, State.COLLECTING, State.DELIVERING),
    "failed": (State.SUBMITTING, State.RUNNING),
    "cancelled": (),
    "uncertain": (State.SUBMITTING,),
    "undeliverable": (State.SUBMITTING, State.RUNNING, State.COLLECTING, State.DELIVERING),
}
ENDS = {
    "delivered": (State.DELIVERED, Outcome.DELIVERED),
    "failed": (State.FAILED, Outcome.FAILED),
    "cancelled": (State.CANCELLED, Outcome.NEVER_SENT),
    "uncertain": (State.UNCERTAIN, Outcome.UNCERTAIN),
    "undeliverable": (State.UNDELIVERABLE, Outcome.UNDELIVERABLE),
}


def request(prompt: str = "a fox, “dusk” 🦊") -> GenerationRequest:
    return GenerationRequest(
        Operation.IMAGE_TO_VIDEO, "gen4_turbo", prompt, 25, ratio="1280:720", duration=5, seed=7
    )


async def make_jobs(storage: SqlStorage) -> None:
    """A job in every state, each with what it has by then."""
    output = Media("outputs/x/0.mp4", Kind.VIDEO, "video/mp4", 1000, "0" * 64, "x.mp4", 1280, 720)
    for number, (name, way) in enumerate(WAYS.items()):
        at = NOW + timedelta(minutes=number)
        owner = ADA if number % 2 else BEN
        job = Job(f"job-{name}", owner, "main", request(), State.QUEUED, at)
        job = await storage.accept(job, [Once(f"event-{name}")], at)
        for to in way:
            changes = {
                State.SUBMITTING: {"submitted_at": at, "attempts": 1},
                State.RUNNING: {"task_id": f"task-{name}"},
                State.COLLECTING: {"started_at": at, "noticed_at": at, "cost": 25},
                State.DELIVERING: {"outputs": (output,)},
            }[to]
            job = await storage.advance(job, to, **changes)
        if name in ENDS:
            to, outcome = ENDS[name]
            failure = "INTERNAL" if to is State.FAILED else None
            await storage.finish(job, to, outcome, at, failure=failure)
            await storage.note(job.id, told=True)


async def make_the_rest(database: Database) -> None:
    """What admins set, what waits for a word, and what platforms keep."""
    quotas, receipts = SqlQuotas(database, DEFAULTS), SqlReceipts(database)
    rules = [Rule(Allowance(200, Period.WEEK), "role:design"), Rule(Allowance(None), "member:ben")]
    change = Change("admin", NOW, "the first week")
    await quotas.set_rules([(ADA.workspace, rule) for rule in rules], change)
    await quotas.change_settings(ADA.workspace, {"time_zone": "Europe/Berlin"}, change)
    await quotas.grant(ADA, 100, NOW + timedelta(days=30), change)
    draft = Draft("draft1", ADA, "main", request(), Cause.COMMAND, None, DraftState.ASKED, NOW)
    await quotas.save_draft(draft, [], NOW)
    receipt = Receipt(ADA.workspace, "result:job-delivered", "main", NOW, "job-delivered")
    await receipts.begin(receipt)
    await receipts.note(receipt, message="1700.1", state="posted")
    await secret(database, "links", 32)
    orders = SqlOrders(database)
    await orders.place(Order("order1", OrderKind.RETRY, "job-failed", NOW))
    installed = SqlInstallations(database, "slack")
    await installed.save("T1", "", {"bot_token": "xoxb-of-a-test"}, NOW)


async def dump() -> str:
    """Make the database; its tables and rows as SQL."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "dailies.db")
        database = await open_database(f"sqlite:///{path}")
        await make_jobs(SqlStorage(database, DEFAULTS))
        await make_the_rest(database)
        await database.close()
        with closing(sqlite3.connect(path)) as connection:
            return "\n".join(connection.iterdump()) + "\n"


def version() -> str:
    """The version that is being worked on."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    found: str = tomllib.loads(text)["project"]["version"]
    return found


if __name__ == "__main__":
    (FOLDER / f"{version()}.sql").write_text(asyncio.run(dump()), encoding="utf-8")
