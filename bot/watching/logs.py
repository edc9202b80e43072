"""Logs: events with ids, for people or for machines; never prompts at INFO, never secrets."""

import logging
import sys
from typing import Literal

import stamina
import structlog

log = structlog.get_logger()


def set_up_logs(
    level: str, form: Literal["console", "json"], report: structlog.typing.Processor | None = None
) -> None:
    """Send everything to standard error, from `level` up; `report` sees it before it is written."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.StackInfoRenderer(),
            *([report] if report else []),
            *([structlog.processors.format_exc_info] if form == "json" else []),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
    stamina.instrumentation.set_on_retry_hooks([_asked_again])
    # Libraries speak at their own risk: only what went wrong.
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, force=True)


def _asked_again(details: stamina.instrumentation.RetryDetails) -> None:
    """A question to Runway is put once more: its library's own line speaks of callables."""
    log.info("asked again", after_seconds=round(details.wait_for, 1), error=str(details.caused_by))
