"""What can be wrong with a file or a download, as data; the words for people live elsewhere."""

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


class UnusableFile(Exception):
    """A file from outside that we refuse.

    `found` names a type or codec, `limit` and `actual` are in the reason's unit, `detail` is for
    logs.
    """

    def __init__(
        self,
        reason: Reason,
        *,
        found: str | None = None,
        limit: float | None = None,
        actual: float | None = None,
        detail: str = "",
    ) -> None:
        super().__init__(reason, found, limit, actual, detail)
        self.reason = reason
        self.found = found
        self.limit = limit
        self.actual = actual
        self.detail = detail

    def __str__(self) -> str:
        parts = {"found": self.found, "limit": self.limit, "actual": self.actual}
        known = [f"{name}={value}" for name, value in parts.items() if value is not None]
        return " ".join([self.reason, *known, *filter(None, [self.detail])])


class DownloadReason(StrEnum):
    """Why a download gave no file."""

    EXPIRED = "expired"  # 401, 403, 404, 410: ask for a fresh address
    CUT = "cut"
    TOO_LARGE = "too_large"
    WRONG_TYPE = "wrong_type"
    REFUSED = "refused"  # an address or an answer that we do not take: asking again is useless
    UNAVAILABLE = "unavailable"


class DownloadFailed(Exception):
    """A download that gave no file. It never holds the address: signed addresses are secrets."""

    def __init__(
        self,
        reason: DownloadReason,
        *,
        status: int | None = None,
        found: str | None = None,
        limit: int | None = None,
        actual: int | None = None,
        detail: str = "",
    ) -> None:
        super().__init__(reason, status, found, limit, actual, detail)
        self.reason = reason
        self.status = status
        self.found = found
        self.limit = limit
        self.actual = actual
        self.detail = detail

    def __str__(self) -> str:
        parts = {
            "status": self.status,
            "found": self.found,
            "limit": self.limit,
            "actual": self.actual,
        }
        known = [f"{name}={value}" for name, value in parts.items() if value is not None]
        return " ".join([self.reason, *known, *filter(None, [self.detail])])
