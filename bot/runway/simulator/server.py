"""The app and its server: built, started and stopped here."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from bot.runway.simulator import backstage, creates, lifecycle, organization, uploads
from bot.runway.simulator.operations import BODIES
from bot.runway.simulator.settings import SimulatorSettings
from bot.runway.simulator.simulator import SIMULATOR, Simulator
from bot.runway.simulator.wire import LARGEST_BODY, gate, json_errors

PATIENCE_SECONDS = 2.0  # for requests that are under way at a stop


def create_app(settings: SimulatorSettings) -> web.Application:
    """The simulator as an app; its files are opened when the app starts."""
    app = web.Application(client_max_size=LARGEST_BODY, middlewares=[json_errors, gate])
    for operation in BODIES:
        app.router.add_post(f"/v1/{operation}", creates.create)
    app.router.add_get("/v1/tasks/{id}", lifecycle.show)
    app.router.add_delete("/v1/tasks/{id}", lifecycle.remove)
    app.router.add_get("/outputs/{name}", lifecycle.download)
    app.router.add_post("/v1/uploads", uploads.create_upload)
    app.router.add_post("/uploads/{id}", uploads.receive)
    app.router.add_get("/v1/organization", organization.show_organization)
    app.router.add_post("/v1/organization/usage", organization.show_usage)
    app.router.add_get("/_simulator/books", backstage.show_books)
    app.router.add_post("/_simulator/offer", backstage.change_offer)

    async def hold_state(app: web.Application) -> AsyncIterator[None]:
        root = settings.state_dir or Path(await asyncio.to_thread(tempfile.mkdtemp))
        app[SIMULATOR] = await asyncio.to_thread(Simulator, settings, root)
        yield
        await app[SIMULATOR].renders.close()
        if settings.state_dir is None:
            await asyncio.to_thread(shutil.rmtree, root, ignore_errors=True)

    app.cleanup_ctx.append(hold_state)
    return app


@dataclass(frozen=True)
class RunningSimulator:
    """A simulator that listens at `url`, such as http://127.0.0.1:50321."""

    url: str
    _runner: web.AppRunner

    async def stop(self) -> None:
        """Stop listening and close everything; a second time does nothing."""
        await self._runner.cleanup()


async def serve(
    settings: SimulatorSettings, host: str = "127.0.0.1", port: int = 0
) -> RunningSimulator:
    """Start to listen; port 0 takes any free one. Raises OSError when the port is taken."""
    runner = web.AppRunner(create_app(settings), access_log=None, shutdown_timeout=PATIENCE_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError:
        await runner.cleanup()
        raise
    bound = runner.addresses[0]
    shown = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
    return RunningSimulator(f"http://{shown}:{bound[1]}", runner)
