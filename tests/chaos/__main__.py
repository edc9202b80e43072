"""`make chaos`: kills and faults over both engines, and the proof from the books.

SEED, RUNS, ENGINE (sqlite or postgresql) and PLATFORM (playground, discord or slack) in the
environment narrow it down; a seed gives the same kills, stops and cuts in the same order, though
not at the same microsecond.
"""

import asyncio
import os
import random
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import mkdtemp

from tests.chaos.campaign import plans, play
from tests.chaos.report import table, write
from tests.postgres import running_server
from tests.scenario.processes import ROOT


def main() -> int:
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6))
    runs = int(os.environ.get("RUNS") or 1000)
    engine = os.environ.get("ENGINE") or None
    platform = os.environ.get("PLATFORM") or None
    folder = Path(mkdtemp(prefix="dailies-chaos-"))
    print(f"SEED={seed} RUNS={runs}; whatever is left of it is in {folder}", flush=True)
    outcomes = []
    with ExitStack() as stack:
        wanted = plans(seed, runs, engine, platform)
        if not wanted:
            raise SystemExit(f"There is no scene with ENGINE={engine} and PLATFORM={platform}.")
        needed = any(plan.engine == "postgresql" for plan in wanted)
        postgres = stack.enter_context(running_server()) if needed else None
        for number, plan in enumerate(wanted):
            own = folder / str(number)
            own.mkdir()
            outcome = asyncio.run(play(plan, own, postgres, partial(print, flush=True)))
            outcomes.append(outcome)
            print(f"\n{table([outcome])}\n", flush=True)
    print(table(outcomes))
    write(ROOT / "build" / "chaos.json", seed, outcomes)
    return 0 if all(outcome.verdict.holds for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
