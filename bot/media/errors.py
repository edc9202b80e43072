"""What can be wrong with a file or a download, as data; the words for people live elsewhere."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why a file cannot be used."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"  # bytes
    UNKNOWN_TYPE = "unknown_type"
    NAME_MISMATCH = "name_mismatch"
    UNSUPPORTED_TYPE = "unsupported_type"
    UNDECODABLE = "undecodable"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_LONG_SIDE = "too_long_side"  # pixels on one side
    TOO_LONG = "too_long"  # seconds
    ZERO_DURATION = "zero_duration"
    NO_VIDEO = "no_video"  # a video container without a picture
    ENCRYPTED = "encrypted"
    TWO_IN_ONE = "two_in_one"  # also a document or a program, for whoever opens it as one


@dataclass(eq=False)
class UnusableFile(Exception):
    """A file from outside that we refuse.

    `found` names a type or codec, `limit` and `actual` are in the reason's unit, `detail` is for
    logs.
    """

    reason: Reason
    _: KW_ONLY
    found: str | None = None
    limit: float | None = None
    actual: float | None = None
    detail: str = ""

    def __str__(self) -> str:
        return _in_a_line(vars(self))


class DownloadReason(StrEnum):
    """Why a download gave no file."""

    EXPIRED = "expired"  # 401, 403, 404, 410: ask for a fresh address
    CUT = "cut"
    TOO_LARGE = "too_large"
    WRONG_TYPE = "wrong_type"
    REFUSED = "refused"  # an address or an answer that we do not take: asking again is useless
    UNAVAILABLE = "unavailable"


@dataclass(eq=False)
class DownloadFailed(Exception):
    """A download that gave no file. It never holds the address: signed addresses are secrets."""

    reason: DownloadReason
    _: KW_ONLY
    status: int | None = None
    found: str | None = None
    limit: int | None = None
    actual: int | None = None
    detail: str = ""

    def __str__(self) -> str:
        return _in_a_line(vars(self))


def _in_a_line(facts: Mapping[str, object]) -> str:
    """The reason, then what is known, then the detail where there is one."""
    named = {name: value for name, value in facts.items() if name not in ("reason", "detail")}
    known = [f"{name}={value}" for name, value in named.items() if value is not None]
    return " ".join(filter(None, [str(facts["reason"]), *known, str(facts["detail"])]))
