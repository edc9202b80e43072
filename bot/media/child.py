"""The child process that decodes files from outside: a bad one costs a refusal, not the bot.

`python -m bot.media.child <task> <path> <container> <terms as JSON>` answers one line of JSON.
"""

import json
import os
import resource
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from bot.media.errors import Reason, UnusableFile

Terms = dict[str, int]
Measure = Callable[[Path, str], dict[str, object]]
_OPEN_FILES = 64
_NICENESS = 10


def main(arguments: list[str]) -> None:
    """Limit this process, do one task, print `{"found": …}` or `{"refused": …}`."""
    task, path, container, packed = arguments
    terms: Terms = json.loads(packed)
    limit(terms)
    measure = _TASKS[task](terms)
    try:
        answer: dict[str, object] = {"found": measure(Path(path), container)}
    except UnusableFile as error:
        answer = {"refused": vars(error)}
    except Exception as error:  # noqa: BLE001  # a decoder fails in any way it likes
        answer = {"refused": {"reason": Reason.UNDECODABLE, "detail": type(error).__name__}}
    sys.stdout.write(json.dumps(answer))


def limit(terms: Terms) -> None:
    """Cap this process for good: address space, CPU seconds, bytes written to a file, open files."""
    os.nice(_NICENESS)
    _cap(resource.RLIMIT_AS, terms["memory"])
    _cap(resource.RLIMIT_CPU, terms["cpu_seconds"])
    _cap(resource.RLIMIT_FSIZE, terms["written"])
    _cap(resource.RLIMIT_NOFILE, _OPEN_FILES)
    _cap(resource.RLIMIT_CORE, 0)


def _cap(which: int, most: int) -> None:
    # macOS refuses RLIMIT_AS (setrlimit gives EINVAL, as ValueError); the other caps still hold.
    with suppress(ValueError):
        resource.setrlimit(which, (most, most))


def _size_check(terms: Terms) -> Callable[[int, int], None]:
    def check(width: int, height: int) -> None:
        side, area = max(width, height), width * height
        if area > terms["pixels"]:
            raise UnusableFile(Reason.TOO_MANY_PIXELS, limit=terms["pixels"], actual=area)
        if side > terms["side"]:
            raise UnusableFile(Reason.TOO_LONG_SIDE, limit=terms["side"], actual=side)

    return check


# A task imports its decoder itself: after the limits are in force, and no other decoder.
def _inspect_image(terms: Terms) -> Measure:
    from bot.media import still

    return partial(still.measure, check_size=_size_check(terms))


def _inspect_video(terms: Terms) -> Measure:
    from bot.media import film

    return partial(film.measure, pixels=terms["pixels"], check_size=_size_check(terms))


_TASKS: dict[str, Callable[[Terms], Measure]] = {
    "inspect_image": _inspect_image,
    "inspect_video": _inspect_video,
}

if __name__ == "__main__":
    main(sys.argv[1:])
