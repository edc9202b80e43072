"""A Runway that is down is left in peace, and noticed as soon as it is back."""

import pytest

from bot.errors import NotCreated, ProviderUnavailable
from bot.runway.circuit import FAILURES, LONGEST_PAUSE_SECONDS, Circuit


class SetClock:
    """Shows what a test says."""

    at = 100.0

    def monotonic(self) -> float:
        return self.at


@pytest.fixture
def clock():
    return SetClock()


@pytest.fixture
def circuit(clock):
    return Circuit(clock)


@pytest.fixture
async def client(connect, server):
    return await connect(server.url)


def break_it(circuit):
    for _ in range(FAILURES):
        assert circuit.blocked_for() == 0
        circuit.failed()


def test_a_few_failures_stop_nothing(circuit):
    for _ in range(3):
        for _ in range(FAILURES - 1):
            circuit.failed()
        assert circuit.blocked_for() == 0
        circuit.succeeded()


def test_after_failures_in_a_row_one_request_tries_and_the_others_wait(circuit, clock):
    break_it(circuit)
    pause = circuit.blocked_for()
    assert 0 < pause <= 2.5
    clock.at += pause
    assert circuit.blocked_for() == 0
    assert circuit.blocked_for() > 0


def test_the_pauses_grow_up_to_a_minute_and_end_with_an_answer(circuit, clock):
    break_it(circuit)
    pauses = []
    for _ in range(10):
        pauses.append(circuit.blocked_for())
        clock.at += pauses[-1]
        assert circuit.blocked_for() == 0
        circuit.failed()
    assert pauses[:3] == sorted(pauses[:3])
    assert LONGEST_PAUSE_SECONDS <= pauses[-1] <= 1.25 * LONGEST_PAUSE_SECONDS
    clock.at += pauses[-1] * 2
    circuit.succeeded()
    assert circuit.blocked_for() == 0


async def test_a_server_that_is_unwell_is_not_asked_by_every_job(client, server):
    server.then(server.json(500, {"error": "down"}))
    for number in range(20):
        with pytest.raises(ProviderUnavailable):
            await client.task(f"task{number}")
    assert server.asked("GET") <= FAILURES + 3


async def test_nothing_is_created_while_it_is_down_and_that_is_certain(client, server, imagine):
    server.then(server.json(500, {"error": "down"}))
    for number in range(5):
        with pytest.raises(ProviderUnavailable):
            await client.task(f"task{number}")
    with pytest.raises(NotCreated) as error:
        await client.create(imagine, {})
    assert error.value.wait
    assert server.asked("POST") == 0


async def test_a_no_is_an_answer(client, server):
    server.then(server.json(429, {"error": "slow down"}))
    for number in range(10):
        with pytest.raises(ProviderUnavailable):
            await client.task(f"task{number}")
    assert server.asked("GET") == 30
