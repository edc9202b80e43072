"""Files that Runway has already: an upload is good for 24 hours, and may be used again."""

import time
from collections.abc import Callable, Iterable

# Two hours less than Runway promises: a job may wait in Runway's own queue.
LIFETIME_SECONDS = 22 * 3600.0
MOST_REMEMBERED = 1000


class Uploads:
    """Addresses of uploads by the hash of what was uploaded; lost with the process, harmlessly."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._known: dict[str, tuple[str, float]] = {}

    def find(self, sha256: str) -> str | None:
        """The address that is still good, or None."""
        uri, until = self._known.get(sha256, ("", 0.0))
        return uri if uri and self._now() < until else None

    def remember(self, sha256: str, uri: str) -> None:
        if sha256:
            self._known.pop(sha256, None)
            self._known[sha256] = (uri, self._now() + LIFETIME_SECONDS)
        while len(self._known) > MOST_REMEMBERED:
            del self._known[next(iter(self._known))]

    def forget(self, uris: Iterable[str]) -> None:
        """Upload these anew the next time: Runway did not take a request with them."""
        bad = set(uris)
        self._known = {sha: known for sha, known in self._known.items() if known[0] not in bad}
