"""A file that grows in threads: hashed as it grows, and gone without a trace when given up."""

import hashlib
from pathlib import Path
from threading import Lock
from typing import BinaryIO


class Sink:
    """A new file at `path`, opened by the first write. Every method blocks: call it in a thread.

    A task may be cancelled while a thread still writes, or before it begins: hence the lock, and
    hence nothing can be written to what was discarded.
    """

    def __init__(self, path: Path) -> None:
        self.size = 0
        self._path = path
        self._digest = hashlib.sha256()
        self._lock = Lock()
        self._file: BinaryIO | None = None
        self._discarded = False

    def write(self, piece: bytes | bytearray) -> None:
        """Append and hash."""
        with self._lock:
            if self._discarded:
                return
            self._opened().write(piece)
            self._digest.update(piece)
            self.size += len(piece)

    def restart(self) -> None:
        """Forget everything that was written."""
        with self._lock:
            if self._file is not None:
                self._file.seek(0)
                self._file.truncate()
            self._digest = hashlib.sha256()
            self.size = 0

    def finish(self) -> tuple[int, str]:
        """Close the file; its size in bytes and its SHA-256."""
        with self._lock:
            self._opened().close()
            return self.size, self._digest.hexdigest()

    def discard(self) -> None:
        """Close and remove the file."""
        with self._lock:
            self._discarded = True
            if self._file is not None:
                self._file.close()
                self._path.unlink(missing_ok=True)

    def _opened(self) -> BinaryIO:
        if self._file is None:
            self._file = self._path.open("wb")
        return self._file
