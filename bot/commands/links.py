"""Addresses that people paste, checked by their form alone.

Runway fetches them, never we: what a person types must not make this machine ask any other. The
rules are those of Runway's guide to inputs: https, a domain name, no longer than 2048 signs.
"""

import re
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from bot.errors import BadLink
from bot.requests import LINK, Kind, Media

MOST_CHARACTERS = 2048
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
# Names that only mean something inside a network.
_PRIVATE = ("localhost", "local", "internal", "lan", "home", "corp", "intranet", "arpa", "test")
_TYPES = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "mkv": "video/x-matroska",
    "webm": "video/webm",
}
# What people paste and Runway would refuse: better said at once.
_REFUSED = frozenset({"gif", "heic", "heif", "avif", "bmp", "tif", "tiff", "svg", "pdf", "avi"})


def looks_like_media(word: str) -> bool:
    """Whether a word of a prompt is a link to a file rather than something to be seen."""
    extension = _extension(word)
    return word.startswith(LINK) and (extension in _TYPES or extension in _REFUSED)


def link(text: str, otherwise: Kind) -> Media:
    """A link as an input; its kind is told by its name, or is `otherwise`. Raises BadLink."""
    _check(text)
    extension = _extension(text)
    if extension in _REFUSED:
        raise BadLink(text, "type")
    content_type = _TYPES.get(extension, "")
    kind = Kind(content_type.partition("/")[0]) if content_type else otherwise
    parts = urlsplit(text)
    name = unquote(PurePosixPath(parts.path).name) or parts.netloc
    return Media(text, kind, content_type or f"{kind}/*", 0, "", name)


def _check(text: str) -> None:
    if not text.startswith(LINK):
        raise BadLink(text, "https")
    if len(text) > MOST_CHARACTERS:
        raise BadLink(text, "length")
    if not text.isascii() or not text.isprintable() or any(sign in text for sign in ' "<>\\^`{|}'):
        raise BadLink(text, "form")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise BadLink(text, "form") from None
    if "@" in parts.netloc or port not in (None, 443):
        raise BadLink(text, "form")
    if not _is_domain(host):
        raise BadLink(text, "domain")


def _is_domain(host: str) -> bool:
    labels = host.removesuffix(".").lower().split(".")
    if len(labels) < 2 or len(host) > 253 or labels[-1] in _PRIVATE:
        return False
    # A last label of digits (also hexadecimal ones) is an IP address in one of its many forms.
    numeric = labels[-1].isdigit() or labels[-1].startswith("0x")
    return not numeric and all(_LABEL.fullmatch(label) for label in labels)


def _extension(text: str) -> str:
    try:
        path = urlsplit(text).path
    except ValueError:
        return ""
    return PurePosixPath(unquote(path)).suffix.lower().lstrip(".")
