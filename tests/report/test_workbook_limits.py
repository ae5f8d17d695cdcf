"""A workbook at its limits: too many rows, breaks or columns for a sheet, or for the wish."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from zipfile import ZipFile

import pytest
from changing import replace
from hypothesis import given, settings
from hypothesis import strategies as st
from readxlsx import opened, pairs, records, sheet_of, texts, values, workbook_of

from bulkcancel.model import DetailRow, Outcome, RowKind
from bulkcancel.reconcile import is_break
from bulkcancel.report import ReportSource
from bulkcancel.report.columns import BREAK_COLUMNS, DETAIL_COLUMNS
from bulkcancel.report.workbook.columns import Cell, Kind, detail_columns
from bulkcancel.report.workbook.grid import Grid
from bulkcancel.report.workbook.markup import (
    LARGEST_BYTE,
    LARGEST_CELL,
    Style,
    Styles,
    cells_markup,
)
from bulkcancel.report.workbook.package import Part, write_package

Make = Callable[..., ReportSource]
OTHERS = ("note", "empty")


@pytest.fixture
def source(source_of: Make, every_outcome: tuple[DetailRow, ...]) -> ReportSource:
    """A source with a row of every kind and outcome: 36 rows, 27 of them breaks."""
    return source_of(every_outcome, other_columns=OTHERS)


def contents(content: bytes) -> tuple[str, str]:
    """Return what the summary says of the sheets Breaks and All rows."""
    found = pairs(sheet_of(content, "Summary"))
    return found["Sheet Breaks"], found["Sheet All rows"]


def test_the_summary_says_what_the_sheets_hold(tmp_path: Path, source: ReportSource) -> None:
    """How many breaks, and that all rows are there."""
    assert contents(workbook_of(source, tmp_path)) == (
        "27 breaks, the most urgent first",
        "36 rows: every row of the input once, in its order",
    )


def test_no_breaks_are_no_rows(tmp_path: Path, source_of: Make) -> None:
    """An empty sheet is said to be empty because there is nothing."""
    row = DetailRow(
        row=2, kind=RowKind.ALLOCATION, allocation_id="a" * 24, outcome=Outcome.CANCELLED
    )
    assert contents(workbook_of(source_of([row]), tmp_path)) == (
        "no rows: there are no breaks",
        "1 row: every row of the input once, in its order",
    )


@pytest.mark.parametrize("most", [0, 1, 35])
def test_more_rows_than_wanted(tmp_path: Path, source: ReportSource, most: int) -> None:
    """Beyond --xlsx-rows all rows are left out and said to be elsewhere; the breaks are there."""
    content = workbook_of(replace(source, xlsx_rows=most), tmp_path)
    words = (
        f"The 36 rows of the input are not written here (--xlsx-rows is {most}): "
        "reconciliation.csv and reconciliation.parquet hold every one."
    )
    book = opened(content)
    header, *rest = values(book["All rows"])
    assert header == [*DETAIL_COLUMNS, *OTHERS]
    assert [[value for value in row if value is not None] for row in rest] == [[words]]
    assert book["All rows"].auto_filter.ref is None
    assert len(values(book["Breaks"])) == 1 + 27
    assert contents(content) == ("27 breaks, the most urgent first", words)


def test_as_many_rows_as_wanted(tmp_path: Path, source: ReportSource) -> None:
    """The limit itself is not beyond it."""
    content = workbook_of(replace(source, xlsx_rows=36), tmp_path, sheet_rows=37)
    assert len(values(sheet_of(content, "All rows"))) == 37


def test_more_rows_than_a_sheet_holds(tmp_path: Path, source: ReportSource) -> None:
    """The header takes a row of the sheet's; what the format can't hold is not begun."""
    content = workbook_of(source, tmp_path, sheet_rows=36)
    assert contents(content)[1] == (
        "The 36 rows of the input are not written here (a sheet holds 35): "
        "reconciliation.csv and reconciliation.parquet hold every one."
    )
    assert len(values(sheet_of(content, "Breaks"))) == 1 + 27


@pytest.mark.parametrize(("room", "kept"), [(27, 27), (26, 25), (10, 9), (1, 0)])
def test_more_breaks_than_a_sheet_holds(
    tmp_path: Path, source: ReportSource, room: int, kept: int
) -> None:
    """The least urgent are cut; the sheet's last row says how many, and where they are."""
    whole = values(sheet_of(workbook_of(source, tmp_path), "Breaks"))
    content = workbook_of(source, tmp_path, sheet_rows=room + 1)
    sheet = sheet_of(content, "Breaks")
    found = values(sheet)
    words = f"{27 - kept} breaks more do not fit here: breaks.csv holds every one."
    assert found[: 1 + kept] == whole[: 1 + kept]
    if kept == 27:
        assert len(found) == 28
        assert contents(content)[0] == "27 breaks, the most urgent first"
        return
    assert len(found) == room + 1
    assert [value for value in found[-1] if value is not None] == [words]
    assert contents(content)[0] == (
        f"{kept} break{'s' * (kept != 1)}, the most urgent first. {words}"
    )
    if kept:
        assert str(sheet.auto_filter.ref).endswith(str(1 + kept)), "words are no break"


