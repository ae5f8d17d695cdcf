"""Cells of a workbook: ids are text, damage is told, everything else travels as it is seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from rawbook import book, row, sheet, text, value

from bulkcancel.manifest import Manifest
from bulkcancel.manifest.xlsx.moments import show_moment
from bulkcancel.manifest.xlsx.styles import Moment, shown_as
from bulkcancel.model import ManifestRow, RowKind

A = "62ff5c0bec0aed3c86202c32"
B = "62ff5c0bec0aed3c86202c33"
HEADER = row(1, text("A1", "allocation_id"), text("B1", "note"))
FORMATS = ("yyyy-mm-dd", "h:mm", "[h]:mm:ss", "d/m/yy h:mm", "0.00E+00", '#,##0 "days"')
DATE, TIME, DURATION, BOTH, SCIENTIFIC, DAYS = range(1, 7)
Rows = Callable[[Manifest], list[ManifestRow]]


def cells(*found: str) -> bytes:
    """Return a workbook with these cells, one a row from row 2 on."""
    rows = [row(number, cell) for number, cell in enumerate(found, 2)]
    return book(sheet(HEADER, *rows), formats=FORMATS)


@pytest.mark.parametrize(
    ("cell", "seen", "told"),
    [
        (value("A2", "62000000000"), "62000000000", "is a number in the spreadsheet"),
        (value("A2", "007"), "7", "leading zeros lost"),
        (value("A2", "12.5"), "12.5", "format the column as Text"),
        (value("A2", "6.2E+23"), "6.2E+23", "keeps 15 digits of it and rounds the rest"),
        (value("A2", "62000000000000000"), "62000000000000000", "keeps 15 digits"),
        (value("A2", "6.2E+10", style=SCIENTIFIC), "62000000000", "is a number"),
        (value("A2", "45322", style=DATE), "2024-01-31", "is a date in the spreadsheet"),
        (value("A2", "0.5", style=TIME), "12:00:00", "is a time in the spreadsheet"),
        (value("A2", "1.5", style=DURATION), "36:00:00", "is a duration in the spreadsheet"),
        (value("A2", "2024-01-31T00:00:00", "d"), "2024-01-31", "is a date in the spreadsheet"),
        (value("A2", "1", "b"), "TRUE", "is a logical value in the spreadsheet"),
        (value("A2", "#N/A", "e"), "#N/A", "is an error in the spreadsheet"),
        (value("A2", "#SPILL!", "e"), "#SPILL!", "is an error in the spreadsheet"),
        (value("A2", "7", formula="3+4"), "7", "is a number in the spreadsheet"),
        ('<c r="A2"><f>B1&amp;"x"</f></c>', '=B1&"x"', "is a formula without a value"),
        ('<c r="A2" t="str"><f>B1</f></c>', "=B1", "is a formula without a value"),
        ('<c r="A2"><f>B1</f><v></v></c>', "=B1", "is a formula without a value"),
        ('<c r="A2"><f t="shared" si="0"/></c>', "=", "is a formula without a value"),
    ],
)
def test_an_id_that_is_no_text_is_invalid(
    cell: str, seen: str, told: str, read: Callable[..., Manifest], rows_of: Rows
) -> None:
    """Whatever the pattern accepts: the row is named, what is seen in it, and how to mend it."""
    manifest = read(cells(cell), "x.xlsx", id_pattern=".+")
    (found,) = rows_of(manifest)
    assert (found.row, found.kind, found.text) == (2, RowKind.INVALID, seen)
    assert told in (found.reason or "")


@pytest.mark.parametrize(
    "cell",
    [
        text("A2", A),
        value("A2", A, "str", formula='"x"'),
        value("A2", A, "inlineStr"),
        f'<c r="A2" t="inlineStr"><is><r><t>{A[:9]}</t></r><r><t>{A[9:]}</t></r></is></c>',
        f'<c r="A2" t="inlineStr"><is><t>{A}</t><rPh sb="0" eb="1"><t>hint</t></rPh></is></c>',
        f'<c r="A2" t="inlineStr">\n <is>\n  <t>{A}</t>\n </is>\n</c>',
        f'<c r="A2" t="inlineStr"><is><t><![CDATA[{A[:3]}]]>{A[3:]}</t></is></c>',
        f'<c r="A2" t="inlineStr"><is><t>&#54;{A[1:]}</t></is></c>',
        f'<c t="inlineStr" r="A2" s="{DATE}"><is><t>{A}</t></is></c>',
        f'<c t="inlineStr"><is><t>{A}</t></is></c>',
        f'<c r="a2" t="inlineStr"><is><t>{A}</t></is></c>',
    ],
)
def test_an_id_that_is_text_is_taken(cell: str, read: Callable[..., Manifest]) -> None:
    """However it is written down: in runs, as a formula's value, without a place of its own."""
    assert read(cells(cell), "x.xlsx").first_ids == (A,)


