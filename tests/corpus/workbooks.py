"""Workbooks written by XlsxWriter and openpyxl: what other programs and people leave behind."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import openpyxl
import xlsxwriter
from packed import zipped
from samedata import NAMES, ROWS, A, B, C, D, E, F

_BORN = dt.datetime(2024, 1, 2, 3, 4, 5)  # noqa: DTZ001 - workbooks tell their times without a zone
_HEADER = ("allocation_id", "note")


def files() -> dict[str, bytes]:
    """Return the files by name."""
    return {**_same(), **_values(), **_hidden(), **_merged(), **_sheets(), **_places()}


def _book(fill: Callable[[Any], object], **options: Any) -> bytes:
    """Return a workbook that XlsxWriter writes; ``fill`` is given it."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, **options}) as book:
        book.set_properties({"created": _BORN})
        fill(book)
    return file.getvalue()


def _openpyxl(fill: Callable[[Any], object]) -> bytes:
    """Return a workbook that openpyxl writes, told to be of a fixed time."""
    file = io.BytesIO()
    book = openpyxl.Workbook()
    fill(book)
    book.save(file)
    return settled(file.getvalue())


def settled(book: bytes) -> bytes:
    """Return a workbook whose times, in it and of its parts, are fixed ones."""
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    core = parts.get("docProps/core.xml")
    if core is not None:
        moment = f"{_BORN.isoformat()}Z".encode()
        parts["docProps/core.xml"] = re.sub(rb"\d{4}-\d\d-\d\dT[\d:.]+Z", moment, core)
    return zipped(parts)


def _fill(sheet: Any, rows: Iterable[Sequence[str]], *, top: int = 0, left: int = 0) -> None:
    """Write texts into a sheet of XlsxWriter; empty ones leave no cell."""
    for number, cells in enumerate(rows, top):
        for column, cell in enumerate(cells, left):
            if cell:
                sheet.write_string(number, column, cell)


def _of_rows(*rows: Sequence[str]) -> Callable[[Any], object]:
    """Return what fills a workbook of one sheet with these rows under the usual header."""
    return lambda book: _fill(book.add_worksheet("Allocations"), [_HEADER, *rows])


def _same() -> dict[str, bytes]:
    def writer(book: Any) -> None:
        _fill(book.add_worksheet("Allocations"), [NAMES, *ROWS])

    def openpyxl_book(book: Any) -> None:
        sheet = book.active
        for cells in (NAMES, *ROWS):
            sheet.append([cell or None for cell in cells])
        # openpyxl takes a text that begins so for a formula, unless it is told.
        sheet["C8"].data_type = "s"

    def table(book: Any) -> None:
        sheet = book.add_worksheet("Allocations")
        _fill(sheet, [NAMES, *ROWS])
        columns = [{"header": name} for name in NAMES]
        sheet.add_table(0, 0, len(ROWS), len(NAMES) - 1, {"columns": columns})
        sheet.freeze_panes(1, 0)
        sheet.ignore_errors({"number_stored_as_text": "A1:C9"})

    return {
        "xlsx-same-shared.xlsx": _book(writer),
        "xlsx-same-rows-at-once.xlsx": _book(writer, constant_memory=True),
        "xlsx-same-inline.xlsx": _openpyxl(openpyxl_book),
        "xlsx-same-table.xlsx": _book(table),
        "xlsx-same-named-csv.csv": _book(writer),
    }


