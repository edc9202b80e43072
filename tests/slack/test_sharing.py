"""Files into a channel, with everything that Slack leaves open; on a clock that jumps."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from adapters.slack.addresses import Addresses
from adapters.slack.api import Clients, Identity, SlackApi
from adapters.slack.channels import Channels
from adapters.slack.messages import subject_of
from adapters.slack.posts import Posts
from adapters.slack.uploads import GIVEN_UP_UNKNOWN_SECONDS, GIVEN_UP_UNSHARED_SECONDS, Uploads
from bot.archive import Archive
from bot.errors import ChatError, StaleJob
from bot.requests import Kind, Media
from storage.engines.opening import open_database
from storage.receipts import SqlReceipts
from tests.slack.clocks import JumpingClock
from tests.slack.methods import BOT, BOT_ID, BOT_TOKEN, TEAM
from tests.slack.server import SlackServer
from tests.slack.workspace import PRIVATE, ROOM, Workspace

NEVER = 10**9
COMPLETE = "files.completeUploadExternal"
FOX = Media("jobs/1/fox.png", Kind.IMAGE, "image/png", 11, "0" * 64, "fox.png")
BODY = {"text": "x", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x"}}]}


class CountingArchive(Archive):
    """Counts what was read of its files."""

    taken = 0

    async def open(self, key: str) -> AsyncIterator[bytes]:
        async for piece in super().open(key):
            self.taken += len(piece)
            yield piece


async def _certain() -> None:
    """The job is ours, whoever asks."""


@dataclass
class Sharing:
    """What delivers files and messages, as one start of the bot has it."""

    api: SlackApi
    receipts: SqlReceipts
    uploads: Uploads
    posts: Posts
    clock: JumpingClock
    archive: CountingArchive

    async def share(self, media: Media = FOX) -> None:
        await self.uploads.share(self.api, ROOM, [media], "files:1", "job1", "a fox", _certain)

    async def share_at_last(self, most: int = 30) -> int:
        """Share as deliveries do, with pauses between; how many attempts it took."""
        for attempt in range(1, most + 1):
            try:
                await self.share()
                return attempt
            except ChatError as error:
                if error.permanent:
                    raise
                await self.clock.sleep(10)
        raise AssertionError("never shared")


@pytest.fixture
async def sharing(
    workspace: Workspace, session: aiohttp.ClientSession, tmp_path: Path
) -> AsyncIterator[Sharing]:
    server, clock = workspace.server, JumpingClock()
    clients = Clients(f"{server.url}/api/", session, direct=True)
    api = clients.api(BOT_TOKEN, Identity(TEAM, BOT, BOT_ID))
    database = await open_database(f"sqlite:///{tmp_path}/dailies.db")
    receipts, channels = SqlReceipts(database), Channels()
    archive = CountingArchive(str(tmp_path / "archive"))
    source = tmp_path / "fox.png"
    source.write_bytes(b"hello world")
    await archive.put(FOX.key, source, content_type="image/png")
    uploads = Uploads(receipts, archive, channels, Addresses(True), session, clock)
    yield Sharing(api, receipts, uploads, Posts(receipts, channels, clock), clock, archive)
    await uploads.close()
    await database.close()


def completions(server: SlackServer) -> list[float]:
    """When sharing was asked for."""
    return [call.at for call in server.calls if call.method == COMPLETE]


def files_in(workspace: Workspace) -> list[str]:
    return [file["id"] for m in workspace.in_channel() for file in m.get("files") or ()]


async def test_a_sharing_that_shows_late_is_waited_for_and_never_repeated(
    workspace: Workspace, sharing: Sharing
) -> None:
    """The call timed out; Slack's scan takes most of two minutes; the file is there in the end."""
    server = workspace.server
    server.faults.lost[COMPLETE] = 1
    server.faults.share_after = 30
    attempts = await sharing.share_at_last()
    assert attempts > 1
    assert len(completions(server)) == 1
    assert len(files_in(workspace)) == 1


