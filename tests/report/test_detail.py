"""The reconciliation as CSV and as Parquet: exact, typed, the same bytes each time."""

from __future__ import annotations

import csv
import gc
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from changing import replace
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkcancel.errors import ReportError
from bulkcancel.model import CancelledBy, DetailColumns, DetailRow, Outcome, RowKind
from bulkcancel.report.cells import encodable, safe_cell
from bulkcancel.report.columns import DETAIL_COLUMNS
from bulkcancel.report.detail import DetailFiles

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

CANCELLED = DetailRow(
    row=2,
    kind=RowKind.ALLOCATION,
    allocation_id="000000000000000000000012",
    outcome=Outcome.CANCELLED,
)
FULL = replace(
    CANCELLED,
    row=3,
    allocation_id="123456789012345678901234",
    outcome=Outcome.NOT_CANCELLED,
    status="SHIPPED",
    version_before=2**53 + 1,
    version=2**63 - 1,
    attempts=2,
    http_status=409,
    reason='=HYPERLINK(1); said "no", twice',
    verified=True,
    cancelled_by=CancelledBy.OTHER,
    first_sent_at="2026-11-23T22:45:01.123Z",
    settled_at="2026-11-23T22:45:09.000Z",
    po_number="007",
    vendor_id="+49",
    location="62e5",
    order_ids=("A1", "B2"),
)
REPEATED = replace(FULL, row=4, kind=RowKind.DUPLICATE, duplicate_of=3, verified=False)
INVALID = DetailRow(
    row=5,
    kind=RowKind.INVALID,
    allocation_id=None,
    outcome=None,
    reason="contains a slash",
    text="a/b\n\x00",
)
BLANK = DetailRow(row=6, kind=RowKind.BLANK, allocation_id=None, outcome=None)
ROWS = (CANCELLED, FULL, REPEATED, INVALID, BLANK)


def written(
    rows: Sequence[DetailRow], columns: Sequence[str] = (), portion: int = 2
) -> tuple[bytes, bytes]:
    """Return the CSV and the Parquet file that rows are written to."""
    files = io.BytesIO(), io.BytesIO()
    with DetailFiles(*files, columns) as detail:
        for start in range(0, len(rows), portion):
            detail.add(DetailColumns.of(rows[start : start + portion]))
    return files[0].getvalue(), files[1].getvalue()


def read_csv(content: bytes) -> list[list[str]]:
    """Return a CSV file as the csv module reads it."""
    return list(csv.reader(io.StringIO(content.decode(), newline=""), strict=True))


def test_every_field_of_the_csv() -> None:
    """The whole file, byte for byte: LF, quotes where needed, empty for null, UTC times."""
    content, _ = written(ROWS)
    head, *lines = content.decode().split("\n")
    assert head.split(",") == list(DETAIL_COLUMNS)
    tail = (
        'SHIPPED,9007199254740993,9223372036854775807,2,409,"\'=HYPERLINK(1); said ""no"", twice"'
    )
    rest = "2026-11-23T22:45:01.123Z,2026-11-23T22:45:09.000Z,007,'+49,62e5,A1 B2"
    assert lines == [
        "2,000000000000000000000012,cancelled,,,,,,,,,,,,,,,",
        f"3,123456789012345678901234,not_cancelled,{tail},,true,other,{rest}",
        f"4,123456789012345678901234,not_cancelled,{tail},3,false,other,{rest}",
        "5,,invalid,,,,,,contains a slash (found: a/b\\n\\x00),,,,,,,,,",
        "6,,blank,,,,,,,,,,,,,,,",
        "",
    ]