def _values() -> dict[str, bytes]:
    def kinds(book: Any) -> None:
        sheet = book.add_worksheet("Allocations")
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        long_day = book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
        clock = book.add_format({"num_format": "hh:mm:ss"})
        hours = book.add_format({"num_format": "[h]:mm:ss"})
        padded = book.add_format({"num_format": "0" * 24})
        percent = book.add_format({"num_format": "0%"})
        sheet.write_row(0, 0, _HEADER)
        sheet.write_string(1, 0, A)
        sheet.write_number(2, 0, 620000000000123456789012)
        sheet.write_number(3, 0, 12345)
        sheet.write_number(4, 0, 12, padded)
        sheet.write_number(5, 0, 1.5)
        sheet.write_number(6, 0, 0.12, percent)
        sheet.write_datetime(7, 0, dt.datetime(2024, 2, 1), day)  # noqa: DTZ001
        sheet.write_datetime(8, 0, dt.datetime(2024, 2, 1, 13, 30), long_day)  # noqa: DTZ001
        sheet.write_number(9, 0, 0.5625, clock)
        sheet.write_number(10, 0, 1.5, hours)
        sheet.write_boolean(11, 0, True)  # noqa: FBT003 - XlsxWriter's way
        sheet.write_formula(12, 0, "=NA()", None, "#N/A")
        sheet.write_formula(13, 0, '="62ff"&"5c0b"', None, "")
        sheet.write_formula(14, 0, "=1+1", None, 2)
        sheet.write_formula(15, 0, f'=MID("{B}x",1,24)', None, B)
        sheet.write_string(16, 0, "6.2E+23")
        sheet.write_string(17, 0, "\u200b ")
        for row in range(1, 18):
            sheet.write_string(row, 1, f"row {row + 1}")

    def numbers(book: Any) -> None:
        sheet = book.add_worksheet("Allocations")
        sheet.write_row(0, 0, _HEADER)
        for number, cell in enumerate((10001, 10002, "10003", 123456789012345678), 1):
            sheet.write(number, 0, cell)

    def formulas(book: Any) -> None:
        book.active.append(_HEADER)
        book.active.append(['=CONCATENATE("62ff5c0b","0000000000000001")', "x"])
        book.active.append([B, "=1+1"])

    def old_calendar(book: Any) -> None:
        sheet = book.add_worksheet("Allocations")
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, ("allocation_id", "made", "amount"))
        sheet.write_string(1, 0, A)
        sheet.write_datetime(1, 1, dt.datetime(2024, 2, 1), day)  # noqa: DTZ001
        sheet.write_number(1, 2, 12.5)

    def rich(book: Any) -> None:
        sheet = book.add_worksheet("Allocations")
        bold = book.add_format({"bold": True})
        sheet.write_row(0, 0, _HEADER)
        sheet.write_rich_string(1, 0, A[:8], bold, A[8:16], A[16:])
        sheet.write_string(2, 0, f" {B}\u00a0")

    return {
        "xlsx-kinds-of-cells.xlsx": _book(kinds),
        "xlsx-numbers.xlsx": _book(numbers),
        "xlsx-formula-without-value.xlsx": _openpyxl(formulas),
        "xlsx-1904.xlsx": _book(old_calendar, date_1904=True),
        "xlsx-1900.xlsx": _book(old_calendar),
        "xlsx-rich-text.xlsx": _book(rich),
        "xlsx-mixed.xlsx": _book(_of_rows((A,), (A.upper(),), ("../x", "y"), ("", "no id"), (A,))),
    }


def _hidden() -> dict[str, bytes]:
    rows = ((A, "east"), (B, "west"), (C, "east"), (D, "west"), (E, "east"))

    def hidden(book: Any, **how: Any) -> None:
        _of_rows(*rows)(book)
        for row in (2, 3):
            book.worksheets()[0].set_row(row, None, None, how)

    def no_height(book: Any) -> None:
        _of_rows(*rows)(book)
        book.worksheets()[0].set_row(2, 0)

    def filtered(book: Any) -> None:
        _of_rows(*rows)(book)
        sheet = book.worksheets()[0]
        sheet.autofilter(0, 0, len(rows), 1)
        sheet.filter_column("B", "x == east")
        for row in (2, 4):
            sheet.set_row(row, None, None, {"hidden": True})

    def filter_shows_all(book: Any) -> None:
        _of_rows(*rows)(book)
        book.worksheets()[0].autofilter(0, 0, len(rows), 1)

    def hidden_empty(book: Any) -> None:
        _of_rows(*rows)(book)
        book.worksheets()[0].set_row(40, None, None, {"hidden": True})

    def header(book: Any) -> None:
        _of_rows(*rows)(book)
        book.worksheets()[0].set_row(0, None, None, {"hidden": True})

    def column(book: Any, columns: str) -> None:
        _of_rows(*rows)(book)
        book.worksheets()[0].set_column(columns, None, None, {"hidden": True})

    def unlike(book: Any) -> None:
        sheet = book.add_worksheet("Allocations")
        _fill(sheet, [("allocation_id", "Allocation ID"), (A, B), (C, D)])
        sheet.set_column("A:A", None, None, {"hidden": True})

    return {
        "xlsx-hidden-rows.xlsx": _book(lambda book: hidden(book, hidden=True)),
        "xlsx-folded-rows.xlsx": _book(lambda book: hidden(book, level=1, hidden=True)),
        "xlsx-rows-without-height.xlsx": _book(no_height),
        "xlsx-filtered.xlsx": _book(filtered),
        "xlsx-filter-shows-all.xlsx": _book(filter_shows_all),
        "xlsx-hidden-empty-row.xlsx": _book(hidden_empty),
        "xlsx-hidden-header.xlsx": _book(header),
        "xlsx-hidden-id-column.xlsx": _book(lambda book: column(book, "A:A")),
        "xlsx-hidden-other-column.xlsx": _book(lambda book: column(book, "B:B")),
        "xlsx-hidden-second-id-column.xlsx": _book(unlike),
    }


def _merged() -> dict[str, bytes]:
    def merged(book: Any, cells: str, shown: str) -> None:
        _of_rows((A, "x"), (B, "y"), (C, "z"))(book)
        book.worksheets()[0].merge_range(cells, shown)

    return {
        "xlsx-merged-ids.xlsx": _book(lambda book: merged(book, "A3:A4", B)),
        "xlsx-merged-id-and-note.xlsx": _book(lambda book: merged(book, "A3:B3", B)),
        "xlsx-merged-notes.xlsx": _book(lambda book: merged(book, "B2:B4", "all of them")),
        "xlsx-merged-header.xlsx": _book(lambda book: merged(book, "A1:B1", "allocation_id")),
        "xlsx-merged-below.xlsx": _book(lambda book: merged(book, "A6:B6", "the end")),
    }


