"""The state on disk: one small JSON file per task and upload, and the files themselves.

    key               signs output links
    tasks/<id>.json   a task            inputs/<id>/…   what it was given
    uploads/<id>.json an upload         uploads/<id>    its bytes, once they arrived
    outputs/<name>    a finished file   work/           half-written ones, emptied at start
    counts.json       how often a passing fault was met

Every write is a temporary file and a rename, so that a kill leaves the old or the new text.
"""

import json
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.runway.simulator.tasks import Task


class Upload(BaseModel):
    """A place for a file that was asked for; `size` is None until the bytes arrived."""

    model_config = ConfigDict(frozen=True)

    id: str
    filename: str
    created: float
    fields: dict[str, str]
    size: int | None = None


class Folder:
    """Reads and writes the state below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.work = root / "work"
        self.outputs = root / "outputs"
        self._tasks, self._uploads = root / "tasks", root / "uploads"
        shutil.rmtree(self.work, ignore_errors=True)
        for each in (self.work, self.outputs, self._tasks, self._uploads, root / "inputs"):
            each.mkdir(parents=True, exist_ok=True)

    def key(self) -> bytes:
        """The secret that signs links; made at the first start."""
        path = self.root / "key"
        if not path.exists():
            self._write(path, secrets.token_hex(32))
        return path.read_bytes()

    def tasks(self) -> Iterator[Task]:
        """Every task that was written down."""
        for path in self._tasks.glob("*.json"):
            yield Task.model_validate_json(path.read_bytes())

    def save_task(self, task: Task) -> None:
        """Write one task."""
        self._write(self._tasks / f"{task.id}.json", task.model_dump_json())

    def save_upload(self, upload: Upload) -> None:
        """Write what is known of an upload."""
        self._write(self._uploads / f"{upload.id}.json", upload.model_dump_json())

    def upload(self, id: str) -> Upload | None:
        """The upload with this id, if there is one."""
        if not id.isalnum():
            return None
        try:
            return Upload.model_validate_json((self._uploads / f"{id}.json").read_bytes())
        except (FileNotFoundError, OSError, ValidationError):
            return None

    def upload_file(self, upload: Upload) -> Path:
        """Where the bytes of an upload are."""
        return self._uploads / upload.id

    def inputs(self, task_id: str) -> Path:
        """The folder of a task's input files."""
        return self.root / "inputs" / task_id

    def counts(self) -> dict[str, int]:
        """How often each passing fault was met."""
        path = self.root / "counts.json"
        return dict(json.loads(path.read_text())) if path.exists() else {}

    def save_counts(self, counts: dict[str, int]) -> None:
        """Write how often each passing fault was met."""
        self._write(self.root / "counts.json", json.dumps(counts))

    def new_file(self) -> Path:
        """A fresh place to write a file before it is moved to where it belongs."""
        return self.work / secrets.token_hex(8)

    def _write(self, path: Path, text: str) -> None:
        draft = self.new_file()
        draft.write_text(text)
        os.replace(draft, path)
