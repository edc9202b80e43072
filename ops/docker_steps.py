"""Carries out the build steps of the Dockerfile without Docker, in an empty folder.

Every COPY and RUN of the build stage, in order, with /opt/dailies and /src in that folder; then what
was built is started and asked for its health, with the very command of the Dockerfile. Needs a
package index; takes a few minutes.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 120.0


def instructions(text: str) -> Iterator[tuple[str, str]]:
    """Each instruction and its arguments; comments out, continued lines joined."""
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        word, _, rest = line.strip().partition(" ")
        yield word, re.sub(r"\s+", " ", rest)


def build_stage(text: str) -> list[tuple[str, str]]:
    """What comes between the first FROM and the second."""
    found = list(instructions(text))
    starts = [number for number, (word, _) in enumerate(found) if word == "FROM"]
    return found[starts[0] + 1 : starts[1]]


def health_command(text: str) -> list[str]:
    """The HEALTHCHECK's command."""
    rest = next(rest for word, rest in instructions(text) if word == "HEALTHCHECK")
    command: list[str] = json.loads(rest.partition("CMD ")[2])
    return command


def copy(arguments: str, source: Path) -> None:
    """COPY from … to, with all that Docker's own ignore file would leave out left out."""
    *names, target = arguments.split()
    for name in names:
        to = source / (name if target == "./" else target)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, to, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        else:
            shutil.copy(ROOT / name, to)


def build(folder: Path) -> Path:
    """Carry the steps out; returns the environment that they made."""
    source, environment = folder / "src", folder / "opt"
    source.mkdir()
    for word, arguments in build_stage((ROOT / "Dockerfile").read_text(encoding="utf-8")):
        print(word, arguments, flush=True)
        if word == "COPY":
            copy(arguments, source)
        elif word == "RUN":
            command = arguments.replace("/opt/dailies", str(environment))
            subprocess.run(["/bin/sh", "-ec", command], cwd=source, check=True)  # noqa: S603 - ours
    return environment


def is_healthy(environment: Path, folder: Path) -> bool:
    """Start what was built, and ask it as Docker would."""
    _, *arguments = health_command((ROOT / "Dockerfile").read_text(encoding="utf-8"))
    variables = {"PATH": os.environ["PATH"], "DAILIES_WEB__PORT": "18080", "PYTHONUNBUFFERED": "1"}
    python = str(environment / "bin" / "python")
    bot = subprocess.Popen([environment / "bin" / "dailies", "demo"], cwd=folder, env=variables)  # noqa: S603 - ours
    try:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and bot.poll() is None:
            asked = subprocess.run([python, *arguments], env=variables, capture_output=True)  # noqa: S603
            if asked.returncode == 0:
                return True
            time.sleep(1)
        return False
    finally:
        bot.send_signal(signal.SIGTERM)
        bot.wait(60)


def main() -> None:
    """Exit code 0 when everything worked."""
    with tempfile.TemporaryDirectory(prefix="dailies-docker-") as name:
        folder = Path(name)
        environment = build(folder)
        healthy = is_healthy(environment, folder)
    print("healthy" if healthy else "not healthy")
    sys.exit(0 if healthy else 1)


if __name__ == "__main__":
    main()
