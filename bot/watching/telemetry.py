"""Errors to Sentry and traces to OpenTelemetry, where the operator wants them.

Both libraries are extras, loaded only where they are configured. What is sent has ids and never
prompts: no local variables, no request bodies, and of an event only what our logs say too.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, MutableMapping
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, nullcontext
from importlib import metadata
from typing import Any

from bot.config import SentryConfig, TelemetryConfig
from bot.errors import ConfigError

# Begins a span: its name and attributes.
Span = Callable[[str, Mapping[str, str]], AbstractContextManager[object]]
Report = Callable[[Any, str, MutableMapping[str, Any]], MutableMapping[str, Any]]

_ERRORS = ("error", "critical", "exception")
# Of a log's event: what may go along as tags.
_TAGS = ("job", "task", "model", "platform", "reference")


def no_span(_name: str, _attributes: Mapping[str, str]) -> AbstractContextManager[object]:
    """Where nothing is traced."""
    return nullcontext()


def sentry(config: SentryConfig) -> Report | None:
    """A processor for structlog that sends errors to Sentry; None where none is configured."""
    if config.dsn is None:
        return None
    try:
        import sentry_sdk
    except ImportError:
        raise ConfigError(_missing("sentry.dsn", "sentry")) from None
    try:
        sentry_sdk.init(
            dsn=config.dsn.get_secret_value(),
            environment=config.environment,
            release=f"dailies@{metadata.version('dailies')}",
            before_send=_without_words,
            include_local_variables=False,
            max_request_body_size="never",
            default_integrations=False,
        )
    except sentry_sdk.utils.BadDsn:
        raise ConfigError("sentry.dsn is no address of Sentry. Copy it anew: SENTRY_DSN.") from None

    def report(_: Any, level: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        if level in _ERRORS:
            with sentry_sdk.new_scope() as scope:
                for name in _TAGS:
                    if name in event:
                        scope.set_tag(name, str(event[name]))
                scope.set_extra("error", str(event.get("error", "")))
                error = event.get("exc_info")
                if error:
                    sentry_sdk.capture_exception(error if isinstance(error, Exception) else None)
                else:
                    sentry_sdk.capture_message(str(event.get("event", "")), level="error")
        return event

    return report


@asynccontextmanager
async def tracing(config: TelemetryConfig) -> AsyncIterator[Span]:
    """Spans that go to a collector; what is left is sent in the end."""
    if config.endpoint is None:
        yield no_span
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.trace import StatusCode
    except ImportError:
        raise ConfigError(_missing("telemetry.endpoint", "telemetry")) from None
    # A provider of our own, not the process's: nothing else is traced by accident.
    facts = {"service.name": config.service_name, "service.version": metadata.version("dailies")}
    provider = TracerProvider(resource=Resource.create({**facts, "process.pid": os.getpid()}))
    exporter = OTLPSpanExporter(endpoint=f"{config.endpoint}/v1/traces", timeout=5)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("dailies")

    @contextmanager
    def span(name: str, attributes: Mapping[str, str]) -> Iterator[None]:
        with tracer.start_as_current_span(
            name,
            attributes=dict(attributes),
            record_exception=False,  # its text may quote what a person typed
            set_status_on_exception=False,
        ) as current:
            try:
                yield
            except Exception as error:
                current.set_status(StatusCode.ERROR, type(error).__name__)
                raise

    try:
        yield span
    finally:
        await asyncio.to_thread(provider.shutdown)  # it sends what is left, and waits for that


def _without_words(event: Any, _hint: Any) -> Any:
    """Drop what foreign errors say: a database's quote the row, and with it a prompt."""
    for error in event.get("exception", {}).get("values", ()):
        if not str(error.get("module")).startswith("bot.errors"):
            error["value"] = ""
    return event


def _missing(setting: str, extra: str) -> str:
    return (
        f'{setting} is set, and its library is not installed: pip install ".[{extra}]" in the clone, or '
        "take the setting out."
    )
