"""Where every command, click and reaction comes in: counted, and not too many of one member."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from bot.errors import Refused, Stopping, StorageUnavailable, TooFast
from bot.jobs import Member
from bot.ports import Clock

# Told of each thing that came in: the platform, the command, and what became of it.
Count = Callable[[str, str, str], None]
# Surrounds what is traced: a name, and what may be known of it outside.
Span = Callable[[str, Mapping[str, str]], AbstractContextManager[object]]
# Of more members than this, those who have not come for the longest are forgotten: their buckets are
# full again.
MOST_REMEMBERED = 10_000


@dataclass
class _Bucket:
    tokens: float
    at: float


class Door:
    """A bucket of tokens for each member; each thing that they ask for takes one."""

    def __init__(
        self, *, burst: int, per_minute: int, clock: Clock, count: Count, span: Span
    ) -> None:
        self._burst = burst
        self._per_second = per_minute / 60
        self._clock = clock
        self._count = count
        self._span = span
        self._buckets: dict[Member, _Bucket] = {}
        self._closed = False

    @property
    def is_closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        """Let nothing new in: the process is about to end."""
        self._closed = True

    def check(self, member: Member) -> None:
        """Refuse whoever has no token left; takes none. Raises TooFast, or Stopping."""
        if self._closed:
            raise Stopping
        bucket = self._filled(member)
        if bucket.tokens < 1:
            raise TooFast((1 - bucket.tokens) / self._per_second)

    @contextmanager
    def passing(self, member: Member, command: str) -> Iterator[None]:
        """Let one thing in, and count what becomes of it; raises TooFast, or Stopping."""
        outcome = "failed"
        try:
            self.check(member)
            self._buckets[member].tokens -= 1
            with self._span("command", {"platform": member.platform, "command": command}):
                yield
            outcome = "done"
        except TooFast:
            outcome = "too_fast"
            raise
        except StorageUnavailable:
            raise  # the person is refused, but through no fault of theirs
        except Refused:
            outcome = "refused"
            raise
        finally:
            self._count(member.platform, command, outcome)

    def _filled(self, member: Member) -> _Bucket:
        """A member's bucket as it is now, the last in line to be forgotten."""
        now = self._clock.monotonic()
        bucket = self._buckets.pop(member, None) or _Bucket(self._burst, now)
        gained = (now - bucket.at) * self._per_second
        bucket.tokens, bucket.at = min(self._burst, bucket.tokens + gained), now
        self._buckets[member] = bucket
        if len(self._buckets) > MOST_REMEMBERED:
            del self._buckets[next(iter(self._buckets))]
        return bucket
