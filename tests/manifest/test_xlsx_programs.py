"""Workbooks as programs write them, held against the same data as text and another reader."""

from __future__ import annotations

import csv
import datetime as dt
import io
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from bulkcancel.manifest import InputOptions, Manifest, read_manifest
from bulkcancel.model import ManifestRow, RowKind

A = "62ff5c0bec0aed3c86202c32"
B = "00ff5c0bec0aed3c86202c33"
NAMES = ("po", "allocation_id", "note")
Rows = Callable[[Manifest], list[ManifestRow]]
Table = Sequence[Sequence[str]]

# A cell of a workbook holds no control characters but these, and CR only as an escape.
TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from('\n\t\r,"<>&'), max_size=8
)
IDS = st.one_of(
    st.integers(min_value=0, max_value=30).map("{:024x}".format),
    st.sampled_from([f" {A}\u200b", "", " ", "6.2E+10", "a,b", "=1+1", "007", "_x000D_", "TRUE"]),
    TEXTS,
)


def by_xlsxwriter(rows: Table, *, constant_memory: bool = False) -> bytes:
    """Return texts as a workbook; with ``constant_memory`` they are not shared."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"constant_memory": constant_memory}) as made:
        made_sheet = made.add_worksheet()
        for number, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                if cell:
                    made_sheet.write_string(number, column, cell)
    return file.getvalue()


def by_openpyxl(rows: Sequence[Sequence[Any]], *, write_only: bool = False) -> bytes:
    """Return values as a workbook."""
    made = openpyxl.Workbook(write_only=write_only)
    made_sheet = made.create_sheet() if write_only else made.worksheets[0]
    for cells in rows:
        made_sheet.append(list(cells))
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def as_csv(rows: Table) -> bytes:
    """Return texts as CSV."""
    file = io.StringIO(newline="")
    csv.writer(file, quoting=csv.QUOTE_ALL).writerows(rows)
    return file.getvalue().encode()


def told(manifest: Manifest, rows: Sequence[ManifestRow], most: int) -> list[object]:
    """Return what a manifest says of its first rows; an empty cell and none are the same."""
    facts = [
        (row.row, row.kind, row.allocation_id, row.text, tuple(c or None for c in row.extras))
        for row in rows[:most]
    ]
    return [manifest.facts.digest, manifest.facts.hash_total, manifest.counts.unique, *facts]


@settings(deadline=None)  # a busy machine is no failure
@given(rows=st.lists(st.tuples(TEXTS, IDS, TEXTS), max_size=8), constant_memory=st.booleans())
def test_a_workbook_and_a_text_of_the_same_data_agree(
    rows: list[tuple[str, str, str]],
    constant_memory: bool,  # noqa: FBT001 - given by hypothesis
    read: Callable[..., Manifest],
    rows_of: Rows,
) -> None:
    """Same texts: same ids, kinds, cells, digest and hash total, but for empty rows at the end."""
    while rows and not any(rows[-1]):
        rows.pop()
    data = [NAMES, *rows]
    ours = read(by_xlsxwriter(data, constant_memory=constant_memory), "x.xlsx")
    text = read(as_csv(data))
    found = rows_of(ours)
    assert len(found) == len(rows)
    assert told(ours, found, len(rows)) == told(text, rows_of(text), len(rows))


VALUES = st.one_of(
    st.integers(min_value=-(2**53), max_value=2**53),
    st.floats(allow_nan=False, allow_infinity=False, width=64),
    st.booleans(),
    st.datetimes(min_value=dt.datetime(1900, 3, 1), max_value=dt.datetime(2199, 1, 1)).map(  # noqa: DTZ001 - without a zone
        lambda moment: moment.replace(microsecond=0)
    ),
    st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=5),
)


@settings(deadline=None)  # a busy machine is no failure
@given(values=st.lists(VALUES, min_size=1, max_size=8))
def test_another_reader_sees_the_same_values(
    values: list[Any], read: Callable[..., Manifest], rows_of: Rows
) -> None:
    """Numbers, truth values, dates and texts of a workbook are what calamine finds in it."""
    data: list[list[Any]] = [[f"{n:024x}", value] for n, value in enumerate(values)]
    content = by_openpyxl([["allocation_id", "x"], *data])
    theirs = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    ours = [row.extras[0] for row in rows_of(read(content, "x.xlsx"))]
    assert len(ours) == len(values)
    for seen, (_, value) in zip(ours, theirs[1:], strict=True):
        assert seen is not None
        match value:
            case bool():
                assert seen == str(value).upper()
            case float() | int():
                assert float(seen) == value
            case dt.datetime():
                assert dt.datetime.fromisoformat(seen) == value
            case dt.date():
                assert seen == value.isoformat()
            case _:
                assert seen == value


def test_what_openpyxl_writes_is_read(read: Callable[..., Manifest], rows_of: Rows) -> None:
    """Both of its ways of writing, with numbers, dates and formulas beside the ids."""
    data: list[list[Any]] = [
        ["allocation_id", "when", "how many", "sum"],
        [A, dt.date(2024, 1, 31), 7, "=C2*2"],
        [B, dt.datetime(2024, 1, 31, 13, 5), 7.25, None],  # noqa: DTZ001 - without a zone
        [None, None, None, None],
        [7, dt.time(13, 5), None, True],
    ]
    for write_only in (False, True):
        rows = rows_of(read(by_openpyxl(data, write_only=write_only), "x.xlsx"))
        assert [(row.row, row.kind, row.extras) for row in rows] == [
            (2, RowKind.ALLOCATION, ("2024-01-31", "7", "=C2*2")),
            (3, RowKind.ALLOCATION, ("2024-01-31 13:05:00", "7.25", None)),
            (4, RowKind.BLANK, (None, None, None)),
            (5, RowKind.INVALID, ("13:05:00", None, "TRUE")),
        ]


def test_many_rows_are_read_in_order(read: Callable[..., Manifest], rows_of: Rows) -> None:
    """Row numbers run through, over batches and blocks."""
    data = [NAMES, *[(f"PO{n}", f"{n:024x}", "x") for n in range(10_000)]]
    rows = rows_of(read(by_xlsxwriter(data), "x.xlsx"))
    assert [(row.row, row.allocation_id, row.extras) for row in rows] == [
        (n + 2, f"{n:024x}", (f"PO{n}", "x")) for n in range(10_000)
    ]


def test_filtered_rows_of_a_program_are_asked_for(
    read: Callable[..., Manifest], refused: Callable[..., str]
) -> None:
    """A filter as XlsxWriter sets it hides rows; without a criterion it hides none."""

    def filtered(*, hides: bool) -> bytes:
        file = io.BytesIO()
        with xlsxwriter.Workbook(file) as made:
            made_sheet = made.add_worksheet()
            made_sheet.write_column(0, 0, ["allocation_id", A, B])
            made_sheet.write_column(0, 1, ["region", "east", "west"])
            made_sheet.autofilter("A1:B3")
            if hides:
                made_sheet.filter_column("B", "x == east")
                made_sheet.set_row(2, options={"hidden": True})
        return file.getvalue()

    assert "row 3 holds data and is hidden" in refused(filtered(hides=True), "x.xlsx")
    assert read(filtered(hides=True), "x.xlsx", include_hidden=True).counts.unique == 2
    assert read(filtered(hides=False), "x.xlsx").counts.unique == 2


def by_libreoffice(source: Path, folder: Path, *options: str) -> Path:
    """Return a file that LibreOffice opened and saved as a workbook."""
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("LibreOffice (soffice) is not installed")
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    subprocess.run(
        [
            program,
            "--headless",
            "--norestore",
            profile,
            *options,
            "--convert-to",
            "xlsx",
            "--outdir",
            str(folder),
            str(source),
        ],
        check=True,
        capture_output=True,
        timeout=300,
    )
    return folder / f"{source.stem}.xlsx"


def test_what_libreoffice_saves_is_read(tmp_path: Path, rows_of: Rows) -> None:
    """A CSV imported as text is the same manifest; imported as it comes, the damage is caught."""
    source = tmp_path / "ids.csv"
    data = [NAMES, ("0012", A, "caf\u00e9"), ("", "", ""), ("13", B, "two\nlines")]
    data += [("14", "620000000000123456789012", "digits"), ("15", "62000000000000000000e120", "")]
    source.write_bytes(as_csv(data))
    whole = by_libreoffice(source, tmp_path, "--infilter=CSV:44,34,76,1,1/2/2/2/3/2")
    ours = read_manifest(InputOptions(path=str(whole)))
    text = read_manifest(InputOptions(path=str(source)))
    found = rows_of(ours)
    assert told(ours, found, 9) == told(text, rows_of(text), 9)
    assert ours.facts.sheet == "ids"
    harmed = read_manifest(
        InputOptions(path=str(by_libreoffice(source, tmp_path, "--infilter=CSV:44,34,76,1")))
    )
    assert [(row.row, row.text) for row in harmed.problems] == [
        (5, "6.20000000000123E+23"), (6, "6.2E+139"),
    ]  # fmt: skip
    assert all("is a number in the spreadsheet" in (row.reason or "") for row in harmed.problems)
