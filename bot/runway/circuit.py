"""A service that is down is left in peace: after some failures nothing is sent for a while.

Then one request tries; the pauses grow until one of them comes through. Every job asks for itself,
so that without this a thousand of them would knock a thousand times a minute.
"""

import random

from bot.ports import Clock

# Failures in a row, of whatever request, after which nothing is sent.
FAILURES = 5
FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 60.0


class Circuit:
    """Counts failures in a row; `blocked_for` says how long to wait."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rng = random.Random()  # noqa: S311 - spreads load, guards nothing
        self._failures = 0
        self._pause = FIRST_PAUSE_SECONDS
        self._open_until = 0.0

    @property
    def is_open(self) -> bool:
        return self._failures >= FAILURES

    def blocked_for(self) -> float:
        """Seconds until a request may be sent, 0 when this one may: it is the one that tries."""
        now = self._clock.monotonic()
        if not self.is_open:
            return 0.0
        if now < self._open_until:
            return self._open_until - now
        self._open_until = now + self._pause  # everybody else waits for how this one fares
        return 0.0

    def succeeded(self) -> None:
        self._failures, self._pause = 0, FIRST_PAUSE_SECONDS

    def failed(self) -> None:
        self._failures += 1
        if self.is_open:
            spread = 1 + self._rng.random() / 4
            self._open_until = self._clock.monotonic() + self._pause * spread
            self._pause = min(LONGEST_PAUSE_SECONDS, self._pause * 2)
