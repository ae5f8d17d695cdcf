"""The end of a run: its journal reconciled and its reports written."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from bulkcancel.errors import ExitCode
from bulkcancel.execution.folder import RunFolder
from bulkcancel.execution.joint import NEVER_BEGUN, NEVER_ENDED, joint_stop, shown_merge
from bulkcancel.execution.pacing import joint_pacing, pacing_summary
from bulkcancel.execution.prechecking import forecast_json
from bulkcancel.execution.reading import JournalReader
from bulkcancel.execution.settings import settings_from_json
from bulkcancel.execution.shards import shown_shard
from bulkcancel.journal import (
    Journal,
    JournalTotals,
    Segment,
    attempt_totals,
    detail_columns,
    figures,
    forecast_cells,
    segments,
    utc,
)
from bulkcancel.model import RowCounts
from bulkcancel.reconcile import AttemptTotals, ManifestTotals, StopWord
from bulkcancel.report import ReportSource, load_writers, write_reports
from bulkcancel.report.words import resumable


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A run's end: the content of ``summary.json``, the verdict and the exit code."""

    folder: RunFolder
    summary: dict[str, Any]
    verdict: str
    exit_code: ExitCode

    @property
    def resumable(self) -> bool:
        """Say whether a resume has something to do."""
        return resumable(self.summary)


def rebuild_reports(folder: RunFolder, *, xlsx_rows: int | None = None) -> Finished:
    """Write the reports of a run again, from its journal alone.

    ``xlsx_rows`` takes the place of the run's own.

    Raises:
        JournalError: The journal can't be opened or trusted.
        LockedError: A process works on this run.
        ReportError: A report can't be written, or the totals contradict each other.
    """
    # To check the journal is SQLite's work, which leaves Python free to load what comes next.
    with ThreadPoolExecutor(1) as other:
        other.submit(load_writers)
        journal = Journal.open(folder.journal)
    with journal:
        return write_reports_of(folder, journal, xlsx_rows=xlsx_rows)


def write_reports_of(
    folder: RunFolder, journal: Journal, *, xlsx_rows: int | None = None
) -> Finished:
    """Reconcile an open journal and write its reports; raises as `rebuild_reports` does."""
    facts = journal.fact("input")
    settings = settings_from_json(journal.fact("settings"))
    lived = segments(journal)
    stop = _last_stop(lived)
    shard, merged = journal.fact("shard"), journal.fact("merged")
    finished_at = lived[-1].finished_at if lived else None
    pace = pacing_summary
    if merged is not None:
        stop, finished_at, pace = joint_stop(merged), merged["finished_at"], joint_pacing
    target, forecast = settings.target, None
    if settings.looks_first:
        forecast = forecast_json(forecast_cells(journal, settings.guard))
    counts = RowCounts(**journal.fact("counts"))
    run_id, tool_version = journal.fact("run_id"), journal.fact("tool_version")
    with JournalReader(journal) as reader:
        sends, drawn = reader.ask(attempt_totals), reader.ask(figures)
        written = write_reports(
            folder.path,
            ReportSource(
                rows=lambda: reader.ahead(detail_columns),
                other_columns=tuple(facts["other_columns"]),
                id_column=facts["id_column"],
                manifest=ManifestTotals(
                    counts=counts, hash_total=(facts if shard is None else shard)["hash_total"]
                ),
                attempts=lambda: _attempts(sends.result()),
                facts={
                    "run_id": run_id,
                    "tool_version": tool_version,
                    "started_at": utc(lived[0].started_at) if lived else None,
                    "finished_at": utc(finished_at),
                    "segments": len(lived),
                    "stop": stop.sentence if stop else None,
                    "shard": shown_shard(shard),
                    "merged": shown_merge(merged),
                    "input": facts,
                    "target": {
                        "base_url": target.base_url,
                        "account": target.account,
                        "stage": target.stage,
                        "channel": target.channel,
                    },
                    "options": settings.options_json(),
                    "pacing": pace(settings, [part.facts for part in lived]),
                    "forecast": forecast,
                },
                figures=drawn.result,
                xlsx_rows=settings.xlsx_rows if xlsx_rows is None else xlsx_rows,
                stop=stop,
            ),
        )
    return Finished(
        folder=folder,
        summary=written.summary,
        verdict=written.verdict,
        exit_code=written.exit_code,
    )


def _attempts(sends: JournalTotals) -> AttemptTotals:
    return AttemptTotals(
        sent=sends.sent,
        requests=sends.requests,
        by_http_status=sends.by_http_status,
        no_answer=sends.no_answer,
        not_sent=sends.not_sent,
        read_backs=sends.read_backs,
    )


def _last_stop(lived: Sequence[Segment]) -> StopWord | None:
    if not lived:
        return StopWord(exit_code=ExitCode.STOPPED, sentence=NEVER_BEGUN)
    last = lived[-1]
    if last.finished_at is None:
        return StopWord(exit_code=ExitCode.STOPPED, sentence=NEVER_ENDED)
    if last.stop is None:
        return None
    return StopWord(exit_code=ExitCode(last.stop["exit_code"]), sentence=last.stop["sentence"])
