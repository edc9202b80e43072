"""`make chaos`: kills and faults over both engines, and the proof from the books.

SEED, RUNS and ENGINE (sqlite or postgresql) in the environment narrow it down; a seed gives the
same kills, stops and cuts in the same order, though not at the same microsecond.
"""

import asyncio
import os
import random
import sys
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import mkdtemp

from tests.chaos.report import Outcome, table, write
from tests.chaos.scene import Plan, staged
from tests.postgres import Server, running_server
from tests.scenario.processes import ROOT

# Of the runs, as many parts are one replica's on SQLite, one's and three's on PostgreSQL.
SHARES = (("sqlite", 1, 3), ("postgresql", 1, 2), ("postgresql", 3, 5))
MOST_JOBS = 1000


def plans(seed: int, runs: int, engine: str | None) -> list[Plan]:
    wanted = [share for share in SHARES if engine in (None, share[0], f"{share[0]}{share[1]}")]
    parts = sum(part for *_, part in wanted)
    return [
        Plan(
            name,
            replicas,
            runs * part // parts,
            seed,
            jobs=min(MOST_JOBS, 2 * runs * part // parts) if replicas > 1 else 0,
        )
        for name, replicas, part in wanted
    ]


async def play(plan: Plan, folder: Path, postgres: Server | None) -> Outcome:
    began = time.monotonic()
    async with staged(plan, folder, postgres) as scene:
        scene.say = partial(print, flush=True)
        await scene.play()
        verdict = await scene.judge()
        taken = scene.takeovers
        print(plan.name, dict(scene.traffic.answers), len(scene.traffic.refused), flush=True)
        return Outcome(
            plan,
            verdict,
            scene.faults,
            time.monotonic() - began,
            len(taken.seconds),
            taken.leases(0.5),
            taken.leases(0.95),
        )


def main() -> int:
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6))
    runs = int(os.environ.get("RUNS") or 1000)
    engine = os.environ.get("ENGINE") or None
    folder = Path(mkdtemp(prefix="dailies-chaos-"))
    print(f"SEED={seed} RUNS={runs}; whatever is left of it is in {folder}", flush=True)
    outcomes = []
    with ExitStack() as stack:
        wanted = plans(seed, runs, engine)
        needed = any(plan.engine == "postgresql" for plan in wanted)
        postgres = stack.enter_context(running_server()) if needed else None
        for number, plan in enumerate(wanted):
            own = folder / str(number)
            own.mkdir()
            outcome = asyncio.run(play(plan, own, postgres))
            outcomes.append(outcome)
            print(f"\n{table([outcome])}\n", flush=True)
    print(table(outcomes))
    write(ROOT / "build" / "chaos.json", seed, outcomes)
    return 0 if all(outcome.verdict.holds for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
