"""Log events on standard error, for people or as JSON."""

from __future__ import annotations

import logging
import os
import sys

import structlog
from structlog.typing import FilteringBoundLogger, Processor

from bulkcancel.cli.pipes import unread


class _StandardError:
    """Whatever standard error is at the moment: the progress bar puts itself before it."""

    @staticmethod
    def write(text: str) -> int:
        """Write to the current standard error."""
        with unread(sys.stderr):
            sys.stderr.write(text)
        return len(text)

    @staticmethod
    def flush() -> None:
        """Flush the current standard error."""
        with unread(sys.stderr):
            sys.stderr.flush()


def open_log(log_format: str, *, verbose: bool, quiet: bool) -> FilteringBoundLogger:
    """Return the logger of this process.

    ``log_format`` is ``console`` or ``json``. Each event is one line; its values are those of the
    run, never a token or personal data.
    """
    level = logging.DEBUG if verbose else logging.WARNING if quiet else logging.INFO
    processors: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if log_format == "json":
        processors.append(structlog.processors.JSONRenderer(ensure_ascii=False))
    else:
        colors = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
        processors.append(structlog.dev.ConsoleRenderer(colors=colors, pad_event_to=0))
    logger: FilteringBoundLogger = structlog.wrap_logger(
        structlog.PrintLogger(file=_StandardError()),  # type: ignore[arg-type] # needs no more
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        context_class=dict,
    )
    return logger
