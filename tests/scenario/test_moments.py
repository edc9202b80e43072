"""Deaths at moments that no failpoint names, and the end that an operator asks for."""

import asyncio
import signal
import socket
from collections.abc import Awaitable, Callable

from tests.scenario.processes import Bot, Simulator
from tests.scenario.theatre import Theatre

COMMAND = "/imagine a fox --ratio 720:720"


async def test_killed_while_one_job_runs_and_others_queue_behind_it(theatre: Theatre) -> None:
    page = await theatre.open(concurrency=1, image_seconds=2.0)
    jobs = [await page.begin(f"{COMMAND} {n}", who) for n, who in enumerate(("ada", "ben", "ada"))]
    await page.until_state(jobs[0], "running")
    await theatre.until_task("RUNNING")
    await theatre.bot.kill()
    assert len((await theatre.books()).creates) == 1  # the others never left our queue

    page = await theatre.start_bot()
    for job_id in jobs:
        assert (await page.over(job_id)).state == "delivered"
    proof = await theatre.prove()
    assert proof.violations == []
    assert len(proof.books.creates) == 3
    assert [proof.accounts.captured(job_id) for job_id in jobs] == [5, 5, 5]


async def test_killed_with_a_cancellation_that_has_not_reached_runway(theatre: Theatre) -> None:
    page = await theatre.open_apart()
    job_id = await page.begin(f"{COMMAND} !stall")
    shown = await page.until_state(job_id, "running")
    await theatre.until_task("RUNNING")
    with theatre.simulator.paused():
        status, _ = await page.act(shown.cards[0], "cancel")
        assert status == 202
        await theatre.bot.kill()

    page = await theatre.start_bot()
    assert (await page.over(job_id)).state == "cancelled"
    proof = await theatre.prove()
    assert proof.violations == []
    assert [task["status"] for task in proof.books.tasks.values()] == ["CANCELLED"]
    assert (proof.accounts.captured(job_id), proof.books.charged) == (5, 5)


async def test_what_is_cancelled_while_its_create_is_under_way_is_not_made(
    theatre: Theatre,
) -> None:
    """One create is taken after all and must be cancelled there; one is turned away."""
    page = await theatre.open_apart()
    with theatre.simulator.paused():
        taken, refused = [await page.begin(f"{COMMAND} {word}") for word in ("!stall", "!503")]
        for job_id in (taken, refused):
            shown = await page.until_state(job_id, "submitting")
            status, _ = await page.act(shown.cards[0], "cancel")
            assert status == 202
    for job_id in (taken, refused):
        assert (await page.over(job_id)).state == "cancelled"
    proof = await theatre.prove()
    assert proof.violations == []
    assert [task["status"] for task in proof.books.tasks.values()] == ["CANCELLED"]
    accounts = proof.accounts
    assert accounts.job(taken).task_id in proof.books.tasks
    assert accounts.captured(refused) == accounts.captured(refused, "unreconciled") == 0


async def test_asked_to_end_it_ends_by_itself_and_goes_on_after_the_restart(
    theatre: Theatre,
) -> None:
    page = await theatre.open(concurrency=1, image_seconds=2.0)
    jobs = [await page.begin(f"{COMMAND} {number}") for number in range(2)]
    await page.until_state(jobs[0], "running")
    url = f"{page.url}/api/events?member=ben"
    async with page.session.get(url):  # a page that stays open must not hold it up
        theatre.bot.signal(signal.SIGTERM)
        assert await theatre.bot.exited(within=20) == 0
    assert "Traceback" not in theatre.bot.output

    page = await theatre.start_bot()
    await asyncio.gather(*(page.over(job_id) for job_id in jobs))
    proof = await theatre.prove()
    assert proof.violations == []
    assert [job.state for job in proof.accounts.jobs] == ["delivered", "delivered"]
    assert len(proof.books.creates) == 2


async def test_asked_to_end_while_it_still_starts_it_ends_in_order(
    start_simulator: Callable[..., Awaitable[Simulator]],
    start_bot: Callable[..., Awaitable[Bot]],
) -> None:
    simulator = await start_simulator()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with simulator.paused():  # the bot reads the organisation's limits before it is ready
        bot = await start_bot(simulator.url, wait=False, DAILIES_WEB__PORT=str(port))
        await _listens(port)
        bot.signal(signal.SIGTERM)
        assert await bot.exited(within=25) == 0


async def _listens(port: int) -> None:
    """Return when something listens on a port, within 30 s."""
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                await writer.wait_closed()
                return