def test_shared_texts_are_taken(read: Callable[..., Manifest], rows_of: Rows) -> None:
    """Runs are joined, hints on pronunciation left out, blanks kept, escapes undone."""
    strings = (
        "<si><t>allocation_id</t></si>",
        "<si><t>note</t></si>",
        f"<si><r><t>{A[:5]}</t></r><r><t>{A[5:]}</t></r><rPh sb='0' eb='1'><t>x</t></rPh></si>",
        "<si><t xml:space='preserve'> a  b </t></si>",
        "<si/>",
        "<si><t>1_x000D_2_x005F_x000D__xD83D__xDE00__x0000_</t></si>",
        "<si><t>_xD83D_half</t></si>",
    )
    rows = [
        row(1, value("A1", "0", "s"), value("B1", "1", "s")),
        *(row(n, value(f"A{n}", "2", "s"), value(f"B{n}", str(n + 1), "s")) for n in range(2, 6)),
    ]
    manifest = read(book(sheet(*rows), strings=strings), "x.xlsx")
    assert manifest.first_ids == (A,)
    assert [found.extras for found in rows_of(manifest)] == [
        (" a  b ",), (None,), ("1\r2_x000D_\U0001f600_x0000_",), ("\ufffdhalf",),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "seen"),
    [
        (value("B2", "7"), "7"),
        (value("B2", "7.0"), "7"),
        (value("B2", "-0"), "0"),
        (value("B2", "-0.0"), "0"),
        (value("B2", " 7 "), "7"),
        (value("B2", "9007199254740993"), "9007199254740993"),
        (value("B2", "0.1"), "0.1"),
        (value("B2", "0.10000000000000001"), "0.1"),
        (value("B2", "1E3"), "1000"),
        (value("B2", "1E15"), "1000000000000000"),
        (value("B2", "1E16"), "1E+16"),
        (value("B2", "1.5e-7"), "1.5E-07"),
        (value("B2", "1E999"), "1E999"),
        (value("B2", "nonsense"), "nonsense"),
        (value("B2", "7", style=DAYS), "7"),
        (value("B2", "1", "b"), "TRUE"),
        (value("B2", "false", "b"), "FALSE"),
        (value("B2", "#DIV/0!", "e"), "#DIV/0!"),
        (value("B2", "45322", style=DATE), "2024-01-31"),
        (value("B2", "45322.5", style=DATE), "2024-01-31 12:00:00"),
        (value("B2", "45322.04240740741", style=BOTH), "2024-01-31 01:01:04"),
        (value("B2", "45322.5", style=TIME), "2024-01-31 12:00:00"),
        (value("B2", "0.75", style=TIME), "18:00:00"),
        (value("B2", "1.5", style=DURATION), "36:00:00"),
        (value("B2", "-0.25", style=DURATION), "-06:00:00"),
        (value("B2", "-1", style=DATE), "-1"),
        (value("B2", "99999999", style=DATE), "99999999"),
        (value("B2", "nonsense", style=DATE), "nonsense"),
        (value("B2", "2024-01-31T12:30:00.000Z", "d"), "2024-01-31 12:30:00"),
        (value("B2", "2024-01-31", "d"), "2024-01-31"),
        (value("B2", "", "str", formula='""'), None),
        (value("B2", "x", "str", formula='"x"'), "x"),
        (value("B2", ""), None),
        ('<c r="B2"><f>1+1</f></c>', "=1+1"),
        ('<c r="B2" s="1"/>', None),
    ],
)
def test_other_columns_read_as_they_are_seen(
    cell: str, seen: str | None, read: Callable[..., Manifest], rows_of: Rows
) -> None:
    """Numbers are exact and without needless digits, dates are dates, nothing is dropped."""
    content = book(sheet(HEADER, row(2, text("A2", A), cell)), formats=FORMATS)
    (found,) = rows_of(read(content, "x.xlsx"))
    assert (found.allocation_id, found.extras) == (A, (seen,))


