"""The sheets of rows: every value in a cell of its kind, in the order of the other reports."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from changing import replace
from readxlsx import SHEETS, opened, records, sheet_of, summary_of, texts, values, workbook_of

from bulkcancel.model import CancelledBy, DetailRow, Outcome, RowKind
from bulkcancel.reconcile import is_break, next_step
from bulkcancel.report import ReportSource
from bulkcancel.report.breaks import BREAK_ORDER
from bulkcancel.report.columns import BREAK_COLUMNS, DETAIL_COLUMNS, shown_outcome, shown_reason
from bulkcancel.report.workbook.looks import COLOURS

FULL = DetailRow(
    row=2,
    kind=RowKind.ALLOCATION,
    allocation_id="000000000000000000000012",
    outcome=Outcome.UNKNOWN,
    status="PENDING_PICK",
    version_before=3,
    version=4,
    attempts=2,
    http_status=200,
    reason="no answer came",
    verified=True,
    cancelled_by=CancelledBy.OTHER,
    first_sent_at="2026-11-23T22:45:01.123Z",
    settled_at="2026-11-24T00:00:00.001Z",
    po_number="0450",
    vendor_id="56",
    location="1E5",
    order_ids=("12", "013"),
    extras=("007", "2026-11-23"),
)
OTHERS = ("note", "empty")
Make = Callable[..., ReportSource]


def cells(row: DetailRow) -> list[Any]:
    """Return what the cells of a row are to hold."""
    return [
        row.row,
        row.allocation_id,
        shown_outcome(row),
        row.status,
        row.version_before,
        row.version,
        row.attempts,
        row.http_status,
        shown_reason(row),
        row.duplicate_of,
        row.verified,
        row.cancelled_by,
        moment(row.first_sent_at),
        moment(row.settled_at),
        row.po_number,
        row.vendor_id,
        row.location,
        " ".join(row.order_ids) or None,
        *(text or None for text in row.extras),
    ]


def moment(text: str | None) -> dt.datetime | None:
    """Return a time as a spreadsheet has it: without its zone."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=None) if text else None


@pytest.fixture
def content(tmp_path: Path, source_of: Make, every_outcome: tuple[DetailRow, ...]) -> bytes:
    """A workbook with a row of every kind and outcome."""
    return workbook_of(source_of(every_outcome, other_columns=OTHERS), tmp_path)


def test_three_sheets_the_summary_first(content: bytes) -> None:
    """The sheets are called and ordered as they are to be, and the summary is what opens."""
    book = opened(content)
    assert book.sheetnames == SHEETS
    assert book.active is book["Summary"]


def test_every_row_of_the_input_once(content: bytes, every_outcome: tuple[DetailRow, ...]) -> None:
    """Duplicates, invalid and blank rows too, in their order, every cell as it was given."""
    header, *rows = values(sheet_of(content, "All rows"))
    assert header == [*DETAIL_COLUMNS, *OTHERS]
    assert rows == [cells(row) for row in every_outcome]


def test_a_row_has_all_that_is_known(tmp_path: Path, source_of: Make) -> None:
    """Each value lies in a cell of its kind: ids and the input's cells are never numbers."""
    sheet = sheet_of(workbook_of(source_of([FULL], other_columns=OTHERS), tmp_path), "All rows")
    (found,) = list(sheet.iter_rows(min_row=2))
    assert [cell.value for cell in found] == cells(FULL)
    kinds = dict(zip((*DETAIL_COLUMNS, *OTHERS), (cell.data_type for cell in found), strict=True))
    numbers = {"row", "version_before", "version", "attempts", "http_status"}
    times = {"first_sent_at", "settled_at"}
    assert {name for name, kind in kinds.items() if kind == "n"} == numbers | {"duplicate_of"}
    assert {name for name, kind in kinds.items() if kind == "d"} == times
    assert {name for name, kind in kinds.items() if kind == "b"} == {"verified"}
    for cell in found:
        if cell.data_type == "s":
            assert cell.number_format == "@", "somebody who edits it makes no number of it"
        if cell.data_type == "d":
            assert cell.number_format == "yyyy-mm-dd hh:mm:ss.000"


def test_the_breaks_by_urgency(content: bytes, every_outcome: tuple[DetailRow, ...]) -> None:
    """Unknown ones first, then group by group in row order, each with its next step."""
    wanted = [row for row in every_outcome if is_break(row.kind, row.outcome)]
    wanted.sort(key=lambda row: (BREAK_ORDER.index(row.outcome), row.row))
    header, *rows = values(sheet_of(content, "Breaks"))
    assert header == [*BREAK_COLUMNS, *OTHERS]
    assert rows == [
        [
            row.row,
            row.allocation_id,
            shown_outcome(row),
            row.status,
            row.version,
            row.attempts,
            row.http_status,
            shown_reason(row),
            None if row.outcome is None else 1,
            None,
            next_step(row.outcome, "r1"),
            *(text or None for text in row.extras),
        ]
        for row in wanted
    ]


