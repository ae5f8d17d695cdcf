"""What a person does not see, or sees as one: hidden rows and merged ids are asked for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rawbook import book, row, sheet, text

from bulkcancel.manifest import Manifest
from bulkcancel.model import ManifestRow

A = "62ff5c0bec0aed3c86202c32"
B = "62ff5c0bec0aed3c86202c33"
C = "62ff5c0bec0aed3c86202c34"
HEADER = row(1, text("A1", "note"), text("B1", "allocation_id"), text("C1", "more"))
Rows = Callable[[Manifest], list[ManifestRow]]


def rows(*attributes: str) -> tuple[str, ...]:
    """Return a header and rows of ids with these attributes, from row 2 on."""
    found = [
        row(number, text(f"B{number}", one), attributes=f" {given}")
        for number, (one, given) in enumerate(zip((A, B, C), attributes, strict=False), 2)
    ]
    return (HEADER, *found)


@pytest.mark.parametrize(
    "hidden", ['hidden="1"', 'hidden="true"', 'ht="0" customHeight="1"', 'ht="0.0"']
)
def test_hidden_rows_are_asked_for(
    hidden: str, read: Callable[..., Manifest], refused: Callable[..., str], rows_of: Rows
) -> None:
    """By hand, by a filter, folded away or without height: how many, where, and the option."""
    content = book(sheet(*rows("", hidden, hidden)))
    assert refused(content, "x.xlsx").endswith(
        "sheet 'Sheet1': 2 rows with data are hidden, the first is row 3: unhide them or clear the "
        "filter, or take them as well with --include-hidden"
    )
    manifest = read(content, "x.xlsx", include_hidden=True)
    assert manifest.facts.hidden == 2
    assert [found.allocation_id for found in rows_of(manifest)] == [A, B, C]
    assert "row 4 holds data and is hidden: unhide it" in refused(
        book(sheet(*rows("", "", hidden))), "x.xlsx"
    )


def test_a_hidden_header_is_asked_for(
    read: Callable[..., Manifest], refused: Callable[..., str]
) -> None:
    """What looks like the first row is not the header then."""
    content = book(sheet(HEADER.replace("<row", '<row hidden="1"'), *rows("")[1:]))
    assert "row 1 holds data and is hidden" in refused(content, "x.xlsx")
    assert read(content, "x.xlsx", include_hidden=True).facts.hidden == 1


def test_what_hides_nothing_is_no_matter(read: Callable[..., Manifest]) -> None:
    """A hidden row that is blank, a filter that shows all, another column hidden, a low row."""
    content = book(
        sheet(
            *rows('ht="0.5"', 'hidden="0"'),
            row(4, text("A4", " "), attributes=' hidden="1"'),
            row(5, '<c r="A5" s="0"/>', attributes=' hidden="1"'),
            row(6, text("B6", C)),
            before='<cols><col min="1" max="1" hidden="1"/><col min="3" max="9" width="0"/></cols>',
            after='<autoFilter ref="A1:C6"/>',
        )
    )
    manifest = read(content, "x.xlsx")
    assert (manifest.counts.unique, manifest.facts.hidden) == (3, 0)


@pytest.mark.parametrize("hidden", ['hidden="1"', 'hidden="true"', 'width="0" customWidth="1"'])
def test_a_hidden_column_of_ids_is_asked_for(
    hidden: str, read: Callable[..., Manifest], refused: Callable[..., str]
) -> None:
    """The ids that nobody sees are cancelled only if that is wanted."""
    content = book(sheet(*rows(""), before=f'<cols><col min="2" max="2" {hidden}/></cols>'))
    assert "column B, which holds the ids, is hidden: unhide it" in refused(content, "x.xlsx")
    assert read(content, "x.xlsx", include_hidden=True).first_ids == (A,)


@pytest.mark.parametrize(
    "merged", ["B2:B3", "A2:B2", "B4:C4", "A1:B1", "A1:C4", "$B$2:$B$3", "B3:A2"]
)
def test_merged_ids_are_refused(merged: str, refused: Callable[..., str]) -> None:
    """Which rows share an id is not guessed; an empty cell below it is no blank row."""
    content = book(
        sheet(
            *rows("", "", ""),
            after=f'<mergeCells count="2"><mergeCell ref="A3:A4"/><mergeCell ref="{merged}"/>'
            "</mergeCells>",
        )
    )
    said = refused(content, "x.xlsx")
    assert f"the cells '{merged}' are merged, and column B among them holds the ids" in said
    assert "unmerge them" in said


def test_other_merged_cells_are_no_matter(
    read: Callable[..., Manifest],
) -> None:
    """Those of other columns, of one cell, and of nothing below the last row."""
    merged = ("A2:A3", "C1:D1", "B2", "B2:B2", "B5:B9", "A6:C6")
    cells = "".join(f'<mergeCell ref="{one}"/>' for one in merged)
    content = book(sheet(*rows("", "", ""), after=f"<mergeCells>{cells}</mergeCells>"))
    assert read(content, "x.xlsx").counts.unique == 3
    above = '<mergeCells><mergeCell ref="A1:C2"/></mergeCells>'
    content = book(sheet(row(3, text("B3", "allocation_id")), row(4, text("B4", A)), after=above))
    assert read(content, "x.xlsx").first_ids == (A,)


def test_many_merged_cells_are_refused_too(refused: Callable[..., str]) -> None:
    """The first are named; so many that not all are looked at are refused wherever they are."""
    cells = '<mergeCell ref="B2:B3"/>' * 5_000
    content = book(sheet(*rows("", "", ""), after=f"<mergeCells>{cells}</mergeCells>"))
    assert "'B2:B3', 'B2:B3', 'B2:B3' and others are merged" in refused(content, "x.xlsx")
    below = "".join(f'<mergeCell ref="B{n}:B{n + 1}"/>' for n in range(9, 4_009, 2))
    cells = f'<mergeCells>{below}<mergeCell ref="B2:B3"/></mergeCells>'
    assert "are merged" in refused(book(sheet(*rows("", "", ""), after=cells)), "x.xlsx")
