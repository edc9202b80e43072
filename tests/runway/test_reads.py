"""Reads are tried again, understood with tolerance, and never ask for a task too often."""

import asyncio
from itertools import pairwise

import pytest
import stamina

from bot.errors import ProviderUnavailable, Rejected, TaskGone
from bot.ports import ModelLimits, Task, TaskStatus
from bot.runway.client import READ_ATTEMPTS
from bot.runway.pacing import FORGET_SECONDS, Pacer

TASK = {"id": "t1", "status": "PENDING", "createdAt": "2026-11-22T12:00:00Z"}
ORGANIZATION = {
    "tier": {
        "maxMonthlyCreditSpend": 10000,
        "models": {
            "gen4_image": {"maxConcurrentGenerations": 3, "maxDailyGenerations": 500},
            "act_two": {"maxConcurrentGenerations": None, "maxDailyGenerations": None},
        },
    },
    "creditBalance": 1234,
    "usage": {"models": {"gen4_image": {"dailyGenerations": 7}}},
}
TROUBLE = ["429", "500", "502", "503", "504", "reset", "half", "broken JSON", "no such shape"]


@pytest.fixture
def trouble(server):
    def play(name: str):
        named = {
            "reset": server.reset(before_body=False),
            "half": server.bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"),
            "broken JSON": server.text(200, b'{"id": '),
            "no such shape": server.json(200, {"surprise": 1}),
        }
        return named.get(name) or server.json(int(name), {"error": "no"})

    return play


QUESTIONS = {
    "task": lambda client: client.task("t1"),
    "organization": lambda client: client.organization(),
    "delete": lambda client: client.delete("t1"),
}


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("name", TROUBLE)
async def test_a_read_is_tried_again_and_then_given_up(server, connect, trouble, name, question):
    server.then(trouble(name))
    with pytest.raises(ProviderUnavailable):
        await QUESTIONS[question](await connect(server.url))
    assert len(server.seen) == READ_ATTEMPTS == 3


@pytest.mark.parametrize("name", TROUBLE)
async def test_trouble_that_passes_is_not_noticed(server, connect, trouble, name):
    server.then(trouble(name), trouble(name), server.json(200, TASK))
    client = await connect(server.url)
    assert await client.task("t1") == Task("t1", "PENDING")
    server.plays.clear()
    server.then(trouble(name), server.json(200, ORGANIZATION))
    assert (await client.organization()).balance == 1234


async def test_between_attempts_there_is_a_pause_that_grows(server, connect, trouble):
    """Measured by what the retries announce, not by the clock."""
    pauses: list[float] = []
    server.then(trouble("503"))
    client = await connect(server.url)
    earlier = stamina.instrumentation.get_on_retry_hooks()
    stamina.instrumentation.set_on_retry_hooks([lambda told: pauses.append(told.wait_for)])
    try:
        with stamina.set_testing(False), pytest.raises(ProviderUnavailable):
            await client.organization()
    finally:
        stamina.instrumentation.set_on_retry_hooks(earlier)
    assert len(pauses) == READ_ATTEMPTS - 1
    assert 0.5 <= pauses[0] <= 1.5
    assert 1.0 <= pauses[1] <= 2.0


async def test_nobody_there_is_unavailable(connect, unused_tcp_port):
    client = await connect(f"http://127.0.0.1:{unused_tcp_port}")
    for question in QUESTIONS.values():
        with pytest.raises(ProviderUnavailable):
            await question(client)


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_a_read_that_is_refused_is_not_repeated(server, connect, status):
    server.then(server.json(status, {"error": "no"}))
    client = await connect(server.url)
    for n, question in enumerate((client.task("t1"), client.organization()), start=1):
        with pytest.raises(Rejected):
            await question
        assert len(server.seen) == n


async def test_a_task_that_is_not_there_is_gone_at_once(server, connect):
    server.then(server.json(404, {"error": "Not found"}))
    with pytest.raises(TaskGone) as raised:
        await (await connect(server.url)).task("t1")
    assert raised.value.task_id == "t1"
    assert len(server.seen) == 1


@pytest.mark.parametrize("status", [204, 404])
async def test_deleting_what_is_gone_already_is_fine(server, connect, status):
    server.then(server.text(status, b""))
    await (await connect(server.url)).delete("t1")
    assert [(s.method, s.path) for s in server.seen] == [("DELETE", "/v1/tasks/t1")]


