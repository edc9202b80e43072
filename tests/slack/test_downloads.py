"""Private files: fetched with the token from Slack's host alone, never more than a limit, never a page."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from adapters.slack.addresses import Addresses
from adapters.slack.api import Clients, Identity, SlackApi
from adapters.slack.downloads import Downloads
from adapters.slack.errors import Told
from bot.errors import ChatError, UnusableFile

MOST = 100_000
PICTURE = b"\x89PNG\r\n\x1a\n and so on"
LOGIN = "<!DOCTYPE html><html><head><title>Sign in | Slack</title></head></html>"


@dataclass
class Host:
    """A host of files: every path does what its name says, and every request is kept."""

    url: str = ""
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    @property
    def elsewhere(self) -> str:
        """The same machine by another name: for a browser and for a token another host."""
        return self.url.replace("127.0.0.1", "localhost")

    def token_at(self, path: str) -> str | None:
        return next(token for asked, token in self.asked if asked == path)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.path, request.headers.get("Authorization")))
        how: Callable[[web.Request], Awaitable[web.StreamResponse]] = getattr(
            self, "_" + request.match_info["how"]
        )
        return await how(request)

    async def _file(self, _: web.Request) -> web.Response:
        return web.Response(body=PICTURE, content_type="image/png")

    async def _large(self, _: web.Request) -> web.Response:
        return web.Response(body=b"x" * (MOST + 1), content_type="image/png")

    async def _endless(self, request: web.Request) -> web.StreamResponse:
        """It never says how much is to come."""
        response = web.StreamResponse(headers={"Content-Type": "video/mp4"})
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 65536)
        except ConnectionError:
            return response

    async def _login(self, _: web.Request) -> web.Response:
        return web.Response(text=LOGIN, content_type="text/html")

    async def _fragment(self, _: web.Request) -> web.Response:
        return web.Response(text="Redirecting to the sign-in page", content_type="text/html")

    async def _disguised(self, _: web.Request) -> web.Response:
        return web.Response(body=b"\n  " + LOGIN.encode(), content_type="image/png")

    async def _elsewhere(self, _: web.Request) -> web.Response:
        raise web.HTTPFound(f"{self.elsewhere}/file")

    async def _here(self, _: web.Request) -> web.Response:
        raise web.HTTPFound("/file")

    async def _outside(self, _: web.Request) -> web.Response:
        raise web.HTTPFound("https://files.slack.com.example.com/file")

    async def _inside(self, _: web.Request) -> web.Response:
        raise web.HTTPFound("http://169.254.169.254/latest/meta-data")

    async def _signin(self, _: web.Request) -> web.Response:
        raise web.HTTPFound(f"{self.elsewhere}/login")

    async def _circle(self, _: web.Request) -> web.Response:
        raise web.HTTPFound("/circle")


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    host = Host()
    app = web.Application()
    app.router.add_get("/{how}", host.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield host
    await runner.cleanup()


@pytest.fixture
def fetch(
    host: Host, session: aiohttp.ClientSession, tmp_path: Path
) -> Callable[..., Awaitable[bytes]]:
    """Download what is at a path of the host; `more` is what Slack says of the file."""
    clients = Clients(f"{host.url}/api/", session, direct=True)
    api: SlackApi = clients.api("xoxb-secret", Identity("T1", "U0BOT"))
    downloads = Downloads(Addresses(True), session, MOST)

    async def get(path: str, **more: Any) -> bytes:
        file = {"id": "F1", "name": "cat.png", "url_private": f"{host.url}/{path}", **more}
        (sent,) = await downloads.fetch(api, [file], tmp_path)
        return sent.path.read_bytes()

    return get


Fetch = Callable[..., Awaitable[bytes]]


async def test_a_file_is_fetched_with_the_token(host: Host, fetch: Fetch) -> None:
    assert await fetch("file") == PICTURE
    assert host.token_at("/file") == "Bearer xoxb-secret"


async def test_the_token_goes_along_on_the_same_host_and_stays_behind_on_another(
    host: Host, fetch: Fetch
) -> None:
    await fetch("here")
    assert host.token_at("/file") == "Bearer xoxb-secret"
    host.asked.clear()
    assert await fetch("elsewhere") == PICTURE
    assert host.token_at("/elsewhere") == "Bearer xoxb-secret"
    assert host.token_at("/file") is None


@pytest.mark.parametrize("path", ["outside", "inside"])
async def test_a_redirect_to_a_host_that_is_not_slacks_is_not_followed(
    host: Host, fetch: Fetch, path: str
) -> None:
    with pytest.raises(ChatError, match="not Slack's own"):
        await fetch(path)
    assert [asked for asked, _ in host.asked] == [f"/{path}"]


async def test_redirects_in_a_circle_end(host: Host, fetch: Fetch) -> None:
    with pytest.raises(ChatError, match="redirects"):
        await fetch("circle")
    assert len(host.asked) < 10


@pytest.mark.parametrize("path", ["login", "fragment", "disguised", "signin"])
async def test_a_page_to_sign_in_is_told_whatever_it_calls_itself(
    fetch: Fetch, path: str, tmp_path: Path
) -> None:
    with pytest.raises(Told, match="sign in instead"):
        await fetch(path)


async def test_a_file_that_says_how_large_it_is_is_not_even_asked_for(
    host: Host, fetch: Fetch
) -> None:
    with pytest.raises(UnusableFile) as refused:
        await fetch("file", size=MOST + 1)
    assert refused.value.limit == MOST
    assert host.asked == []


@pytest.mark.parametrize("path", ["large", "endless"])
async def test_a_file_that_turns_out_too_large_is_left_at_the_limit(
    fetch: Fetch, path: str, tmp_path: Path
) -> None:
    with pytest.raises(UnusableFile):
        await fetch(path, size=10)
    kept = tmp_path / "attachment0"
    assert not kept.exists() or kept.stat().st_size <= MOST


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example.com/cat.png", "http://files.slack.com/cat.png",
        "https://files.slack.com@evil.example.com/cat.png", "https://files.slack.com.evil.com/x",
        "file:///etc/passwd", "https://user:pw@files.slack.com/x",
    ],
)  # fmt: skip
async def test_the_token_goes_to_slacks_files_alone(fetch: Fetch, address: str) -> None:
    with pytest.raises(Told, match="outside of Slack"):
        await fetch("file", url_private=address)
