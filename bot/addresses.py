"""Addresses and names that an operator writes: which of them can be used."""

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

SLACK_URL = "https://slack.com/api/"
BUCKETS = {
    "s3": "s3://bucket/prefix",
    "gs": "gs://bucket/prefix",
    "az": "az://container/prefix",
}
DATABASES = (
    "Use sqlite:///path/to/dailies.db, or postgresql+asyncpg://user@host/dailies for "
    "several replicas."
)
_POSTGRESQL = ("postgresql", "postgres", "postgresql+asyncpg")


def is_loopback(url: str) -> bool:
    """Whether an address is on this machine."""
    return is_local(urlsplit(url).hostname or "")


def is_local(host: str) -> bool:
    """Whether a host is this machine: by its own name, or by a number that only means itself."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def https_or_loopback(url: str) -> str:
    """The address without a slash at its end; ValueError where it is open http to elsewhere."""
    if not url.startswith("https://") and not (url.startswith("http://") and is_loopback(url)):
        raise ValueError("must begin with https:// (http:// only on this machine)")
    if not urlsplit(url).hostname:
        raise ValueError("names no host")
    if "@" in urlsplit(url).netloc:  # it would stand in logs, and in links that people are given
        raise ValueError("takes no user and no password")
    return url.rstrip("/")


def web_address(url: str) -> str:
    """The address without a slash at its end; ValueError where it is none of the web."""
    if not url.startswith(("http://", "https://")) or not urlsplit(url).hostname:
        raise ValueError("must be an address that begins with http:// or https://")
    return url.rstrip("/")


def slack_or_loopback(url: str) -> str:
    """Slack's address, or a stand-in's on this machine, with a slash at its end; else ValueError."""
    if url.rstrip("/") != SLACK_URL.rstrip("/") and not is_loopback(url):
        raise ValueError(f"must be an address of this machine; without it, {SLACK_URL} is used")
    return url.rstrip("/") + "/"


def loopback_only(url: str) -> str:
    """The address of a stand-in on this machine, without a slash at its end; else ValueError."""
    if not url.startswith(("http://", "ws://")) or not is_loopback(url):
        raise ValueError("may only be an address on this machine, for a stand-in for Discord")
    return url.rstrip("/")


def database_address(url: str) -> str:
    """An address of the right form; a ValueError never quotes it, for it may hold a password."""
    try:
        address = make_url(url)
    except ArgumentError:
        raise ValueError(f"that is no address of a database. {DATABASES}") from None
    except ValueError:
        raise ValueError(
            "what follows the host and a colon has to be a port. In a password, @ is written "
            "as %40 and : as %3A."
        ) from None
    if address.get_backend_name() == "sqlite":
        if address.host or address.database in (None, "", ":memory:"):
            raise ValueError(
                "it names no file. Write it with three slashes, as in "
                "sqlite:///path/to/dailies.db, or four before a path from the root."
            )
    elif address.drivername not in _POSTGRESQL:
        kind = address.drivername
        raise ValueError(f"{kind}:// is not a database that Dailies can use. {DATABASES}")
    elif _is_split_wrongly(url, address):
        raise ValueError(
            "it cannot be told where its password ends. In a password, @ is written as %40, : as "
            "%3A, / as %2F and % as %25."
        )
    if "password" in address.query:  # where nothing would hide it
        raise ValueError("the password stands before the host, as in user:password@host.")
    return url


def _is_split_wrongly(url: str, address: URL) -> bool:
    """Whether a letter of the password was taken for the end of it: the rest would be shown."""
    place = url.partition("://")[2].partition("?")[0]
    return place.count("@") > 1 or "@" in (address.database or "")


def archive_address(url: str) -> str:
    """A folder, or a bucket of the right form; a ValueError never quotes it."""
    if "://" not in url:
        return url
    parts = _split(url)
    if parts.scheme == "file":
        if parts.netloc not in {"", "localhost"}:
            raise ValueError("a file URL has three slashes: file:///absolute/path")
    elif parts.scheme != "memory":
        _bucket(parts)
    return url


def _bucket(parts: SplitResult) -> None:
    scheme = parts.scheme
    if scheme not in BUCKETS:
        known = ", ".join(BUCKETS.values())
        raise ValueError(f"{scheme}:// is no archive; it is a folder, or one of {known}")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError(
            f"credentials and options come from the environment; write {BUCKETS[scheme]}"
        )
    if not parts.netloc or ":" in parts.netloc:
        raise ValueError(f"{scheme}:// is followed by a name alone, as in {BUCKETS[scheme]}")


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:  # which quotes the host, and a password with it
        raise ValueError("that is no address") from None


def zone(name: str) -> str:
    """The name of a time zone; ValueError where there is none such."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"there is no time zone {name!r}; write it as in Europe/Berlin") from None
    return name
