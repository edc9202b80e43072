"""The web server: whether its port is free, and whether people reach it from outside."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.errors import ConfigError, PortTaken
from bot.probes.findings import UNREACHED, Finding, Surroundings, failed, ok, skipped
from bot.web.server import ALIVE, ANSWER, WebServer
from bot.web.signing import PATH

Handler = Callable[[web.Request], Awaitable[web.Response]]

MOST_BYTES = 1000
# A program on this machine answers at once, or it is not ours.
LOCAL_SECONDS = 1.0
PUBLIC_SECONDS = 10.0


async def probe_web(given: Surroundings) -> list[Finding]:
    """Listen for a moment where the bot would, and call on ourselves from outside."""
    settings = given.config.web
    word = secrets.token_hex(8)
    app = web.Application()
    app.router.add_get(PATH, _answer(word))
    server = WebServer(app, settings.host, settings.port)
    try:
        await server.start()
    except PortTaken as error:
        return await _taken(given, str(error))
    except ConfigError as error:
        return [failed("web port", str(error), "See [web] in config.example.toml.")]
    try:
        port = ok("web port", f"{settings.host}:{settings.port} is free.")
        return [port, await _public(given, word)]
    finally:
        await server.stop()


def _answer(word: str) -> Handler:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text=word)

    return answer


async def _taken(given: Surroundings, why: str) -> list[Finding]:
    """A port that is not free is fine where it is a Dailies that has it."""
    settings = given.config.web
    local = f"http://{_reachable(settings.host)}:{settings.port}{ALIVE}"
    if await _said(given, local, LOCAL_SECONDS) != ANSWER:
        return [failed("web port", why, "Or end the program that has it.")]
    port = ok("web port", f"A running Dailies has port {settings.port}.")
    return [port, await _public(given)]


async def _public(given: Surroundings, word: str = ANSWER) -> Finding:
    """Whether the address leads here (where `word` is said), or to a Dailies that runs elsewhere."""
    name, url = "public_url", given.config.web.public_url
    if url is None:
        return skipped(name, "web.public_url is not set: no links to originals are made.")
    said = await _said(given, f"{url}{PATH}")
    if said == word:
        return ok(name, f"{url} leads here.")
    if said == ANSWER:
        return ok(name, f"{url} leads to a Dailies that runs.")
    where = "does not answer" if said is None else "leads to something else"
    mend = (
        f"Let the proxy behind it pass {PATH} on to port {given.config.web.port} of this machine; "
        "look at DNS, the certificate and the firewall."
    )
    return failed(name, f"{url} {where}.", mend)


async def _said(given: Surroundings, address: str, seconds: float = PUBLIC_SECONDS) -> str | None:
    try:
        async with asyncio.timeout(seconds), given.session.get(address) as answer:
            return (await answer.content.read(MOST_BYTES)).decode(errors="replace").strip()
    except UNREACHED:
        return None


def _reachable(host: str) -> str:
    """An address at which a server that listens on `host` is reached from this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - read, not bound
    return f"[{host}]" if ":" in host else host
