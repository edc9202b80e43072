"""Downloads: whole and right, or not there."""

import asyncio
import hashlib
import random
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web

from bot.media.download import ATTEMPTS, Downloaded, Downloader
from bot.media.errors import DownloadFailed, DownloadReason

Serve = Callable[[Callable[[web.Request], Awaitable[web.StreamResponse]]], Awaitable[str]]
CONTENT = b"\x89PNG\r\n\x1a\n" + random.Random(7).randbytes(1_500_000)
WHOLE = Downloaded(len(CONTENT), hashlib.sha256(CONTENT).hexdigest(), "image/png")
MANY = 10_000_000


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


class Origin:
    """Serves CONTENT and notes the ranges asked for; each answer but the last is cut half-way."""

    def __init__(
        self, cuts: int = 0, *, ranges: bool = True, etag: str | None = '"one"', sized: bool = True
    ) -> None:
        self.asked: list[tuple[str | None, str | None]] = []
        self.cuts, self.ranges, self.etag, self.sized = cuts, ranges, etag, sized

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.headers.get("Range"), request.headers.get("If-Range")))
        start = self._start(request) if self.ranges else 0
        body = CONTENT[start:]
        answer = web.StreamResponse(status=206 if start else 200)
        if start:
            answer.headers["Content-Range"] = f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}"
        if self.etag:
            answer.headers["ETag"] = self.etag
        if self.sized:
            answer.content_length = len(body)
        await answer.prepare(request)
        if len(self.asked) <= self.cuts:
            await answer.write(body[: len(body) // 2])
            await asyncio.sleep(0)
            assert request.transport is not None
            request.transport.close()
            return answer
        await answer.write(body)
        return answer

    def _start(self, request: web.Request) -> int:
        if request.headers.get("If-Range", self.etag) != self.etag:
            return 0
        found = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
        return int(found[1]) if found else 0


async def test_a_file_arrives_whole(serve: Serve, downloader: Downloader, target: Path) -> None:
    base = await serve(Origin().answer)
    assert await downloader.download(f"{base}/a", target, max_bytes=MANY, expect="image") == WHOLE
    assert _content(target) == CONTENT


async def test_an_answer_without_a_length_arrives_whole(
    serve: Serve, downloader: Downloader, target: Path
) -> None:
    base = await serve(Origin(sized=False).answer)
    assert await downloader.download(f"{base}/a", target, max_bytes=MANY, expect="image") == WHOLE


async def test_a_signed_address_goes_out_as_it_came(
    serve: Serve, downloader: Downloader, target: Path
) -> None:
    paths: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        paths.append(request.raw_path)
        return web.Response(body=CONTENT)

    base = await serve(answer)
    signed = "/a%2Fb%20c?sig=x%2By%3D%3D&e=1%7E2"
    await downloader.download(base + signed, target, max_bytes=MANY, expect="image")
    assert paths == [signed]


async def test_a_server_that_likes_to_compress_is_asked_not_to(
    serve: Serve, downloader: Downloader, target: Path
) -> None:
    async def answer(request: web.Request) -> web.Response:
        response = web.Response(body=CONTENT)
        response.enable_compression()  # as the request's Accept-Encoding has it
        return response

    base = await serve(answer)
    assert await downloader.download(f"{base}/a", target, max_bytes=MANY, expect="image") == WHOLE


@pytest.mark.parametrize("etag", ['"one"', None])
async def test_a_cut_connection_is_resumed_where_it_was_cut(
    serve: Serve, downloader: Downloader, target: Path, etag: str | None
) -> None:
    origin = Origin(cuts=2, etag=etag)
    base = await serve(origin.answer)
    assert await downloader.download(f"{base}/a", target, max_bytes=MANY, expect="image") == WHOLE
    assert _content(target) == CONTENT
    starts = [int(wanted[6:-1]) for wanted, _ in origin.asked if wanted]
    assert len(starts) == 2
    assert 0 < starts[0] < starts[1]
    assert [guard for _, guard in origin.asked] == [None, etag, etag]


async def test_a_weak_tag_guards_no_range(
    serve: Serve, downloader: Downloader, target: Path
) -> None:
    origin = Origin(cuts=1, etag='W/"one"')
    base = await serve(origin.answer)
    assert await downloader.download(f"{base}/a", target, max_bytes=MANY, expect="image") == WHOLE
    assert [guard for _, guard in origin.asked] == [None, None]


async def test_a_server_that_ignores_ranges_is_read_from_the_start(
    serve: Serve, downloader: Downloader, target: Path
) -> None:
    origin = Origin(cuts=1, ranges=False)
    base = await serve(origin.answer)
    assert await downloader.download(f"{base}/a", target, max_bytes=MANY, expect="image") == WHOLE
    assert _content(target) == CONTENT
    assert len(origin.asked) == 2


@pytest.mark.parametrize("sized", [True, False])
async def test_another_range_than_asked_for_is_not_appended(
    serve: Serve, downloader: Downloader, target: Path, sized: bool
) -> None:
    asked: list[str | None] = []
    first = Origin(cuts=1, sized=sized)

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request.headers.get("Range"))
        if len(asked) != 2:
            return await first.answer(request)
        span = f"bytes 5-{len(CONTENT) - 1}/{len(CONTENT)}"
        part = web.Response(status=206, body=CONTENT[5:], headers={"Content-Range": span})
        if not sized:
            part.enable_chunked_encoding()
        return part

    base = await serve(answer)
    assert await downloader.download(f"{base}/a", target, max_bytes=MANY, expect="image") == WHOLE
    assert asked[1] is not None
    assert asked[2] is None


async def test_a_file_that_changed_in_between_is_not_glued_together(
    serve: Serve, downloader: Downloader, target: Path
) -> None:
    changed = CONTENT + b"more"
    first = Origin(cuts=1, etag=None)
    asked: list[str | None] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request.headers.get("Range"))
        if len(asked) == 1:
            return await first.answer(request)
        start = int(asked[-1][6:-1]) if asked[-1] else 0
        span = f"bytes {start}-{len(changed) - 1}/{len(changed)}"
        headers = {"Content-Range": span} if start else {}
        return web.Response(status=206 if start else 200, body=changed[start:], headers=headers)

    base = await serve(answer)
    await downloader.download(f"{base}/a", target, max_bytes=MANY, expect="image")
    assert _content(target) == changed
    assert len(asked) == 3


