"""A create goes out exactly once, and what became of it is never guessed."""

import asyncio
import json
import socket

import httpx
import pytest

from bot.catalog import load_catalog
from bot.errors import NotCreated, OutcomeUnknown, Rejected

CREATED = {"id": "17f20503-6c24-4c16-946b-35dbbce2af2f", "estimatedCost": {"credits": 8}}


async def test_a_create_returns_the_tasks_id_and_sends_what_runway_wants(
    server, connect, imagine, key
):
    server.then(server.json(200, {**CREATED, "surprise": [1]}))
    client = await connect(server.url)
    assert await client.create(imagine, {}) == CREATED["id"]
    (seen,) = server.seen
    assert (seen.method, seen.path) == ("POST", "/v1/text_to_image")
    assert seen.headers["Authorization"] == f"Bearer {key}"
    assert seen.headers["X-Runway-Version"] == "2024-11-06"
    assert seen.headers["Content-Type"] == "application/json"
    assert seen.body == {
        "model": "gen4_image", "promptText": "a fox", "ratio": "1920:1080", "seed": 7,
    }  # fmt: skip


async def test_a_prompt_in_any_script_arrives_as_it_is(server, connect, imagine):
    server.then(server.json(200, CREATED))
    prompt = '狐 🦊 \x00 \u2028 "quoted" \\ </script>'
    request = type(imagine)(**{**vars(imagine), "prompt": prompt})
    await (await connect(server.url)).create(request, {})
    assert server.seen[0].body["promptText"] == prompt


def error(text: object) -> dict[str, object]:
    return {"error": text, "docUrl": "https://docs.dev.runwayml.com"}


