"""What a probe found out, in words that say how to mend it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

import aiohttp

from bot.config import Config


class Verdict(StrEnum):
    """`skipped` is what is not set up, or could not be tried now."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Finding:
    """One thing that was tried: what came of it, and what to do about it."""

    name: str
    verdict: Verdict
    text: str
    mend: str = ""


@dataclass(frozen=True)
class Surroundings:
    """What every probe is given; `alone` is False while a bot runs on the same database."""

    config: Config
    session: aiohttp.ClientSession
    alone: bool


Probe = Callable[[Surroundings], Awaitable[list[Finding]]]

# What goes wrong on the way to a server, before it has answered.
UNREACHED = (aiohttp.ClientError, TimeoutError, OSError)


def ok(name: str, text: str) -> Finding:
    return Finding(name, Verdict.OK, text)


def warning(name: str, text: str, mend: str) -> Finding:
    return Finding(name, Verdict.WARNING, text, mend)


def failed(name: str, text: str, mend: str) -> Finding:
    return Finding(name, Verdict.FAILED, text, mend)


def skipped(name: str, text: str) -> Finding:
    return Finding(name, Verdict.SKIPPED, text)


def unreached(name: str, url: str, error: Exception) -> Finding:
    """A server that did not answer; the error's own words are not trusted to hold no secret."""
    return failed(
        name,
        f"{url} cannot be reached: {_why(error)}.",
        "Look at this machine's network, DNS, proxy and firewall.",
    )


def _why(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its name is not known here"
    if isinstance(error, aiohttp.ClientSSLError):
        return "its certificate is not trusted"
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    if isinstance(error, aiohttp.ClientConnectorError):
        return "it takes no connection"
    return f"the connection broke ({type(error).__name__})"
