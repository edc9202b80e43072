"""Files into a channel, streamed from the archive and shared once.

The SDK's `files_upload_v2` reads a file whole and stops the event loop meanwhile (300 MB: 900 MB of
memory, a second of standstill), so the three steps are our own. What Slack will call the file is
written down before a byte is sent, and that the sharing begins before it is asked for. Sharing has
no idempotency key and may have worked though no answer came: then it is looked up.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
import structlog

from adapters.slack.addresses import Addresses
from adapters.slack.api import Body, SlackApi
from adapters.slack.channels import Channels
from adapters.slack.errors import SlackRefused, SlackUnsure
from adapters.slack.posts import recent_messages, thread_of
from bot.errands import Errands
from bot.errors import ArchiveFailed, ChatError
from bot.failpoints import failpoint
from bot.jobs import room
from bot.ports import Archive, Clock, Confirm, Receipt, Receipts
from bot.requests import Media
from bot.text import shorten

log = structlog.get_logger()

UPLOADING, SHARING, SHARED = "uploading", "sharing", "shared"
MOST_TITLE = 200
_TIMEOUT = aiohttp.ClientTimeout(total=1800, sock_connect=10, sock_read=120)
# Shares appear a moment after the sharing, after Slack's own scan; asked for after these seconds.
SHARE_LOOKS = (0.2, 0.4, 0.8, 1.6, 3.0)
LATE_LOOKS = (5.0, 10.0, 20.0, 40.0, 80.0)
# A sharing without an answer, and without a trace after this long, was not done: Slack did not know
# the file at all, or knew the file and shared it nowhere.
GIVEN_UP_UNKNOWN_SECONDS = 20.0
GIVEN_UP_UNSHARED_SECONDS = 120.0
# Codes that say that a workspace takes no file of this size.
TOO_LARGE = ("file_upload_size_restricted", "file_too_large")
# Codes that say that the files have to be uploaded anew.
_STALE = ("file_not_found", "invalid_files", "file_update_failed")


class Uploads:
    """Shares files under a key; the same key never shares them twice."""

    def __init__(
        self,
        receipts: Receipts,
        archive: Archive,
        channels: Channels,
        addresses: Addresses,
        session: aiohttp.ClientSession,
        clock: Clock,
    ) -> None:
        self._receipts = receipts
        self._archive = archive
        self._channels = channels
        self._addresses = addresses
        self._session = session
        self._clock = clock
        self._errands = Errands()
        # Since when a sharing without an answer is looked for, by its key.
        self._looking: dict[str, float] = {}

    async def share(
        self,
        api: SlackApi,
        channel: str,
        files: Sequence[Media],
        key: str,
        subject: str,
        title: str,
        confirm: Confirm,
    ) -> None:
        """Upload the files and share them in a channel; raises ChatError."""
        receipt = Receipt(
            api.identity.workspace, key, channel, self._clock.now(), subject, state=UPLOADING
        )
        receipt = await self._receipts.begin(receipt) or receipt
        if receipt.state == SHARED:
            return
        if receipt.state == UPLOADING:
            receipt = await self._upload(api, receipt, files, title)
            receipt = await self._share(api, receipt, confirm)
        elif not await self._was_shared(api, receipt):
            receipt = await self._share(api, receipt, confirm)
        receipt = await self._receipts.note(receipt, state=SHARED)
        self._looking.pop(receipt.key, None)
        failpoint("slack.shared")
        await self._note_files(receipt)
        if not await self._note_message(api, receipt, SHARE_LOOKS):
            looking = self._note_message(api, receipt, LATE_LOOKS)
            self._errands.begin(looking, f"shares of {receipt.key}")

    async def close(self) -> None:
        await self._errands.stop()

    async def _upload(
        self, api: SlackApi, receipt: Receipt, files: Sequence[Media], title: str
    ) -> Receipt:
        entries: list[Body] = []
        for media in files:
            place = await api.ask(
                "files.getUploadURLExternal", filename=media.name, length=media.size
            )
            entry = {"id": str(place["file_id"]), "title": _title(title) or media.name}
            entries.append(entry)
            receipt = await self._receipts.move(receipt, facts={"files": list(entries)})
            failpoint("slack.upload.noted")
            await self._send_bytes(str(place["upload_url"]), media)
        return receipt

    async def _send_bytes(self, url: str, media: Media) -> None:
        address = self._addresses.upload(url)
        headers = {"Content-Length": str(media.size), "Content-Type": "application/octet-stream"}
        try:
            async with self._session.post(
                address,
                data=self._archive.open(media.key),
                headers=headers,
                timeout=_TIMEOUT,
                allow_redirects=False,
            ) as answer:
                if answer.status == 413:
                    raise SlackRefused.by("upload", TOO_LARGE[0])
                if answer.status != 200:
                    raise ChatError(f"upload: HTTP {answer.status}")
        except (aiohttp.ClientError, TimeoutError, OSError, ArchiveFailed) as error:
            # A file that was never shared is thrown away by Slack: beginning anew is harmless.
            raise ChatError(f"upload: {type(error).__name__}") from error

    async def _share(self, api: SlackApi, receipt: Receipt, confirm: Confirm) -> Receipt:
        await confirm()
        facts = {**receipt.facts, "refused": False}
        # Who stood still since then may find that another has begun anew, with other files.
        receipt = await self._receipts.move(receipt, state=SHARING, facts=facts)
        await confirm()
        self._looking[receipt.key] = self._clock.monotonic()
        failpoint("slack.share.intended")
        try:
            await self._complete(api, receipt)
        except SlackRefused as error:
            stale = error.code in _STALE
            if stale and await _file(api, receipt) is not None:
                # It knows the file and will not share it: because an earlier sharing was done.
                return receipt
            state = UPLOADING if stale else SHARING
            # Slack said no: nothing was shared, and nothing needs to be looked for.
            await self._receipts.note(receipt, state=state, facts={**facts, "refused": True})
            raise
        except SlackUnsure as error:
            log.warning("looking for a shared file", key=receipt.key, error=str(error))
            if not await self._was_shared(api, receipt):
                raise
        failpoint("slack.share.done")
        return receipt

    async def _complete(self, api: SlackApi, receipt: Receipt) -> None:
        arguments: Body = {
            "files": receipt.facts["files"],
            "channel_id": room(receipt.channel),
            "thread_ts": thread_of(receipt.channel),
        }
        try:
            await api.once("files.completeUploadExternal", **arguments)
        except SlackRefused as error:
            if error.code != "not_in_channel" or not await self._channels.rejoin(
                api, receipt.channel
            ):
                raise
            await api.once("files.completeUploadExternal", **arguments)

    async def _was_shared(self, api: SlackApi, receipt: Receipt) -> bool:
        """Whether a sharing without an answer was done; raises ChatError while nobody can say."""
        known = False
        # By our own clock, of our own looks: whoever sent it may have had another time of day.
        began = self._looking.setdefault(receipt.key, self._clock.monotonic())
        for pause in SHARE_LOOKS:
            await self._clock.sleep(pause)
            file = await _file(api, receipt)
            known = known or file is not None
            if file is not None and _is_shared(file, room(receipt.channel)):
                return True
        if await self._message_with(api, receipt) is not None:
            return True
        patience = GIVEN_UP_UNSHARED_SECONDS if known else GIVEN_UP_UNKNOWN_SECONDS
        if not receipt.facts.get("refused") and self._clock.monotonic() - began < patience:
            raise ChatError(f"nobody can say yet whether {receipt.key} was shared")
        return False

    async def _message_with(self, api: SlackApi, receipt: Receipt) -> str | None:
        wanted = {entry["id"] for entry in receipt.facts["files"]}
        async for message in recent_messages(api, receipt):
            if wanted & {file.get("id") for file in message.get("files") or ()}:
                return str(message["ts"])
        return None

    async def _note_files(self, receipt: Receipt) -> None:
        """One receipt for each file, so that a reaction on its message finds the job."""
        for entry in receipt.facts["files"]:
            of_file = Receipt(
                receipt.workspace,
                f"file:{entry['id']}",
                receipt.channel,
                self._clock.now(),
                receipt.subject,
                state=SHARED,
            )
            await self._receipts.begin(of_file)

    async def _note_message(self, api: SlackApi, receipt: Receipt, pauses: Sequence[float]) -> bool:
        for pause in pauses:
            await self._clock.sleep(pause)
            try:
                file = await _file(api, receipt)
            except ChatError as error:
                log.info("shares not known", key=receipt.key, error=str(error))
                continue
            ts = _shared_at(file or {}, room(receipt.channel))
            if ts is not None:
                await self._receipts.note(receipt, message=ts)
                return True
        return False


def _title(text: str) -> str:
    """A title is plain text to Slack; even so, nothing in it may look like a mention."""
    return shorten(text, MOST_TITLE).translate({ord("<"): "‹", ord(">"): "›"})


async def _file(api: SlackApi, receipt: Receipt) -> Mapping[str, Any] | None:
    """What Slack says of the first file; None when it does not know it."""
    try:
        answer = await api.read("files.info", file=receipt.facts["files"][0]["id"])
    except SlackRefused as error:
        if error.code not in ("file_not_found", "file_deleted"):
            raise
        return None
    found = answer.get("file")
    return found if isinstance(found, dict) else None


def _is_shared(file: Mapping[str, Any], channel: str) -> bool:
    listed = (file.get(kind) or () for kind in ("channels", "groups", "ims"))
    return _shared_at(file, channel) is not None or any(channel in ids for ids in listed)


def _shared_at(file: Mapping[str, Any], channel: str) -> str | None:
    """The message that shows the file in a channel, once Slack says so."""
    shares = file.get("shares") or {}
    for kind in ("public", "private"):
        for share in (shares.get(kind) or {}).get(channel) or ():
            if share.get("ts"):
                return str(share["ts"])
    return None