async def test_a_server_that_always_cuts_is_given_up(
    serve: Serve, downloader: Downloader, target: Path
) -> None:
    origin = Origin(cuts=99)
    base = await serve(origin.answer)
    with pytest.raises(DownloadFailed) as caught:
        await downloader.download(f"{base}/a", target, max_bytes=MANY, expect="image")
    assert (caught.value.reason, caught.value.limit) == (DownloadReason.CUT, len(CONTENT))
    assert len(origin.asked) == ATTEMPTS
    assert _content(target) is None


async def test_a_server_that_recovers_is_asked_again(
    serve: Serve, downloader: Downloader, target: Path
) -> None:
    statuses = iter([503, 429, 200])

    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=next(statuses), body=CONTENT)

    base = await serve(answer)
    assert await downloader.download(f"{base}/a", target, max_bytes=MANY, expect="image") == WHOLE


async def test_a_cancelled_download_leaves_nothing(
    serve: Serve, downloader: Downloader, target: Path
) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse()
        stream.content_length = len(CONTENT)
        await stream.prepare(request)
        await stream.write(CONTENT[:-1])
        await asyncio.Event().wait()
        return stream

    base = await serve(answer)
    download = downloader.download(f"{base}/a", target, max_bytes=MANY, expect="image")
    task = asyncio.create_task(download)
    async with asyncio.timeout(30):
        while _content(target) is None:  # noqa: ASYNC110  # a file tells us nothing
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert _content(target) is None
