"""What a state folder keeps over a restart, and over a kill."""

import asyncio
import os
import re
import signal
import sys

import aiohttp

KEPT = {
    "Authorization": "Bearer key_" + "0" * 128,
    "X-Runway-Version": "2024-11-06",
}


async def test_tasks_credits_and_line_carry_on(simulate, clock, tmp_path):
    api = await simulate(state_dir=tmp_path, concurrency=1, balance=100)
    first, second, gone = [await api.imagine(f"number {n}") for n in range(3)]
    await api.ask("DELETE", f"/v1/tasks/{gone}")
    clock.advance(4)
    before = await api.task(first)
    await api.stop()

    api = await simulate(state_dir=tmp_path, concurrency=1, balance=100)
    assert await api.task(first) == before
    assert (await api.task(second))["status"] == "THROTTLED"
    assert (await api.ask("GET", f"/v1/tasks/{gone}"))[0] == 404
    organization = (await api.ask("GET", "/v1/organization"))[1]
    assert organization["creditBalance"] == 90
    assert organization["usage"]["models"]["gen4_image"] == {"dailyGenerations": 3}
    clock.advance(3 + 1 + 3)
    assert (await api.task(second))["progress"] == 0.5


async def test_turns_that_came_while_it_was_down_were_taken(simulate, clock, tmp_path):
    api = await simulate(state_dir=tmp_path, concurrency=1)
    ids = [await api.imagine(f"number {n}") for n in range(3)]
    await api.stop()
    clock.advance(7 + 7 + 4)
    api = await simulate(state_dir=tmp_path, concurrency=1)
    assert (await api.task(ids[2]))["progress"] == 0.5


async def test_uploads_links_and_met_faults_outlive_a_restart(simulate, clock, tmp_path, png):
    api = await simulate(state_dir=tmp_path)
    uri = await api.upload("a.png", png())
    body = {"model": "gen4_image", "ratio": "720:720", "promptText": "!502"}
    assert [(await api.create("text_to_image", body))[0] for _ in range(2)] == [502, 502]
    id = await api.imagine()
    clock.advance(60)
    path = (await api.task(id))["output"][0].removeprefix(api.url)
    await api.stop()

    api = await simulate(state_dir=tmp_path)
    assert (await api.create("text_to_image", body))[0] == 200
    await api.imagine(referenceImages=[{"uri": uri}])
    assert (await api.download(f"{api.url}{path}"))[0] == 200


async def test_same_output_after_a_restart_that_lost_the_rendered_file(simulate, clock, tmp_path):
    api = await simulate(state_dir=tmp_path)
    id = await api.imagine()
    clock.advance(60)
    _, _, before = await api.download((await api.task(id))["output"][0])
    await api.stop()
    (tmp_path / "outputs" / f"{id}.png").unlink()
    api = await simulate(state_dir=tmp_path)
    _, _, after = await api.download((await api.task(id))["output"][0])
    assert after == before


async def test_without_a_state_folder_nothing_is_left_behind(simulate, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    api = await simulate()
    await api.imagine()
    assert list(tmp_path.iterdir())
    await api.stop()
    assert not list(tmp_path.iterdir())


PROGRAM = """
import asyncio, sys
from pathlib import Path
from bot.runway.simulator import SimulatorSettings, serve

async def main():
    settings = SimulatorSettings(state_dir=Path(sys.argv[1]), balance=100, queue_seconds=600)
    running = await serve(settings)
    print(running.url, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def started(folder) -> tuple[asyncio.subprocess.Process, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, str(folder), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    url = (await asyncio.wait_for(process.stdout.readline(), 60)).decode().strip()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
    return process, url


async def killed(process: asyncio.subprocess.Process) -> None:
    os.kill(process.pid, signal.SIGKILL)
    await process.communicate()


async def test_every_create_that_was_answered_is_there_after_a_kill(tmp_path):
    body = {"model": "gen4_image", "ratio": "720:720", "promptText": "a fox"}
    process, url = await started(tmp_path)
    async with aiohttp.ClientSession(headers=KEPT) as session:
        ids = []
        for _ in range(5):
            async with session.post(f"{url}/v1/text_to_image", json=body) as response:
                ids.append((await response.json())["id"])
        await killed(process)
        process, url = await started(tmp_path)
        states = []
        for id in ids:
            async with session.get(f"{url}/v1/tasks/{id}") as response:
                states.append((await response.json())["status"])
        async with session.get(f"{url}/v1/organization") as response:
            organization = await response.json()
    await killed(process)
    assert states == ["PENDING"] * 3 + ["THROTTLED"] * 2
    assert organization["creditBalance"] == 75
