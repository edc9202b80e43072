"""A process that answers for any task that it is at work: `python -m tests.benchmarks.tasks_server`.

As plain as can be, so that what is measured is who asks. It prints its address.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from tests.scenario.processes import ROOT

_TASK = (
    '{"id":"%s","status":"RUNNING","createdAt":"2026-11-22T12:00:00.000Z","progress":0.5,'
    '"estimatedCost":{"credits":25}}'
)


async def main() -> None:
    app = web.Application()
    app.router.add_get("/v1/tasks/{id}", show)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.to_thread(sys.stdin.read)  # until whoever started it goes
    await runner.cleanup()


async def show(request: web.Request) -> web.Response:
    text = _TASK % request.match_info["id"]
    return web.Response(text=text, content_type="application/json")


@asynccontextmanager
async def tasks_served() -> AsyncIterator[str]:
    """Such a process, by its address, for as long as the block runs."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.benchmarks.tasks_server", cwd=ROOT, stdin=pipe, stdout=pipe
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.stdin.close()
        await process.wait()


if __name__ == "__main__":
    asyncio.run(main())