async def test_a_sharing_is_not_repeated_because_the_time_of_day_has_jumped(
    workspace: Workspace, sharing: Sharing
) -> None:
    server = workspace.server
    server.faults.lost[COMPLETE] = 1
    server.faults.share_after = 30
    with pytest.raises(ChatError):
        await sharing.share()
    sharing.clock.off = 600.0
    await sharing.share_at_last()
    assert len(completions(server)) == 1


async def test_who_stood_still_while_another_began_anew_shares_nothing(
    workspace: Workspace, sharing: Sharing
) -> None:
    """It was told that the job is its own, and another took it over and did it all."""
    overtaken = False

    async def stand_still() -> None:
        nonlocal overtaken
        if not overtaken:
            overtaken = True
            await sharing.share()

    with pytest.raises(StaleJob):
        await sharing.uploads.share(
            sharing.api, ROOM, [FOX], "files:1", "job1", "a fox", stand_still
        )
    assert len(completions(workspace.server)) == 1
    assert len(files_in(workspace)) == 1


async def test_a_sharing_that_slack_never_heard_of_is_sent_again_after_twenty_seconds(
    workspace: Workspace, sharing: Sharing
) -> None:
    server = workspace.server
    server.faults.broken[COMPLETE] = 1
    begun = sharing.clock.time
    await sharing.share_at_last()
    assert sharing.clock.time - begun >= GIVEN_UP_UNKNOWN_SECONDS
    assert len(completions(server)) == 2
    assert len(files_in(workspace)) == 1


async def test_a_file_that_slack_knows_and_shares_nowhere_is_asked_for_again_after_two_minutes(
    workspace: Workspace, sharing: Sharing
) -> None:
    server = workspace.server
    server.faults.half_done[COMPLETE] = 1
    begun = sharing.clock.time
    await sharing.share_at_last()
    assert sharing.clock.time - begun >= GIVEN_UP_UNSHARED_SECONDS
    assert len(completions(server)) == 2
    assert len(files_in(workspace)) == 1


async def test_a_second_sharing_that_is_refused_means_that_the_first_was_done(
    workspace: Workspace, sharing: Sharing
) -> None:
    """Sharing is one-shot: a file that Slack knows and will not share was shared by the call that died."""
    server = workspace.server
    server.faults.lost[COMPLETE] = 1
    server.faults.share_after = NEVER
    await sharing.share_at_last()
    assert len(completions(server)) == 2
    assert len(server.uploads) == 0
    server.faults.share_after = 0
    await sharing.share()
    assert len(completions(server)) == 2


async def test_where_the_file_went_is_found_in_the_channel_when_slack_does_not_say(
    workspace: Workspace, sharing: Sharing
) -> None:
    server = workspace.server
    server.faults.shares_hidden = True
    server.faults.lost[COMPLETE] = 1
    assert await sharing.share_at_last() == 1
    assert len(completions(server)) == 1


async def test_a_reaction_on_the_file_finds_its_job_by_the_file_alone(
    workspace: Workspace, sharing: Sharing
) -> None:
    """Slack never said which message shows the file: the book has no such message."""
    workspace.server.faults.shares_hidden = True
    await sharing.share()
    await sharing.uploads.close()
    message = next(m for m in workspace.in_channel() if m.get("files"))
    book = sharing.receipts
    assert await book.of_message(sharing.api.identity.workspace, ROOM, message["ts"]) is None
    found = await subject_of(sharing.api, book, ROOM, message["ts"])
    assert found is not None
    assert (found.subject, found.channel) == ("job1", ROOM)
    # The next one needs no look at all.
    looks = len(workspace.server.calls)
    assert await subject_of(sharing.api, book, ROOM, message["ts"]) is not None
    assert len(workspace.server.calls) == looks


