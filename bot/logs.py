"""Logs: events with ids, for people or for machines; never prompts at INFO, never secrets."""

import logging
import sys
from typing import Literal

import structlog


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
    # Libraries speak at their own risk: only what went wrong.
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, force=True)
