"""Many rows as lines of a CSV file: what `csvtext` makes of each field, by another way."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
from changing import replace
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkcancel.model import CancelledBy, DetailColumns, DetailRow, Outcome, RowKind
from bulkcancel.report.arrowtext import csv_block, csv_fields
from bulkcancel.report.cells import encodable
from bulkcancel.report.columns import extra_columns, shown_outcome, shown_reason
from bulkcancel.report.csvtext import csv_bytes, csv_lines, number_column, safe_column
from bulkcancel.report.detail import DetailFiles

CELLS = (
    st.none()
    | st.text(st.sampled_from("=+-@ \t\r\n,;\"'ab0.:/()\x00\u202eé😀"))
    | st.text()
    | st.sampled_from(["62ff5c0bec0aed3c86202c32", "-5.25", "-", " a", "a ", "2026-11-23T22:45Z"])
)


def array(cells: list[str | None], before: int) -> Any:
    """Return cells as an array of Arrow that begins in the middle of another one."""
    texts = [None if cell is None else encodable(cell) for cell in cells]
    return pa.array(["=x"] * before + texts, pa.large_string()).slice(before)


@settings(deadline=None)
@given(
    st.integers(1, 4).flatmap(
        lambda rows: st.lists(st.lists(CELLS, min_size=rows, max_size=rows), min_size=1, max_size=3)
    ),
    st.integers(0, 2),
)
def test_text_is_written_as_csvtext_writes_it(columns: list[list[str | None]], before: int) -> None:
    """Whatever a cell holds, and wherever in memory: the same bytes, and the longest line."""
    fields = csv_fields([array(cells, before) for cells in columns])
    lines, longest = csv_block(fields)
    wanted = csv_lines([safe_column(cells) for cells in columns])
    assert bytes(lines) == csv_bytes(wanted)
    assert longest == max(len(line.encode()) + 1 for line in wanted)


ROW = st.builds(
    DetailRow,
    row=st.integers(1, 10**9),
    kind=st.sampled_from(RowKind),
    allocation_id=CELLS,
    outcome=st.none() | st.sampled_from(Outcome),
    status=CELLS,
    version_before=st.none() | st.integers(-(2**63), 2**63 - 1),
    version=st.none() | st.integers(0, 9),
    attempts=st.none() | st.integers(0, 9),
    http_status=st.none() | st.just(200),
    reason=st.text(),
    duplicate_of=st.none() | st.integers(1, 9),
    verified=st.none() | st.booleans(),
    cancelled_by=st.none() | st.sampled_from(CancelledBy),
    first_sent_at=st.none() | st.just("2026-11-23T22:45:01.123Z"),
    settled_at=st.sampled_from([None, "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"]),
    po_number=CELLS,
    order_ids=st.lists(st.text(max_size=3), max_size=2).map(tuple),
    text=st.text(max_size=3),
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(ROW, min_size=1, max_size=5), st.data())
def test_the_columns_say_what_the_rows_say(rows: list[DetailRow], data: st.DataObject) -> None:
    """The reconciliation, made column by column, holds the fields that each row would show."""
    rows = [replace(row, extras=data.draw(st.just(()) | st.tuples(CELLS))) for row in rows]
    files = io.BytesIO(), io.BytesIO()
    with DetailFiles(*files, ["note"]) as detail:
        begun = len(files[0].getvalue())
        detail.add(DetailColumns.of(rows))
    flags = {True: "true", False: "false", None: ""}
    wanted = csv_lines(
        [
            number_column(row.row for row in rows),
            safe_column(row.allocation_id for row in rows),
            safe_column(map(shown_outcome, rows)),
            safe_column(row.status for row in rows),
            number_column(row.version_before for row in rows),
            number_column(row.version for row in rows),
            number_column(row.attempts for row in rows),
            number_column(row.http_status for row in rows),
            safe_column(map(shown_reason, rows)),
            number_column(row.duplicate_of for row in rows),
            [flags[row.verified] for row in rows],
            safe_column(row.cancelled_by for row in rows),
            safe_column(row.first_sent_at for row in rows),
            safe_column(row.settled_at for row in rows),
            safe_column(row.po_number for row in rows),
            safe_column(row.vendor_id for row in rows),
            safe_column(row.location for row in rows),
            safe_column(" ".join(row.order_ids) for row in rows),
            *map(safe_column, extra_columns(rows, 1)),
        ]
    )
    assert files[0].getvalue()[begun:] == csv_bytes(wanted)
