"""Where the header of a sheet is, and which columns its table has."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rawbook import book, row, sheet, text, value

from bulkcancel.manifest import Manifest
from bulkcancel.model import ManifestRow

A = "62ff5c0bec0aed3c86202c32"
B = "62ff5c0bec0aed3c86202c33"
Rows = Callable[[Manifest], list[ManifestRow]]


def test_a_table_may_begin_anywhere(read: Callable[..., Manifest], rows_of: Rows) -> None:
    """A table in C5 has no columns of nothing before it, and the rows of the sheet."""
    content = book(
        sheet(
            row(2, text("A2", " ")),
            row(5, text("C5", "po"), text("D5", "Allocation ID"), value("E5", "2024")),
            row(6, text("C6", "12"), text("D6", A)),
            row(8, text("D8", B), value("E8", "7")),
        )
    )
    manifest = read(content, "x.xlsx")
    assert (manifest.facts.id_column, manifest.facts.other_columns) == (
        "Allocation ID", ("po", "2024"),
    )  # fmt: skip
    assert [(row.row, row.allocation_id, row.extras) for row in rows_of(manifest)] == [
        (6, A, ("12", None)), (7, None, (None, None)), (8, B, (None, "7")),
    ]  # fmt: skip


def test_columns_without_a_name_stay(read: Callable[..., Manifest], rows_of: Rows) -> None:
    """One in the middle, and one before the first name that holds data, as an index has it."""
    content = book(
        sheet(
            row(1, text("B1", "allocation_id"), text("D1", "note")),
            row(2, value("A2", "0"), text("B2", A), text("C2", "x"), text("D2", "y")),
        )
    )
    manifest = read(content, "x.xlsx")
    assert manifest.facts.other_columns == ("", "", "note")
    assert [row.extras for row in rows_of(manifest)] == [("0", "x", "y")]


def test_a_name_on_two_lines_is_one_name(read: Callable[..., Manifest]) -> None:
    """A header cell that was wrapped by hand still names the column."""
    content = book(sheet(row(1, text("A1", "Allocation \nID")), row(2, text("A2", A))))
    assert read(content, "x.xlsx").facts.id_column == "Allocation ID"
    assert read(content, "x.xlsx", id_column="allocation id").first_ids == (A,)


@pytest.mark.parametrize("place", ["A", "D", "XFD"])
def test_cells_beside_the_table_are_too_many(
    place: str, read: Callable[..., Manifest], rows_of: Rows
) -> None:
    """A text that stands under no name makes its row invalid, on whichever side it is."""
    rows = [row(number, text(f"B{number}", f"{number:024x}")) for number in range(2, 30)]
    cells = [text("B30", A), text(f"{place}30", "stray")]
    content = book(
        sheet(
            row(1, text("B1", "allocation_id"), text("C1", "note")),
            *rows,
            row(30, *(cells if place > "B" or place == "XFD" else cells[::-1])),
            row(31, *(text("B31", B), text("E31", " "))),
        )
    )
    manifest = read(content, "x.xlsx")
    assert [(found.row, found.text, found.reason) for found in manifest.problems] == [
        (30, A, "has 3 cells, the header has 2")
    ]
    assert rows_of(manifest)[-1].allocation_id == B


def test_names_missing_in_the_header_are_told(refused: Callable[..., str]) -> None:
    """Every row with one cell more than there are names: refused, as in a text."""
    rows = [row(n, text(f"A{n}", f"{n:024x}"), text(f"B{n}", "x")) for n in (2, 3)]
    said = refused(book(sheet(row(1, text("A1", "allocation_id")), *rows)), "x.xlsx")
    assert "one cell more than the header" in said


def test_a_title_above_the_header_is_not_guessed_away(refused: Callable[..., str]) -> None:
    """The row that seems to be the header is named, and what to do."""
    title = row(1, text("A1", "Vendor clean-up November"))
    header = row(3, text("A3", "po"), text("B3", "allocation_id"))
    said = refused(book(sheet(title, header, row(4, text("B4", A)))), "x.xlsx")
    assert "row 1 names no column of ids" in said
    assert "row 3 seems to be the header: delete the rows above row 3" in said
    again = row(5, text("A5", "allocation id"))
    said = refused(book(sheet(title, header, row(4, text("B4", A)), again)), "x.xlsx")
    assert "no column is named allocation_id" in said


def test_a_sheet_without_a_header_is_refused(refused: Callable[..., str]) -> None:
    """A first row that holds an id is no header; one that names no ids is shown."""
    said = refused(book(sheet(row(2, text("A2", A)), row(3, text("A3", B)))), "x.xlsx")
    assert f"row 2 holds '{A}', which is an id and no header: add a row above it" in said
    names = book(sheet(row(1, text("A1", "ref"), text("B1", "po"))))
    said = refused(names, "x.xlsx", id_pattern="[a-z0-9]+")
    assert "sheet 'Sheet1': no column is named allocation_id" in said
    assert "the columns are 'ref', 'po'; say which one holds the ids with --id-column NAME" in said
    twice = row(1, text("A1", "allocation_id"), text("B1", "allocation_id"))
    assert "have the same name" in refused(book(sheet(twice)), "x.xlsx")


def test_a_header_alone_is_an_empty_input(read: Callable[..., Manifest]) -> None:
    """No rows are no error of the format."""
    assert read(book(sheet(row(1, text("A1", "allocation_id")))), "x.xlsx").counts.read == 0


def test_a_wide_table_is_read_in_small_batches(
    read: Callable[..., Manifest], rows_of: Rows
) -> None:
    """The last column of a sheet can hold the ids, and a batch never grows beyond memory."""
    header = row(1, text("A1", "first"), text("XFD1", "allocation_id"))
    rows = [row(n, text(f"XFD{n}", f"{n:024x}")) for n in range(2, 60)]
    manifest = read(book(sheet(header, *rows)), "x.xlsx")
    assert max(len(batch) for batch in manifest.rows()) == 16
    assert [found.allocation_id for found in rows_of(manifest)] == [
        f"{n:024x}" for n in range(2, 60)
    ]
