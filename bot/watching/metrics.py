"""What is measured: one object with every instrument, handed down from the composition root."""

import math
import re
from collections.abc import Iterable
from importlib import metadata

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

# Seconds: people are answered within 3, tasks take from some seconds to a quarter of an hour.
_QUICK = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0)
_DELIVERY = (0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
_TASK = (2.0, 5.0, 10.0, 20.0, 40.0, 60.0, 90.0, 120.0, 180.0, 300.0, 600.0, 900.0)
_POLLS = (1, 2, 3, 4, 6, 8, 12, 20, 40, 80)
_LAG = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
# Failure codes are Runway's to invent: what does not look like one, or is one too many, is OTHER.
_CODE = re.compile(r"[A-Z][A-Z0-9_.]{0,60}")
_MOST_CODES = 100


class Metrics:
    """Every instrument, on a registry of its own."""

    def __init__(self) -> None:
        self.registry = r = CollectorRegistry()
        self._codes: set[str] = set()
        by_platform = ("platform",)
        self.commands = Counter(
            "dailies_commands", "What members asked for", ("platform", "command", "outcome"),
            registry=r,
        )  # fmt: skip
        self.acknowledgement = Histogram(
            "dailies_acknowledgement_seconds", "From an event to its first answer", by_platform,
            buckets=_QUICK, registry=r,
        )  # fmt: skip
        self.queue = Gauge(
            "dailies_queue_jobs", "Jobs that wait for a place", ("model",), registry=r
        )
        self.queue_age = Gauge(
            "dailies_queue_oldest_seconds", "How long the oldest of them has waited", registry=r
        )
        self.result_age = Gauge(
            "dailies_results_oldest_seconds", "How long the oldest result has waited to be posted",
            registry=r,
        )  # fmt: skip
        self.open = Gauge("dailies_jobs_open", "Jobs that are not over", ("state",), registry=r)
        self.ended = Counter(
            "dailies_jobs_ended", "Jobs by their end", ("model", "state"), registry=r
        )
        self.failures = Counter("dailies_failures", "Failed jobs by code", ("code",), registry=r)
        self.task = Histogram(
            "dailies_task_seconds", "How long Runway worked", ("model",), buckets=_TASK, registry=r
        )
        self.polls = Histogram(
            "dailies_polls_per_job", "Questions until a task was over", buckets=_POLLS, registry=r
        )
        self.delivery = Histogram(
            "dailies_delivery_seconds", "How long it took to post a result", ("platform", "outcome"),
            buckets=_DELIVERY, registry=r,
        )  # fmt: skip
        self.held = Gauge("dailies_credits_held", "Held by jobs that are not over", registry=r)
        self.captured = Counter(
            "dailies_credits_captured", "Captured from members", ("model",), registry=r
        )
        self.balance = Gauge("dailies_runway_balance_credits", "Left at Runway", registry=r)
        self.answers = Counter(
            "dailies_runway_answers", "Runway's answers", ("method", "status"), registry=r
        )
        self.errors = Counter(
            "dailies_runway_errors", "Calls that did not work", ("call", "kind"), registry=r
        )
        self.throttled = Counter(
            "dailies_runway_throttled", "Looks at which Runway let a task wait", registry=r
        )
        self.loop_lag = Histogram(
            "dailies_loop_lag_seconds", "How late the event loop is", buckets=_LAG, registry=r
        )
        self.connected = Gauge(
            "dailies_platform_connected", "1 while the platform is connected", by_platform,
            registry=r,
        )  # fmt: skip
        self.ready = Gauge("dailies_ready", "1 while /readyz says so", registry=r)
        # Before it was read it is no number: 0 would be an alarm.
        self.balance.set(math.nan)
        Info("dailies", "What runs", registry=r).info({"version": metadata.version("dailies")})
        ProcessCollector(registry=r)
        PlatformCollector(registry=r)

    def expect(self, models: Iterable[str]) -> None:
        """Begin at 0 with what raises an alarm: of a series that begins at 1, nothing grew."""
        for model in models:
            for state in ("uncertain", "undeliverable"):
                self.ended.labels(model, state)
        for method in ("GET", "POST"):
            self.answers.labels(method, "401")

    def forget_jobs(self) -> None:
        """The database is away: what it said last would pass for what is."""
        self.queue.clear()
        self.open.clear()
        for gauge in (self.queue_age, self.result_age, self.held):
            gauge.set(math.nan)

    def count_failure(self, code: str) -> None:
        """Count a failure by its code, as far as that is a code."""
        known = code in self._codes
        if not known and _CODE.fullmatch(code) and len(self._codes) < _MOST_CODES:
            self._codes.add(code)
            known = True
        self.failures.labels(code if known else "OTHER").inc()

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self.registry)
