"""Processor time of one question to Runway: its request, its parsing, and planning the next one.

100 questions at a time, 2,000 in all, to a server in another process; the median of three turns of
each, one after the other. Only this process's time counts.
"""

import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import aiohttp
import runwayml

from bot.archive import Archive
from bot.catalog import load_catalog
from bot.ports import Timing
from bot.requests import GenerationRequest, Operation
from bot.runway.client import RunwayClient
from bot.timing.estimates import Estimates
from bot.timing.foresight import Sights
from bot.timing.plans import Plans, Step
from bot.timing.polling import FLOOR_SECONDS, next_poll
from tests.benchmarks.row import Row
from tests.benchmarks.tasks_server import tasks_served
from tests.scenario.processes import KEY

AT_ONCE, QUESTIONS, TURNS = 100, 2000, 3
# The SDK is asked less often: it takes long, and each of its questions as long as the other.
SDK_QUESTIONS = 800
REQUEST = GenerationRequest(Operation.IMAGE_TO_VIDEO, "gen4_turbo", "go", 25, duration=5)

# Asks for a task by its id.
Ask = Callable[[str], Awaitable[object]]


async def measure() -> list[Row]:
    """One row: ours, beside the SDK and bare aiohttp."""
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(tasks_served())
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="dailies-bench-"))
        runway = await stack.enter_async_context(
            RunwayClient(url, KEY, load_catalog(), Archive(folder), 0.0)
        )
        sdk = await stack.enter_async_context(runwayml.AsyncRunwayML(api_key=KEY, base_url=url))
        session = await stack.enter_async_context(aiohttp.ClientSession(url))

        async def bare(task_id: str) -> object:
            async with session.get(f"/v1/tasks/{task_id}") as response:
                return await response.json()

        turns: dict[str, list[float]] = {"ours": [], "sdk": [], "bare": []}
        for _ in range(TURNS):
            turns["ours"].append(await _planned(runway))
            turns["sdk"].append(await _asked(sdk.tasks.retrieve, SDK_QUESTIONS))
            turns["bare"].append(await _asked(bare))
    ours, theirs, floor = (statistics.median(times) for times in turns.values())
    print(f"  ms per question: ours {ours:.3f}, SDK {theirs:.3f}, bare aiohttp {floor:.3f}")
    return [
        Row("CPU per poll, beside the SDK", ours / theirs, "× SDK", 0.2),
        Row("CPU per poll, beside bare aiohttp", ours / floor, "× aiohttp", 3.0),
        Row("CPU per poll", ours, "ms", 3 * floor, sdk=theirs, floor=floor),
    ]


async def _asked(ask: Ask, questions: int = QUESTIONS) -> float:
    """Milliseconds of processor time per question, `AT_ONCE` at a time."""

    async def some(number: int) -> None:
        for turn in range(questions // AT_ONCE):
            await ask(f"{number:08d}-0000-4000-8000-{turn:012d}")

    began = time.process_time()
    await asyncio.gather(*(some(number) for number in range(AT_ONCE)))
    return (time.process_time() - began) / questions * 1000


async def _planned(runway: RunwayClient) -> float:
    """The same as the worker does it: a timer, a step, the question, and what is foreseen."""
    plans, rng, left = Plans(), random.Random(1), QUESTIONS
    estimates = Estimates([Timing("gen4_turbo", 5, 30.0 + n / 10) for n in range(200)])
    over = asyncio.Event()
    all_sights = {f"{n:08d}-0000-4000-8000-{0:012d}": Sights() for n in range(AT_ONCE)}

    async def guarded(_: str, step: Step) -> None:
        await step

    def begin(task_id: str) -> None:
        plans.begin(task_id, poll(task_id), guarded)

    async def poll(task_id: str) -> None:
        nonlocal left
        sights = all_sights[task_id]
        task = await runway.task(task_id)
        sights.add(20.0, task.progress)
        foreseen = estimates.wait(REQUEST, 20.0, sights)
        next_poll(foreseen, 20.0, 0, FLOOR_SECONDS, rng)
        left -= 1
        if left == 0:
            over.set()
        elif left > 0:
            # At once instead of then, and after this step: `begin` takes one step of a job at a time.
            asyncio.get_running_loop().call_soon(plans.later, task_id, 0.0, begin)

    began = time.process_time()
    for task_id in all_sights:
        plans.later(task_id, 0.0, begin)
    await over.wait()
    spent = time.process_time() - began
    await plans.drop()
    return spent / QUESTIONS * 1000
