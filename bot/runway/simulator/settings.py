"""How a simulator behaves, and the command line that says so."""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bot.runway.simulator.operations import MODELS, RETIRED


@dataclass(frozen=True)
class SimulatorSettings:
    """Times are in seconds; the defaults are a small organisation on a good day."""

    state_dir: Path | None = None
    image_seconds: float = 6.0
    video_seconds: float = 15.0
    upscale_seconds: float = 8.0
    queue_seconds: float = 1.0
    jitter: float = 0.15
    concurrency: int = 3
    daily_limit: int = 500
    balance: int = 1_000_000
    output_ttl_seconds: float = 86400.0
    offer: frozenset[str] = frozenset()
    withhold: frozenset[str] = frozenset()
    failure_rate: float = 0.0
    seed: int | None = None
    clip_pixels: int = 120_000_000
    picture_pixels: int = 100_000_000
    now: Callable[[], float] = field(default=time.time, compare=False)

    def __post_init__(self) -> None:
        unknown = (self.offer | self.withhold) - MODELS
        if unknown:
            raise ValueError(f"unknown model: {', '.join(sorted(unknown))}")
        if min(self.concurrency, self.clip_pixels, self.picture_pixels) < 1:
            raise ValueError("concurrency, clip pixels and picture pixels must be at least 1")
        if not 0 <= self.jitter < 1 or not 0 <= self.failure_rate <= 1:
            raise ValueError("jitter and failure rate are shares between 0 and 1")


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError("must be a number of seconds, 0 or more")
    return value


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError("must be a share from 0 to less than 1, like 0.15")
    return value


def _rate(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError("must be a share from 0 to 1, like 0.05")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("must be a whole number, 0 or more")
    return value


def _at_least_one(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be a whole number, 1 or more")
    return value


def _models(text: str) -> frozenset[str]:
    models = frozenset(name.strip() for name in text.split(",") if name.strip())
    if unknown := models - MODELS:
        known = ", ".join(sorted(MODELS))
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}; known: {known}")
    return models


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add one option per setting; `settings_from` reads them back."""
    usual = SimulatorSettings()
    retired = ", ".join(sorted(RETIRED))
    options: list[tuple[str, Callable[[str], object], object, str, str]] = [
        (
            "state-dir",
            Path,
            None,
            "DIR",
            "keep tasks and files here; without it they go at the end",
        ),
        ("image-seconds", _seconds, usual.image_seconds, "S", "how long an image takes"),
        ("video-seconds", _seconds, usual.video_seconds, "S", "how long a video takes"),
        ("upscale-seconds", _seconds, usual.upscale_seconds, "S", "how long an upscale takes"),
        ("queue-seconds", _seconds, usual.queue_seconds, "S", "how long a task is PENDING"),
        ("jitter", _share, usual.jitter, "SHARE", "how much those times vary, up and down"),
        ("concurrency", _at_least_one, usual.concurrency, "N", "tasks at once per model"),
        ("daily-limit", _count, usual.daily_limit, "N", "tasks per model in 24 hours"),
        ("balance", _count, usual.balance, "CREDITS", "credits of the organisation"),
        ("output-ttl-seconds", _seconds, usual.output_ttl_seconds, "S", "how long a link lives"),
        ("offer", _models, usual.offer, "MODELS", f"retired models to offer: {retired}"),
        ("withhold", _models, usual.withhold, "MODELS", "models not to offer, comma-separated"),
        ("failure-rate", _rate, usual.failure_rate, "SHARE", "tasks that fail with INTERNAL"),
        ("seed", _count, None, "N", "makes times, failures and pictures repeatable"),
        (
            "clip-pixels",
            _at_least_one,
            usual.clip_pixels,
            "N",
            "pixels drawn for a clip; a larger one shows frames more than once",
        ),
        (
            "picture-pixels",
            _at_least_one,
            usual.picture_pixels,
            "N",
            "pixels painted for a picture; a larger one is enlarged",
        ),
    ]
    for name, kind, default, metavar, text in options:
        shown = f" (default: {default})" if isinstance(default, int | float) else ""
        text = f"{text}{shown}"
        parser.add_argument(f"--{name}", type=kind, default=default, metavar=metavar, help=text)


def settings_from(args: argparse.Namespace) -> SimulatorSettings:
    """The settings that were given to the options of `add_arguments`."""
    names = [name for name in SimulatorSettings.__dataclass_fields__ if name != "now"]
    return SimulatorSettings(**{name: getattr(args, name) for name in names})