def test_a_run_without_breaks(tmp_path: Path, source_of: Make) -> None:
    """The sheet of the breaks has its header and nothing else."""
    source = source_of([replace(FULL, outcome=Outcome.CANCELLED)], other_columns=OTHERS)
    assert values(sheet_of(workbook_of(source, tmp_path), "Breaks")) == [[*BREAK_COLUMNS, *OTHERS]]


def test_a_run_without_rows(tmp_path: Path, source_of: Make) -> None:
    """An input of a header alone makes a workbook of headers alone."""
    book = opened(workbook_of(source_of([]), tmp_path))
    assert values(book["All rows"]) == [[*DETAIL_COLUMNS]]
    assert values(book["Breaks"]) == [[*BREAK_COLUMNS]]


@pytest.mark.parametrize("version", [10**15 - 1, 10**15, 2**53 + 1, 2**63 - 1, -(10**15), 0])
def test_no_digit_of_a_number_is_lost(tmp_path: Path, source_of: Make, version: int) -> None:
    """A spreadsheet shows fifteen digits: a number that has more is text."""
    source = source_of([replace(FULL, version=version)], other_columns=OTHERS)
    content = workbook_of(source, tmp_path)
    for name in ("All rows", "Breaks"):
        (row,) = records(sheet_of(content, name))
        assert row["version"] == (version if len(str(abs(version))) <= 15 else str(version))
        assert str(row["version"]) == str(version)


@pytest.mark.parametrize(
    "time",
    [
        "1970-01-01T00:00:00.000Z",
        "2024-02-29T23:59:59.999Z",
        "2026-11-23T00:00:00.001Z",
        "2100-01-01T12:00:00.500Z",
    ],
)
def test_times_are_true_to_the_millisecond(tmp_path: Path, source_of: Make, time: str) -> None:
    """A date cell is the same moment, in UTC."""
    source = source_of([replace(FULL, settled_at=time)], other_columns=OTHERS)
    (row,) = records(sheet_of(workbook_of(source, tmp_path), "All rows"))
    assert row["settled_at"] == moment(time)


@pytest.mark.parametrize(
    ("others", "wanted"),
    [
        (("outcome", "note"), ("input_outcome", "note")),
        (("", ""), ("", "input_")),
        (("next_step", "row"), ("next_step", "input_row")),
        (("=1+1", "a\u202eb"), ("=1+1", "a\\u202eb")),
    ],
)
def test_the_names_of_the_other_columns(
    tmp_path: Path, source_of: Make, others: tuple[str, str], wanted: tuple[str, str]
) -> None:
    """Names that are taken, empty or odd are told apart as in the other reports."""
    content = workbook_of(source_of([FULL], other_columns=others), tmp_path)
    header = values(sheet_of(content, "All rows"))[0]
    assert header[len(DETAIL_COLUMNS) :] == [name or None for name in wanted]
    assert values(sheet_of(content, "All rows"))[1][-2:] == list(FULL.extras)


def test_the_names_among_the_breaks(tmp_path: Path, source_of: Make) -> None:
    """A column is called alike on both sheets, also where only one has a column of that name."""
    others = ("duplicate_of", "next_step")
    content = workbook_of(source_of([FULL], other_columns=others), tmp_path)
    assert values(sheet_of(content, "All rows"))[0][-2:] == ["input_duplicate_of", "next_step"]
    assert values(sheet_of(content, "Breaks"))[0][-2:] == [
        "input_duplicate_of",
        "input_next_step",
    ]


def test_a_row_without_other_cells(tmp_path: Path, source_of: Make) -> None:
    """None at all means that all of them are empty."""
    source = source_of([replace(FULL, extras=())], other_columns=OTHERS)
    content = workbook_of(source, tmp_path)
    for name in ("All rows", "Breaks"):
        (row,) = records(sheet_of(content, name))
        assert (row["row"], row["note"], row["empty"]) == (2, None, None)


def dimension(content: bytes, name: str) -> str:
    """Return the area that a sheet says it has; programs that read by rows rely on it."""
    with ZipFile(io.BytesIO(content)) as package:
        sheet = package.read(f"xl/worksheets/sheet{1 + SHEETS.index(name)}.xml").decode()
    return sheet.partition('<dimension ref="')[2].partition('"')[0]


@pytest.mark.parametrize("name", ["Breaks", "All rows"])
def test_a_sheet_of_rows_is_ready_to_read(content: bytes, name: str) -> None:
    """Header and ids stay in sight, every column can be filtered, and pages have the header."""
    sheet = sheet_of(content, name)
    assert sheet.freeze_panes == "C2"
    assert sheet.auto_filter.ref == sheet.dimensions == dimension(content, name)
    assert sheet.print_title_rows == "$1:$1"
    assert sheet.page_setup.orientation == "landscape"
    assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.sheet_properties.pageSetUpPr
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.oddFooter
    assert sheet.oddFooter.right.text == "Page &P of &N"
    assert all(cell.font.bold and cell.fill.fill_type == "solid" for cell in sheet[1])