def test_cut_within_a_portion(tmp_path: Path, source_of: Make) -> None:
    """Where the cut falls makes no difference."""
    rows = [
        DetailRow(
            row=number,
            kind=RowKind.ALLOCATION,
            allocation_id=f"{number:024}",
            outcome=Outcome.FAILED if number % 2 else Outcome.UNKNOWN,
        )
        for number in range(2, 9002)
    ]
    content = workbook_of(source_of(rows, portion=9000), tmp_path, sheet_rows=6001)
    found = texts(content, "Breaks")[1:]
    wanted = [*range(2, 9002, 2), *range(3, 9002, 2)][:5999]
    assert [row[0] for row in found[:-1]] == wanted
    assert found[-1][0] == "3,001 breaks more do not fit here: breaks.csv holds every one."


def test_more_columns_than_a_sheet_holds(tmp_path: Path, source_of: Make) -> None:
    """The last ones are left out, and the summary says how many."""
    row = DetailRow(
        row=2,
        kind=RowKind.ALLOCATION,
        allocation_id="a" * 24,
        outcome=Outcome.UNKNOWN,
        extras=tuple("abcde"),
    )
    content = workbook_of(
        source_of([row], other_columns=tuple("ABCDE")), tmp_path, sheet_columns=21
    )
    (everything,) = records(sheet_of(content, "All rows"))
    assert list(everything) == [*DETAIL_COLUMNS, "A", "B", "C"]
    assert everything["C"] == "c"
    (found,) = records(sheet_of(content, "Breaks"))
    assert list(found) == [*BREAK_COLUMNS, *"ABCDE"]
    assert contents(content) == (
        "1 break, the most urgent first",
        (
            "1 row: every row of the input once, in its order; "
            "2 columns of the input more do not fit: reconciliation.csv has all"
        ),
    )


def test_as_many_columns_as_the_format_has(tmp_path: Path, source_of: Make) -> None:
    """An input can have as many columns as a sheet itself."""
    count = 16_384
    row = DetailRow(
        row=2,
        kind=RowKind.ALLOCATION,
        allocation_id="a" * 24,
        outcome=Outcome.CANCELLED,
        extras=("x",) * count,
    )
    names = tuple(f"c{place}" for place in range(count))
    content = workbook_of(source_of([row], other_columns=names), tmp_path)
    header, cells = texts(content, "All rows")
    assert header == [*DETAIL_COLUMNS, *names][:count]
    assert cells[-1] == "x"


STYLES = Styles(header=100, note=100, kinds=dict.fromkeys(Kind, 100), outcomes={})


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.text(st.sampled_from("\r&<>_x0041 a\u00e9\U0001f600\n"), max_size=30) | st.none(),
        min_size=1,
        max_size=5,
    ),
    st.integers(min_value=0, max_value=2**63 - 1),
)
def test_the_size_of_a_sheet_is_never_underestimated(
    tmp_path_factory: pytest.TempPathFactory, found: Sequence[str | None], number: int
) -> None:
    """A part beyond two gigabytes is announced as one, so its size must be known before."""
    rows = [
        DetailRow(
            row=number,
            kind=RowKind.ALLOCATION,
            allocation_id=text,
            outcome=Outcome.UNKNOWN,
            version=number,
            verified=True,
            settled_at="2026-11-24T00:00:00.001Z",
            extras=(text, text),
        )
        for text in found
    ]
    columns = detail_columns(("\r_x0041_" * 20, "&" * 9_000), 100)
    grid = Grid(columns, tmp_path_factory.getbasetemp(), groups=(None,), most=100)
    grid.add(rows)
    assert sum(map(len, grid.markup(STYLES, "note"))) <= grid.largest()
    grid.close()


@pytest.mark.parametrize("cell", [" ", "x", 7, 0.5, True])
def test_the_size_of_a_cell_is_never_underestimated(cell: Cell) -> None:
    """Not in the farthest corner of a sheet, where its address is longest, either."""
    (markup,) = cells_markup([cell], "XFD", Style(usual=100), 1_048_576)
    assert len(markup) <= LARGEST_CELL + LARGEST_BYTE


def test_a_part_announced_as_large_can_be_read() -> None:
    """The extension for large parts is the format's own: other readers know it."""
    file = io.BytesIO()
    parts: dict[str, bytes | Part] = {"a": b"small", "b": Part(chunks=[b"one", b"two"], large=True)}
    write_package(file, parts)
    with ZipFile(file) as package:
        assert package.testzip() is None
        found = {name: package.read(name) for name in package.namelist()}
        assert found == {"a": b"small", "b": b"onetwo"}
        assert package.getinfo("b").extract_version == 45


def test_the_breaks_are_those_of_the_tally(every_outcome: tuple[DetailRow, ...]) -> None:
    """The figures of these tests rest on 27 breaks."""
    assert sum(is_break(row.kind, row.outcome) for row in every_outcome) == 27
