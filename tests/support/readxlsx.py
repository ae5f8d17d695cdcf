"""Workbooks of a report: made from a source, and read back by two other programs' libraries."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import openpyxl
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineWorkbook

from bulkcancel.reconcile import Tally, balance, verdict
from bulkcancel.report import ReportSource
from bulkcancel.report.breaks import StandingBreaks
from bulkcancel.report.summary import summarize
from bulkcancel.report.workbook import WorkbookFile

SHEETS = ["Summary", "Breaks", "All rows"]
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")


def summary_of(source: ReportSource) -> dict[str, Any]:
    """Return the content of ``summary.json``."""
    tally, standing = Tally(), StandingBreaks()
    for rows in source.rows():
        tally.add_many(rows.rows())
        standing.add(rows.rows())
    attempts = source.attempts()
    control = balance(source.manifest, tally, None, attempts)
    sentence, exit_code = verdict(tally, source.stop, control)
    return summarize(
        source,
        tally,
        control,
        attempts=attempts,
        standing=standing,
        files={},
        verdict=sentence,
        exit_code=exit_code,
    )


def workbook_of(source: ReportSource, folder: Path, **limits: int) -> bytes:
    """Return the workbook of a source; ``folder`` takes what is kept aside."""
    file = io.BytesIO()
    with WorkbookFile(
        file,
        folder,
        id_column=source.id_column,
        other_columns=source.other_columns,
        run=source.facts["run_id"],
        rows=source.manifest.counts.read,
        most_rows=source.xlsx_rows,
        **limits,
    ) as workbook:
        for rows in source.rows():
            workbook.add(rows.rows())
        workbook.finish(summary_of(source))
    return file.getvalue()


def opened(content: bytes) -> Workbook:
    """Return a workbook as openpyxl reads it; no part of it holds a formula."""
    with ZipFile(io.BytesIO(content)) as package:
        assert package.testzip() is None
        for name in package.namelist():
            assert not re.search(rb"<f[ />]", package.read(name)), name
    book = openpyxl.load_workbook(io.BytesIO(content))
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" for cell in row)
    return book


def sheet_of(content: bytes, name: str) -> Worksheet:
    """Return a sheet as openpyxl reads it."""
    found = opened(content)[name]
    assert isinstance(found, Worksheet)
    return found


def values(sheet: Worksheet) -> list[list[Any]]:
    """Return the values of all cells, row by row."""
    return [[_value(cell.value) for cell in row] for row in sheet.iter_rows()]


def records(sheet: Worksheet) -> list[dict[str, Any]]:
    """Return the rows under the header, each value by the name of its column."""
    header, *rows = values(sheet)
    return [dict(zip(header, row, strict=True)) for row in rows]


def texts(content: bytes, name: str) -> list[list[Any]]:
    """Return the cells of a sheet as Calamine reads them, which knows what is escaped."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return book.get_sheet_by_name(name).to_python(skip_empty_area=False)


def said(sheet: Worksheet) -> Iterator[tuple[Any, ...]]:
    """Yield what stands in each row that is not empty, without the empty cells."""
    for row in values(sheet):
        if found := tuple(value for value in row if value is not None):
            yield found


def pairs(sheet: Worksheet) -> dict[str, Any]:
    """Return what stands beside each label, in rows of two cells."""
    return {str(row[0]): row[1] for row in said(sheet) if len(row) == 2}


def _value(value: Any) -> Any:
    # openpyxl leaves a cell's own text escaped.
    if isinstance(value, str):
        return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), value)
    return value
