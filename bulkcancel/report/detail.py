"""``reconciliation.csv`` and ``reconciliation.parquet``: every row once, with what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, BinaryIO, Self

import pyarrow as pa
import pyarrow.parquet as pq

from bulkcancel.model import DetailColumns, RowKind
from bulkcancel.report.arrowtext import csv_block, csv_fields
from bulkcancel.report.cells import encodable, safe_cell
from bulkcancel.report.columns import DETAIL_COLUMNS, cells_by_column, found_instead, other_names
from bulkcancel.report.csvtext import csv_bytes, csv_header
from bulkcancel.report.frame import typed_frame, typed_table

_MOST_BYTES = 4  # of a character in UTF-8
_HARDLY_TWICE = {"row", "allocation_id", "first_sent_at", "settled_at", "order_ids"}
_APART = frozenset({RowKind.INVALID, RowKind.BLANK})


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
        header = csv_header((*DETAIL_COLUMNS, *shown))
        self._csv.write(csv_bytes(header))
        self.longest_line = _MOST_BYTES * max(map(len, header))
        nothing = self._columns(DetailColumns.of(()))
        self._schema = pa.Schema.from_pandas(typed_frame(nothing), preserve_index=False)
        self._parquet = pq.ParquetWriter(
            pa.PythonFile(parquet_file, mode="w"),
            self._schema,
            compression="zstd",
            # Where hardly a value comes twice, a list of those that there are makes it longer.
            use_dictionary=[name for name in self._schema.names if name not in _HARDLY_TWICE],
        )

        # Arrow holds no lock of Python while it writes a portion: the next one is made meanwhile.
        self._aside = ThreadPoolExecutor(1, "detail")
        self._writing: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._aside:
            if error is None:
                self._await_writing()
                self._parquet.close()
            else:
                # The file is given up: no footer may be written when the writer is collected.
                self._parquet.is_open = False

    def add(self, rows: DetailColumns) -> None:
        """Write some rows; each portion is a row group of the Parquet file."""
        table = typed_table(self._columns(rows)).cast(self._schema)
        fields = csv_fields([column.combine_chunks() for column in table.columns])
        self._await_writing()
        self._writing = self._aside.submit(self._write, table, fields)

    def _write(self, table: Any, fields: Sequence[Any]) -> None:
        lines, longest = csv_block(fields)
        self._csv.write(lines)
        self.longest_line = max(self.longest_line, longest)
        self._parquet.write_table(table, row_group_size=table.num_rows)

    def _await_writing(self) -> None:
        if self._writing is not None:
            self._writing.result()

    def _columns(self, rows: DetailColumns) -> dict[str, Sequence[Any]]:
        own = (
            rows.row,
            rows.allocation_id,
            _shown_outcomes(rows),
            rows.status,
            rows.version_before,
            rows.version,
            rows.attempts,
            rows.http_status,
            _shown_reasons(rows),
            rows.duplicate_of,
            rows.verified,
            rows.cancelled_by,
            rows.first_sent_ms,
            rows.settled_ms,
            rows.po_number,
            rows.vendor_id,
            rows.location,
            [" ".join(ids) or None for ids in rows.order_ids],
        )
        names = (*DETAIL_COLUMNS, *self._others)
        return dict(zip(names, (*own, *cells_by_column(rows.extras, self._width)), strict=True))


def _shown_outcomes(rows: DetailColumns) -> Sequence[str | None]:
    """Return what `shown_outcome` says of each row."""
    if not _APART.intersection(rows.kind):
        return rows.outcome
    return [
        kind if kind in _APART else outcome
        for kind, outcome in zip(rows.kind, rows.outcome, strict=True)
    ]


def _shown_reasons(rows: DetailColumns) -> Sequence[str | None]:
    """Return what `shown_reason` says of each row."""
    reasons = [reason or None for reason in rows.reason]
    place = -1
    for _ in range(rows.kind.count(RowKind.INVALID)):
        place = rows.kind.index(RowKind.INVALID, place + 1)
        reasons[place] = found_instead(rows.reason[place], rows.text[place])
    return reasons
