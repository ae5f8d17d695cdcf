"""The workbook but for its rows: made by XlsxWriter, taken apart, and filled with the rows."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, BinaryIO
from zipfile import ZipFile

import xlsxwriter
from xlsxwriter.utility import xl_range

from bulkcancel.report.workbook.cover import write_cover
from bulkcancel.report.workbook.grid import Grid
from bulkcancel.report.workbook.looks import Looks
from bulkcancel.report.workbook.markup import Styles
from bulkcancel.report.workbook.package import MOST_PLAIN, Part, write_package

SUMMARY_SHEET, BREAKS_SHEET, ALL_ROWS = "Summary", "Breaks", "All rows"

_NO_TIME = datetime(2000, 1, 1, tzinfo=UTC)
_A4 = 9
_ON_SCREEN_AND_PAPER, _NOWHERE = 0, 2  # where lines divide the cells
_DIMENSION = re.compile(rb'(?<=<dimension ref=")[^"]*(?=")')
_ROWS = re.compile(rb"(?<=<sheetData>).*(?=</sheetData>)", re.DOTALL)
_STYLE = re.compile(rb'<c r="[A-Z]+1" s="([0-9]+)"/>')


def write_workbook(
    file: BinaryIO,
    summary: Mapping[str, Any],
    grids: Mapping[str, Grid],
    *,
    notes: Mapping[str, str],
    contents: Mapping[str, str],
    id_column: str,
) -> None:
    """Write the workbook: the summary, then a sheet for each grid, by its name.

    ``notes`` say at the end of a sheet what is left out of it, or are empty; ``contents`` say in
    the summary what each sheet holds. The system's errors come through as `OSError`.
    """
    # For rows XlsxWriter needs three times as long, and the room of 250 MB for 100,000 of them; and
    # it takes a text that looks like its own markup for markup. All else it does well.
    frame = io.BytesIO()
    book = xlsxwriter.Workbook(
        frame,
        {
            "in_memory": True,
            "strings_to_numbers": False,
            "strings_to_formulas": False,
            "strings_to_urls": False,
        },
    )
    book.set_properties(
        {
            "title": f"Reconciliation of run {summary['run_id']}",
            "created": _time(summary["finished_at"]),
        }
    )
    looks = Looks(book)
    sheet = _sheet(book, SUMMARY_SHEET, summary["run_id"])
    sheet.hide_gridlines(_NOWHERE)
    write_cover(sheet, looks, summary, contents, id_column)
    for name, grid in grids.items():
        _grid_sheet(_sheet(book, name, summary["run_id"]), looks, grid)
    book.close()
    with ZipFile(frame) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    filled: dict[str, bytes | Part] = {**parts}
    for number, (name, grid) in enumerate(grids.items(), 2):
        part = f"xl/worksheets/sheet{number}.xml"
        filled[part] = _filled(parts[part], looks, grid, notes[name])
    write_package(file, filled)


def _time(text: str | None) -> datetime:
    return datetime.fromisoformat(text) if text else _NO_TIME


def _sheet(book: xlsxwriter.Workbook, name: str, run: str) -> Any:
    sheet = book.add_worksheet(name)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.7)
    sheet.fit_to_pages(1, 0)
    sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    # The ampersand is the footer's sign for what follows it.
    sheet.set_footer(f"&L&A&CRun {run[:80].replace('&', '&&')}&RPage &P of &N")
    return sheet


def _grid_sheet(sheet: Any, looks: Looks, grid: Grid) -> None:
    sheet.hide_gridlines(_ON_SCREEN_AND_PAPER)
    for place, width in enumerate(grid.widths):
        sheet.set_column(place, place, width)
    sheet.freeze_panes(1, 2)
    sheet.repeat_rows(0)
    if grid.rows:
        sheet.autofilter(0, 0, grid.rows, len(grid.columns) - 1)
    # A cell of each format, to see which number each has; the rows take their place.
    for place, look in enumerate(_looks_of_rows(looks)):
        sheet.write_blank(0, place, None, look)


def _looks_of_rows(looks: Looks) -> list[Any]:
    return [looks.header, looks.note, *looks.kinds.values(), *looks.outcomes.values()]


def _filled(sheet: bytes, looks: Looks, grid: Grid, note: str) -> Part:
    """Return a sheet of the frame with the rows of a grid in it."""
    header, for_note, *others = map(int, _STYLE.findall(sheet))
    styles = Styles(
        header=header,
        note=for_note,
        kinds=dict(zip(looks.kinds, others, strict=False)),
        outcomes=dict(zip(looks.outcomes, others[len(looks.kinds) :], strict=True)),
    )
    area = xl_range(0, 0, grid.rows + bool(note), len(grid.columns) - 1)
    head, tail = _ROWS.split(_DIMENSION.sub(area.encode(), sheet, count=1))

    def chunks() -> Iterator[bytes]:
        yield head
        yield from grid.markup(styles, note)
        yield tail

    large = grid.largest() > MOST_PLAIN and sum(map(len, chunks())) > MOST_PLAIN
    return Part(chunks=chunks(), large=large)
