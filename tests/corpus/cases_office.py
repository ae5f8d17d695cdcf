"""What must come of the files that LibreOffice wrote."""

from __future__ import annotations

from case import Bad, Case, book, refused, same, text
from samedata import ZEROS, A, B, C, D
from wording import (
    DATE,
    DATE_TEXT,
    EMPTY,
    ERROR,
    ERROR_TEXT,
    IN_A_TABLE,
    LOST_ZEROS,
    NOT_UTF8,
    NUMBER,
    ROUNDED,
    ROUNDED_TEXT,
    TRUTH_TEXT,
    characters,
    hidden,
    merged,
)

_EIGHT = {"id_pattern": "[0-9]{8}"}
_HIDDEN = {"include_hidden": True}
_CP1252 = {"encoding": "cp1252"}

CASES: tuple[Case, ...] = (
    # The same data, saved in every way that the program offers and this one reads.
    book("office-same.xlsx", *same(2)),
    book("office-same.xlsm", *same(2)),
    text("office-same-semicolon.csv", *same(2), delimiter=";"),
    text("office-same-tab-utf16.csv", *same(2), delimiter="\t", encoding="utf-16"),
    text("office-same-cp1252-quoted.csv", *same(2), given=_CP1252, encoding="cp1252"),
    refused("office-same-cp1252-quoted.csv", f"row 3: the byte 0xE9 at byte offset 127 {NOT_UTF8}"),
    # Opened as it came, and saved: as a workbook, and as text again.
    book(
        "office-damaged.xlsx",
        A,
        Bad("6.20000000000123E+23", ROUNDED),
        Bad("6.2E+139", ROUNDED),
        Bad("12", NUMBER),
        Bad("1-2-2024", DATE_TEXT),
        Bad("2024-01-31", DATE),
        Bad("TRUE", TRUTH_TEXT),
        Bad("#N/A", ERROR_TEXT),
        Bad("2", NUMBER),
        B,
        sheet="office-damaged",
    ),
    text(
        "office-damaged-again.csv",
        A,
        Bad("6.20000000000123E+023", ROUNDED_TEXT),
        Bad("6.2E+139", ROUNDED_TEXT),
        Bad("12", characters(2)),
        Bad("1-2-2024", DATE_TEXT),
        Bad("2024-01-31", DATE_TEXT),
        Bad("TRUE", TRUTH_TEXT),
        Bad("#N/A", ERROR_TEXT),
        Bad("2", "has 1 character instead of 24"),
        B,
    ),
    book(
        "office-zeros.xlsx",
        Bad("12345", NUMBER),
        Bad("10012345", NUMBER),
        Bad("100000", NUMBER),
        Bad("12", NUMBER),
        given=_EIGHT,
        sheet="office-zeros",
    ),
    text(
        "office-zeros-again.csv",
        Bad("12345", LOST_ZEROS),
        "10012345",
        Bad("100000", LOST_ZEROS),
        Bad("12", LOST_ZEROS),
        given=_EIGHT,
    ),
    book(
        "office-kinds.xlsx",
        A,
        B,
        Bad("2", NUMBER),
        Bad("#DIV/0!", ERROR),
        Bad("", EMPTY),
        Bad("12", NUMBER),
        Bad("6.20000000000123E+23", ROUNDED),
        Bad("2024-02-01", DATE),
        Bad("1", NUMBER),
    ),
    # The same cells as text: a number that was shown with 24 digits can't be told from an id.
    text(
        "office-kinds.csv",
        A,
        B,
        Bad("2", "has 1 character instead of 24"),
        Bad("#DIV/0!", ERROR_TEXT),
        Bad("", EMPTY),
        ZEROS,
        Bad("6.20000000000123E+023", ROUNDED_TEXT),
        Bad("01/02/2024", DATE_TEXT),
        Bad("1", "has 1 character instead of 24"),
    ),
    # What it hides and joins.
    refused("office-hidden-rows.xlsx", hidden(3, 2)),
    book("office-hidden-rows.xlsx", A, B, C, D, given=_HIDDEN, hidden=2),
    refused("office-filtered.xlsx", hidden(3, 2)),
    book("office-filtered.xlsx", A, B, C, D, given=_HIDDEN, hidden=2),
    refused("office-merged.xlsx", merged("A3:A4")),
    book("office-hidden-sheet.xlsx", A, sheet="Now"),
    book("office-hidden-sheet.xlsx", A, B, C, D, given={"sheet": "Before"}, sheet="Before"),
    refused(
        "office-several-sheets.xlsx",
        "2 sheets hold data ('East', 'West'): say which one to read with --sheet NAME",
    ),
    book("office-several-sheets.xlsx", B, given={"sheet": "West"}, sheet="West"),
    # What it saves that is not read.
    refused(
        "office-same.ods",
        'is an OpenDocument spreadsheet (.ods), which is not read; save it as "CSV UTF-8" and give '
        "that file",
    ),
    refused(
        "office-same.xls",
        'is an old Excel workbook (.xls); save it as "CSV UTF-8" and give that file',
    ),
    refused(
        "office-same-html.xls",
        f"is a web page (HTML); {IN_A_TABLE}",
    ),
    refused(
        "office-same.fods",
        'is an OpenDocument spreadsheet (.ods), which is not read; save it as "CSV UTF-8" and give '
        "that file",
    ),
)
