"""``retry.csv``: the rows worth sending again, as an input that can be run as it stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from bulkcancel.model import DetailRow, Outcome, RowKind
from bulkcancel.report.cells import encodable, safe_cell
from bulkcancel.report.columns import extra_columns
from bulkcancel.report.csvtext import csv_bytes, csv_header, csv_lines, safe_column

WORTH_SENDING = frozenset({Outcome.FAILED, Outcome.UNKNOWN, Outcome.NOT_ATTEMPTED})


class RetryFile:
    """Writes the list: the ids first, then the input's other columns, under their own names.

    Ids and the name of their column are written as they are, or the file would be refused; an id
    holds nothing that a spreadsheet could run.
    """

    def __init__(self, file: BinaryIO, id_column: str, other_columns: Sequence[str]) -> None:
        self._file = file
        self._width = len(other_columns)
        names = (encodable(id_column), *map(safe_cell, other_columns))
        file.write(csv_bytes(csv_header(names)))

    def add(self, rows: Sequence[DetailRow]) -> None:
        """Take the rows worth sending again among some rows; repeated ones are left out."""
        again = [
            row for row in rows if row.kind is RowKind.ALLOCATION and row.outcome in WORTH_SENDING
        ]
        ids = [row.allocation_id or "" for row in again]
        others = map(safe_column, extra_columns(again, self._width))
        if again:
            self._file.write(csv_bytes(csv_lines([ids, *others])))