@pytest.mark.parametrize(
    ("document", "task"),
    [
        (TASK, Task("t1", "PENDING")),
        ({**TASK, "status": "THROTTLED"}, Task("t1", "THROTTLED")),
        ({**TASK, "status": "RUNNING", "progress": 0.4}, Task("t1", "RUNNING", 0.4)),
        ({**TASK, "status": "RUNNING", "progress": 1.7}, Task("t1", "RUNNING", 1.0)),
        ({**TASK, "status": "RUNNING", "progress": -3}, Task("t1", "RUNNING", 0.0)),
        (
            {**TASK, "status": "SUCCEEDED", "output": ["https://a/1", "https://a/2"],
             "cost": {"credits": 8}},
            Task("t1", "SUCCEEDED", outputs=("https://a/1", "https://a/2"), cost=8),
        ),
        (
            {**TASK, "status": "FAILED", "failure": "no", "failureCode": "INTERNAL",
             "cost": {"credits": 0}},
            Task("t1", "FAILED", failure="no", failure_code="INTERNAL", cost=0),
        ),
        ({**TASK, "status": "FAILED"}, Task("t1", "FAILED")),
        ({**TASK, "status": "CANCELLED"}, Task("t1", "CANCELLED")),
        ({**TASK, "status": "CANCELED"}, Task("t1", "CANCELLED")),
        ({**TASK, "status": "DREAMING"}, Task("t1", "DREAMING")),
        ({**TASK, "surprise": {"deep": [1]}, "estimatedCost": {"credits": 7.5}},
         Task("t1", "PENDING")),
        ({**TASK, "progress": None, "cost": None, "failure": None, "output": None},
         Task("t1", "PENDING")),
        ({**TASK, "status": "FAILED", "cost": {"credits": 7.5}}, Task("t1", "FAILED", cost=8)),
    ],
    ids=lambda value: getattr(value, "status", ""),
)  # fmt: skip
async def test_tasks_are_read_with_tolerance(server, connect, document, task):
    server.then(server.json(200, document))
    assert await (await connect(server.url)).task("t1") == task


async def test_a_progress_that_is_no_number_is_never_shown(server, connect):
    server.then(server.text(200, b'{"id": "t1", "status": "RUNNING", "progress": NaN}'))
    assert (await (await connect(server.url)).task("t1")).progress == 0.0


def test_the_words_for_an_end_are_runways():
    assert TaskStatus.CANCELLED == "CANCELLED"


async def test_the_organisation_is_read_as_it_is(server, connect):
    server.then(server.json(200, {**ORGANIZATION, "surprise": 1}))
    organization = await (await connect(server.url)).organization()
    assert organization.balance == 1234
    assert organization.models == {
        "gen4_image": ModelLimits(3, 500, 7), "act_two": ModelLimits(None, None, 0),
    }  # fmt: skip


async def test_an_organisation_without_usage_is_read_too(server, connect):
    server.then(server.json(200, {"tier": {}, "creditBalance": 0}))
    assert (await (await connect(server.url)).organization()).models == {}


class Moved:
    """A clock on which sleeping is what makes the time pass."""

    def __init__(self) -> None:
        self.time = 1000.0

    def now(self):
        raise NotImplementedError

    def monotonic(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        before = self.time
        await asyncio.sleep(0)
        self.time = max(self.time, before + seconds)


async def test_questions_for_one_task_are_at_least_the_floor_apart():
    clock, times = Moved(), []
    pacer = Pacer(5.0, clock)

    async def ask(pause: float) -> None:
        clock.time += pause
        await pacer.wait("t1")
        times.append(clock.time)

    for pause in (0, 0, 1, 4.999, 5, 60, 0):
        await ask(pause)
    gaps = [after - before for before, after in pairwise(times)]
    assert gaps == [5, 5, 5, 5, 60, 5]


async def test_of_many_who_ask_at_once_each_waits_for_a_turn_of_its_own():
    clock = Moved()
    pacer, times = Pacer(5.0, clock), []

    async def ask() -> None:
        await pacer.wait("t1")
        times.append(clock.time)

    await asyncio.gather(*(ask() for _ in range(4)))
    assert sorted(times) == [1000, 1005, 1010, 1015]


async def test_tasks_do_not_wait_for_each_other():
    clock = Moved()
    pacer = Pacer(5.0, clock)
    for n in range(100):
        await pacer.wait(f"t{n}")
    assert clock.time == 1000


async def test_a_forgotten_task_may_be_asked_for_at_once_and_old_ones_are_forgotten():
    clock = Moved()
    pacer = Pacer(5.0, clock)
    await pacer.wait("t1")
    pacer.forget("t1")
    await pacer.wait("t1")
    assert clock.time == 1000
    for n in range(50):
        await pacer.wait(f"old{n}")
    clock.time += FORGET_SECONDS + 6
    await pacer.wait("new")
    assert set(pacer._next) == {"new"}


async def test_the_client_holds_back_a_second_question_whoever_asks(server, connect):
    """With a floor of an hour the second one never comes, while another task is asked for."""
    server.then(server.json(200, TASK))
    client = await connect(server.url, floor=3600.0)
    await client.task("t1")
    second = asyncio.create_task(client.task("t1"))
    await client.task("t2")
    assert [seen.path for seen in server.seen] == ["/v1/tasks/t1", "/v1/tasks/t2"]
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second


async def test_an_attempt_after_an_error_keeps_to_the_floor_too(server, connect):
    server.then(server.json(503, {"error": "no"}))
    client = await connect(server.url, floor=3600.0)
    asking = asyncio.create_task(client.task("t1"))
    with pytest.raises(ProviderUnavailable):
        await client.organization()
    assert server.asked("GET", "/v1/tasks/t1") <= 1
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_a_server_that_takes_no_connection_is_told_as_that(connect):
    client = await connect("http://127.0.0.1:9")
    once = stamina.set_testing(True, attempts=1)
    with once, pytest.raises(ProviderUnavailable, match="Runway could not be reached"):
        await client.organization()
