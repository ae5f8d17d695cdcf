"""What must come of the workbooks that were put together by hand."""

from __future__ import annotations

from case import BLANK, Bad, Case, book, refused
from samedata import A, B, C
from wording import (
    DATE,
    EMPTY,
    ERROR,
    LOGICAL,
    NO_VALUE,
    NUMBER,
    ROUNDED,
    damaged_book,
    hidden,
)

_SHEET = "Sheet1"
_PART = "xl/worksheets/sheet1.xml"
_HIDDEN = {"include_hidden": True}
_DOCTYPE = (
    "holds a document type declaration, which no spreadsheet program writes and which can do harm; "
    "save the data as a new workbook"
)
_PASSWORD = "is protected by a password; save it without one"
_NOT_BOOK = (
    "its name says that it is an Excel workbook, its content does not; export it again, or rename "
    "it to .csv if it is text"
)


def _damaged(file: str, what: str) -> Case:
    return refused(file, damaged_book(what))


def _bomb(file: str, part: str, packed: int, unpacked: int) -> Case:
    return refused(
        file,
        f"has a part '{part}' that unpacks from {packed} KiB to {unpacked} MiB, as no sheet of "
        "data does; save the data as a new workbook",
    )


CASES: tuple[Case, ...] = (
    # Cells and rows written in ways that are allowed.
    book("odd-no-places.xlsx", A, Bad("", EMPTY), sheet=_SHEET, others=[(None,), ("7",)]),
    book("odd-column-zz.xlsx", A, B, Bad(C, "has 3 cells, the header has 2"), sheet=_SHEET),
    book("odd-row-number-far.xlsx", A, B, *[BLANK] * 96, C, sheet=_SHEET),
    *(
        book(
            "odd-number-forms.xlsx",
            *[Bad("10001", NUMBER)] * 4,
            Bad("-10001", NUMBER),
            Bad("6.200000000001234E+23", ROUNDED),
            Bad("INF", NUMBER),
            Bad("12", NUMBER),
            Bad("2024-02-01", DATE),
            sheet=_SHEET,
            given=given,
        )
        for given in ({}, {"id_pattern": "[0-9]+"})
    ),
    book(
        "odd-types.xlsx",
        Bad("2024-02-01", DATE),
        Bad("#REF!", ERROR),
        Bad("FALSE", LOGICAL),
        A,
        BLANK,
        Bad("=X1", NO_VALUE),
        sheet=_SHEET,
    ),
    book("odd-strict.xlsx", A, B, sheet=_SHEET),
    book("odd-utf16.xlsx", A, B, sheet=_SHEET),
    book("odd-default-hidden.xlsx", A, B, sheet=_SHEET),
    refused("odd-all-rows-hidden.xlsx", hidden(1, 2, _SHEET)),
    book("odd-all-rows-hidden.xlsx", A, sheet=_SHEET, given=_HIDDEN, hidden=2),
    # Texts.
    book(
        "odd-padded.xlsx",
        A,
        B,
        Bad(f"{C[:12]}\u00a0{C[12:]}", "contains a no-break space"),
        sheet=_SHEET,
        trimmed=2,
    ),
    book(
        "odd-escapes.xlsx",
        Bad(f"{A}\r", "contains a control character (U+000D)"),
        Bad(f"{B[:12]}\r\n{B[12:]}", "contains a control character (U+000D)"),
        A,
        Bad(f"{C}_x0000_", "has 31 characters instead of 24"),
        B,
        sheet=_SHEET,
        trimmed=1,
        others=[(None,), (None,), ("_x000D_",), (None,), (None,)],
    ),
    book("odd-shared-texts.xlsx", A, B, C, sheet=_SHEET),
    _damaged("odd-shared-missing.xlsx", "a cell in column A has a text that is not there"),
    _damaged("odd-shared-negative.xlsx", "a cell in column A has a text that is not there"),
    # Other kinds of workbooks, and what is none.
    book("odd-macros.xlsm", A, B, sheet=_SHEET),
    book("odd-template.xltx", A, B, sheet=_SHEET),
    refused("odd-binary.xlsb", "is a binary workbook (.xlsb), which is not read; save it as .xlsx"),
    refused("odd-encrypted.xlsx", _PASSWORD),
    refused("odd-encrypted-late.xlsx", _PASSWORD),
    refused(
        "odd-old.xls", 'is an old Excel workbook (.xls); save it as "CSV UTF-8" and give that file'
    ),
    _damaged("odd-word.docx", "it holds no workbook"),
    _damaged("odd-word-named.xlsx", "it holds no workbook"),
    refused("odd-no-sheets.xlsx", "the workbook is blank: none of its sheets holds any data"),
    refused("odd-nothing.xlsx", "is empty (0 bytes)"),
    refused("odd-text.xlsx", _NOT_BOOK),
    # XML that is broken, or would do harm.
    refused("odd-entity-bomb.xlsx", _DOCTYPE),
    refused("odd-entity-outside.xlsx", _DOCTYPE),
    _damaged("odd-broken-xml.xlsx", "a sheet has a row within row 1"),
    _damaged("odd-cut-xml.xlsx", f"its part '{_PART}' is broken in line 2"),
    _damaged("odd-not-xml.xlsx", f"its part '{_PART}' is broken in line 1"),
    _damaged("odd-rows-backwards.xlsx", "a sheet has row '2' after row 3"),
    _damaged("odd-row-twice.xlsx", "a sheet has row '3' after row 3"),
    _damaged("odd-cell-twice.xlsx", "row 2 of a sheet has the cell 'A2' misplaced"),
    _damaged("odd-cell-elsewhere.xlsx", "row 2 of a sheet has the cell 'A7' misplaced"),
    _damaged("odd-row-too-far.xlsx", "a sheet has more than 1,048,576 rows"),
    _damaged("odd-column-too-far.xlsx", "row 4 of a sheet has the cell 'XFE4' misplaced"),
    # Archives that are damaged, or would do harm.
    _damaged("odd-cut.xlsx", "its ZIP archive is cut off or broken"),
    _damaged("odd-cut-list.xlsx", "its ZIP archive is cut off or broken"),
    _damaged("odd-flipped-bit.xlsx", f"its part '{_PART}' can't be unpacked"),
    _damaged("odd-part-missing.xlsx", f"its part '{_PART}' is missing"),
    _damaged("odd-book-missing.xlsx", "it holds no workbook"),
    _damaged("odd-relations-missing.xlsx", "its sheet 'Sheet1' is missing"),
    refused("odd-password-zip.xlsx", _PASSWORD),
    _bomb("odd-bomb.xlsx", _PART, 95, 95),
    _bomb("odd-bomb-of-texts.xlsx", "xl/sharedStrings.xml", 76, 76),
    refused(
        "odd-name-not-utf8.xlsx",
        damaged_book("its part '_rels/.rels' can't be unpacked"),
    ),
    refused("odd-zip-only.xlsx", _NOT_BOOK),
)
