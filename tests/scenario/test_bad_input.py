"""A page that sends rubbish gets a 4xx with an `error`, never a 500, and changes nothing."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Awaitable
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from tests.scenario.page import Page
from tests.scenario.stage import Stage

MULTIPART = {"Content-Type": "multipart/form-data; boundary=x"}


def _form(*parts: tuple[str, str, bytes], end: bytes = b"--x--\r\n") -> dict[str, Any]:
    """A multipart request written by hand: (name, more of the header, content)."""
    body = b"".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode()
        + content
        + b"\r\n"
        for name, more, content in parts
    )
    return {"data": body + end, "headers": MULTIPART}


MEMBER = ("member", "", b"ada")
TEXT = ("text", "", b"/imagine a fox")
FILE = '; filename="a.png"'
COMMANDS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "json": {"json": {"member": "ada", "text": "/help"}},
    "urlencoded": {"data": {"member": "ada", "text": "/help"}},
    "no boundary": {"data": b"x", "headers": {"Content-Type": "multipart/form-data"}},
    "long boundary": {
        "data": b"x",
        "headers": {"Content-Type": "multipart/form-data; boundary=" + "x" * 300},
    },
    "garbage": {"data": bytes(range(256)) * 20, "headers": MULTIPART},
    "empty": {"data": b"", "headers": MULTIPART},
    "only the end": _form(),
    "no end": _form(MEMBER, TEXT, end=b""),
    "broken header": {"data": b"--x\r\nnonsense\r\n\r\nada\r\n--x--\r\n", "headers": MULTIPART},
    "no disposition": {
        "data": b"--x\r\nContent-Type: text/plain\r\n\r\nada\r\n--x--\r\n",
        "headers": MULTIPART,
    },
    "no name": {
        "data": b"--x\r\nContent-Disposition: form-data\r\n\r\nada\r\n--x--\r\n",
        "headers": MULTIPART,
    },
    "form in a form": {
        "data": b"--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y--\r\n--x--\r\n",
        "headers": MULTIPART,
    },
    "no member": _form(TEXT),
    "no text": _form(MEMBER),
    "blank text": _form(MEMBER, ("text", "", b" \n ")),
    "not utf-8": _form(MEMBER, ("text", "", b"/imagine \xff\xfe")),
    "unknown member": _form(("member", "", b"eve"), TEXT),
    "text of 70 kB": _form(MEMBER, ("text", "", b"/imagine " + b"a" * 70_000)),
    "prompt of 60 kB": _form(MEMBER, ("text", "", b"/imagine " + b"a" * 60_000)),
    "only a slash": _form(MEMBER, ("text", "", b"/")),
    "member of 60 kB": _form(("member", "", b"a" * 60_000), TEXT),
    "empty attachment": _form(MEMBER, TEXT, ("attachment", FILE, b"")),
    "attachment of words": _form(MEMBER, TEXT, ("attachment", FILE, b"words " * 200)),
    "attachment without a name": _form(MEMBER, TEXT, ("attachment", "", b"words " * 200)),
    "name that climbs": _form(
        MEMBER, TEXT, ("attachment", '; filename="../../a.png"', b"words " * 200)
    ),
    "11 attachments": _form(MEMBER, TEXT, *[("attachment", FILE, b"x")] * 11),
    "foreign origin": {**_form(MEMBER, TEXT), "headers": {**MULTIPART, "Origin": "http://evil.example"}},
    "origin null": {**_form(MEMBER, TEXT), "headers": {**MULTIPART, "Origin": "null"}},
    "origin broken": {**_form(MEMBER, TEXT), "headers": {**MULTIPART, "Origin": "http://["}},
    "foreign host": {**_form(MEMBER, TEXT), "headers": {**MULTIPART, "Host": "evil.example"}},
    "host broken": {**_form(MEMBER, TEXT), "headers": {**MULTIPART, "Host": "["}},
}  # fmt: skip
ADA = {"member": "ada"}
DEEP = "[" * 100_000
LARGE = io.BytesIO(json.dumps({**ADA, "x": "x" * 20_000_000}).encode())
# path and what is sent; {card} is a message with a job, {plain} one without
REQUESTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "unknown id": ("POST", "/api/messages/999999/actions/retry", {"json": ADA}),
    "huge id": ("POST", f"/api/messages/{'9' * 40}/actions/retry", {"json": ADA}),
    "large id": ("POST", f"/api/messages/{'9' * 15}/actions/retry", {"json": ADA}),
    "negative id": ("POST", "/api/messages/-1/actions/retry", {"json": ADA}),
    "id of words": ("POST", "/api/messages/first/actions/retry", {"json": ADA}),
    "id of other digits": ("POST", "/api/messages/%D9%A1/actions/retry", {"json": ADA}),
    "unknown action": ("POST", "/api/messages/{card}/actions/explode", {"json": ADA}),
    "action without a job": ("POST", "/api/messages/{plain}/actions/retry", {"json": ADA}),
    "another's private message": ("POST", "/api/messages/{plain}/actions/retry", {"json": {"member": "ben"}}),
    "bad json": ("POST", "/api/messages/{card}/actions/retry", {"data": b"{"}),
    "no json": ("POST", "/api/messages/{card}/actions/retry", {}),
    "json array": ("POST", "/api/messages/{card}/actions/retry", {"json": ["ada"]}),
    "json null": ("POST", "/api/messages/{card}/actions/retry", {"data": b"null"}),
    "json of a long number": ("POST", "/api/messages/{card}/actions/retry", {"data": b"9" * 5000}),
    "json too deep": ("POST", "/api/messages/{card}/actions/retry", {"data": DEEP.encode()}),
    "json not utf-8": ("POST", "/api/messages/{card}/actions/retry", {"data": b'{"member": "\xff"}'}),
    "json in no known charset": ("POST", "/api/messages/{card}/actions/retry", {"data": b"{}", "headers": {"Content-Type": "application/json; charset=klingon"}}),
    "json of 20 MB": ("POST", "/api/messages/{card}/actions/retry", {"data": LARGE}),
    "member is a list": ("POST", "/api/messages/{card}/actions/retry", {"json": {"member": ["ada"]}}),
    "member is missing": ("POST", "/api/messages/{card}/actions/retry", {"json": {}}),
    "unknown member": ("POST", "/api/messages/{card}/actions/retry", {"json": {"member": "eve"}}),
    "reaction without emoji": ("POST", "/api/messages/{card}/reactions", {"json": ADA}),
    "reaction of a number": ("POST", "/api/messages/{card}/reactions", {"json": {**ADA, "emoji": 7}}),
    "reaction of a novel": ("POST", "/api/messages/{card}/reactions", {"json": {**ADA, "emoji": "x" * 99}}),
    "reaction of nothing": ("POST", "/api/messages/{card}/reactions", {"json": {**ADA, "emoji": ""}}),
    "reaction to nothing": ("POST", "/api/messages/0/reactions", {"json": {**ADA, "emoji": "👍"}}),
    "action from another page": ("POST", "/api/messages/{card}/actions/retry", {"json": ADA, "headers": {"Origin": "https://evil.example"}}),
    "removal from another page": ("DELETE", "/api/messages/{card}/reactions", {"json": {**ADA, "emoji": "👍"}, "headers": {"Origin": "https://evil.example"}}),
    "messages of nobody": ("GET", "/api/messages", {}),
    "messages of a stranger": ("GET", "/api/messages?member=eve", {}),
    "events of a stranger": ("GET", "/api/events?member=eve", {}),
    "info of nobody": ("GET", "/api/info", {}),
    "messages for another site": ("GET", "/api/messages?member=ada", {"headers": {"Host": "evil.example:80"}}),
    "unknown path": ("GET", "/api/secrets", {}),
    "wrong method": ("PUT", "/api/commands", {}),
    "get of an action": ("GET", "/api/messages/{card}/actions/retry", {}),
}  # fmt: skip
PATHS = [
    "/media/outputs/../../dailies.db",
    "/media/outputs/%2e%2e/%2e%2e/dailies.db",
    "/media/outputs/..%2f..%2fdailies.db",
    "/media/inputs/%00",
    "/media/inputs/" + "a" * 3000,
    "/media/inputs/",
    "/media//etc/passwd",
    "/media/dailies.db",
    "/media/outputs/%E2%80%AE",
    "/static/../bot/app.py",
    "/static/%2e%2e/routes.py",
    "/static/..%2froutes.py",
    "/static/",
    "/static/%00",
    "//etc/passwd",
]


@pytest.fixture
async def rest(stage: Stage) -> AsyncIterator[Stage]:
    """A stage with one job done and one private word, that must be the same afterwards."""
    await stage.page.finish("/imagine a fox --ratio 720:720")
    await stage.page.command("/help")
    before = await stage.page.messages()
    yield stage
    after = await stage.page.messages()
    assert [m for m in after if not m["private"]] == [m for m in before if not m["private"]]
    assert len(stage.accounts().jobs) == len((await stage.books()).creates) == 1
    assert not list((stage.folder / "archive").glob("inputs/*/*"))


async def _answer(page: Page, method: str, path: str, options: dict[str, Any]) -> str:
    """`4xx` for a proper refusal, else what is wrong with the answer."""
    async with page.session.request(method, page.url + path, **options) as response:
        text = await response.text()
    try:
        error = json.loads(text)["error"]
    except (ValueError, KeyError, TypeError):
        error = None
    if 400 <= response.status < 500 and isinstance(error, str) and error:
        return "4xx"
    return f"{response.status} {text[:200]}"


async def _all(answers: dict[str, Awaitable[str]]) -> dict[str, str]:
    return {name: await answer for name, answer in answers.items()}


async def test_commands_that_make_no_sense(rest: Stage) -> None:
    found = await _all(
        {
            name: _answer(rest.page, "POST", "/api/commands", options)
            for name, options in COMMANDS.items()
        }
    )
    assert found == dict.fromkeys(COMMANDS, "4xx")


async def test_requests_that_make_no_sense(rest: Stage) -> None:
    messages = await rest.page.messages()
    ids = {
        "card": next(m["id"] for m in messages if m["card"]),
        "plain": next(m["id"] for m in messages if m["private"]),
    }
    found = await _all(
        {
            name: _answer(rest.page, method, path.format(**ids), options)
            for name, (method, path, options) in REQUESTS.items()
        }
    )
    assert found == dict.fromkeys(REQUESTS, "4xx")


async def test_paths_that_climb_lead_nowhere(rest: Stage) -> None:
    found = {path: await _raw(rest.page.url, path) for path in PATHS}
    assert {path: text for path, (status, text) in found.items() if status not in (403, 404)} == {}
    for _, text in found.values():
        assert "SQLite format" not in text
        assert "root:" not in text


@pytest.mark.parametrize("number", ["9" * 30, "9" * 5000, "-1", "x", "1.5"])
async def test_a_stream_that_goes_on_from_nowhere_still_streams(stage: Stage, number: str) -> None:
    url = f"{stage.page.url}/api/events?member=ada"
    async with stage.session.get(url, headers={"Last-Event-ID": number}) as response:
        assert response.status == 200
        await stage.page.command("/help")
        async with asyncio.timeout(5):
            while not (await response.content.readline()).startswith(b"data:"):
                assert not response.content.at_eof()


async def _raw(url: str, path: str) -> tuple[int, str]:
    """GET a path exactly as it is written, which no client library does."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        request = f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n"
        writer.write(request.encode())
        content = (await reader.read()).decode(errors="replace")
    finally:
        writer.close()
        await writer.wait_closed()
    return int(content.split(" ", 2)[1]), content


async def test_a_connection_that_breaks_off_in_a_form_changes_nothing(
    rest: Stage, session: aiohttp.ClientSession
) -> None:
    parts = urlsplit(rest.page.url)
    _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    head = f"POST /api/commands HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: 9999\r\n"
    writer.write(f"{head}Content-Type: {MULTIPART['Content-Type']}\r\n\r\n".encode())
    writer.write(_form(MEMBER, TEXT, end=b"")["data"])
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    status, _ = await rest.page.command("/help")
    assert status == 202
