"""The child process that decodes files from outside: a bad one costs a refusal, not the bot.

`python -m bot.media.child <task> <path> <container> <terms as JSON>` answers one line of JSON.
"""

import json
import os
import resource
import sys
from contextlib import suppress
from pathlib import Path

from bot.media.errors import Reason, UnusableFile
from bot.media.tasks import TASKS, Terms

_OPEN_FILES = 64
_NICENESS = 10


def main(arguments: list[str]) -> None:
    """Limit this process, do one task, print `{"found": …}` or `{"refused": …}`."""
    task, path, container, packed = arguments
    terms: Terms = json.loads(packed)
    limit(terms)
    do = TASKS[task]
    try:
        answer: dict[str, object] = {"found": do(Path(path), container, terms)}
    except UnusableFile as error:
        answer = {"refused": vars(error)}
    except Exception as error:  # noqa: BLE001  # a decoder fails in any way it likes
        answer = {"refused": {"reason": Reason.UNDECODABLE, "detail": type(error).__name__}}
    sys.stdout.write(json.dumps(answer))


def limit(terms: Terms) -> None:
    """Cap this process for good: address space, CPU seconds, bytes written to a file, open files."""
    os.nice(_NICENESS)
    _cap(resource.RLIMIT_AS, int(terms["memory"]))
    _cap(resource.RLIMIT_CPU, int(terms["cpu_seconds"]))
    _cap(resource.RLIMIT_FSIZE, int(terms["written"]))
    _cap(resource.RLIMIT_NOFILE, _OPEN_FILES)
    _cap(resource.RLIMIT_CORE, 0)


def _cap(which: int, most: int) -> None:
    # macOS refuses RLIMIT_AS (setrlimit gives EINVAL, as ValueError); the other caps still hold.
    with suppress(ValueError):
        resource.setrlimit(which, (most, most))


if __name__ == "__main__":
    main(sys.argv[1:])
