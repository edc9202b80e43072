"""Makes the output file of a task once, off the event loop, when it is first wanted."""

import asyncio
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import structlog

from bot.runway.simulator.folder import Folder
from bot.runway.simulator.operations import parse_body
from bot.runway.simulator.studio import Job, RenderStopped, render, suffix_of
from bot.runway.simulator.tasks import Task

log = structlog.get_logger(__name__)


class Renders:
    """Finished files and those being made. A file appears under its name only when complete."""

    def __init__(
        self, folder: Folder, clip_pixels: int, picture_pixels: int, workers: int = 2
    ) -> None:
        self._folder = folder
        self._pixels = clip_pixels, picture_pixels
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="simulator-render")
        self._stopping = threading.Event()
        self._under_way: dict[str, asyncio.Task[Path]] = {}

    def name_of(self, task: Task) -> str:
        """The file name of a task's output."""
        return f"{task.id}{suffix_of(parse_body(task.operation, task.body))}"

    def start(self, task: Task) -> "asyncio.Task[Path]":
        """Begin to make a task's output, if that is not under way already."""
        if task.id not in self._under_way:
            making = asyncio.create_task(self._make(task))
            making.add_done_callback(lambda done: self._finished(task.id, done))
            self._under_way[task.id] = making
        return self._under_way[task.id]

    async def output(self, task: Task) -> Path:
        """The finished file of a task, made now if it was not yet."""
        # Shielded: a download that is given up must not stop the file for the next one.
        return await asyncio.shield(self.start(task))

    async def discard(self, task: Task) -> None:
        """Remove a task's output."""
        if task.id in self._under_way:
            await asyncio.wait([self._under_way[task.id]])
        path = self._folder.outputs / self.name_of(task)
        await asyncio.to_thread(path.unlink, missing_ok=True)

    async def close(self) -> None:
        """Stop what is under way; nothing half-made stays."""
        self._stopping.set()
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)
        await asyncio.to_thread(self._threads.shutdown)

    async def _make(self, task: Task) -> Path:
        path = self._folder.outputs / self.name_of(task)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._threads, self._render, task, path)
        return path

    def _render(self, task: Task, path: Path) -> None:
        self._keep_going()
        if path.exists():
            return
        draft = self._folder.new_file().with_suffix(path.suffix)
        body = parse_body(task.operation, task.body)
        inputs = self._folder.inputs(task.id)
        job = Job(body, task.assets, inputs, task.look, self._keep_going, *self._pixels)
        render(job, draft)
        os.replace(draft, path)

    def _keep_going(self) -> None:
        if self._stopping.is_set():
            raise RenderStopped

    def _finished(self, id: str, done: "asyncio.Task[Path]") -> None:
        self._under_way.pop(id, None)
        error = None if done.cancelled() else done.exception()
        if error is not None and not isinstance(error, RenderStopped):
            log.error("simulator.render_failed", task=id, error=repr(error))
