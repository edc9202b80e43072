"""`dailies check web`: the port, and whether people reach us from outside."""

import socket

from aiohttp import web

from bot.commandline.checking import look_at
from bot.config import WebConfig
from bot.probes.findings import Finding, Verdict
from bot.web.server import ANSWER, WebServer

NOWHERE = "http://127.0.0.1:9"


def named(found: list[Finding], name: str) -> Finding:
    return next(finding for finding in found if finding.name == name)


async def test_a_port_that_another_program_has_is_told(settings):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        found = await look_at(settings(NOWHERE, web=WebConfig(port=port)), ["web"])
    assert named(found, "web port").verdict is Verdict.FAILED
    assert "taken by another program" in found[0].text


async def test_the_public_address_is_called_from_outside(settings, unused_tcp_port):
    port = unused_tcp_port
    right = WebConfig(port=port, public_url=f"http://127.0.0.1:{port}")
    found = await look_at(settings(NOWHERE, web=right), ["web"])
    assert named(found, "public_url").verdict is Verdict.OK
    away = WebConfig(port=port, public_url="http://127.0.0.1:9")
    found = await look_at(settings(NOWHERE, web=away), ["web"])
    assert "does not answer" in named(found, "public_url").text


async def test_an_address_that_leads_elsewhere_is_told(settings, runway, unused_tcp_port):
    elsewhere = WebConfig(port=unused_tcp_port, public_url=(await runway()).url)
    found = await look_at(settings(NOWHERE, web=elsewhere), ["web"])
    assert "leads to something else" in named(found, "public_url").text


async def test_a_proxy_that_passes_on_nothing_but_files_is_right(settings, unused_tcp_port):
    """As the documents have it; a Dailies that runs elsewhere answers behind it."""

    async def files(_request: web.Request) -> web.Response:
        return web.Response(text=ANSWER)

    app = web.Application()
    app.router.add_get("/files/", files)
    proxy = WebServer(app, "127.0.0.1", 0)
    await proxy.start()
    try:
        section = WebConfig(port=unused_tcp_port, public_url=proxy.url)
        found = await look_at(settings(NOWHERE, web=section), ["web"])
    finally:
        await proxy.stop()
    assert named(found, "public_url").verdict is Verdict.OK