def _sheets() -> dict[str, bytes]:
    def several(book: Any) -> None:
        _fill(book.add_worksheet("East"), [_HEADER, (A, "x"), (B, "y")])
        _fill(book.add_worksheet("West"), [_HEADER, (C, "x"), (D, "y")])
        _fill(book.add_worksheet("Read me"), [("Which ones are to go?",)])

    def others_empty(book: Any) -> None:
        book.add_worksheet("Sheet1")
        _fill(book.add_worksheet("Sheet2"), [_HEADER, (A, "x")])
        book.add_worksheet("Sheet3")

    def hidden_beside(book: Any, state: str) -> None:
        _fill(book.add_worksheet("Now"), [_HEADER, (A, "x")])
        old = book.add_worksheet("Before")
        _fill(old, [_HEADER, (B, "x"), (C, "y")])
        getattr(old, state)()

    def hidden_ids(book: Any) -> None:
        _fill(book.add_worksheet("Cover"), [("Allocations of PO 12",)])
        ids = book.add_worksheet("Data")
        _fill(ids, [_HEADER, (A, "x")])
        ids.hide()

    def chart(book: Any) -> None:
        sheet = book.add_worksheet("Allocations")
        _fill(sheet, [_HEADER, (A, "x")])
        drawn = book.add_chart({"type": "column"})
        drawn.add_series({"values": "=Allocations!$C$1:$C$2"})
        book.add_chartsheet("Chart").set_chart(drawn)

    def alike(book: Any) -> None:
        _fill(book.add_worksheet("ids"), [_HEADER, (A, "x")])
        _fill(book.add_worksheet(" Ids"), [_HEADER, (B, "x")])

    return {
        "xlsx-several-sheets.xlsx": _book(several),
        "xlsx-other-sheets-empty.xlsx": _book(others_empty),
        "xlsx-hidden-sheet-beside.xlsx": _book(lambda book: hidden_beside(book, "hide")),
        "xlsx-very-hidden-sheet-beside.xlsx": _book(
            lambda book: hidden_beside(book, "very_hidden")
        ),
        "xlsx-ids-in-hidden-sheet.xlsx": _book(hidden_ids),
        "xlsx-chart-beside.xlsx": _book(chart),
        "xlsx-sheets-alike.xlsx": _book(alike),
        "xlsx-nothing.xlsx": _book(lambda book: book.add_worksheet("Sheet1")),
        "xlsx-header-only.xlsx": _book(_of_rows()),
    }


def _places() -> dict[str, bytes]:
    def at_c5(book: Any) -> None:
        sheet = book.add_worksheet("Allocations")
        _fill(sheet, [_HEADER, (A, "x"), (), (B, "y")], top=4, left=2)

    def title(book: Any) -> None:
        sheet = book.add_worksheet("Allocations")
        _fill(sheet, [("Open allocations of PO 12",), (), _HEADER, (A, "x"), (B, "y")])

    def formatted(book: Any) -> None:
        _of_rows((A, "x"), (B, "y"))(book)
        sheet = book.worksheets()[0]
        frame = book.add_format({"border": 1})
        for row in range(12):
            for column in range(2, 6):
                sheet.write_blank(row, column, None, frame)
        for row in range(3, 12):
            sheet.write_blank(row, 0, None, frame)

    def too_many(book: Any) -> None:
        _of_rows((A, "x"), (B, "y", "and more"), (C, "z"))(book)

    def totals(book: Any) -> None:
        _of_rows((A, "x"), (B, "y"), (), ("Total",))(book)
        book.worksheets()[0].write_formula(4, 1, "=COUNTA(A2:A3)", None, 2)

    def number_as_name(book: Any) -> None:
        _of_rows((A, "x"))(book)
        book.worksheets()[0].write_number(0, 2, 2024)
        book.worksheets()[0].write_number(1, 2, 7)

    def comment(book: Any) -> None:
        _of_rows((A, "x"), (B, "y"))(book)
        book.worksheets()[0].write_comment("A3", F)

    def other_id_column(book: Any) -> None:
        _fill(book.add_worksheet("Allocations"), [("Line", "Ref"), ("1", A), ("2", B)])

    return {
        "xlsx-begins-at-c5.xlsx": _book(at_c5),
        "xlsx-title-above.xlsx": _book(title),
        "xlsx-formatted-beyond.xlsx": _book(formatted),
        "xlsx-too-many-cells.xlsx": _book(too_many),
        "xlsx-totals-row.xlsx": _book(totals),
        "xlsx-number-as-name.xlsx": _book(number_as_name),
        "xlsx-comment.xlsx": _book(comment),
        "xlsx-other-name.xlsx": _book(other_id_column),
    }
