"""The decoders' tasks in this very process: what they make of a file costs no start of another.

How the processes of their own keep a bad file from the bot is seen in test_children.py,
test_fuzz.py and tests/flow.
"""

import functools
import json
import warnings
from collections.abc import Mapping
from pathlib import Path

from bot.media.children import Budget, Children
from bot.media.errors import Reason, UnusableFile
from bot.media.inspect import inspect as _inspect
from bot.media.tasks import TASKS, Term


class Inside(Children):
    """Answers as a child process does, without its limits."""

    async def run(
        self, task: str, path: Path, container: str, terms: Mapping[str, Term], budget: Budget
    ) -> dict[str, object]:
        answer: dict[str, object]
        try:
            with warnings.catch_warnings(action="ignore"):  # a child's go nowhere
                answer = {"found": TASKS[task](path, container, terms)}
        except UnusableFile as error:
            answer = {"refused": vars(error)}
        except Exception as error:  # noqa: BLE001  # a decoder fails in any way it likes
            answer = {"refused": {"reason": Reason.UNDECODABLE, "detail": type(error).__name__}}
        parsed: dict[str, object] = json.loads(json.dumps(answer))
        return parsed


inspect = functools.partial(_inspect, children=Inside())
