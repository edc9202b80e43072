"""Links that open one file for a while, without an account: signed, so that nobody can make one."""

import hmac
from base64 import urlsafe_b64encode
from datetime import timedelta
from enum import Enum
from hashlib import sha256
from urllib.parse import quote

from bot.ports import Clock

PATH = "/files/"
SECRET_BYTES = 32


class Verdict(Enum):
    """What a link is worth."""

    GOOD = 1
    EXPIRED = 2
    FORGED = 3


class LinkSigner:
    """Signs a key with the moment until which its link is good; `base` is where we are reached."""

    def __init__(self, secret: bytes, base: str, lifetime: timedelta, clock: Clock) -> None:
        self._secret = secret
        self._base = base.rstrip("/")
        self._lifetime = lifetime
        self._clock = clock

    def __repr__(self) -> str:
        return f"LinkSigner({self._base})"

    def sign(self, key: str) -> str:
        """The address of the file, good from now on for the lifetime."""
        until = int((self._clock.now() + self._lifetime).timestamp())
        signature = self._signature(key, str(until))
        return f"{self._base}{PATH}{quote(key)}?until={until}&signature={signature}"

    def judge(self, key: str, until: str, signature: str) -> Verdict:
        """Whether a link is ours, and still good; a forged one is not told when it would expire."""
        expected = self._signature(key, until)
        if not hmac.compare_digest(expected.encode(), signature.encode(errors="replace")):
            return Verdict.FORGED
        good = self._clock.now().timestamp() < int(until)
        return Verdict.GOOD if good else Verdict.EXPIRED

    def _signature(self, key: str, until: str) -> str:
        message = f"{key}\n{until}".encode(errors="replace")
        digest = hmac.new(self._secret, message, sha256).digest()
        return urlsafe_b64encode(digest).decode().rstrip("=")
