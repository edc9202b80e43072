"""Which addresses we talk to: Slack's own over https, or this machine's where Slack is a stand-in."""

from collections.abc import Callable
from dataclasses import dataclass

from yarl import URL

from bot.addresses import is_local
from bot.errors import ChatError

FILES_HOST = "files.slack.com"
HOOKS_HOST = "hooks.slack.com"
# Where Slack's own redirects of files lead; the token goes to none but the first.
_OWN_DOMAINS = ("slack.com", "slack-edge.com", "slack-files.com")


@dataclass(frozen=True)
class Addresses:
    """Checks every address that came from outside; raises ChatError."""

    loopback: bool

    def file(self, url: str) -> URL:
        """Where a private file is fetched, with the token."""
        return self._checked(url, lambda host: host == FILES_HOST)

    def redirect(self, url: URL) -> URL:
        """Where a file's address leads on, without the token."""
        return self._checked(str(url), _is_own)

    def upload(self, url: str) -> URL:
        return self._checked(url, _is_own)

    def response(self, url: str) -> URL:
        """Where an interaction may be answered."""
        return self._checked(url, lambda host: host == HOOKS_HOST)

    def _checked(self, url: str, allowed: Callable[[str], bool]) -> URL:
        try:
            address = URL(url, encoded=True)
            host = address.host or ""
        except ValueError:
            raise ChatError("an address that is none", permanent=True) from None
        if self.loopback and is_local(host) and address.scheme in ("http", "https"):
            return address
        if address.scheme != "https" or address.user or not allowed(host):
            raise ChatError(f"an address that is not Slack's own: {host[:80]}", permanent=True)
        return address


def _is_own(host: str) -> bool:
    return any(host == domain or host.endswith("." + domain) for domain in _OWN_DOMAINS)
