"""One question to a child process about one file, and its answer taken with distrust."""

import math
from collections.abc import Mapping
from pathlib import Path

from bot.media.children import Budget, ChildFailed, Children
from bot.media.containers import CONTAINERS
from bot.media.errors import Reason, UnusableFile
from bot.media.sniff import FileType
from bot.media.tasks import Term


async def ask(
    children: Children,
    task: str,
    path: Path,
    file_type: FileType,
    terms: Mapping[str, Term],
    budget: Budget,
    target: Path | None = None,
) -> Mapping[str, object]:
    """What the child found (or wrote to `target`); UnusableFile when it refused or died of it."""
    try:
        answer = await children.run(
            task, path, CONTAINERS[file_type], _with_target(terms, target), budget
        )
    except ChildFailed as error:
        raise UnusableFile(Reason.UNDECODABLE, found=file_type.name, detail=str(error)) from None
    found, refused = answer.get("found"), answer.get("refused")
    if isinstance(refused, dict):
        raise _refusal(refused, file_type)
    if not isinstance(found, dict):
        raise UnusableFile(Reason.UNDECODABLE, found=file_type.name, detail="no answer")
    return found


def _with_target(terms: Mapping[str, Term], target: Path | None) -> Mapping[str, Term]:
    return terms if target is None else {**terms, "target": str(target.absolute())}


def _refusal(refused: Mapping[str, object], file_type: FileType) -> UnusableFile:
    found, detail, reason = refused.get("found"), refused.get("detail"), refused.get("reason")
    return UnusableFile(
        next((known for known in Reason if known == reason), Reason.UNDECODABLE),
        found=found if isinstance(found, str) else file_type.name,
        limit=number(refused, "limit"),
        actual=number(refused, "actual"),
        detail=detail if isinstance(detail, str) else "",
    )


# The child decoded a file from outside, so its answer is not believed blindly either.
def number(found: Mapping[str, object], name: str) -> float | None:
    """A child's number, 0 or more; None where it gave none."""
    value = found.get(name)
    if not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        return None
    return value


def count(found: Mapping[str, object], name: str) -> int:
    """A child's whole number, 1 or more; UnusableFile where it gave none."""
    value = found.get(name)
    if not isinstance(value, int) or value <= 0:
        raise UnusableFile(Reason.UNDECODABLE, detail=f"no {name}")
    return value
