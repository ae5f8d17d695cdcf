"""How a run tells of its end: log, link to the newest, metrics file, webhook."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import anyio

from bulkcancel.cli.logs import RunLog
from bulkcancel.client import Secret
from bulkcancel.client.webhook import check_webhook
from bulkcancel.errors import BulkcancelError, ExitCode
from bulkcancel.execution import Finished
from bulkcancel.execution.latest import point_latest
from bulkcancel.execution.metrics import write_failure_metrics, write_metrics
from bulkcancel.execution.notice import NotifyOn, failure_note, notify, run_note


class Teller:
    """Tells of a run's end as the options ask; what fails here never changes how the run ended."""

    def __init__(self, options: Mapping[str, Any], log: RunLog) -> None:
        self._options = options
        self._log = log
        self.run_id: str | None = None

    def began(self, run_id: str, folder: Path) -> None:
        """Keep the log in the run's folder from here on."""
        self.run_id = run_id
        self._log.keep_in(folder)

    def finished(self, finished: Finished) -> None:
        """Tell of a run that has published its reports."""
        self._warn("latest.not_made", point_latest(finished.folder.path))
        if (path := self._metrics) is not None:
            flaw = write_metrics(path, finished.summary, resumable=finished.resumable)
            self._warn("metrics.not_written", flaw)
        note = run_note(finished.summary, finished.folder.path, resumable=finished.resumable)
        self._notify(note)

    def failed(self, exit_code: ExitCode, sentence: str) -> None:
        """Tell of a run that ended without reports, and why."""
        if self.run_id is not None:
            self._log.logger.warning("run.failed", run_id=self.run_id, reason=sentence)
        if (path := self._metrics) is not None:
            flaw = write_failure_metrics(path, int(exit_code), now=time.time())
            self._warn("metrics.not_written", flaw)
        self._notify(failure_note(int(exit_code), sentence, run_id=self.run_id))

    @property
    def _metrics(self) -> Path | None:
        path: Path | None = self._options["metrics_file"]
        return path

    def _notify(self, note: Mapping[str, Any]) -> None:
        if not (url := self._options["notify"]):
            return
        send = partial(
            notify,
            Secret(url),
            note,
            on=NotifyOn(self._options["notify_on"]),
            allow_http=bool(self._options.get("allow_http")),
            ca_file=self._options["ca_file"],
        )
        self._warn("note.not_sent", anyio.run(send))

    def _warn(self, event: str, reason: str) -> None:
        if reason:
            self._log.logger.warning(event, run_id=self.run_id, reason=reason)


@contextmanager
def telling(options: Mapping[str, Any]) -> Iterator[tuple[Teller, RunLog]]:
    """Give a teller and the log; a refusal or a failure on the way is told before it goes on."""
    log = RunLog(options["log_format"], verbose=options["verbose"], quiet=options["quiet"])
    if options["notify"]:
        check_webhook(Secret(options["notify"]), allow_http=bool(options.get("allow_http")))
    teller = Teller(options, log)
    try:
        yield teller, log
    except BulkcancelError as error:
        teller.failed(error.exit_code, str(error))
        raise
    finally:
        log.close()
