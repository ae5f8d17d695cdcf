"""``breaks.csv``: the rows that are not cancelled, unknown ones first, each with its next step."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from bulkcancel.model import BREAKS, DetailRow, Outcome, RowKind
from bulkcancel.reconcile import is_break, next_step
from bulkcancel.report.atomic import telling
from bulkcancel.report.cells import safe_cell
from bulkcancel.report.columns import (
    BREAK_COLUMNS,
    DETAIL_COLUMNS,
    extra_columns,
    other_names,
    runs_in_a_row,
    shown_outcome,
    shown_reason,
)
from bulkcancel.report.csvtext import (
    csv_bytes,
    csv_header,
    csv_lines,
    number_column,
    safe_column,
)

BREAK_ORDER: tuple[Outcome | None, ...] = (
    Outcome.UNKNOWN,
    Outcome.PARTIALLY_CANCELLED,
    Outcome.NOT_CANCELLED,
    Outcome.REJECTED,
    Outcome.NOT_FOUND,
    Outcome.FAILED,
    Outcome.NOT_ATTEMPTED,
    None,
)
"""The groups in their order: what is most urgent first; ``None`` are the invalid rows."""


class StandingBreaks:
    """Counts the allocations that are breaks and were so in the run before that held them."""

    def __init__(self) -> None:
        self.allocations = 0
        self.longest = 0
        self._since: str | None = None

    def add(self, rows: Sequence[DetailRow]) -> None:
        """Take those among some rows; a row that repeats an allocation counts no more."""
        for row in rows:
            if row.runs_before and row.kind is RowKind.ALLOCATION and row.outcome in BREAKS:
                self.allocations += 1
                if row.runs_before + 1 > self.longest:
                    self.longest, self._since = row.runs_before + 1, row.since

    def as_json(self) -> dict[str, Any]:
        """Return the counts for ``summary.json``; ``since`` is when the longest of them began."""
        return {
            "allocations": self.allocations,
            "longest_runs": self.longest,
            "since": self._since,
        }


class BreaksFile:
    """Writes the list in one pass over the rows; use it as a context manager.

    Each group is collected in a file of its own, which has no name and takes no memory.
    """

    def __init__(
        self, file: BinaryIO, folder: Path, other_columns: Sequence[str], run: str
    ) -> None:
        self._file = file
        self._folder = folder
        self._width = len(other_columns)
        self._run = run
        self._groups: dict[Outcome | None, io.BufferedRandom] = {}
        self._open = ExitStack()
        names = other_names(map(safe_cell, other_columns), (*DETAIL_COLUMNS, *BREAK_COLUMNS))
        file.write(csv_bytes(csv_header((*BREAK_COLUMNS, *names))))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._open:
            if error is None:
                self._join_groups()

    def add(self, rows: Sequence[DetailRow]) -> None:
        """Take the breaks among some rows."""
        groups: dict[Outcome | None, list[DetailRow]] = {}
        for row in rows:
            if is_break(row.kind, row.outcome):
                groups.setdefault(row.outcome, []).append(row)
        for outcome, breaks in groups.items():
            with telling(self._folder / "breaks.csv"):
                self._group(outcome).write(csv_bytes(self._lines(breaks, outcome)))

    def _group(self, outcome: Outcome | None) -> io.BufferedRandom:
        """Return the file of a group, opened when it is needed first."""
        if outcome not in self._groups:
            group = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - _open closes it
            # Closing the raw file drops what a full disk would not take: it is no longer needed.
            self._open.callback(group.raw.close)
            self._groups[outcome] = group
        return self._groups[outcome]

    def _lines(self, rows: Sequence[DetailRow], outcome: Outcome | None) -> list[str]:
        step = next_step(outcome, self._run)
        return csv_lines(
            [
                number_column(row.row for row in rows),
                safe_column(row.allocation_id for row in rows),
                safe_column(shown_outcome(row) for row in rows),
                safe_column(row.status for row in rows),
                number_column(row.version for row in rows),
                number_column(row.attempts for row in rows),
                number_column(row.http_status for row in rows),
                safe_column(shown_reason(row) for row in rows),
                number_column(runs_in_a_row(row) for row in rows),
                safe_column(row.since for row in rows),
                safe_column(step for _ in rows),
                *map(safe_column, extra_columns(rows, self._width)),
            ]
        )

    def _join_groups(self) -> None:
        for outcome in BREAK_ORDER:
            group = self._groups.get(outcome)
            if group is not None:
                with telling(self._folder / "breaks.csv"):
                    group.seek(0)
                    shutil.copyfileobj(group, self._file)
