"""`dailies jobs …`: look at jobs, and ask the bot that runs to do something with one."""

import argparse
import asyncio
import json
import secrets
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.clock import SystemClock
from bot.commandline.groups import Said
from bot.commandline.tables import table
from bot.config import load_config
from bot.errors import ConfigError
from bot.jobs import Job, State, written_id
from bot.messages.orders import no_such_job
from bot.ports import Order, OrderKind
from bot.shell import open_orders
from storage.orders import SqlOrders
from storage.storage import SqlStorage

if TYPE_CHECKING:
    from bot.commandline.groups import Parsers

COLUMNS = (
    "job",
    "state",
    "model",
    "member",
    "workspace",
    "credits",
    "created",
    "posted",
    "failure",
)
LOOK_SECONDS = 0.2
# Exit codes of an order that was answered and could not be done, and of one that nobody answered.
NOT_DONE, NOT_YET = 1, 3
_ORDERS = {
    OrderKind.RETRY: "make it again, charged to its owner",
    OrderKind.CANCEL: "cancel it: free while it is queued",
    OrderKind.REDELIVER: "post its result once more, from the archive",
}
_JOB = "its id, from its card or from `dailies jobs list`"


def add_jobs(commands: "Parsers") -> None:
    """`dailies jobs <verb> …`."""
    parser = commands.add_parser("jobs", help="look at jobs; retry, cancel or redeliver them")
    parser.set_defaults(command=_jobs)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="verb")
    listed = verbs.add_parser("list", help="the newest first")
    listed.add_argument(
        "--state",
        action="append",
        choices=[s.value for s in State],
        default=[],
        metavar="STATE",
        help=f"only jobs in this state; may be there several times: {', '.join(State)}",
    )
    listed.add_argument("--workspace", help="only of this one, as in discord:4711")
    listed.add_argument(
        "--days", type=_up_to(36_500), default=30, help="how far back (default: 30)"
    )
    listed.add_argument(
        "--limit", type=_up_to(100_000), default=50, help="how many at most (default: 50)"
    )
    show = verbs.add_parser("show", help="all that is known of a job, with its prompt")
    for kind, text in _ORDERS.items():
        order = verbs.add_parser(kind.value, help=text)
        order.add_argument(
            "--wait", type=float, default=10.0, help="seconds to wait for the bot (default: 10)"
        )
        several = kind is OrderKind.REDELIVER
        help_ = f"{_JOB}; several may be given" if several else _JOB
        order.add_argument("job", nargs="+" if several else 1, help=help_)
        order.add_argument("--json", action="store_true", help="for machines")
    show.add_argument("job", nargs=1, help=_JOB)
    for verb in (listed, show):
        verb.add_argument("--json", action="store_true", help="for machines")


def _up_to(most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isdecimal() or not 1 <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"a whole number from 1 to {most}")
        return int(text)

    return number


async def _jobs(arguments: argparse.Namespace) -> Said | str:
    async with open_orders(load_config()) as (storage, orders):
        if arguments.verb == "list":
            return await _list(arguments, orders)
        jobs = {job.id: job for job in [await _named(storage, id_) for id_ in arguments.job]}
        if arguments.verb == "show":
            (job,) = jobs.values()
            return _show(job, as_json=arguments.json)
        return await _order(arguments, jobs, orders)


async def _named(storage: SqlStorage, id_: str) -> Job:
    job = await storage.job(written_id(id_))
    if job is None:
        raise ConfigError(no_such_job(id_))
    return job


async def _list(arguments: argparse.Namespace, orders: SqlOrders) -> str:
    """A table for people; where there is nothing to show, what was looked for."""
    since = SystemClock().now() - timedelta(days=arguments.days)
    found = await orders.jobs(arguments.state, arguments.workspace, since, arguments.limit)
    rows = [_row(job) for job in found]
    if arguments.json:
        return json.dumps(rows, indent=2)
    if not rows:
        return _nothing(arguments)
    return table(COLUMNS, rows)


def _nothing(arguments: argparse.Namespace) -> str:
    states = f" that are {' or '.join(arguments.state)}" if arguments.state else ""
    workspace = f" of {arguments.workspace}" if arguments.workspace is not None else ""
    days = f"{arguments.days} days" if arguments.days > 1 else "day"
    looked = f"{states}{workspace} in the last {days}".lstrip()
    return f"No jobs. (Looked for jobs {looked}; --days looks further back.)"


def _row(job: Job) -> dict[str, str | int]:
    charged = job.request.price if job.charged is None else job.charged
    return {
        "job": job.id,
        "state": job.state.value,
        "model": job.request.model,
        "member": job.owner.id,
        "workspace": job.owner.workspace,
        "credits": charged,
        "created": f"{job.created_at:%Y-%m-%d %H:%M}",
        "posted": "yes" if _is_posted(job) else "no",
        "failure": job.failure or "",
    }


def _is_posted(job: Job) -> bool:
    """Its result; one that was sent on later is still `undeliverable`, as its price was settled so."""
    sent_on = job.state is State.UNDELIVERABLE and job.result is not None
    return job.state is State.DELIVERED or sent_on


def _show(job: Job, *, as_json: bool) -> str:
    facts: dict[str, Any] = asdict(job)
    facts["request"] = json.loads(job.request.to_json())
    facts["outputs"] = [media.key for media in job.outputs]
    if as_json:
        return json.dumps(facts, indent=2, default=str, ensure_ascii=False)
    lines = [f"{name:<16} {_plain(value)}" for name, value in facts.items() if value is not None]
    return "\n".join(lines)


def _plain(value: Any) -> str:
    return (
        json.dumps(value, default=str, ensure_ascii=False) if not isinstance(value, str) else value
    )


async def _order(arguments: argparse.Namespace, jobs: Iterable[str], orders: SqlOrders) -> Said:
    kind, now = OrderKind(arguments.verb), SystemClock().now()
    placed = [Order(secrets.token_hex(8), kind, job, now) for job in jobs]
    for order in placed:
        await orders.place(order)
    answered = [await _answered(orders, order, arguments.wait) for order in placed]
    code = max(_code(order) for order in answered)
    if arguments.json:
        facts = [_facts(order) for order in answered]
        text = json.dumps(facts if len(facts) > 1 else facts[0], indent=2, ensure_ascii=False)
        return Said(text, code)
    return Said("\n".join(order.answer or _waits(order) for order in answered), code)


def _code(order: Order) -> int:
    return NOT_YET if order.answer is None else NOT_DONE if order.done is False else 0


def _facts(order: Order) -> dict[str, str | bool | None]:
    return {"order": order.id, "job": order.job, "answer": order.answer, "done": order.done}


def _waits(order: Order) -> str:
    return (
        f"No bot has answered about {order.job} yet. The order is noted: it is carried out once "
        "the bot runs."
    )


async def _answered(orders: SqlOrders, order: Order, seconds: float) -> Order:
    """The order, with its answer where there is one within so many seconds."""
    until = asyncio.get_running_loop().time() + seconds
    while True:
        known = await orders.order(order.id)
        if known is not None and known.answer is not None:
            return known
        if asyncio.get_running_loop().time() >= until:
            return order
        await asyncio.sleep(LOOK_SECONDS)
