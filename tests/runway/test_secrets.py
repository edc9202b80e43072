"""The key is in the header of a request and nowhere else."""

import logging
import traceback

import pytest
import structlog
from structlog.testing import capture_logs

from bot.errors import ProviderError

PLAYS = {
    "400": lambda s, key: s.json(400, {"error": f"bad key {key}"}),
    "401": lambda s, key: s.json(401, {"error": f"Invalid API key: Bearer {key}"}),
    "403": lambda s, key: s.json(403, {"error": {"key": key}}),
    "429": lambda s, key: s.json(429, {"error": f"{key} is too fast"}),
    "500": lambda s, key: s.json(500, {"error": "x" * 250 + key}),
    "a reset": lambda s, key: s.reset(before_body=False),
    "no HTTP": lambda s, key: s.bytes(b"nonsense\r\n\r\n"),
    "half": lambda s, key: s.bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"),
    "broken JSON": lambda s, key: s.text(200, b"{"),
}
QUESTIONS = {
    "create": lambda client, request: client.create(request, {}),
    "task": lambda client, _: client.task("t1"),
    "organization": lambda client, _: client.organization(),
    "delete": lambda client, _: client.delete("t1"),
}


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("name", PLAYS)
async def test_no_error_log_or_traceback_holds_the_key(
    server, connect, imagine, key, caplog, name, question
):
    server.then(PLAYS[name](server, key))
    client = await connect(server.url)
    with capture_logs() as logs, caplog.at_level(logging.DEBUG):
        with pytest.raises(ProviderError) as raised:
            await QUESTIONS[question](client, imagine)
        structlog.get_logger().exception("a step failed", exc_info=raised.value)
    assert server.seen, "the key was sent"
    error = raised.value
    shown = [str(error), repr(error), "".join(traceback.format_exception(error))]
    shown += [repr(logs), caplog.text]
    chain: BaseException | None = error
    while chain is not None:
        shown.append(str(chain))
        chain = chain.__cause__ or chain.__context__
    for text in shown:
        assert key not in text
        assert key[10:40] not in text


async def test_printing_the_client_shows_where_it_goes_and_not_with_what(server, connect, key):
    client = await connect(server.url)
    assert repr(client) == f"RunwayClient({server.url})"
    assert key not in repr(client)
    assert key not in f"{client}"
