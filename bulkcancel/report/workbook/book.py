"""The workbook of a run, filled in one pass over the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from bulkcancel.model import DetailRow, Outcome
from bulkcancel.reconcile import is_break
from bulkcancel.report.atomic import telling
from bulkcancel.report.breaks import BREAK_ORDER
from bulkcancel.report.columns import BREAK_COLUMNS, DETAIL_COLUMNS
from bulkcancel.report.words import counted
from bulkcancel.report.workbook.columns import break_columns, detail_columns
from bulkcancel.report.workbook.frame import ALL_ROWS, BREAKS_SHEET, write_workbook
from bulkcancel.report.workbook.grid import Grid

_NAME = "reconciliation.xlsx"
_SHEET_ROWS = 1_048_576
_SHEET_COLUMNS = 16_384


class WorkbookFile:
    """Writes ``reconciliation.xlsx``; use it as a context manager.

    `add` takes the rows in their order, `finish` writes the file; without it the file is given
    up. ``rows`` is how many rows there will be; of more than ``most_rows``, or than a sheet
    holds, only the breaks are written, and the sheet of all rows says so. No cell is a formula,
    and the same rows and summary give the same bytes.

    Until `finish` the rows lie in ``folder``, in files that have no name: nothing is left of
    them, whatever becomes of the process. ``sheet_rows`` and ``sheet_columns`` are the limits of
    the format.
    """

    def __init__(
        self,
        file: BinaryIO,
        folder: Path,
        *,
        id_column: str,
        other_columns: Sequence[str],
        run: str,
        rows: int,
        most_rows: int,
        sheet_rows: int = _SHEET_ROWS,
        sheet_columns: int = _SHEET_COLUMNS,
    ) -> None:
        self._file = file
        self._path = folder / _NAME
        self._id_column = id_column
        self._rows = rows
        self._most_rows = most_rows
        self._most = sheet_rows - 1  # the header takes one
        self._whole = rows <= min(most_rows, self._most)
        self._others = len(other_columns)
        self._most_columns = sheet_columns
        self._all = Grid(
            detail_columns(other_columns, sheet_columns), folder, groups=(None,), most=self._most
        )
        self._breaks = Grid(
            break_columns(other_columns, run, sheet_columns),
            folder,
            groups=BREAK_ORDER,
            most=self._most,
        )
        self._open = ExitStack()
        self._open.callback(self._all.close)
        self._open.callback(self._breaks.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    @property
    def takes_all(self) -> bool:
        """Say whether every row is written, and not the breaks alone."""
        return self._whole

    def add(self, rows: Sequence[DetailRow]) -> None:
        """Take the next rows; the breaks among them are enough unless it `takes_all`.

        Raises:
            ReportError: They can't be kept.
        """
        groups: dict[Outcome | None, list[DetailRow]] = {}
        for row in rows:
            if is_break(row.kind, row.outcome):
                groups.setdefault(row.outcome, []).append(row)
        with telling(self._path):
            if self._whole:
                self._all.add(rows)
            for outcome, breaks in groups.items():
                self._breaks.add(breaks, outcome)

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Write the file; ``summary`` is the content of ``summary.json``.

        Raises:
            ReportError: It can't be written.
        """
        with telling(self._path):
            write_workbook(
                self._file,
                summary,
                {BREAKS_SHEET: self._breaks, ALL_ROWS: self._all},
                notes={BREAKS_SHEET: self._breaks_note(), ALL_ROWS: self._all_note()},
                contents={
                    BREAKS_SHEET: self._breaks_words(),
                    ALL_ROWS: self._all_note() or self._all_words(),
                },
                id_column=self._id_column,
            )

    def _all_note(self) -> str:
        if self._whole:
            return ""
        why = (
            f"--xlsx-rows is {self._most_rows:,}"
            if self._rows > self._most_rows
            else f"a sheet holds {self._most:,}"
        )
        return (
            f"The {self._rows:,} rows of the input are not written here ({why}): "
            "reconciliation.csv and reconciliation.parquet hold every one."
        )

    def _all_words(self) -> str:
        words = f"{counted(self._all.rows, 'row')}: every row of the input once, in its order"
        return f"{words}{self._columns_words(DETAIL_COLUMNS)}"

    def _breaks_note(self) -> str:
        more = self._breaks.given - self._breaks.rows
        if not more:
            return ""
        return f"{counted(more, 'break')} more do not fit here: breaks.csv holds every one."

    def _breaks_words(self) -> str:
        if not self._breaks.given:
            return "no rows: there are no breaks"
        words = f"{counted(self._breaks.rows, 'break')}, the most urgent first"
        if note := self._breaks_note():
            words = f"{words}. {note}"
        return f"{words}{self._columns_words(BREAK_COLUMNS)}"

    def _columns_words(self, own: Sequence[str]) -> str:
        more = len(own) + self._others - self._most_columns
        if more <= 0:
            return ""
        return (
            f"; {counted(more, 'column')} of the input more do not fit: reconciliation.csv has all"
        )
