"""Downloads that are refused or fail: the reason is told as data, and nothing is left."""

import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import ClientSession, web

from bot.media.download import Downloader
from bot.media.errors import DownloadFailed, DownloadReason

Serve = Callable[[Callable[[web.Request], Awaitable[web.StreamResponse]]], Awaitable[str]]
CONTENT = b"\x89PNG\r\n\x1a\n" + random.Random(7).randbytes(1_500_000)
MANY = 10_000_000


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def answering(
    status: int = 200, body: bytes = b"", **headers: str
) -> Callable[..., Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, body=body, headers=named)

    return answer


@pytest.mark.parametrize("status", [401, 403, 404, 410])
async def test_an_expired_address_is_told_at_once(
    serve: Serve, downloader: Downloader, target: Path, status: int
) -> None:
    base = await serve(answering(status, b"gone"))
    with pytest.raises(DownloadFailed) as caught:
        await downloader.download(f"{base}/a?sig=s3cr3t", target, max_bytes=MANY, expect="image")
    assert (caught.value.reason, caught.value.status) == (DownloadReason.EXPIRED, status)
    assert "s3cr3t" not in str(caught.value)
    assert _content(target) is None


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(
    serve: Serve, downloader: Downloader, target: Path, status: int
) -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    base = await serve(answer)
    with pytest.raises(DownloadFailed) as caught:
        await downloader.download(f"{base}/a", target, max_bytes=MANY, expect=None)
    assert caught.value.reason is DownloadReason.REFUSED
    assert asked == ["/a"]


async def test_a_server_that_stays_down_is_unavailable(
    serve: Serve, downloader: Downloader, target: Path
) -> None:
    base = await serve(answering(502))
    with pytest.raises(DownloadFailed) as caught:
        await downloader.download(f"{base}/a", target, max_bytes=MANY, expect="image")
    assert (caught.value.reason, caught.value.status) == (DownloadReason.UNAVAILABLE, 502)
    assert _content(target) is None


async def test_nobody_there_is_unavailable(
    downloader: Downloader, target: Path, unused_tcp_port: int
) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}/a"
    with pytest.raises(DownloadFailed) as caught:
        await downloader.download(url, target, max_bytes=MANY, expect="image")
    assert caught.value.reason is DownloadReason.UNAVAILABLE


async def test_a_promise_over_the_limit_is_refused_before_the_body(
    serve: Serve, downloader: Downloader, target: Path
) -> None:
    base = await serve(answering(body=CONTENT))
    with pytest.raises(DownloadFailed) as caught:
        await downloader.download(f"{base}/a", target, max_bytes=1000, expect="image")
    assert (caught.value.reason, caught.value.limit) == (DownloadReason.TOO_LARGE, 1000)
    assert caught.value.actual == len(CONTENT)
    assert _content(target) is None


async def test_an_endless_stream_ends_at_the_limit(
    serve: Serve, downloader: Downloader, target: Path
) -> None:
    sent = 0

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        stream = web.StreamResponse()
        await stream.prepare(request)
        await stream.write(CONTENT[:8])
        while True:
            await stream.write(bytes(65_536))
            sent += 65_536

    base = await serve(answer)
    with pytest.raises(DownloadFailed) as caught:
        await downloader.download(f"{base}/a", target, max_bytes=3_000_000, expect="image")
    assert caught.value.reason is DownloadReason.TOO_LARGE
    assert sent < 30_000_000  # what was under way in the sockets' buffers, no more
    assert _content(target) is None


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"<!doctype html><title>Sorry</title>", "html"),
        (b"\x00\x00\x00\x14ftypisom\x00\x00\x02\x00isom", "mp4"),
        (b"", None),
    ],
)
async def test_another_type_than_expected_is_refused_whatever_the_header_says(
    serve: Serve, downloader: Downloader, target: Path, body: bytes, found: str | None
) -> None:
    base = await serve(answering(body=body, Content_Type="image/png"))
    with pytest.raises(DownloadFailed) as caught:
        await downloader.download(f"{base}/a", target, max_bytes=MANY, expect="image")
    assert (caught.value.reason, caught.value.found) == (DownloadReason.WRONG_TYPE, found)
    assert _content(target) is None


async def test_with_nothing_expected_anything_is_taken(
    serve: Serve, downloader: Downloader, target: Path
) -> None:
    base = await serve(answering(body=b"\x00\x01\x02"))
    done = await downloader.download(f"{base}/a", target, max_bytes=MANY, expect=None)
    assert (done.size, done.content_type) == (3, "application/octet-stream")
    assert _content(target) == b"\x00\x01\x02"


async def test_compressed_content_is_refused(
    serve: Serve, downloader: Downloader, target: Path
) -> None:
    async def answer(request: web.Request) -> web.Response:
        response = web.Response(body=CONTENT)
        response.enable_compression(web.ContentCoding.gzip)
        return response

    base = await serve(answer)
    with pytest.raises(DownloadFailed) as caught:
        await downloader.download(f"{base}/a", target, max_bytes=MANY, expect="image")
    assert caught.value.reason is DownloadReason.REFUSED


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/a",
        "https://127.0.0.1/a",
        "https://[::1]/a",
        "https://localhost/a",
        "https://10.0.0.1/a",
        "https://169.254.169.254/latest",
        "https://user:pass@example.com/a",
        "file:///etc/passwd",
        "ftp://example.com/a",
        "https:///a",
        "https://[::1/a",
        "https://example.com/a\r\nX: y",
        "https://example.com/a b",
        "",
    ],
)
async def test_addresses_that_are_never_fetched(
    session: ClientSession, target: Path, url: str
) -> None:
    with pytest.raises(DownloadFailed) as caught:
        await Downloader(session).download(url, target, max_bytes=MANY, expect=None)
    assert caught.value.reason is DownloadReason.REFUSED
    assert _content(target) is None


async def test_loopback_is_refused_unless_it_is_allowed(
    serve: Serve, session: ClientSession, target: Path
) -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(body=CONTENT)

    base = await serve(answer)
    with pytest.raises(DownloadFailed):
        await Downloader(session).download(f"{base}/a", target, max_bytes=MANY, expect=None)
    assert asked == []
