"""The simulated organisation: settings, tasks, credits, files, and the books that tests read."""

import random
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from bot.runway.simulator.board import Board
from bot.runway.simulator.folder import Folder
from bot.runway.simulator.intake import Intake
from bot.runway.simulator.ledger import Ledger
from bot.runway.simulator.links import Signer
from bot.runway.simulator.operations import Offer
from bot.runway.simulator.renders import Renders
from bot.runway.simulator.settings import SimulatorSettings
from bot.runway.simulator.tasks import Task

MOST_REFUSALS_KEPT = 1000


@dataclass
class Polls:
    """How often and how closely a task was asked for."""

    count: int = 0
    last: float = 0.0
    closest: float | None = None

    def note(self, at: float) -> None:
        """Count one poll at this time."""
        if self.count:
            gap = at - self.last
            self.closest = gap if self.closest is None else min(self.closest, gap)
        self.count, self.last = self.count + 1, at


@dataclass
class Books:
    """What happened in this run, for tests; not kept over a restart."""

    polls: dict[str, Polls] = field(default_factory=dict)
    refused: deque[dict[str, object]] = field(
        default_factory=lambda: deque(maxlen=MOST_REFUSALS_KEPT)
    )
    downloads: int = 0


class Simulator:
    """Everything that the handlers share."""

    def __init__(self, settings: SimulatorSettings, root: Path) -> None:
        self.settings = settings
        self.offer = Offer.of(settings.offer, settings.withhold)
        self.folder = Folder(root)
        self.board = Board(self.folder, settings.concurrency)
        self.board.restore(self.folder.tasks())
        self.ledger = Ledger(self.board, settings.balance)
        self.signer = Signer(self.folder.key())
        self.renders = Renders(self.folder, settings.clip_pixels, settings.picture_pixels)
        self.intake = Intake(self.folder, self.board, self.signer, self.renders)
        self.books = Books()
        self._met = Counter(self.folder.counts())
        self._seed = (
            random.SystemRandom().getrandbits(32) if settings.seed is None else settings.seed
        )

    def now(self) -> float:
        """The time by the simulator's clock; whoever's turn has come is admitted first."""
        now = self.settings.now()
        self.board.advance(now)
        return now

    def chance(self, number: int) -> random.Random:
        """The chance that decides about the create with this number, the same for one seed."""
        return random.Random(f"{self._seed}:{number}")  # noqa: S311  # no secret depends on it

    def still_to_meet(self, word: str, body_sha256: str, times: int) -> bool:
        """Whether this body has met a passing fault fewer than `times`; counts this time."""
        key = f"{word}:{body_sha256}"
        if self._met[key] >= times:
            return False
        self._met[key] += 1
        self.folder.save_counts(self._met)
        return True

    def once(self, task: Task, word: str) -> bool:
        """Whether this is the first time that a task's fault word is due; it is then done."""
        task = self.board[task.id]
        if word not in task.words or word in task.done_once:
            return False
        self.board.keep(task.model_copy(update={"done_once": task.done_once | {word}}))
        return True


SIMULATOR = web.AppKey("simulator", Simulator)


def of(request: web.Request) -> Simulator:
    """The simulator that a request is for."""
    return request.app[SIMULATOR]