SAFE = {
    "429": ("json", 429, error("Too many requests.")),
    "502 in HTML": ("text", 502, b"<html>Bad Gateway</html>", "text/html"),
    "503": ("json", 503, error("shedding load")),
    "429 of rubbish": ("text", 429, b"\xff\xfe{"),
}
FINAL = {
    "400": ("json", 400, {"error": "Validation", "issues": [{"path": ["ratio"]}]}),
    "401": ("json", 401, error("Unauthorized")),
    "403": ("json", 403, error("Model variant gen4_image is not available")),
    "404": ("json", 404, error("Not found")),
    "405": ("json", 405, error("Method not allowed")),
    "413": ("text", 413, b"too large", "text/plain"),
    "415": ("json", 415, error("Content-Type")),
    "422": ("json", 422, error("Unprocessable")),
}
UNKNOWN = {
    "500": ("json", 500, error("Internal")),
    "504": ("text", 504, b"<html>Gateway Timeout</html>", "text/html"),
    "408": ("json", 408, error("timeout")),
    "409": ("json", 409, error("conflict")),
    "418": ("json", 418, error("?")),
    "507": ("json", 507, error("?")),
    "202": ("json", 202, CREATED),
    "302": ("json", 302, error("moved")),
    "200 without an id": ("json", 200, {"estimatedCost": {"credits": 8}}),
    "200 with an empty id": ("json", 200, {"id": ""}),
    "200 with a number for an id": ("json", 200, {"id": 7}),
    "200 with a list": ("json", 200, []),
    "200 of broken JSON": ("text", 200, b'{"id": "17f2'),
    "200 of no text": ("text", 200, b"\xff\xfe\x00"),
    "200 of nothing": ("text", 200, b""),
    "200 nested without end": ("text", 200, b"[" * 100_000),
    "a reset before the body was read": ("reset", True),
    "a reset after the body was read": ("reset", False),
    "half an answer": ("bytes", b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"id": "17'),
    "half a head": ("bytes", b"HTTP/1.1 200 O"),
    "no HTTP at all": ("bytes", b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
}


def played(server, play):
    kind, *values = play
    if kind == "reset":
        return server.reset(before_body=values[0])
    return getattr(server, kind)(*values)


@pytest.mark.parametrize(
    ("play", "expected"),
    [
        *((play, NotCreated) for play in SAFE.values()),
        *((play, Rejected) for play in FINAL.values()),
        *((play, OutcomeUnknown) for play in UNKNOWN.values()),
    ],
    ids=[*SAFE, *FINAL, *UNKNOWN],
)
async def test_what_an_answer_means_and_that_there_was_one_create(
    server, connect, imagine, play, expected
):
    server.then(played(server, play))
    client = await connect(server.url)
    with pytest.raises(expected) as raised:
        await client.create(imagine, {})
    assert type(raised.value) is expected
    # A second one would have come by now: the client has given its answer.
    await asyncio.sleep(0)
    assert server.asked("POST") == len(server.seen) == 1


async def test_a_redirect_is_not_followed_with_the_key(server, connect, imagine):
    elsewhere = server.json(307, {}, Location=f"{server.url}/v1/elsewhere")
    server.then(elsewhere, server.json(200, CREATED))
    with pytest.raises(OutcomeUnknown):
        await (await connect(server.url)).create(imagine, {})
    assert [seen.path for seen in server.seen] == ["/v1/text_to_image"]


@pytest.mark.parametrize(
    ("header", "wait"),
    [("7", 7.0), ("0", 0.0), ("soon", None), ("-1", None), ("²", None), ("", None), ("1.5", None)],
)
async def test_runways_own_hint_is_handed_on(server, connect, imagine, header, wait):
    server.then(server.json(429, error("slow down"), Retry_After=header))
    with pytest.raises(NotCreated) as raised:
        await (await connect(server.url)).create(imagine, {})
    assert (raised.value.wait, raised.value.daily) == (wait, False)


async def test_a_hint_beyond_all_reason_is_cut(server, connect, imagine):
    server.then(server.json(503, error("slow down"), Retry_After="9" * 400))
    with pytest.raises(NotCreated) as raised:
        await (await connect(server.url)).create(imagine, {})
    assert raised.value.wait is not None
    assert raised.value.wait <= 24 * 3600


@pytest.mark.parametrize(
    ("text", "daily"),
    [
        ("You have reached your daily task limit for this model.", True),
        ("Daily generation quota exceeded", True),
        ("daily cap reached", True),
        ("Too many requests. Please slow down.", False),
        ("Uploads are limited. Try again tomorrow.", False),
    ],
)
async def test_a_days_limit_is_told_from_a_short_one(server, connect, imagine, text, daily):
    server.then(server.json(429, error(text)))
    with pytest.raises(NotCreated) as raised:
        await (await connect(server.url)).create(imagine, {})
    assert raised.value.daily is daily
    assert text in str(raised.value)


async def test_too_few_credits_are_told_in_runways_words(server, connect, imagine):
    text = "You do not have enough credits to run this task."
    server.then(server.json(400, error(text)))
    with pytest.raises(Rejected) as raised:
        await (await connect(server.url)).create(imagine, {})
    assert raised.value.status == 400
    assert text in raised.value.detail


@pytest.mark.parametrize("said", ["x" * 100_000, {"a": ["b"] * 10_000}, ["x"] * 10_000, 7, True])
async def test_whatever_runway_says_is_told_in_few_words(server, connect, imagine, said):
    server.then(server.json(400, error(said)))
    with pytest.raises(Rejected) as raised:
        await (await connect(server.url)).create(imagine, {})
    assert len(str(raised.value)) < 320


async def test_nobody_there_means_nothing_was_made(connect, imagine):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        client = await connect(f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(NotCreated, match="could not be reached"):
            await client.create(imagine, {})


async def test_a_failed_handshake_means_nothing_was_made(server, connect, imagine):
    server.then(server.json(200, CREATED))
    client = await connect(server.url.replace("http://", "https://"))
    with pytest.raises(NotCreated):
        await client.create(imagine, {})
    assert server.seen == []


async def test_a_connection_that_does_not_come_about_means_nothing_was_made(connect, imagine):
    """A queue of connections that is full lets nobody in."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        others = [socket.socket() for _ in range(3)]
        for other in others:
            other.setblocking(False)
            other.connect_ex(full.getsockname())
        timeout = httpx.Timeout(30.0, connect=0.3)
        url = f"http://127.0.0.1:{full.getsockname()[1]}"
        client = await connect(url, create_timeout=timeout)
        try:
            with pytest.raises(NotCreated):
                await client.create(imagine, {})
        finally:
            for other in others:
                other.close()


async def test_an_answer_that_does_not_come_in_time_is_unknown(server, connect, imagine):
    server.then(server.silence(5))
    client = await connect(server.url, create_timeout=httpx.Timeout(0.2, connect=5.0))
    with pytest.raises(OutcomeUnknown):
        await client.create(imagine, {})
    assert server.asked("POST") == 1


async def test_an_answer_that_stops_half_way_is_unknown(server, connect, imagine):
    async def stop_half_way(request):
        request.transport.write(b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"id": ')
        await asyncio.sleep(5)

    server.then(stop_half_way)
    client = await connect(server.url, create_timeout=httpx.Timeout(0.2, connect=5.0))
    with pytest.raises(OutcomeUnknown):
        await client.create(imagine, {})
    assert server.asked("POST") == 1


async def test_a_connection_that_the_other_side_lets_go_stale_is_never_used(connect, imagine):
    """A server that answers once per connection, says nothing of it, and resets at a second."""
    connections: list[int] = []

    async def one_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(0)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next(
                    int(line.split(b":")[1])
                    for line in head.lower().split(b"\r\n")
                    if line.startswith(b"content-length")
                )
                await reader.readexactly(length)
                connections[-1] += 1
                if connections[-1] > 1:
                    writer.transport.abort()
                    return
                body = json.dumps(CREATED).encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
                writer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    listener = await asyncio.start_server(one_answer, "127.0.0.1", 0)
    async with listener:
        client = await connect(f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}")
        for _ in range(5):
            assert await client.create(imagine, {}) == CREATED["id"]
    assert connections == [1] * 5


async def test_a_model_that_config_took_out_is_refused_before_anything_is_sent(
    server, connect, imagine
):
    server.then(server.json(200, CREATED))
    catalog = load_catalog({"gen4_image": {"enabled": False}})
    client = await connect(server.url, catalog=catalog)
    with pytest.raises(Rejected):
        await client.create(imagine, {})
    assert server.seen == []
