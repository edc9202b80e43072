"""Addresses: which are on loopback, and the signature that our own output links carry."""

import hashlib
import hmac
from ipaddress import ip_address
from urllib.parse import parse_qs, urlencode, urlsplit

OUTPUTS = "/outputs/"


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(url: str) -> bool:
    """Whether an http(s) address points at this machine."""
    if not url.startswith(("http://", "https://")):
        return False
    host = _host_of(url)
    return host == "localhost" or (_is_address(host) and ip_address(host).is_loopback)


def is_public(url: str) -> bool:
    """Whether Runway would fetch this address: a domain with a dot, not an IP address."""
    host = _host_of(url)
    return "." in host.strip(".") and not _is_address(host)


class Signer:
    """Signs output links and reads them back. `key` is secret and outlives a restart."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def _signature(self, name: str, expires: int) -> str:
        return hmac.new(self._key, f"{name}\n{expires}".encode(), hashlib.sha256).hexdigest()

    def link(self, origin: str, name: str, expires: float) -> str:
        """The address of an output file at `origin`, good until `expires` (epoch seconds)."""
        until = int(expires)
        query = urlencode({"expires": until, "signature": self._signature(name, until)})
        return f"{origin}{OUTPUTS}{name}?{query}"

    def permits(self, name: str, expires: str, signature: str, now: float) -> bool:
        """Whether these query values open the file `name` at the time `now`."""
        if not (expires.isascii() and expires.isdigit() and len(expires) < 16):
            return False
        good = hmac.compare_digest(
            self._signature(name, int(expires)).encode(), signature.encode(errors="replace")
        )
        return good and now < int(expires)

    def name_in(self, url: str, now: float) -> str | None:
        """The file name in one of our own links that is still good; None for anything else."""
        parts = urlsplit(url)
        query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        name = parts.path.removeprefix(OUTPUTS)
        if not parts.path.startswith(OUTPUTS):
            return None
        good = self.permits(name, query.get("expires", ""), query.get("signature", ""), now)
        return name if good else None
