"""Log events on standard error, for people or as JSON, and as JSON in the run's own folder."""

from __future__ import annotations

import io
import json
import logging
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor

from bulkcancel.cli.pipes import unread

LOG_NAME = "run.log"


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


class RunLog:
    """The log of this process: `logger` for whoever has something to say.

    Each event is one line; its values are those of the run, never a token or personal data. Once
    a run folder is there, `keep_in` keeps every event in it as well, from ``info`` on (``debug``
    with ``verbose``), whatever standard error shows.
    """

    def __init__(self, log_format: str, *, verbose: bool, quiet: bool) -> None:
        self._file: io.FileIO | None = None
        self._shown = logging.DEBUG if verbose else logging.WARNING if quiet else logging.INFO
        processors: list[Processor] = [
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            self._keep,
            self._hide,
        ]
        if log_format == "json":
            processors.append(structlog.processors.JSONRenderer(ensure_ascii=False))
        else:
            colors = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
            processors.append(structlog.dev.ConsoleRenderer(colors=colors, pad_event_to=0))
        self.logger: FilteringBoundLogger = structlog.wrap_logger(
            structlog.PrintLogger(file=_StandardError()),  # type: ignore[arg-type] # needs no more
            processors=processors,
            wrapper_class=structlog.make_filtering_bound_logger(min(self._shown, logging.INFO)),
            context_class=dict,
        )

    def keep_in(self, folder: Path) -> None:
        """Append all further events to the log in a run folder (mode 0600).

        A log that can't be written is said once, and never stops a run.
        """
        path = folder / LOG_NAME
        try:
            self._file = io.FileIO(path, "a", opener=_open_private)
        except OSError as error:
            self.logger.warning("log.not_kept", reason=f"{path}: {error.strerror}")

    def close(self) -> None:
        """Close the file; what is said later goes to standard error only."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
            self._file = None

    def _keep(self, _logger: Any, _name: str, event: EventDict) -> EventDict:
        if self._file is not None:
            line = json.dumps(event, ensure_ascii=False, default=str) + "\n"
            try:
                # One write for each line, so that lines of a resume never tear those of another.
                self._file.write(line.encode("utf-8", "backslashreplace"))
            except OSError as error:
                self.close()
                self.logger.warning("log.not_kept", reason=error.strerror)
        return event

    def _hide(self, _logger: Any, name: str, event: EventDict) -> EventDict:
        """Drop what standard error is not to show."""
        if logging.getLevelNamesMapping()[name.upper()] < self._shown:
            raise structlog.DropEvent
        return event


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)
