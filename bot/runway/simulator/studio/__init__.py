"""Renders the outputs that tasks have: pictures and clips, off the event loop."""

from pathlib import Path

from PIL import Image

from bot.runway.simulator.bodies import Body, Formatted
from bot.runway.simulator.operations import STILLS
from bot.runway.simulator.studio.encoding import encode, encode_sequence
from bot.runway.simulator.studio.works import Job, work_of

__all__ = ["Job", "RenderStopped", "render", "suffix_of"]

_SUFFIXES = {"prores": ".mov", "png_sequence": ".zip"}


class RenderStopped(Exception):
    """The simulator is closing; the output will be made at the next start."""


def suffix_of(body: Body) -> str:
    """The ending of the output file for a body."""
    if isinstance(body, STILLS):
        return ".png"
    asked = body.output_format if isinstance(body, Formatted) else None
    return _SUFFIXES.get(asked or "mp4", ".mp4")


def render(job: Job, path: Path) -> None:
    """Make the output of a job at `path`. Takes seconds of CPU: never on the event loop."""
    work = work_of(job.body, job)
    if isinstance(work, Image.Image):
        work.save(path, "PNG", compress_level=3)
    elif path.suffix == ".zip":
        encode_sequence(work, path, job.keep_going)
    else:
        encode(work, path, job.keep_going)
