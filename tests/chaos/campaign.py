"""The scenes of a campaign, and what each comes to."""

import time
from collections.abc import Callable
from pathlib import Path

from tests.chaos.report import Outcome
from tests.chaos.scene import Plan, staged
from tests.postgres import Server

# Of the runs, as many parts are one replica's on SQLite, one's and three's on PostgreSQL.
SHARES = (("sqlite", 1, 3), ("postgresql", 1, 2), ("postgresql", 3, 5))
MOST_JOBS = 1000


def plans(seed: int, runs: int, engine: str | None) -> list[Plan]:
    """So many runs over both engines, or over the one that is named (`postgresql3`: three replicas)."""
    wanted = [share for share in SHARES if engine in (None, share[0], f"{share[0]}{share[1]}")]
    parts = sum(part for *_, part in wanted)
    return [
        Plan(
            name,
            replicas,
            runs * part // parts,
            seed,
            jobs=min(MOST_JOBS, 2 * runs * part // parts) if replicas > 1 else 0,
            at_once=24 if replicas > 1 else 10,
        )
        for name, replicas, part in wanted
    ]


async def play(
    plan: Plan, folder: Path, postgres: Server | None, say: Callable[[str], None] = str
) -> Outcome:
    """Play one scene to its end, and judge it."""
    began = time.monotonic()
    async with staged(plan, folder, postgres) as scene:
        scene.say = say
        await scene.play()
        verdict = await scene.judge()
        taken = scene.takeovers
        return Outcome(
            plan,
            verdict,
            scene.faults,
            time.monotonic() - began,
            len(taken.seconds),
            taken.leases(0.5),
            taken.leases(0.95),
        )