@pytest.mark.parametrize(
    ("serial", "since", "seen"),
    [
        (1.0, 1900, "1900-01-01"),
        (59.0, 1900, "1900-02-28"),
        (60.0, 1900, "1900-02-29"),
        (61.0, 1900, "1900-03-01"),
        (2958465.0, 1900, "9999-12-31"),
        (2958466.0, 1900, None),
        (0.0, 1900, "00:00:00"),
        (0.0, 1904, "1904-01-01"),
        (0.5, 1904, "1904-01-01 12:00:00"),
        (60.0, 1904, "1904-03-01"),
        (43860.0, 1904, "2024-01-31"),
        (2957003.0, 1904, "9999-12-31"),
        (2957004.0, 1904, None),
        (float("nan"), 1900, None),
        (1e300, 1900, None),
    ],
)
def test_days_are_counted_as_the_spreadsheet_does(
    serial: float, since: int, seen: str | None
) -> None:
    """The day that never was in 1900 is kept, and so is the other calendar's beginning."""
    assert show_moment(serial, Moment.DATE, from_1904=since == 1904) == seen


def test_a_workbook_that_counts_from_1904(read: Callable[..., Manifest], rows_of: Rows) -> None:
    """Its dates are not four years off."""
    content = book(
        sheet(HEADER, row(2, text("A2", A), value("B2", "43860", style=DATE))),
        formats=FORMATS,
        properties='<workbookPr date1904="1"/>',
    )
    (found,) = rows_of(read(content, "x.xlsx"))
    assert found.extras == ("2024-01-31",)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("General", None), ("Standard", None), ("0.00", None), ("#,##0.00 [$EUR]", None),
        ('0 "days"', None), (r"0 \d", None), ("0_d", None), ("0*y", None), ("@", None),
        ("[Red]0", None), ("0.00E+00", None), ('0"', None), ("0;yyyy", None),
        ("yyyy-mm-dd", Moment.DATE), ("[$-409]d-mmm-yy", Moment.DATE), ("mmmm", Moment.DATE),
        ("DD.MM.YYYY", Moment.DATE), ("m/d/yy h:mm AM/PM", Moment.DATE),
        ("h:mm", Moment.TIME), ("mm:ss.0", Moment.TIME), ("hh:mm AM/PM", Moment.TIME),
        ("[h]:mm", Moment.DURATION), ("[mm]:ss", Moment.DURATION), ("[S]", Moment.DURATION),
    ],
)  # fmt: skip
def test_formats_of_dates_are_told_from_those_of_numbers(code: str, kind: Moment | None) -> None:
    """Letters in quotes, after a backslash or in brackets make no date."""
    assert shown_as(code) is kind


@pytest.mark.parametrize("column", ["A", "B"])
def test_cells_of_spaces_and_formats_make_no_row(
    column: str, read: Callable[..., Manifest], rows_of: Rows
) -> None:
    """A row whose cells are blank is blank; formatted rows after the last one are no rows."""
    content = book(
        sheet(
            HEADER,
            row(2, text("A2", A)),
            row(3, text(f"{column}3", " \u00a0")),
            row(4, value("A4", "", "str", formula='""')),
            row(5, text("A5", B)),
            row(6, '<c r="A6" s="1"/>', attributes=' s="1" customFormat="1"'),
            row(900, '<c r="A900"/>'),
        )
    )
    found = [(row.row, row.kind) for row in rows_of(read(content, "x.xlsx"))]
    assert found == [
        (2, RowKind.ALLOCATION), (3, RowKind.BLANK), (4, RowKind.BLANK), (5, RowKind.ALLOCATION),
    ]  # fmt: skip


def places(rows: Sequence[ManifestRow]) -> list[tuple[int, str | None]]:
    """Return the row numbers of a manifest with the ids."""
    return [(row.row, row.allocation_id) for row in rows]


def test_row_numbers_are_those_of_the_sheet(read: Callable[..., Manifest], rows_of: Rows) -> None:
    """Rows that the file leaves out are blank rows, thousands of them too."""
    content = book(sheet(HEADER, row(3, text("A3", A)), row(9000, text("A9000", B))))
    rows = rows_of(read(content, "x.xlsx"))
    assert [row.row for row in rows] == list(range(2, 9001))
    assert [place for place in places(rows) if place[1]] == [(3, A), (9000, B)]
    unnumbered = sheet(HEADER, "<row/>", row(3, text("A3", A))).replace(' r="3"', "")
    assert places(rows_of(read(book(unnumbered), "x.xlsx"))) == [(2, None), (3, A)]
