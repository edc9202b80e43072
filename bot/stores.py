"""Where the archive is: a folder, or a bucket by URL; what cannot be one is told before it is used."""

import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from obstore.store import LocalStore, from_url

from bot.addresses import archive_address

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_ALLOW_HTTP = ("AWS_ALLOW_HTTP", "AZURE_ALLOW_HTTP", "GOOGLE_ALLOW_HTTP")
# What obstore takes an Azure account's name from; without one it does not know any address.
_AZURE_ACCOUNT = ("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_CONNECTION_STRING")
# obstore ends a transfer after 30 s by default, however well it goes.
_TRANSFER = timedelta(hours=1)


def local_root(url: str) -> Path | None:
    """The folder that a path or a file URL names, None for any other URL."""
    if "://" not in url:
        return Path(url).expanduser().resolve()
    parts = urlsplit(archive_address(url))
    if parts.scheme != "file":
        return None
    return Path(unquote(parts.path)).resolve()


def open_store(url: str, root: Path | None) -> "ObjectStore":
    """The store at the URL; ValueError or obstore's own error where it cannot be one."""
    if root is not None:
        _make(root)
        return LocalStore(root)
    _check(url)
    # Options given here replace those that the environment sets, so this one is handed on.
    plain = any(os.environ.get(name, "").lower() in ("true", "1") for name in _ALLOW_HTTP)
    return from_url(url, client_options={"timeout": _TRANSFER, "allow_http": plain})


def _make(folder: Path) -> None:
    # obstore would make it too, and say what failed without the path.
    try:
        # People's files and prompts are for the bot alone, like the database with what they made.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError:
        raise ValueError(f"{folder} is no folder. Name another one.") from None
    except OSError as error:
        raise ValueError(
            f"the folder {folder} cannot be made: {error.strerror}. Make it for the user who runs "
            "Dailies, or name another one."
        ) from None


def _check(url: str) -> None:
    scheme = urlsplit(archive_address(url)).scheme
    if scheme == "az" and not any(os.environ.get(name) for name in _AZURE_ACCOUNT):
        raise ValueError("az:// needs the account's name: set AZURE_STORAGE_ACCOUNT_NAME")