async def test_somebody_elses_message_with_our_file_is_not_ours(
    workspace: Workspace, sharing: Sharing
) -> None:
    await sharing.share()
    (file,) = files_in(workspace)
    message = workspace.say("look what it made", files=[{"id": file}])
    assert await subject_of(sharing.api, sharing.receipts, ROOM, message["ts"]) is None


@pytest.mark.parametrize("metadata_hidden", [False, True])
async def test_a_message_whose_answer_was_lost_is_found_by_the_key_it_carries(
    workspace: Workspace, sharing: Sharing, metadata_hidden: bool
) -> None:
    server = workspace.server
    server.faults.metadata_hidden = metadata_hidden
    server.faults.lost["chat.postMessage"] = 1
    ts = await sharing.posts.post(sharing.api, ROOM, BODY, "result:1", "job1")
    assert [m["ts"] for m in workspace.in_channel()] == [ts]
    assert await sharing.posts.post(sharing.api, ROOM, BODY, "result:1", "job1") == ts
    assert len(server.called("chat.postMessage")) == 1


async def test_a_message_that_was_begun_by_a_clock_far_ahead_is_found(
    workspace: Workspace, sharing: Sharing
) -> None:
    workspace.server.faults.lost["chat.postMessage"] = 1
    sharing.clock.off = time.time() + 3600
    ts = await sharing.posts.post(sharing.api, ROOM, BODY, "result:1", "job1")
    assert [m["ts"] for m in workspace.in_channel()] == [ts]


async def test_a_reaction_that_is_quicker_than_the_answer_finds_the_job_by_the_key(
    workspace: Workspace, sharing: Sharing
) -> None:
    server = workspace.server
    server.faults.slow["chat.postMessage"] = asyncio.Event()
    posting = asyncio.create_task(sharing.posts.post(sharing.api, ROOM, BODY, "card:1", "job1"))
    message = await workspace.until(lambda: (workspace.in_channel() or [None])[-1])
    found = await subject_of(sharing.api, sharing.receipts, ROOM, message["ts"])
    assert found is not None
    assert found.subject == "job1"
    server.faults.slow["chat.postMessage"].set()
    assert await posting == message["ts"]


async def test_messages_of_one_channel_go_one_after_the_other_and_hold_up_no_other_channel(
    workspace: Workspace, sharing: Sharing
) -> None:
    server = workspace.server
    server.faults.slow["chat.postMessage"] = asyncio.Event()

    async def post(channel: str, number: int) -> str:
        return await sharing.posts.post(sharing.api, channel, BODY, f"card:{number}", "job1")

    posting = [asyncio.create_task(post(ROOM, number)) for number in range(5)]
    await workspace.until(lambda: workspace.in_channel() or None)
    posting.append(asyncio.create_task(post(PRIVATE, 9)))
    await workspace.until(lambda: workspace.in_channel(PRIVATE) or None)
    assert len(workspace.in_channel()) == 1
    server.faults.slow["chat.postMessage"].set()
    assert len(set(await asyncio.gather(*posting))) == 6
    assert len(workspace.in_channel()) == 5


async def test_a_large_file_is_read_only_as_fast_as_slack_takes_it(
    workspace: Workspace, sharing: Sharing, tmp_path: Path
) -> None:
    server, size = workspace.server, 64 * 1024 * 1024
    source = tmp_path / "film.mp4"
    with source.open("wb") as film:
        film.truncate(size)
    await sharing.archive.put("jobs/1/film.mp4", source, content_type="video/mp4")
    film_media = Media("jobs/1/film.mp4", Kind.VIDEO, "video/mp4", size, "0" * 64, "film.mp4")
    server.faults.slow["upload"] = asyncio.Event()
    sending = asyncio.create_task(sharing.share(film_media))
    await workspace.until(
        lambda: next((True for upload in server.uploads.values() if "begun" in upload), None)
    )
    assert sharing.archive.taken < size // 2
    server.faults.slow["upload"].set()
    await sending
    assert sharing.archive.taken == size
    assert len(files_in(workspace)) == 1
