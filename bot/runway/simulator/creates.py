"""POST /v1/<operation>: from a body to a task that is paid for."""

import asyncio
import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.runway.simulator import faults, simulator
from bot.runway.simulator.assets import Asset
from bot.runway.simulator.bodies import Body
from bot.runway.simulator.limits import check_limits
from bot.runway.simulator.operations import parse_body
from bot.runway.simulator.prices import price_of
from bot.runway.simulator.refusals import Refusal
from bot.runway.simulator.simulator import Simulator
from bot.runway.simulator.tasks import Task
from bot.runway.simulator.wire import read_json

NO_CREDITS = "You do not have enough credits to run this task."
_FAILS_EARLY = 0.3  # moderation and unreadable files are noticed before most of the work


@dataclass(frozen=True)
class Create:
    """A create that is well-formed: nothing was promised yet."""

    id: str
    operation: str
    document: dict[str, Any]
    body: Body
    sha256: str
    words: frozenset[str]


async def create(request: web.Request) -> web.Response:
    """Make a task; its faults decide how, and whether, that is answered."""
    here = simulator.of(request)
    document = await read_json(request)
    wanted = await asyncio.to_thread(_read, request.path.rpartition("/")[2], document)
    if wanted.body.model not in here.offer.models:
        raise faults.not_available(wanted.body.model)
    _meet_refusals(here, wanted)
    task = await _enter(here, wanted)
    if "504" in task.words:
        raise faults.gateway_timeout()
    if "reset" in task.words and request.transport is not None:
        request.transport.abort()
    return web.json_response({"id": task.id, "estimatedCost": {"credits": task.credits}})


def _read(operation: str, document: object) -> Create:
    body = parse_body(operation, document)
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
    return Create(
        id=str(uuid.uuid4()),
        operation=operation,
        document=_without_data(document),
        body=body,
        sha256=hashlib.sha256(canonical).hexdigest(),
        words=faults.find_words(body.prompt),
    )


def _meet_refusals(here: Simulator, wanted: Create) -> None:
    for word in sorted(wanted.words):
        times = faults.PASSING.get(word)
        passing = times is not None and here.still_to_meet(word, wanted.sha256, times)
        if passing or word in faults.LASTING:
            raise faults.refusal_of(word, wanted.body.model)


async def _enter(here: Simulator, wanted: Create) -> Task:
    try:
        assets = await here.intake.take(wanted.id, wanted.body.inputs(), here.now())
        check_limits(wanted.body, assets)
        # From here on nothing waits, so that no two creates spend the same credits.
        now = here.now()
        credits = price_of(wanted.body, assets)
        _check_means(here, wanted.body.model, credits, now)
        task = here.board.enter(_task_for(here, wanted, assets, credits, now))
    except BaseException:
        await here.intake.discard(wanted.id)
        raise
    here.ledger.add(task)
    return task


def _check_means(here: Simulator, model: str, credits: int, now: float) -> None:
    if here.ledger.generations(model, now) >= here.settings.daily_limit:
        raise faults.daily_limit()
    if here.ledger.balance(now) < credits:
        raise Refusal(400, NO_CREDITS)


def _task_for(
    here: Simulator, wanted: Create, assets: Sequence[Asset], credits: int, now: float
) -> Task:
    number = len(here.board)
    chance = here.chance(number)
    failure = _failure_of(wanted.words, assets, chance.random() < here.settings.failure_rate)
    vary = 1 + here.settings.jitter * chance.uniform(-1, 1)
    slower = 4.0 if "slow" in wanted.words else 1.0
    sooner = _FAILS_EARLY if failure.startswith(("SAFETY.INPUT", "ASSET")) else 1.0
    return Task(
        id=wanted.id,
        number=number,
        operation=wanted.operation,
        model=wanted.body.model,
        created=now,
        queue=here.settings.queue_seconds,
        duration=_seconds_of(here, wanted.operation) * vary * slower * sooner,
        credits=credits,
        body=wanted.document,
        body_sha256=wanted.sha256,
        look=chance.getrandbits(32),
        assets=tuple(assets),
        failure_code=failure,
        words=wanted.words,
    )


def _failure_of(words: frozenset[str], assets: Sequence[Asset], unlucky: bool) -> str:
    if any(asset.broken for asset in assets):
        return "ASSET.INVALID"
    wanted = [code for word, code in faults.FAILURE_OF_WORD.items() if word in words]
    return wanted[0] if wanted else "INTERNAL" if unlucky else ""


def _seconds_of(here: Simulator, operation: str) -> float:
    if operation.endswith("_upscale"):
        return here.settings.upscale_seconds
    if operation == "text_to_image":
        return here.settings.image_seconds
    return here.settings.video_seconds


def _without_data(value: Any) -> Any:
    """The body with the data of its data URIs cut: the bytes are in the task's folder."""
    if isinstance(value, dict):
        return {key: _without_data(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_data(each) for each in value]
    if isinstance(value, str) and value.startswith("data:"):
        return value.partition(",")[0][:100].ljust(13) + ","
    return value
