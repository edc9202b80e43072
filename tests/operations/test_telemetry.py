"""Sentry and OpenTelemetry get ids and errors, and never a prompt."""

import sys

import pytest
import sentry_sdk
import structlog
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from pydantic import SecretStr

from bot.app import running
from bot.config import PlaygroundConfig, RunwayConfig, SentryConfig, TelemetryConfig
from bot.errors import ConfigError
from bot.watching.telemetry import no_span, sentry, tracing
from tests.operations.conftest import KEY
from tests.scenario.page import Page

# Not as it stands in this file: the lines around an error are sent, and may be.
PROMPT = "-".join(("a", "secret", "fox"))


@pytest.fixture
async def collector():
    """A server that keeps what is posted to it: by path, the bodies."""
    received: dict[str, list[bytes]] = {}

    async def take(request: web.Request) -> web.Response:
        received.setdefault(request.path, []).append(await request.read())
        return web.Response(text="{}", content_type="application/json")

    app = web.Application()
    app.router.add_post("/{path:.*}", take)
    runner = web.AppRunner(app, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", received
    await runner.cleanup()


@pytest.fixture
def sent():
    """What would go to Sentry; nothing leaves the process."""
    events = []

    class Kept(sentry_sdk.Transport):
        def capture_envelope(self, envelope):
            events.extend(item.payload.json for item in envelope.items)

    report = sentry(SentryConfig(dsn=SecretStr("http://key@127.0.0.1:9/1")))
    client = sentry_sdk.get_client()
    client.transport = Kept(client.options)
    yield report, events
    sentry_sdk.get_global_scope().set_client(None)


def fail(prompt):
    raise RuntimeError(f"INSERT … {prompt}")


def test_errors_go_to_sentry_with_their_ids_and_without_variables(sent):
    report, events = sent
    structlog.configure(processors=[report, structlog.processors.JSONRenderer()])
    log = structlog.get_logger()
    log.info("submitted", job="4f7x", prompt=PROMPT)
    try:
        fail(PROMPT)
    except RuntimeError:
        log.exception("a step failed", job="4f7x", prompt=PROMPT)
    log.error("the line broke", platform="discord")
    failed, broke = events
    assert failed["tags"] == {"job": "4f7x"}
    assert failed["exception"]["values"][0]["type"] == "RuntimeError"
    assert broke["message"] == "the line broke"
    assert broke["tags"] == {"platform": "discord"}
    assert PROMPT not in str(events)
    assert failed["release"].startswith("dailies@")


def test_without_an_address_nothing_is_reported():
    assert sentry(SentryConfig()) is None


def test_an_address_that_is_none_is_told_without_showing_it():
    with pytest.raises(ConfigError, match=r"sentry\.dsn") as error:
        sentry(SentryConfig(dsn=SecretStr("hush")))
    assert "hush" not in str(error.value)


def test_a_sentry_library_that_is_not_installed_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    with pytest.raises(ConfigError, match=r"pip install \"\.\[sentry\]"):
        sentry(SentryConfig(dsn=SecretStr("http://key@127.0.0.1:9/1")))


async def test_a_telemetry_library_that_is_not_installed_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    traces = tracing(TelemetryConfig(endpoint="http://127.0.0.1:9"))
    with pytest.raises(ConfigError, match=r"pip install \"\.\[telemetry\]"):
        await traces.__aenter__()


async def test_without_a_collector_nothing_is_traced():
    async with tracing(TelemetryConfig()) as span:
        assert span is no_span


async def test_traces_of_a_job_reach_the_collector_without_its_prompt(
    collector, runway, settings, session
):
    url, received = collector
    simulator = (await runway()).url
    config = settings(
        simulator,
        runway=RunwayConfig(api_secret=SecretStr(KEY), base_url=simulator, poll_seconds=0.1),
        playground=PlaygroundConfig(enabled=True),
        telemetry=TelemetryConfig(endpoint=url, service_name="dailies-test"),
    )
    async with running(config, live=False) as address:
        page = Page(address, session)
        await page.finish(f"/imagine {PROMPT}")
        status, answer = await page.command(f"/cancel {PROMPT}")
        assert (status, PROMPT in answer["error"]) == (404, True)
    bodies = received["/v1/traces"]
    spans = [
        span
        for body in bodies
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    names = {span.name for span in spans}
    assert {"command", "runway create", "runway task", "deliver"} <= names
    assert "NoSuchJob" in [span.status.message for span in spans]
    assert b"dailies-test" in bodies[0]
    assert not any(PROMPT.encode() in body for body in bodies)
