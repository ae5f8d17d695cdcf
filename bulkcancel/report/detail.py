"""``reconciliation.csv`` and ``reconciliation.parquet``: every row once, with what became of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, BinaryIO, Self

import pyarrow as pa
import pyarrow.parquet as pq

from bulkcancel.model import DetailRow
from bulkcancel.report.cells import encodable, safe_cell
from bulkcancel.report.columns import (
    DETAIL_COLUMNS,
    extra_columns,
    other_names,
    shown_outcome,
    shown_reason,
)
from bulkcancel.report.csvtext import (
    csv_bytes,
    csv_header,
    csv_lines,
    flag_column,
    number_column,
    safe_column,
)
from bulkcancel.report.frame import typed_frame, typed_table

_FIELDS: dict[str, Callable[[Any], Sequence[str]]] = dict.fromkeys(DETAIL_COLUMNS, safe_column)
_FIELDS |= dict.fromkeys(
    ("row", "version_before", "version", "attempts", "http_status", "duplicate_of"), number_column
)
_FIELDS["verified"] = flag_column
_MOST_BYTES = 4  # of a character in UTF-8


class DetailFiles:
    """Writes both files in one pass; use it as a context manager.

    The CSV file is made safe for spreadsheets; the Parquet file holds the text as it is. The same
    rows, added in the same portions, give the same bytes.

    Attributes:
        longest_line: no line of the CSV file has more bytes than this.
    """

    def __init__(
        self, csv_file: BinaryIO, parquet_file: BinaryIO, other_columns: Sequence[str]
    ) -> None:
        self._csv = csv_file
        self._width = len(other_columns)
        self._others = other_names(map(encodable, other_columns), DETAIL_COLUMNS)
        shown = other_names(map(safe_cell, other_columns), DETAIL_COLUMNS)
        self.longest_line = 0
        self._write(csv_header((*DETAIL_COLUMNS, *shown)))
        self._schema = pa.Schema.from_pandas(typed_frame(self._columns(())), preserve_index=False)
        self._parquet = pq.ParquetWriter(
            pa.PythonFile(parquet_file, mode="w"), self._schema, compression="zstd"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self._parquet.close()
        else:
            # The file is given up: its footer must not be written when the writer is collected.
            self._parquet.is_open = False

    def add(self, rows: Sequence[DetailRow]) -> None:
        """Write some rows; each portion is a row group of the Parquet file."""
        columns = self._columns(rows)
        fields = [
            _FIELDS[name](values) if name in _FIELDS else safe_column(values)
            for name, values in columns.items()
        ]
        self._write(csv_lines(fields))
        table = typed_table(columns).cast(self._schema)
        self._parquet.write_table(table, row_group_size=len(rows))

    def _write(self, lines: Sequence[str]) -> None:
        self._csv.write(csv_bytes(lines))
        longest = _MOST_BYTES * max(map(len, lines), default=0)
        self.longest_line = max(self.longest_line, longest)

    def _columns(self, rows: Sequence[DetailRow]) -> dict[str, Sequence[Any]]:
        own = (
            [row.row for row in rows],
            [row.allocation_id for row in rows],
            [shown_outcome(row) for row in rows],
            [row.status for row in rows],
            [row.version_before for row in rows],
            [row.version for row in rows],
            [row.attempts for row in rows],
            [row.http_status for row in rows],
            [shown_reason(row) for row in rows],
            [row.duplicate_of for row in rows],
            [row.verified for row in rows],
            [row.cancelled_by for row in rows],
            [row.first_sent_at for row in rows],
            [row.settled_at for row in rows],
            [row.po_number for row in rows],
            [row.vendor_id for row in rows],
            [row.location for row in rows],
            [" ".join(row.order_ids) or None for row in rows],
        )
        names = (*DETAIL_COLUMNS, *self._others)
        return dict(zip(names, (*own, *extra_columns(rows, self._width)), strict=True))
