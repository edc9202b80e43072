"""`make guards`: take each guard away, in a copy of the tree, and see its test go red.

GUARD narrows it down to those whose file or test holds that text.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.guards.guard import Guard
from tests.guards.table import GUARDS
from tests.scenario.processes import ROOT

LEFT_OUT = (".git", ".venv", "build", "__pycache__", ".*_cache", "*.egg-info", ".hypothesis")
ALL_PASSED, SOME_FAILED = 0, 1


def main() -> int:
    wanted = os.environ.get("GUARD", "")
    guards = [each for each in GUARDS if wanted in f"{each.file} {' '.join(each.tests)}"]
    with TemporaryDirectory(prefix="dailies-guards-") as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(*LEFT_OUT))
        tests = sorted({test for guard in guards for test in guard.tests})
        if _run(tree, tests) != ALL_PASSED:
            print("These tests do not pass with every guard in its place.")
            return 1
        left = [guard for guard in guards if not _is_guarded(tree, guard)]
    print(f"{len(guards)} guards, {len(left)} of them without a test")
    return 1 if left else 0


def _is_guarded(tree: Path, guard: Guard) -> bool:
    """Whether a test fails without it."""
    path = tree / guard.file
    whole = path.read_text()
    if whole.count(guard.text) != 1:
        print(f"{guard}: its text is there {whole.count(guard.text)} times")
        return False
    path.write_text(whole.replace(guard.text, guard.instead))
    began = time.monotonic()
    code = _run(tree, guard.tests)
    path.write_text(whole)
    says = {ALL_PASSED: "NO TEST FAILS", SOME_FAILED: "red"}.get(code, f"pytest ended with {code}")
    print(f"{says:>13} {time.monotonic() - began:5.1f} s  {guard}", flush=True)
    return code == SOME_FAILED


def _run(tree: Path, tests: Sequence[str]) -> int:
    # What was compiled a moment ago would be taken for what was changed since.
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-n", "0", "-x", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, *tests], cwd=tree, env=environment, capture_output=True, check=False
    )
    if done.returncode not in (ALL_PASSED, SOME_FAILED):
        print(done.stdout.decode()[-2000:])
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
