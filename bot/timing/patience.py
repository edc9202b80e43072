"""How long a task may take before people are told, and before it is given up."""

from dataclasses import dataclass
from datetime import timedelta

# So many times as long as such a job usually takes, and not before these seconds, is late …
LATE_TIMES = 4.0
LEAST_LATE_SECONDS = 300.0
# … and so many times as long is no longer waited for, where that is more than the configured time.
HOPELESS_TIMES = 20.0
# In Runway's own queue a task may wait for a day: it has not cost anything yet.
QUEUED_LIMIT = timedelta(hours=24)


@dataclass(frozen=True)
class Patience:
    """The rule; `give_up` is the least time at work after which a task is given up."""

    give_up: timedelta

    def is_late(self, elapsed: float, typical: float) -> bool:
        """Whether a task that usually takes `typical` seconds is at work for strikingly long."""
        return elapsed > max(LEAST_LATE_SECONDS, LATE_TIMES * typical) or self.is_hopeless(
            elapsed, typical
        )

    def is_hopeless(self, elapsed: float, typical: float) -> bool:
        """Whether a task that is at work for `elapsed` seconds is given up."""
        return elapsed > max(self.give_up.total_seconds(), HOPELESS_TIMES * typical)