def test_the_types_of_the_parquet_file() -> None:
    """Numbers are integers, flags booleans, times UTC with milliseconds, ids text."""
    _, content = written(ROWS, ["note"])
    table = pq.read_table(io.BytesIO(content))
    assert table.schema.names == [*DETAIL_COLUMNS, "note"]
    kinds = {field.name: str(field.type) for field in table.schema}
    assert kinds == {
        **dict.fromkeys(DETAIL_COLUMNS, "large_string"),
        **dict.fromkeys(
            ["row", "version_before", "version", "attempts", "http_status", "duplicate_of"],
            "int64",
        ),
        **dict.fromkeys(["first_sent_at", "settled_at"], "timestamp[ms, tz=UTC]"),
        "verified": "bool",
        "note": "large_string",
    }
    assert table.schema.field("row").type == pa.int64()
    row = table.to_pylist()[1]
    assert row["version_before"] == 2**53 + 1
    assert row["version"] == 2**63 - 1
    assert row["first_sent_at"] == pd.Timestamp("2026-11-23T22:45:01.123Z")
    assert row["reason"] == FULL.reason, "it is no spreadsheet: the text is as it was"
    assert row["vendor_id"] == "+49"
    assert row["order_ids"] == "A1 B2"
    assert table["outcome"].to_pylist() == [
        "cancelled", "not_cancelled", "not_cancelled", "invalid", "blank"
    ]  # fmt: skip
    assert table["duplicate_of"].to_pylist() == [None, None, 3, None, None]
    assert table["verified"].to_pylist() == [None, True, False, None, None]
    assert table["reason"].to_pylist()[3:] == ["contains a slash (found: a/b\\n\\x00)", None]
    assert table["note"].to_pylist() == [None] * 5


def test_pandas_keeps_whole_numbers_whole() -> None:
    """A column of numbers with gaps comes back as Int64: no version turns into another one."""
    _, content = written(ROWS)
    frame = pd.read_parquet(io.BytesIO(content))
    assert str(frame["version_before"].dtype) == "Int64"
    assert frame["version_before"][1] == 2**53 + 1
    assert pd.isna(frame["version_before"][0])
    assert str(frame["verified"].dtype) == "boolean"
    assert list(frame["allocation_id"][:2]) == [CANCELLED.allocation_id, FULL.allocation_id]


CELLS = st.none() | st.text(st.sampled_from("=+-@ \t\r\n,;\"'ab\x00\u202eé😀")) | st.text()


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[DetailRow]]:
    """Draw other columns and rows with cells for them."""
    columns = draw(st.lists(st.text(max_size=3) | st.just("status"), max_size=3))
    rows = [
        replace(
            FULL,
            row=number,
            version=draw(st.none() | st.integers(-(2**63), 2**63 - 1)),
            reason=draw(st.text()),
            status=draw(CELLS),
            extras=tuple(draw(CELLS) for _ in columns),
        )
        for number in range(draw(st.integers(0, 5)))
    ]
    return columns, rows


@settings(deadline=None)
@given(tables(), st.integers(1, 5))
def test_what_is_written_is_read(table: tuple[list[str], list[DetailRow]], portion: int) -> None:
    """The csv module, pandas and Arrow read every cell back as it was meant, whatever it holds."""
    columns, rows = table
    content, parquet = written(rows, columns, portion)
    head, *lines = read_csv(content)
    assert len(set(head)) == len(DETAIL_COLUMNS) + len(columns)
    texts = [
        ["" if value is None else safe_cell(str(value)) for value in
         (row.status, row.reason, *row.extras)]
        for row in rows
    ]  # fmt: skip
    assert [[line[3], line[8], *line[18:]] for line in lines] == texts
    assert [line[5] for line in lines] == [
        "" if row.version is None else str(row.version) for row in rows
    ]
    frame = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)
    assert [list(cells) for cells in frame.itertuples(index=False)] == lines
    exact = pq.read_table(io.BytesIO(parquet))
    assert exact.num_rows == len(rows)
    assert exact["version"].to_pylist() == [row.version for row in rows]
    assert exact["status"].to_pylist() == [row.status for row in rows]
    for place in range(len(columns)):
        assert exact.column(18 + place).to_pylist() == [row.extras[place] for row in rows]


