"""Fetches the files that a create names into the task's own folder, and measures them."""

import asyncio
import base64
import binascii
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from bot.runway.simulator.assets import Asset, Undecodable, measure
from bot.runway.simulator.board import Board
from bot.runway.simulator.fields import Input
from bot.runway.simulator.folder import Folder
from bot.runway.simulator.ledger import DAY
from bot.runway.simulator.links import Signer, is_loopback, is_public
from bot.runway.simulator.refusals import Issue, Refusal, invalid
from bot.runway.simulator.renders import Renders

UPLOAD_LIVES = DAY
# https://docs.dev.runwayml.com/assets/inputs
MEDIA_TYPES = {
    "image": frozenset({"image/jpeg", "image/jpg", "image/png", "image/webp"}),
    "video": frozenset(
        {
            "video/mp4",
            "video/quicktime",
            "video/x-matroska",
            "video/webm",
            "video/3gpp",
            "video/ogg",
        }
    ),
}


class Intake:
    """Turns the URIs of a request into measured files below the folder of its task."""

    def __init__(self, folder: Folder, board: Board, signer: Signer, renders: Renders) -> None:
        self._folder = folder
        self._board = board
        self._signer = signer
        self._renders = renders

    async def take(self, task_id: str, inputs: Sequence[Input], now: float) -> tuple[Asset, ...]:
        """All inputs of a request, in order. Raises the 400 for a URI that leads nowhere."""
        if not inputs:
            return ()
        folder = self._folder.inputs(task_id)
        folder.mkdir()
        return tuple([await self._take(folder / str(n), i, now) for n, i in enumerate(inputs)])

    async def discard(self, task_id: str) -> None:
        """Drop what was taken for a request that came to nothing."""
        await asyncio.to_thread(shutil.rmtree, self._folder.inputs(task_id), ignore_errors=True)

    async def _take(self, to: Path, wanted: Input, now: float) -> Asset:
        asset = Asset(role=wanted.role, kind=wanted.kind, tag=wanted.tag)
        if is_loopback(wanted.uri):
            await self._link(await self._own_output(wanted, now), to)
        elif wanted.uri.startswith("runway://"):
            await self._link(self._upload(wanted, now), to)
        elif wanted.uri.startswith("data:"):
            await asyncio.to_thread(_decode, wanted, to)
        elif is_public(wanted.uri):
            return asset  # there is no network here: a placeholder stands for it
        else:
            raise _unusable(wanted, "Invalid URI: expected a domain name, not an IP address")
        try:
            found = await asyncio.to_thread(measure, to, wanted.kind)
        except Undecodable:
            return asset.model_copy(update={"broken": True})
        return asset.model_copy(update={"file": to.name, **found})

    async def _own_output(self, wanted: Input, now: float) -> Path:
        name = self._signer.name_in(wanted.uri, now)
        task = None if name is None else self._board.find(name.partition(".")[0])
        if task is None:
            raise _unusable(wanted, "Failed to fetch asset: it does not exist, or its link expired")
        return await self._renders.output(task)

    def _upload(self, wanted: Input, now: float) -> Path:
        upload = self._folder.upload(wanted.uri.removeprefix("runway://"))
        if upload is None or upload.size is None:
            raise _unusable(wanted, "This upload does not exist, or its file never arrived")
        if now >= upload.created + UPLOAD_LIVES:
            raise _unusable(wanted, "This upload has expired. Please upload the file again")
        return self._folder.upload_file(upload)

    async def _link(self, source: Path, to: Path) -> None:
        # A second name for the same bytes: they stay when the upload or output is deleted.
        await asyncio.to_thread(os.link, source, to)


def _unusable(wanted: Input, message: str) -> Refusal:
    return invalid(Issue("custom", wanted.path, message))


def _decode(wanted: Input, to: Path) -> None:
    head, comma, data = wanted.uri.partition(",")
    media_type, *parameters = head.removeprefix("data:").split(";")
    if media_type not in MEDIA_TYPES[wanted.kind]:
        raise _unusable(wanted, f"Unsupported media type: {media_type[:50]}")
    if not comma or not parameters or parameters[-1] != "base64":
        raise _unusable(wanted, "Invalid data URI: expected ;base64,")
    try:
        to.write_bytes(base64.b64decode(data, validate=True))
    except (binascii.Error, ValueError):
        raise _unusable(wanted, "Invalid data URI: the data is not valid base64") from None
