"""How long Discord waits for the first response to an interaction while many people ask at once.

`python -m tests.benchmarks.discord_acknowledgements [people] [seconds]` runs the bot as a process
of its own against the small Discord of the tests, on loopback. Every second each of the people
types a command; what is printed is the time from sending an event to having its first response, of
which Discord allows 3 s. The answers, the jobs and the cards go on meanwhile.
"""

import asyncio
import os
import sys
import tempfile

from bot.runway.simulator import SimulatorSettings, serve
from tests.discord import objects
from tests.discord.asking import Asked
from tests.discord.routes import application
from tests.discord.server import TOKEN, Discord, start

ALLOWED_SECONDS = 3.0
_FIRST_PERSON = 4000000000000001000


def main() -> None:
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 15
    asked = asyncio.run(measure(people, seconds))
    took = sorted(one.took for one in asked if one.callback)
    missed = len(asked) - len(took)
    shares = {
        share: took[min(len(took) - 1, int(len(took) * share / 100))] for share in (50, 95, 99)
    }
    shown = ", ".join(f"p{share} {1000 * value:.0f} ms" for share, value in shares.items())
    print(f"{len(asked)} interactions, {people} a second: {shown}, missed {missed}")
    sys.exit(missed > 0 or shares[99] >= ALLOWED_SECONDS)


async def measure(people: int, seconds: int) -> list[Asked]:
    """Every interaction that was sent, with what it got."""
    discord = Discord()
    runner = await start(discord, application(discord))
    runway = await serve(SimulatorSettings(image_seconds=2, queue_seconds=0, concurrency=20))
    with tempfile.TemporaryDirectory(prefix="dailies-") as folder:
        bot = await _bot(discord, runway.url, folder)
        try:
            await discord.until(lambda: discord.commands and discord.gateway.session)
            return await _crowd(discord, people, seconds)
        finally:
            bot.terminate()
            await bot.wait()
            await discord.gateway.close()
            await runner.cleanup()
            await runway.stop()


async def _crowd(discord: Discord, people: int, seconds: int) -> list[Asked]:
    members = [str(_FIRST_PERSON + number) for number in range(people)]
    discord.users |= {id_: objects.user(id_, f"person{id_[-3:]}") for id_ in members}
    asked = []
    for second in range(seconds):
        for number, who in enumerate(members):
            # One in ten makes something, the others look at what they have.
            makes = (number + second) % 10 == 0
            options = {"prompt": f"lighthouse {second}"} if makes else {}
            asked.append(await discord.command("imagine" if makes else "credits", options, who=who))
            await asyncio.sleep(1 / people)
    await discord.until(lambda: all(one.callback for one in asked[-people:]), ALLOWED_SECONDS)
    return asked


async def _bot(discord: Discord, runway: str, folder: str) -> asyncio.subprocess.Process:
    settings = {
        "DISCORD_TOKEN": TOKEN,
        "RUNWAYML_API_SECRET": "key_" + "0" * 128,
        "DAILIES_RUNWAY__BASE_URL": runway,
        "DAILIES_DISCORD__API_BASE": f"{discord.url}/api/v10",
        "DAILIES_DISCORD__GATEWAY": discord.gateway.url,
        "DAILIES_WEB__PORT": "0",
        "DAILIES_QUOTA__CREDITS": "100000",
        "DAILIES_LOG__LEVEL": "warning",
        "PYTHONPATH": os.pathsep.join(path for path in ("", *sys.path) if path),
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.cli", "run", cwd=folder, env={**os.environ, **settings}
    )


if __name__ == "__main__":
    main()
