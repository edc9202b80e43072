"""Addresses and names that an operator writes: which of them can be used."""

from ipaddress import ip_address
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

SLACK_URL = "https://slack.com/api/"


def is_loopback(url: str) -> bool:
    """Whether an address is on this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def https_or_loopback(url: str) -> str:
    if not url.startswith("https://") and not (url.startswith("http://") and is_loopback(url)):
        raise ValueError("must begin with https:// (http:// only on this machine)")
    if not urlsplit(url).hostname:
        raise ValueError("names no host")
    return url.rstrip("/")


def web_address(url: str) -> str:
    if not url.startswith(("http://", "https://")) or not urlsplit(url).hostname:
        raise ValueError("must be an address that begins with http:// or https://")
    return url.rstrip("/")


def slack_or_loopback(url: str) -> str:
    if url.rstrip("/") != SLACK_URL.rstrip("/") and not is_loopback(url):
        raise ValueError(f"must be an address of this machine; without it, {SLACK_URL} is used")
    return url.rstrip("/") + "/"


def loopback_only(url: str) -> str:
    if not url.startswith(("http://", "ws://")) or not is_loopback(url):
        raise ValueError("may only be an address on this machine, for a stand-in for Discord")
    return url.rstrip("/")


def zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"there is no time zone {name!r}; write it as in Europe/Berlin") from None
    return name
