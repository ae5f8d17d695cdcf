"""Which sheet of a workbook is read: the only one with data, or the one that was named."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from packed import zipped
from rawbook import book, parts, row, sheet, text

from bulkcancel.manifest import Manifest

A = "62ff5c0bec0aed3c86202c32"
B = "62ff5c0bec0aed3c86202c33"
BLANK = sheet(row(1, '<c r="A1" s="0"/>', text("B1", " ")))


def ids(one: str) -> str:
    """Return a sheet that holds one id."""
    return sheet(row(1, text("A1", "allocation_id")), row(2, text("A2", one)))


def test_the_only_sheet_with_data_is_read(read: Callable[..., Manifest]) -> None:
    """Blank sheets around it do not count, nor do hidden ones with data."""
    content = book(
        {"Start": BLANK, "Ids": ids(A), "Old": ids(B), "Older": ids(B)},
        states={"Old": "hidden", "Older": "veryHidden"},
    )
    manifest = read(content, "x.xlsx")
    assert (manifest.first_ids, manifest.facts.sheet) == ((A,), "Ids")


@pytest.mark.parametrize(
    ("sheets", "states", "said"),
    [
        ({"East": ids(A), "West": ids(B)}, {}, "2 sheets hold data ('East', 'West'): say which"),
        ({"Ids": ids(A), "Notes": sheet(row(9, text("Z9", "x")))}, {}, "2 sheets hold data"),
        ({"Start": BLANK, "Ids": ids(A)}, {"Ids": "hidden"}, "hidden ones hold data ('Ids')"),
        ({"Ids": ids(A)}, {"Ids": "veryHidden"}, "hidden ones hold data ('Ids'): say which"),
        ({"Start": BLANK}, {}, "the workbook is blank"),
        ({}, {}, "the workbook is blank"),
    ],
)
def test_no_sheet_is_guessed(
    sheets: Mapping[str, str], states: Mapping[str, str], said: str, refused: Callable[..., str]
) -> None:
    """Several with data, or hidden ones only: refused with their names and the option."""
    assert said in refused(book(sheets, states=states), "x.xlsx")


@pytest.mark.parametrize("name", ["May 2024", "may2024", " MAY  2024 "])
def test_a_sheet_is_named(name: str, read: Callable[..., Manifest]) -> None:
    """Exactly, or but for case and spaces; a hidden one too."""
    content = book({"Apr": ids(B), "May 2024": ids(A)}, states={"May 2024": "hidden"})
    assert read(content, "x.xlsx", sheet=name).first_ids == (A,)


def test_the_exact_name_goes_before_another(
    read: Callable[..., Manifest], refused: Callable[..., str]
) -> None:
    """Two names that differ in spaces only: the exact one is taken, a third spelling refused."""
    content = book({"ids": ids(A), " Ids": ids(B)})
    assert read(content, "x.xlsx", sheet="ids").first_ids == (A,)
    assert read(content, "x.xlsx", sheet=" Ids").first_ids == (B,)
    assert "several sheets may be meant by --sheet 'IDS': 'ids', ' Ids'" in refused(
        content, "x.xlsx", sheet="IDS"
    )


def test_a_sheet_that_is_not_there(refused: Callable[..., str]) -> None:
    """The names that there are follow."""
    said = refused(book({"East": ids(A), "West": ids(B)}), "x.xlsx", sheet="North")
    assert "no sheet is named 'North' (--sheet); the sheets are 'East', 'West'" in said
    assert "the sheet 'Start' is blank" in refused(
        book({"Start": BLANK, "Ids": ids(A)}), "x.xlsx", sheet="Start"
    )


def test_a_chart_is_no_sheet_of_data(
    read: Callable[..., Manifest], refused: Callable[..., str]
) -> None:
    """A sheet that is a chart is passed by, and refused if it was named."""
    made = parts({"Ids": ids(A), "Chart": BLANK})
    path = "xl/_rels/workbook.xml.rels"
    made[path] = made[path].replace(
        b'worksheet" Target="worksheets/sheet2.xml', b'chartsheet" Target="chartsheets/sheet1.xml'
    )
    made["xl/chartsheets/sheet1.xml"] = b"<chartsheet/>"
    assert read(zipped(made), "x.xlsx").first_ids == (A,)
    assert "'Chart' is no sheet of cells" in refused(zipped(made), "x.xlsx", sheet="Chart")
