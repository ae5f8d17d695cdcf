"""All reports of a run: written aside, read back, proved, and only then published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from bulkcancel.errors import ExitCode, OutOfBalanceError
from bulkcancel.model import DetailColumns, DetailRow
from bulkcancel.reconcile import Control, KnownTotals, Tally, balance, verdict
from bulkcancel.report.atomic import Staging, as_utf8, telling
from bulkcancel.report.breaks import BreaksFile, StandingBreaks
from bulkcancel.report.retry import RetryFile
from bulkcancel.report.source import ReportSource
from bulkcancel.report.summary import as_json, summarize
from bulkcancel.report.words import resumed_as

if TYPE_CHECKING:
    from bulkcancel.report.workbook import WorkbookFile

OUT_OF_BALANCE = "OUT-OF-BALANCE"
"""How the names of files begin that are kept although the totals contradict each other."""

SUMMARY = "summary.json"
DETAIL_CSV = "reconciliation.csv"
DETAIL_PARQUET = "reconciliation.parquet"
WORKBOOK = "reconciliation.xlsx"
PAGE = "report.html"
BREAKS = "breaks.csv"
RETRY = "retry.csv"

_DETAIL = (DETAIL_CSV, DETAIL_PARQUET)
_PORTION = 20_000
"""Rows held in memory at once, whatever portions they come in; a row group in Parquet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was published: the content of ``summary.json``, and what it rests on."""

    summary: dict[str, Any]
    control: Control
    verdict: str
    exit_code: ExitCode


def load_writers() -> None:
    """Load what `write_reports` writes with, which takes a while: it loads it by itself as well."""
    for name in ("detail", "page", "readback", "workbook"):
        import_module(f"bulkcancel.report.{name}")


def write_reports(folder: Path, source: ReportSource) -> Written:
    """Write all reports of a run into its folder.

    The files take their places one after the other, ``summary.json`` last. It holds the SHA-256
    of the others. The same source gives the same bytes.

    Raises:
        OutOfBalanceError: The control totals contradict each other. The detail and the totals are
            kept under names that say so; what was published before is untouched.
        ReportError: A file can't be written. What was published before is untouched, unless it
            is a replacement itself that the system refuses half-way.
    """
    from bulkcancel.report.page import (  # noqa: PLC0415 - as below
        BreakGroups,
        render_page,
    )
    from bulkcancel.report.workbook import WorkbookFile  # noqa: PLC0415 - the same

    groups, standing = BreakGroups(), StandingBreaks()

    with (
        Staging(folder) as staging,
        WorkbookFile(
            staging.create(WORKBOOK),
            folder,
            id_column=source.id_column,
            other_columns=source.other_columns,
            run=resumed_as(source.facts),
            rows=source.manifest.counts.read,
            most_rows=source.xlsx_rows,
        ) as workbook,
    ):
        tally = Tally(known := KnownTotals())
        longest_line = _write_rows(staging, folder, source, tally, workbook, (groups, standing))
        digests = staging.seal(*_DETAIL, BREAKS, RETRY)
        written = _read_back(staging.path(DETAIL_CSV), longest_line, known)
        attempts = source.attempts()
        control = balance(source.manifest, tally, written, attempts)
        sentence, exit_code = verdict(tally, source.stop, control)
        summary = summarize(
            source,
            tally,
            control,
            attempts=attempts,
            standing=standing,
            files=digests,
            verdict=sentence,
            exit_code=exit_code,
        )
        if not control.balanced:
            _keep_apart(staging, folder, summary, sentence)
        workbook.finish(summary)
        summary["files"] = staging.seal(WORKBOOK)
        staging.create(PAGE).write(as_utf8(render_page(summary, source.figures(), groups)))
        digests = staging.seal(PAGE)
        summary["files"] = digests
        staging.create(SUMMARY).write(as_json(summary))
        staging.seal()
        staging.publish({name: name for name in (*digests, SUMMARY)})
    _clear_kept(folder)
    return Written(summary=summary, control=control, verdict=sentence, exit_code=exit_code)


class _Sink(Protocol):
    def add(self, rows: Sequence[DetailRow], /) -> None:
        """Take the breaks among the next rows."""


def _write_rows(
    staging: Staging,
    folder: Path,
    source: ReportSource,
    tally: Tally,
    workbook: WorkbookFile,
    more: Sequence[_Sink],
) -> int:
    """Write every file that holds rows, and tally them; return the longest line in bytes.

    ``more`` takes the breaks as well.
    """
    from bulkcancel.report.detail import (  # noqa: PLC0415 - pandas is loaded when it is needed
        DetailFiles,
    )

    others = source.other_columns
    with ExitStack() as files:
        detail = files.enter_context(
            DetailFiles(staging.create(DETAIL_CSV), staging.create(DETAIL_PARQUET), others)
        )
        breaks_file = files.enter_context(
            BreaksFile(staging.create(BREAKS), folder, others, resumed_as(source.facts))
        )
        retry = RetryFile(staging.create(RETRY), source.id_column, others)
        sinks: tuple[_Sink, ...] = (breaks_file, retry, *more)
        for rows in _portions(source.rows()):
            breaks = tally.add_columns(
                rows=rows.row,
                kinds=rows.kind,
                outcomes=rows.outcome,
                ids=rows.allocation_id,
                attempts=rows.attempts,
            )
            detail.add(rows)
            # Rows become objects where there are few of them, or few are wanted.
            found = rows.rows(breaks)
            for sink in sinks:
                sink.add(found)
            workbook.add(rows.rows() if workbook.takes_all else found)
    return detail.longest_line


def _portions(given: Iterator[DetailColumns]) -> Iterator[DetailColumns]:
    """Cut rows anew, so that the files do not depend on how they came."""
    held: list[DetailColumns] = []
    count = 0
    for rows in given:
        start = 0
        while count + len(rows) - start >= _PORTION:
            stop = start + _PORTION - count
            yield DetailColumns.joined([*held, rows.cut(start, stop)])
            held, count, start = [], 0, stop
        if start < len(rows):
            held.append(rows.cut(start, len(rows)))
            count += len(held[-1])
    if held:
        yield DetailColumns.joined(held)


def _read_back(path: Path, longest_line: int, known: KnownTotals) -> Tally:
    from bulkcancel.report.readback import read_back  # noqa: PLC0415 - so is pyarrow

    tally = Tally(known)
    read_back(path, tally, longest_line=longest_line, portion=_PORTION)
    return tally


def _keep_apart(staging: Staging, folder: Path, summary: dict[str, Any], sentence: str) -> NoReturn:
    """Keep the detail and the totals under names that say what they are, and refuse."""
    kept = {name: f"{OUT_OF_BALANCE}.{name}" for name in _DETAIL}
    summary["files"] = {kept[name]: summary["files"][name] for name in _DETAIL}
    totals = f"{OUT_OF_BALANCE}.json"
    staging.create(totals).write(as_json(summary))
    staging.seal()
    staging.publish({**kept, totals: totals})
    raise OutOfBalanceError(
        f"{sentence} No report is published; the rows and all totals are kept in "
        f"{folder / totals} and beside it. Do not rely on them: compare them with the journal."
    )


def _clear_kept(folder: Path) -> None:
    """Remove what an earlier attempt kept apart, now that the totals balance."""
    for name in (*(f"{OUT_OF_BALANCE}.{name}" for name in _DETAIL), f"{OUT_OF_BALANCE}.json"):
        path = folder / name
        with telling(path, "removed"):
            path.unlink(missing_ok=True)