@settings(deadline=None, max_examples=20)
@given(st.lists(st.sampled_from(ROWS), max_size=6), st.integers(1, 4))
def test_the_same_rows_give_the_same_bytes(rows: list[DetailRow], portion: int) -> None:
    """Both files come out the same, byte for byte."""
    assert written(rows, (), portion) == written(rows, (), portion)


def test_a_report_without_rows_has_its_columns() -> None:
    """No row at all still gives two readable files with all columns and their types."""
    content, parquet = written((), ["note", "status"])
    names = [*DETAIL_COLUMNS, "note", "input_status"]
    assert read_csv(content) == [names]
    table = pq.read_table(io.BytesIO(parquet))
    assert table.schema.names == names
    assert table.num_rows == 0
    assert table.schema == pq.read_table(io.BytesIO(written(
        [replace(BLANK, extras=("", ""))], ["note", "status"]
    )[1])).schema  # fmt: skip


def test_columns_whose_names_could_run() -> None:
    """The name of a column is a cell as well; made safe, no two names become the same."""
    content, parquet = written([replace(BLANK, extras=("1", "2"))], ["=a", "'=a"])
    assert read_csv(content)[0][18:] == ["'=a", "input_'=a"]
    assert pq.read_table(io.BytesIO(parquet)).schema.names[18:] == ["=a", "'=a"]


def test_an_id_that_looks_like_a_formula() -> None:
    """Where a pattern of one's own lets ids begin with a minus, they are made safe as well."""
    content, parquet = written([replace(CANCELLED, allocation_id="-A1")])
    assert read_csv(content)[1][1] == "'-A1"
    assert pq.read_table(io.BytesIO(parquet))["allocation_id"].to_pylist() == ["-A1"]


def test_half_a_character_is_shown() -> None:
    """What UTF-8 can't hold is written as an escape in both files, and nothing breaks."""
    half = "a\ud800b"
    content, parquet = written([replace(BLANK, extras=(half,))], [half])
    assert [cells[18] for cells in read_csv(content)] == [encodable(half)] * 2
    table = pq.read_table(io.BytesIO(parquet))
    assert table.schema.names[18] == encodable(half)
    assert table.column(18).to_pylist() == [encodable(half)]


def test_a_time_that_is_none_is_not_guessed_at() -> None:
    """A time of another form is a defect of whoever made the row: it stops the report."""
    with pytest.raises(ValueError, match="yesterday"):
        written([replace(FULL, first_sent_at="yesterday")])


class FullDisk(io.BytesIO):
    """A file that takes so many bytes and then no more."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self._room = room

    def write(self, data: ReadableBuffer, /) -> int:
        """Take bytes as long as there is room."""
        self._room -= memoryview(data).nbytes
        if self._room < 0:
            raise ReportError("no more room")
        return super().write(data)


@pytest.mark.parametrize("room", [0, 4, 2000, 6000])
@pytest.mark.parametrize("full", [0, 1])
def test_a_file_that_is_full_is_told_as_it_is(room: int, full: int) -> None:
    """Wherever Arrow is when the room ends, the error comes through, and nothing follows it."""
    files = [io.BytesIO(), io.BytesIO()]
    files[full] = FullDisk(room)
    rows = [replace(FULL, row=number, reason=f"reason {number}") for number in range(500)]

    def write() -> None:
        with DetailFiles(files[0], files[1], ()) as detail:
            detail.add(DetailColumns.of(rows))

    with pytest.raises(ReportError, match="no more room"):
        write()
    gc.collect()


def test_the_longest_line_is_known() -> None:
    """Whoever reads the file back is told how much a line can hold."""
    files = io.BytesIO(), io.BytesIO()
    with DetailFiles(*files, ["note"]) as detail:
        before = detail.longest_line
        detail.add(DetailColumns.of([replace(BLANK, extras=("é" * 1000,))]))
    assert before == 4 * len(files[0].getvalue().split(b"\n")[0])
    assert detail.longest_line >= max(map(len, files[0].getvalue().split(b"\n"))) > 2000
