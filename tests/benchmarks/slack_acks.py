"""How soon Slack has its acknowledgement while many people ask at once; Slack gives up after 3 seconds.

`python tests/benchmarks/slack_acks.py [people]` starts the bot as a process, over Socket Mode and over
signed HTTP, lets everybody (200) ask for a picture and for their credits in the same moment, then press
and react while the pictures are made, and prints the times from a delivery to its acknowledgement.
"""

import asyncio
import os
import sys
import tempfile
from pathlib import Path

import aiohttp

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bot.runway.simulator import SimulatorSettings, serve
from tests.slack.methods import TEAM
from tests.slack.processes import Bot, environment_of
from tests.slack.server import SlackServer
from tests.slack.workspace import Workspace

LIMIT_SECONDS = 3.0


def main() -> None:
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    worst = max(asyncio.run(measure(mode, people)) for mode in ("socket", "http"))
    sys.exit(0 if worst < LIMIT_SECONDS else 1)


async def measure(mode: str, people: int) -> float:
    """Print a line of figures; the slowest acknowledgement in seconds."""
    server = SlackServer()
    await server.start()
    runway = await serve(SimulatorSettings(image_seconds=5, concurrency=20))
    try:
        with tempfile.TemporaryDirectory(prefix="dailies-") as folder:
            environment = environment_of(Path(folder), runway.url, server.url)
            environment["DAILIES_SLACK__MODE"] = mode
            bot = await Bot.start(Path(folder), environment)
            try:
                async with aiohttp.ClientSession() as session:
                    await ask(
                        Workspace(server, session, bot.url if mode == "http" else None), people
                    )
            finally:
                await bot.kill()
    finally:
        await runway.stop()
        await server.stop()
    return report(mode, sorted(server.acks))


async def ask(workspace: Workspace, people: int) -> None:
    workspace.furnish()
    users = [f"U{number:05d}" for number in range(people)]
    for user in users:
        known = {"id": user, "name": user.lower(), "team_id": TEAM}
        workspace.server.users[user] = known
    await asyncio.gather(*(workspace.command("/imagine a fox", user) for user in users))
    await asyncio.gather(*(workspace.command("/credits", user) for user in users))
    card = await workspace.card()
    await asyncio.gather(*(workspace.press(card, "cancel", user) for user in users))
    await asyncio.gather(*(workspace.react(card, "repeat", user) for user in users))


def report(mode: str, acks: list[float]) -> float:
    def at(share: float) -> str:
        return f"{acks[min(len(acks) - 1, int(len(acks) * share))] * 1000:.0f} ms"

    print(
        f"{mode}: {len(acks)} acknowledgements: half within {at(0.5)}, 99 % within {at(0.99)}, "
        f"all within {at(1)} (load {os.getloadavg()[0]:.1f})"
    )
    return acks[-1]


if __name__ == "__main__":
    main()
