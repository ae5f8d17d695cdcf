"""What must come of the workbooks that XlsxWriter and openpyxl wrote."""

from __future__ import annotations

from case import BLANK, Again, Bad, Case, book, refused, same
from samedata import A, B, C, D, E
from wording import (
    ALTERNATIVES,
    CASE_OF_ROW_2,
    DATE,
    DURATION,
    ERROR,
    LOGICAL,
    NO_VALUE,
    NUMBER,
    ROUNDED,
    ROUNDED_TEXT,
    TIME,
    hidden,
    merged,
    no_name,
)

_ALL = (A, B, C, D, E)
_HIDDEN = {"include_hidden": True}


CASES: tuple[Case, ...] = (
    # The same data, with shared texts and with a text in each cell.
    book("xlsx-same-shared.xlsx", *same(2)),
    book("xlsx-same-shared.xlsx", *same(2), given={"sheet": "Allocations"}),
    book("xlsx-same-shared.xlsx", *same(2), given={"sheet": "allocations"}),
    book("xlsx-same-rows-at-once.xlsx", *same(2)),
    book("xlsx-same-inline.xlsx", *same(2), sheet="Sheet"),
    book("xlsx-same-table.xlsx", *same(2)),
    book("xlsx-same-named-csv.csv", *same(2)),
    # Kinds of cells: only text is an id, and a formula that gave a text.
    book(
        "xlsx-kinds-of-cells.xlsx",
        A,
        Bad("6.200000000001234E+23", ROUNDED),
        Bad("12345", NUMBER),
        Bad("12", NUMBER),
        Bad("1.5", NUMBER),
        Bad("0.12", NUMBER),
        Bad("2024-02-01", DATE),
        Bad("2024-02-01 13:30:00", DATE),
        Bad("13:30:00", TIME),
        Bad("36:00:00", DURATION),
        Bad("TRUE", LOGICAL),
        Bad("#N/A", ERROR),
        Bad('="62ff"&"5c0b"', NO_VALUE),
        Bad("2", NUMBER),
        B,
        Bad("6.2E+23", ROUNDED_TEXT),
        Bad("\u200b ", "the id is empty"),
    ),
    book(
        "xlsx-numbers.xlsx",
        Bad("10001", NUMBER),
        Bad("10002", NUMBER),
        "10003",
        Bad("1.234567890123457E+17", ROUNDED),
        given={"id_pattern": "[0-9]+"},
    ),
    book(
        "xlsx-formula-without-value.xlsx",
        Bad('=CONCATENATE("62ff5c0b","0000000000000001")', NO_VALUE),
        B,
        sheet="Sheet",
        others=[("x",), ("=1+1",)],
    ),
    book("xlsx-1900.xlsx", A, others=[("2024-02-01", "12.5")]),
    book("xlsx-1904.xlsx", A, others=[("2024-02-01", "12.5")]),
    book("xlsx-rich-text.xlsx", A, B, trimmed=1),
    book(
        "xlsx-mixed.xlsx",
        A,
        Bad(A.upper(), CASE_OF_ROW_2),
        Bad("../x", "contains a slash"),
        Bad("", "the id is empty"),
        Again(2),
    ),
    # Hidden rows and columns are asked for, whatever hides them.
    refused("xlsx-hidden-rows.xlsx", hidden(3, 2)),
    book("xlsx-hidden-rows.xlsx", *_ALL, given=_HIDDEN, hidden=2),
    refused("xlsx-folded-rows.xlsx", hidden(3, 2)),
    book("xlsx-folded-rows.xlsx", *_ALL, given=_HIDDEN, hidden=2),
    refused("xlsx-rows-without-height.xlsx", hidden(3, 1)),
    book("xlsx-rows-without-height.xlsx", *_ALL, given=_HIDDEN, hidden=1),
    refused("xlsx-filtered.xlsx", hidden(3, 2)),
    book("xlsx-filtered.xlsx", *_ALL, given=_HIDDEN, hidden=2),
    book("xlsx-filter-shows-all.xlsx", *_ALL),
    book("xlsx-hidden-empty-row.xlsx", *_ALL),
    refused("xlsx-hidden-header.xlsx", hidden(1, 1)),
    book("xlsx-hidden-header.xlsx", *_ALL, given=_HIDDEN, hidden=1),
    refused(
        "xlsx-hidden-id-column.xlsx",
        "sheet 'Allocations': column A, which holds the ids, is hidden: unhide it, or take it as "
        "it is with --include-hidden",
    ),
    book("xlsx-hidden-id-column.xlsx", *_ALL, given=_HIDDEN),
    book("xlsx-hidden-other-column.xlsx", *_ALL),
    refused(
        "xlsx-hidden-second-id-column.xlsx",
        "sheet 'Allocations': column 1 ('allocation_id') and column 2 ('Allocation ID') "
        f"{ALTERNATIVES}",
    ),
    book(
        "xlsx-hidden-second-id-column.xlsx",
        B,
        D,
        given={"id_column": "Allocation ID"},
        id_column="Allocation ID",
    ),
    # Merged cells among the ids.
    refused("xlsx-merged-ids.xlsx", merged("A3:A4")),
    refused("xlsx-merged-ids.xlsx", merged("A3:A4"), include_hidden=True),
    refused("xlsx-merged-id-and-note.xlsx", merged("A3:B3")),
    refused("xlsx-merged-header.xlsx", merged("A1:B1")),
    refused("xlsx-merged-below.xlsx", merged("A6:B6")),
    book("xlsx-merged-notes.xlsx", A, B, C, others=[("all of them",), ("y",), ("z",)]),
    # Several sheets.
    refused(
        "xlsx-several-sheets.xlsx",
        "3 sheets hold data ('East', 'West', 'Read me'): say which one to read with --sheet NAME",
    ),
    book("xlsx-several-sheets.xlsx", C, D, given={"sheet": "West"}, sheet="West"),
    book("xlsx-several-sheets.xlsx", C, D, given={"sheet": "west"}, sheet="West"),
    refused(
        "xlsx-several-sheets.xlsx",
        "no sheet is named 'Nowhere' (--sheet); the sheets are 'East', 'West', 'Read me'",
        sheet="Nowhere",
    ),
    refused(
        "xlsx-several-sheets.xlsx",
        f"sheet 'Read me': {no_name('Which ones are to go?')}",
        sheet="Read me",
    ),
    book("xlsx-other-sheets-empty.xlsx", A, sheet="Sheet2"),
    refused("xlsx-other-sheets-empty.xlsx", "the sheet 'Sheet1' is blank", sheet="Sheet1"),
    book("xlsx-hidden-sheet-beside.xlsx", A, sheet="Now"),
    book("xlsx-hidden-sheet-beside.xlsx", B, C, given={"sheet": "Before"}, sheet="Before"),
    book("xlsx-very-hidden-sheet-beside.xlsx", A, sheet="Now"),
    book("xlsx-very-hidden-sheet-beside.xlsx", B, C, given={"sheet": "Before"}, sheet="Before"),
    refused(
        "xlsx-ids-in-hidden-sheet.xlsx",
        f"sheet 'Cover': {no_name('Allocations of PO 12')}",
    ),
    book("xlsx-ids-in-hidden-sheet.xlsx", A, given={"sheet": "Data"}, sheet="Data"),
    book("xlsx-chart-beside.xlsx", A),
    refused("xlsx-chart-beside.xlsx", "the sheet 'Chart' is no sheet of cells", sheet="Chart"),
    refused(
        "xlsx-sheets-alike.xlsx",
        "2 sheets hold data ('ids', ' Ids'): say which one to read with --sheet NAME",
    ),
    book("xlsx-sheets-alike.xlsx", A, given={"sheet": "ids"}, sheet="ids"),
    book("xlsx-sheets-alike.xlsx", B, given={"sheet": " Ids"}, sheet=" Ids"),
    refused(
        "xlsx-sheets-alike.xlsx",
        "several sheets may be meant by --sheet 'Ids': 'ids', ' Ids'; write the name exactly",
        sheet="Ids",
    ),
    refused("xlsx-nothing.xlsx", "the workbook is blank: none of its sheets holds any data"),
    book("xlsx-header-only.xlsx"),
    # Where the data lie in the sheet.
    book("xlsx-begins-at-c5.xlsx", A, BLANK, B, first=6, others=[("x",), (None,), ("y",)]),
    refused(
        "xlsx-title-above.xlsx",
        "sheet 'Allocations': row 1 names no column of ids, and row 3 seems to be the header: "
        "delete the rows above row 3",
    ),
    book("xlsx-formatted-beyond.xlsx", A, B),
    book("xlsx-too-many-cells.xlsx", A, Bad(B, "has 3 cells, the header has 2"), C),
    book("xlsx-totals-row.xlsx", A, B, BLANK, Bad("Total", "has 5 characters instead of 24")),
    book("xlsx-number-as-name.xlsx", A, others=[("x", "7")]),
    book("xlsx-comment.xlsx", A, B),
    refused("xlsx-other-name.xlsx", f"sheet 'Allocations': {no_name('Line', 'Ref')}"),
    book("xlsx-other-name.xlsx", A, B, given={"id_column": "Ref"}, id_column="Ref"),
)