def widths(sheet: Any) -> dict[str, float]:
    """Return the widths of columns by their names."""
    found: dict[str, float] = {}
    for column in sheet.column_dimensions.values():
        for place in range(column.min, column.max + 1):
            found[str(sheet.cell(1, place).value)] = column.width
    return found


def test_columns_are_as_wide_as_their_content_needs(tmp_path: Path, source_of: Make) -> None:
    """Names and texts fit, up to a bound; the longest line counts, not the whole text."""
    long = replace(FULL, status="A" * 30, extras=("short", "x" * 500), reason="r" * 300)
    lines = replace(FULL, row=3, location="\n".join(["eleven char"] * 9))
    source = source_of([long, lines], other_columns=("n" * 20, "text"))
    found = widths(sheet_of(workbook_of(source, tmp_path), "All rows"))
    assert 32 <= found["status"] < 34
    assert 13 <= found["location"] < 15
    assert found["n" * 20] >= 22
    assert 40 <= found["text"] < 41
    assert 48 <= found["reason"] < 49
    assert found["first_sent_at"] >= 23
    assert all(found[name] >= len(name) + 2 for name in DETAIL_COLUMNS)


def test_a_long_reason_has_its_lines(tmp_path: Path, source_of: Make) -> None:
    """Among the breaks a sentence is broken into lines, and the row is as high as they are."""
    short = replace(FULL, outcome=Outcome.REJECTED, reason="short")
    long = replace(short, row=3, reason="word " * 40)
    longest = replace(short, row=4, reason="word\n" * 300)
    source = source_of([short, long, longest], other_columns=OTHERS)
    sheet = sheet_of(workbook_of(source, tmp_path), "Breaks")
    assert sheet["H2"].alignment.wrap_text
    assert sheet.row_dimensions[3].height == 75
    assert sheet.row_dimensions[4].height == 405, "no row can be higher than 409"
    assert (sheet.row_dimensions[2].height or 15) <= 30


def luminance(colour: str) -> float:
    """Return how light a colour is, 0 to 1, as the guidelines for readable text define it."""
    parts = [part / 255 for part in bytes.fromhex(colour[-6:])]
    linear = [
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(cell: Any) -> float:
    """Return the contrast of a cell's letters with its background, 1 to 21."""
    light, dark = sorted(
        (luminance(cell.font.color.rgb), luminance(cell.fill.start_color.rgb)), reverse=True
    )
    return (light + 0.05) / (dark + 0.05)


def test_every_outcome_has_a_colour_that_can_be_read(content: bytes) -> None:
    """The word carries the meaning; its cell has a background of its own and readable letters."""
    sheet = sheet_of(content, "All rows")
    seen = {cell.value: cell for (cell,) in sheet.iter_rows(min_row=2, min_col=3, max_col=3)}
    assert set(seen) == {*Outcome, RowKind.INVALID, RowKind.BLANK}
    assert set(COLOURS) == {*Outcome, *RowKind} - {RowKind.ALLOCATION}
    assert all(contrast(cell) >= 7 for cell in (*seen.values(), sheet["A1"]))
    fills = {seen[outcome].fill.start_color.rgb for outcome in Outcome}
    assert len(fills) == len(Outcome)


def test_the_same_rows_give_the_same_bytes(
    tmp_path: Path, source_of: Make, every_outcome: tuple[DetailRow, ...]
) -> None:
    """Whenever it is written; when it was made is when the run finished."""
    source = source_of(every_outcome, other_columns=OTHERS)
    first, second = (workbook_of(source, tmp_path) for _ in range(2))
    assert first == second
    created = opened(first).properties.created
    assert created == dt.datetime(2026, 11, 23, 22, 46, 2)  # noqa: DTZ001 - as openpyxl has it
    later = {**source.facts, "finished_at": "2026-11-23T23:00:00.000Z"}
    assert workbook_of(replace(source, facts=later), tmp_path) != first


def test_a_run_that_never_finished(
    tmp_path: Path, source_of: Make, every_outcome: tuple[DetailRow, ...]
) -> None:
    """Without a time of its end the workbook is the same each time, too."""
    source = source_of(every_outcome, other_columns=OTHERS)
    source = replace(source, facts={**source.facts, "started_at": None, "finished_at": None})
    assert summary_of(source)["finished_at"] is None
    assert workbook_of(source, tmp_path) == workbook_of(source, tmp_path)


def test_many_rows_are_all_there(tmp_path: Path, source_of: Make) -> None:
    """Rows come in portions of any size; none is lost or doubled where one ends."""
    rows: Sequence[DetailRow] = [
        replace(FULL, row=number, extras=(f"n{number}", None), allocation_id=f"{number:024}")
        for number in range(2, 6502)
    ]
    content = workbook_of(source_of(rows, portion=4100, other_columns=OTHERS), tmp_path)
    for name, note in (("All rows", 18), ("Breaks", 11)):
        _, *found = texts(content, name)
        assert [(row[0], row[1], row[note]) for row in found] == [
            (row.row, row.allocation_id, row.extras[0]) for row in rows
        ]
