"""One replica: a real `dailies run` process, its wires, and what can be done to it."""

import asyncio
import random
import resource
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests import wall
from tests.chaos.wires import Wires
from tests.scenario.processes import Bot, bot_environment

# Where a schedule stops or ends a process; the platforms' own failpoints have their own tests.
FAILPOINTS = (
    *("accept.committed", "card.posted", "turn.taken", "submit.intended", "submit.checked"),
    *("submit.sent", "submit.recorded", "takeover.committed", "watch.noticed", "cancel.sent"),
    *("collect.kept", "deliver.intended", "deliver.checked", "deliver.posted", "deliver.settled"),
    "end.posted",
)
PAUSES_A_LIFE = 4
GENEROUS = {"DAILIES_QUOTA__CREDITS": "10000000", "DAILIES_QUOTA__JOBS_IN_FLIGHT": "1000"}
LOOK_SECONDS = 0.1


@dataclass
class Actor:
    """Starts again whenever it has died; `note(kind)` counts what its failpoints did to it."""

    name: str
    folder: Path
    wires: Wires
    environment: Mapping[str, str]
    lease: float
    rng: random.Random
    note: Callable[[str], None]
    lines: list[str] = field(default_factory=list)
    is_calm: bool = False
    _bot: Bot | None = None
    _life: asyncio.Task[None] | None = None
    _ready: asyncio.Event = field(default_factory=asyncio.Event)
    _held: bool = False
    _expected: bool = False

    async def start(self) -> None:
        await self._begin()
        self._life = asyncio.create_task(self._watch(), name=f"life of {self.name}")

    async def close(self) -> None:
        """End it and its wires, whatever state they are in; what it said stays in a file."""
        if self._life is not None:
            self._life.cancel()
            await asyncio.gather(self._life, return_exceptions=True)
        if self._bot is not None:
            await self._bot.kill()
            self.lines += self._bot.lines
        log = self.folder / f"{self.name}.log"
        await asyncio.to_thread(log.write_text, "\n".join(self.lines))
        for proxy in self.wires:
            await proxy.close()

    @property
    def url(self) -> str | None:
        """Where its page is, while it can be asked."""
        return self._bot.url if self._bot and self._ready.is_set() and not self._held else None

    @property
    def replica(self) -> str:
        """The name that it goes by in the database at the moment."""
        lines = self._bot.lines if self._bot else []
        joined = next(line for line in reversed(lines) if '"event": "joined"' in line)
        return joined.partition('"replica": "')[2].partition('"')[0]

    async def ready(self) -> None:
        """Wait until it is; fails where it never will be, because it did not start."""
        assert self._life is not None
        waiting = asyncio.create_task(self._ready.wait())
        try:
            await asyncio.wait({waiting, self._life}, return_when=asyncio.FIRST_COMPLETED)
            if self._life.done():
                self._life.result()
        finally:
            waiting.cancel()

    def kill(self) -> None:
        assert self._bot is not None
        self._expected = True
        self._ready.clear()
        self._bot.signal(signal.SIGKILL)

    async def pause(self, seconds: float) -> None:
        """Let it stand still for so long."""
        assert self._bot is not None
        bot, self._held = self._bot, True
        bot.signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            bot.signal(signal.SIGCONT)
            self._held = False

    async def fill_disk(self, at_most: int, seconds: float) -> bool:
        """Let no file of it become larger than so many bytes for so long, and nothing be written
        behind that; it ends with the process. False when that had just died."""
        assert self._bot is not None
        pid = self._bot.child.pid
        try:
            _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (at_most, hard))
        except ProcessLookupError:
            return False
        try:
            await asyncio.sleep(seconds)
        finally:
            with suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
        return True

    def turn_clock(self, seconds: float) -> None:
        """Have its wall clock be off by so many seconds from now on."""
        self._clock.with_suffix(".new").write_text(f"{seconds}")
        self._clock.with_suffix(".new").replace(self._clock)

    async def calm(self) -> None:
        """No more faults from here on, and back on its feet: a restart takes its schedule away."""
        self.is_calm = True
        self.turn_clock(0)
        for proxy in self.wires:
            proxy.is_down, proxy.trap = False, None
        self.kill()
        await asyncio.sleep(LOOK_SECONDS)
        await self.ready()

    @property
    def _clock(self) -> Path:
        return self.folder / f"{self.name}.clock"

    async def _begin(self) -> None:
        schedule = {} if self.is_calm else {"DAILIES_FAILPOINT": self._schedule()}
        own = {"DAILIES_STORAGE__LEASE_SECONDS": str(self.lease), wall.VARIABLE: str(self._clock)}
        given = {**GENEROUS, **self.wires.environment, **self.environment, **own, **schedule}
        environment = bot_environment("", self.folder, **given)
        while True:
            self._bot = await Bot.start(["run"], environment, self.folder)
            self._expected = False
            try:
                await self._until_ready(self._bot)
            except AssertionError:  # it died while it started: its database may just have been away
                self.lines += self._bot.lines
                await self._bot.exited()
                await asyncio.sleep(LOOK_SECONDS)
            else:
                self._ready.set()
                return

    async def _until_ready(self, bot: Bot) -> None:
        """Wait for its start, in which it may stop itself as well."""
        starting = asyncio.create_task(bot.ready())
        try:
            while not (await asyncio.wait({starting}, timeout=LOOK_SECONDS))[0]:
                await self._wake_if_stopped()
            await starting
        finally:
            starting.cancel()

    async def _wake_if_stopped(self) -> None:
        if not self._held and self._has_stopped():
            self.note("failpoint pause")
            # About half of them sleep through the end of their lease.
            await self.pause(self.lease * self.rng.choice((0.1, 0.5, 1.5, 2.0)))

    def _schedule(self) -> str:
        """Where this life stops, and where it ends."""
        stops = [
            f"{self.rng.choice(FAILPOINTS)}:pause:{self.rng.randint(1, 25)}"
            for _ in range(PAUSES_A_LIFE)
        ]
        end = f"{self.rng.choice(FAILPOINTS)}:kill:{self.rng.randint(5, 50)}"
        return ",".join([*stops, end])

    async def _watch(self) -> None:
        """Start it again when it is dead, and wake it when it stopped itself."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            assert self._bot is not None
            if self._bot.child.returncode is not None:
                self._ready.clear()
                if not self._expected and await self._bot.exited() == -signal.SIGKILL:
                    self.note("failpoint kill")
                await self._bot.exited()
                self.lines += self._bot.lines
                await self._begin()
            else:
                await self._wake_if_stopped()

    def _has_stopped(self) -> bool:
        assert self._bot is not None
        with suppress(FileNotFoundError):
            status = Path(f"/proc/{self._bot.child.pid}/stat").read_text()
            return status.rpartition(")")[2].split()[0] == "T"
        return False
