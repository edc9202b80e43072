"""/_simulator: what tests read and change behind the API's back. Loopback only, no key."""

from ipaddress import ip_address

from aiohttp import web

from bot.runway.simulator import simulator
from bot.runway.simulator.operations import MODELS, Offer
from bot.runway.simulator.refusals import Refusal
from bot.runway.simulator.simulator import Polls, Simulator
from bot.runway.simulator.tasks import Task, cost_of, phase_of
from bot.runway.simulator.wire import read_json


def _only_loopback(request: web.Request) -> None:
    if not request.remote or not ip_address(request.remote).is_loopback:
        raise Refusal(403, "Only for this machine.")


async def show_books(request: web.Request) -> web.Response:
    """Every create and task that there ever was, what was charged, what was refused."""
    _only_loopback(request)
    here = simulator.of(request)
    now = here.now()
    return web.json_response(
        {
            "creates": [_create_entry(task) for task in here.board],
            "tasks": [_task_entry(here, task, now) for task in here.board],
            "charged_credits": here.ledger.charged(now),
            "refused": list(here.books.refused),
            "downloads": here.books.downloads,
        }
    )


def _create_entry(task: Task) -> dict[str, object]:
    return {
        "id": task.id,
        "model": task.model,
        "operation": task.operation,
        "at": task.created,
        "body_sha256": task.body_sha256,
        "credits": task.credits,
    }


def _task_entry(here: Simulator, task: Task, now: float) -> dict[str, object]:
    polls = here.books.polls.get(task.id, Polls())
    return {
        "id": task.id,
        "status": phase_of(task, now).status,
        "deleted": task.deleted is not None,
        "cost": cost_of(task, now),
        "polls": polls.count,
        "min_poll_gap_seconds": polls.closest,
    }


async def change_offer(request: web.Request) -> web.Response:
    """Offer and withhold models from now on, until the simulator stops."""
    _only_loopback(request)
    here = simulator.of(request)
    document = await read_json(request)
    if not isinstance(document, dict) or not document.keys() <= {"offer", "withhold"}:
        raise Refusal(400, "Expected an object with `offer` and `withhold`")
    here.offer = Offer.of(_models(document.get("offer")), _models(document.get("withhold")))
    return web.json_response({"models": sorted(here.offer.models)})


def _models(names: object) -> frozenset[str]:
    if names is None:
        return frozenset()
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Refusal(400, "Expected a list of model names")
    if unknown := frozenset(names) - MODELS:
        raise Refusal(400, f"Unknown model: {', '.join(sorted(unknown))}")
    return frozenset(names)
