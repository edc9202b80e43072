"""Places at which a test can end or stop the process, to prove that nothing is lost or done twice.

`DAILIES_FAILPOINT=submit.sent` ends the process with SIGKILL when it first gets there. In full it
is `name:action:passing`, and several may be named with commas between them:
`deliver.posted:pause:3,submit.sent:kill:9` stops the process (SIGSTOP) when it has passed
`deliver.posted` for the third time, and ends it at the ninth `submit.sent`. Without the variable a
failpoint is nothing.
"""

import os
import signal
from collections import Counter
from collections.abc import Mapping
from functools import cache

_SIGNALS = {"kill": signal.SIGKILL, "pause": signal.SIGSTOP}
_passed: Counter[str] = Counter()


def failpoint(name: str) -> None:
    armed = _armed()
    if armed:
        _passed[name] += 1
        number = armed.get((name, _passed[name]))
        if number is not None:
            os.kill(os.getpid(), number)


@cache
def _armed() -> Mapping[tuple[str, int], signal.Signals]:
    """What happens at which passing of which failpoint."""
    armed = {}
    for point in filter(None, os.environ.get("DAILIES_FAILPOINT", "").split(",")):
        name, action, passing, *_ = [*point.split(":"), "", ""]
        armed[name, int(passing or 1)] = _SIGNALS[action or "kill"]
    return armed
