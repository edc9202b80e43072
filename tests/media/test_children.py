"""The child process holds to its budget, and nothing of it is left behind."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.media.child import ForkServer
from bot.media.children import Budget, ChildBroken, ChildFailed, Children
from bot.media.host import Host
from bot.media.inspect import Limits, inspect

TERMS = {"pixels": 40_000_000, "side": 16_384}
US = os.getpid()
PROC = Path("/proc")
SOURCES = Path(__file__).parents[2]
needs_proc = pytest.mark.skipif(not PROC.is_dir(), reason="needs /proc to see processes")


def _state_and_parent(pid: int) -> tuple[str, int]:
    """As in proc(5); without a state where there is no such process any more."""
    try:
        state, parent, *_ = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "", 0
    return state, int(parent)


def _parent(pid: int) -> int:
    return _state_and_parent(pid)[1]


def _hosts(bot: int) -> list[int]:
    """A bot's processes that fork decoders, running or about to be reaped."""
    return [pid for pid in _children(bot) if b"bot.media.child" in _words(pid)]


def _at_work(bot: int = US) -> list[int]:
    """The decoders at work for a bot: this process, or another."""
    return [fork for host in _hosts(bot) for fork in _children(host)]


def _children(parent: int) -> list[int]:
    pids = [int(entry.name) for entry in PROC.glob("[0-9]*")]
    return [pid for pid in pids if _parent(pid) == parent]


def _words(pid: int) -> list[bytes]:
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


async def _stuck(number: int = 1, bot: int = US) -> list[int]:
    """So many decoders, as soon as they are there."""
    async with asyncio.timeout(30):
        while len(found := _at_work(bot)) < number:  # noqa: ASYNC110  # a process tells us nothing
            await asyncio.sleep(0.01)
    return found


async def _ended(pid: int) -> None:
    """Until a process that was killed reads nothing any more."""
    async with asyncio.timeout(30):
        while _state_and_parent(pid)[0] not in ("", "Z"):  # noqa: ASYNC110  # nor does this one
            await asyncio.sleep(0.01)


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
    assert _at_work() == []


@needs_proc
async def test_a_child_ends_with_the_task_that_wanted_it(pipe: Path) -> None:
    task = asyncio.create_task(Children().run("inspect_image", pipe, "PNG", TERMS, Budget()))
    await _stuck()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert _at_work() == []


@needs_proc
async def test_a_codec_that_crashes_costs_one_failure(pipe: Path) -> None:
    task = asyncio.create_task(Children().run("inspect_image", pipe, "PNG", TERMS, Budget()))
    os.kill((await _stuck())[0], signal.SIGSEGV)
    with pytest.raises(ChildFailed, match="-11"):
        await task


@needs_proc
async def test_a_child_inherits_no_secret(pipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNWAYML_API_SECRET", "key_secret")
    children = Children(host=Host())
    task = asyncio.create_task(children.run("inspect_image", pipe, "PNG", TERMS, Budget()))
    environment = (PROC / str((await _stuck())[0]) / "environ").read_bytes()
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
        most = max(most, len(_at_work()))
        await asyncio.sleep(0.02)
    await asyncio.gather(*tasks, return_exceptions=True)
    assert most == 2


@needs_proc
async def test_an_answer_does_not_wait_for_another_file(tmp_path: Path) -> None:
    pipes = [tmp_path / "first.png", tmp_path / "second.png"]
    tasks = []
    for number, pipe in enumerate(pipes, 1):
        os.mkfifo(pipe)
        run = Children().run("inspect_image", pipe, "PNG", TERMS, Budget())
        tasks.append(asyncio.create_task(run))
        await _stuck(number)
    await asyncio.to_thread(pipes[0].write_bytes, b"no picture")
    assert "refused" in await tasks[0]
    assert not tasks[1].done()
    tasks[1].cancel()
    with pytest.raises(asyncio.CancelledError):
        await tasks[1]


@needs_proc
async def test_a_host_that_died_is_replaced_and_the_file_looked_at_again(
    pipe: Path, picture: Callable[..., Path]
) -> None:
    children = Children(host=Host())
    before = set(_hosts(US))
    task = asyncio.create_task(children.run("inspect_image", pipe, "PNG", TERMS, Budget()))
    (fork,) = await _stuck()
    os.kill(_parent(fork), signal.SIGKILL)
    os.kill(fork, signal.SIGKILL)
    # What is written while it still has the pipe open, nobody else would read.
    await _ended(fork)
    (again,) = await _stuck()
    assert _parent(again) not in before
    await asyncio.to_thread(pipe.write_bytes, b"no picture")
    assert "refused" in await task
    path = picture("after.png", size=(20, 10))
    found = await children.run("inspect_image", path, "PNG", TERMS, Budget())
    assert found == {"found": {"width": 20, "height": 10, "animated": False}}


@needs_proc
async def test_nothing_is_left_of_a_bot_that_is_killed(pipe: Path) -> None:
    script = (
        "import asyncio, sys; from pathlib import Path\n"
        "from bot.media.children import Budget, Children\n"
        f"run = Children().run('inspect_image', Path(sys.argv[1]), 'PNG', {TERMS}, Budget())\n"
        "asyncio.run(run)"
    )
    command = [sys.executable, "-c", script, str(pipe)]
    bot = await asyncio.create_subprocess_exec(*command, cwd=SOURCES)
    try:
        (fork,) = await _stuck(bot=bot.pid)
    finally:
        bot.kill()
        await bot.wait()
    async with asyncio.timeout(30):
        while _words(fork):  # noqa: ASYNC110  # a process tells us nothing
            await asyncio.sleep(0.01)


def test_a_host_ends_when_it_was_idle_for_long() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ForkServer(theirs, most_idle_ms=0).serve()


async def test_our_own_fault_is_not_blamed_on_the_file(tmp_path: Path) -> None:
    with pytest.raises(ChildBroken):
        await Children().run("no_such_task", tmp_path / "a.png", "PNG", TERMS, Budget())


@pytest.mark.parametrize(
    ("does", "ends_with"),
    [
        ("bytearray(1 << 30)", "MemoryError"),
        ("open('written', 'wb', 0).write(b'x')", "File too large"),
        ("[open('/dev/null') for _ in range(100)]", "Too many open files"),
        ("any(iter(int, 1))", "CPU"),
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
        env={"PYTHONPATH": str(SOURCES)},
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
        cwd=SOURCES,
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode().strip() == "set()"
