"""Where the archive is: a folder, or a bucket by URL; what cannot be one is told before it is used."""

import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from obstore.store import LocalStore, from_url

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_FORMS = {
    "s3": "s3://bucket/prefix",
    "gs": "gs://bucket/prefix",
    "az": "az://container/prefix",
}
_ALLOW_HTTP = ("AWS_ALLOW_HTTP", "AZURE_ALLOW_HTTP", "GOOGLE_ALLOW_HTTP")
# What obstore takes an Azure account's name from; without one it does not know any address.
_AZURE_ACCOUNT = ("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_CONNECTION_STRING")
# obstore ends a transfer after 30 s by default, however well it goes.
_TRANSFER = timedelta(hours=1)


def local_root(url: str) -> Path | None:
    """The folder that a path or a file URL names, None for any other URL."""
    if "://" not in url:
        return Path(url).expanduser().resolve()
    parts = urlsplit(url)
    if parts.scheme != "file":
        return None
    if parts.netloc not in {"", "localhost"}:
        raise ValueError("a file URL has three slashes: file:///absolute/path")
    return Path(unquote(parts.path)).resolve()


def open_store(url: str, root: Path | None) -> "ObjectStore":
    """The store at the URL; ValueError or obstore's own error where it cannot be one."""
    if root is not None:
        return LocalStore(root, mkdir=True)
    _check(url)
    # Options given here replace those that the environment sets, so this one is handed on.
    plain = any(os.environ.get(name, "").lower() in ("true", "1") for name in _ALLOW_HTTP)
    return from_url(url, client_options={"timeout": _TRANSFER, "allow_http": plain})


def _check(url: str) -> None:
    parts = urlsplit(url)
    scheme = parts.scheme
    if scheme == "memory":
        return
    if scheme not in _FORMS:
        known = ", ".join(_FORMS.values())
        raise ValueError(f"{scheme}:// is no archive; it is a folder, or one of {known}")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError(
            f"credentials and options come from the environment; write {_FORMS[scheme]}"
        )
    if not parts.netloc or ":" in parts.netloc:
        raise ValueError(f"{scheme}:// is followed by a name alone, as in {_FORMS[scheme]}")
    if scheme == "az" and not any(os.environ.get(name) for name in _AZURE_ACCOUNT):
        raise ValueError("az:// needs the account's name: set AZURE_STORAGE_ACCOUNT_NAME")
