"""The scenes of a campaign, and what each comes to."""

import time
from collections.abc import Callable
from pathlib import Path

from tests.chaos.report import Outcome
from tests.chaos.scene import Plan, staged
from tests.postgres import Server

# Of the runs, as many parts are those of so many replicas on an engine, with people on a platform.
SHARES = (
    ("sqlite", 1, "playground", 4),
    ("postgresql", 1, "playground", 3),
    ("postgresql", 3, "playground", 5),
    ("sqlite", 1, "discord", 3),
    ("sqlite", 1, "slack", 2),
    ("postgresql", 3, "discord", 3),
    ("postgresql", 2, "slack", 3),
)
# So many jobs for each run of several replicas, so that there is always something to take over.
JOBS_A_RUN = {"playground": 4, "discord": 1, "slack": 1}
# Of those that are asked for, about one in eight is answered by nobody.
MOST_JOBS = 1200
# So many share a bucket, fewer a folder.
REPLICAS_WITH_A_BUCKET = 3


def plans(
    seed: int, runs: int, engine: str | None = None, platform: str | None = None
) -> list[Plan]:
    """So many runs over all scenes, or over those of one engine (`postgresql3`: three replicas), or
    of one platform."""
    wanted = [
        share
        for share in SHARES
        if engine in (None, share[0], f"{share[0]}{share[1]}") and platform in (None, share[2])
    ]
    parts = sum(part for *_, part in wanted)
    return [
        Plan(
            name,
            replicas,
            -(-runs * part // parts),
            seed,
            where,
            "bucket" if replicas == REPLICAS_WITH_A_BUCKET else "folder",
            jobs=min(MOST_JOBS, JOBS_A_RUN[where] * runs * part // parts) if replicas > 1 else 0,
            at_once=24 if replicas > 1 else 10,
        )
        for name, replicas, where, part in wanted
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
