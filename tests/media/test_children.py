"""The child process holds to its budget, and nothing of it is left behind."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.media.children import Budget, ChildBroken, ChildFailed, Children
from bot.media.inspect import Limits, inspect

TERMS = {"pixels": 40_000_000, "side": 16_384}
PROC = Path("/proc")
needs_proc = pytest.mark.skipif(not PROC.is_dir(), reason="needs /proc to see processes")


def _processes_on(path: Path) -> list[int]:
    """The ids of our decoding processes that were given `path`."""
    found = []
    for entry in PROC.glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if str(path).encode() in words and b"bot.media.child" in words:
            found.append(int(entry.name))
    return found


async def _stuck_child(path: Path) -> int:
    async with asyncio.timeout(30):
        while not (found := _processes_on(path)):  # noqa: ASYNC110  # a process tells us nothing
            await asyncio.sleep(0.01)
    return found[0]


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """A file whose reader waits for ever."""
    path = tmp_path / "pipe.png"
    os.mkfifo(path)
    return path


@needs_proc
async def test_a_child_that_takes_too_long_is_ended(pipe: Path) -> None:
    with pytest.raises(ChildFailed, match="timeout"):
        await Children().run("inspect_image", pipe, "PNG", TERMS, Budget(wall_seconds=1))
    assert _processes_on(pipe) == []


@needs_proc
async def test_a_child_ends_with_the_task_that_wanted_it(pipe: Path) -> None:
    task = asyncio.create_task(Children().run("inspect_image", pipe, "PNG", TERMS, Budget()))
    await _stuck_child(pipe)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert _processes_on(pipe) == []


@needs_proc
async def test_a_codec_that_crashes_costs_one_failure(pipe: Path) -> None:
    task = asyncio.create_task(Children().run("inspect_image", pipe, "PNG", TERMS, Budget()))
    os.kill(await _stuck_child(pipe), signal.SIGSEGV)
    with pytest.raises(ChildFailed, match="-11"):
        await task


@needs_proc
async def test_a_child_inherits_no_secret(pipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNWAYML_API_SECRET", "key_secret")
    task = asyncio.create_task(Children().run("inspect_image", pipe, "PNG", TERMS, Budget()))
    environment = (PROC / str(await _stuck_child(pipe)) / "environ").read_bytes()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert b"PYTHONPATH" in environment
    assert b"secret" not in environment


@needs_proc
async def test_no_more_children_run_at_once_than_allowed(tmp_path: Path) -> None:
    pipes = [tmp_path / f"{n}.png" for n in range(4)]
    for pipe in pipes:
        os.mkfifo(pipe)
    children = Children(most=2)
    runs = [children.run("inspect_image", p, "PNG", TERMS, Budget(wall_seconds=1)) for p in pipes]
    tasks = [asyncio.create_task(run) for run in runs]
    most = 0
    while not all(task.done() for task in tasks):
        most = max(most, sum(bool(_processes_on(p)) for p in pipes))
        await asyncio.sleep(0.02)
    await asyncio.gather(*tasks, return_exceptions=True)
    assert most == 2


async def test_our_own_fault_is_not_blamed_on_the_file(tmp_path: Path) -> None:
    with pytest.raises(ChildBroken):
        await Children().run("no_such_task", tmp_path / "a.png", "PNG", TERMS, Budget())


@pytest.mark.parametrize(
    ("does", "ends_with"),
    [
        ("bytearray(1 << 30)", "MemoryError"),
        ("open('written', 'wb', 0).write(b'x')", "File too large"),
        ("[open('/dev/null') for _ in range(100)]", "Too many open files"),
        ("all(iter(int, 1)) or [None for _ in iter(int, 1)]", "CPU"),
    ],
)
def test_every_limit_holds(tmp_path: Path, does: str, ends_with: str) -> None:
    terms = {"memory": 256 * 1024**2, "cpu_seconds": 1, "written": 0}
    script = (
        "import json, sys\n"
        "from bot.media.child import limit\n"
        "limit(json.loads(sys.argv[1]))\n"
        f"try:\n    {does}\n"
        "except (MemoryError, OSError) as error:\n    print(repr(error))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, json.dumps(terms)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        timeout=60,
        check=False,
    )
    if ends_with == "CPU":
        assert done.returncode in {-signal.SIGXCPU, -signal.SIGKILL}
    else:
        assert ends_with in done.stdout.decode()


async def test_many_files_at_once_are_all_answered(picture: Callable[..., Path]) -> None:
    paths = [picture(f"{n}.png", size=(20 + n, 10)) for n in range(6)]
    infos = await asyncio.gather(*(inspect(p, p.name, limits=Limits()) for p in paths))
    assert [info.width for info in infos] == [20, 21, 22, 23, 24, 25]


def test_the_bot_itself_never_loads_a_decoder() -> None:
    script = (
        "import sys, bot.media.inspect, bot.media.download; print({'av', 'PIL'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode().strip() == "set()"
