"""What must come of delimited text: its style, its header, the shape of its rows."""

from __future__ import annotations

from case import BLANK, Again, Bad, Case, refused, same, text
from samedata import UPPER, A, B, C
from wording import ALTERNATIVES, CASE_OF_ROW_2, EMPTY, NOT_UTF8, NUL, characters, no_name

_CP1252 = {"encoding": "cp1252"}
_SEVERAL = "column 1 ('allocation_id') and column 3"
_ALIKE = (
    f"{_SEVERAL} ('allocation_id') have the same name: rename all but the one that holds the ids"
)
_NO_HEADER = (
    f"row 1 holds '{A}', which is an id and no header: add a first line that names the columns "
    "(allocation_id for the ids)"
)


def _not_utf8(file: str, row: int, byte: str, offset: int, **given: str) -> Case:
    return refused(
        file,
        f"row {row}: the byte 0x{byte} at byte offset {offset} {NOT_UTF8}",
        **given,
    )


CASES: tuple[Case, ...] = (
    # The same data in every style.
    text("text-same-comma-lf.csv", *same(2)),
    text("text-same-comma-lf.csv", *same(2), given={"encoding": "utf-8"}),
    text("text-same-semicolon-crlf.csv", *same(2), delimiter=";"),
    text("text-same-tab-cr.tsv", *same(2), delimiter="\t"),
    text("text-same-pipe-unended.txt", *same(2), delimiter="|"),
    text("text-same-bom.csv", *same(2), encoding="utf-8-sig"),
    text("text-same-quoted.csv", *same(2)),
    text("text-same-padded.csv", *same(2), trimmed=6),
    text("text-same-utf16-le.txt", *same(2), delimiter="\t", encoding="utf-16"),
    text("text-same-utf16-be.csv", *same(2), encoding="utf-16"),
    text("text-same-cp1252.csv", *same(2), given=_CP1252, delimiter=";", encoding="cp1252"),
    _not_utf8("text-same-cp1252.csv", 3, "E9", 112),
    # Less usual ways to lay a text out.
    text(
        "text-one-column.csv",
        A,
        BLANK,
        B,
        Again(2),
        BLANK,
        C,
        delimiter=None,
        id_column="Allocation ID",
    ),
    text("text-blank-lines-above.csv", A, B, first=4),
    text(
        "text-line-breaks-in-quotes.csv",
        A,
        Bad("62ff", characters(4)),
        B,
        others=[("one\ntwo\r\nthree",), ("short",), ("x",)],
    ),
    text("text-mixed-line-ends.csv", A, B, C),
    text("text-other-name.csv", A, B, given={"id_column": "line_id"}, id_column="Line Id"),
    refused("text-other-name.csv", no_name("po", "Line Id")),
    refused(
        "text-other-name.csv",
        "no column is named 'Line' (--id-column); the columns are 'po', 'Line Id'",
        id_column="Line",
    ),
    text("text-header-only.csv"),
    text("text-separators-in-cells.csv", A, B, others=[("a\x0bb\x0cc\u2028d\x85e",), ("x",)]),
    text("text-mixed-case-repeat.csv", UPPER.lower(), Bad(UPPER, CASE_OF_ROW_2), A, Again(2)),
    # A first line that tells Excel the delimiter is none of the table.
    text("text-sep-line.csv", A, B, delimiter=";", first=3),
    text("text-sep-line-comma.csv", A, B, first=3),
    # Rows with more or fewer cells than the header, and broken quotes.
    refused(
        "text-delimiter-ends-every-row.csv",
        "every row has one cell more than the header: a delimiter at the end of each row, or a "
        "name missing in the header, so it is not certain which column holds the ids; export it "
        "again",
    ),
    text("text-delimiter-ends-all-lines.csv", A, B),
    text("text-delimiter-ends-one-row.csv", A, Bad(B, "has 3 cells, the header has 2")),
    text(
        "text-cell-missing.csv",
        A,
        Bad("y", "has 2 cells, the header has 3"),
        Bad("", "has 1 cell, the header has 3"),
    ),
    text("text-unquoted-comma.csv", Bad(" Sons", "has 4 cells, the header has 3"), B),
    refused(
        "text-stray-quote.csv",
        "row 3: text follows a closing quote; a quote inside a quoted cell must be doubled, or a "
        "quote is missing in this row or above",
    ),
    text("text-inch-mark.csv", A, B, others=[('5" screws',), ('x"y',)]),
    refused(
        "text-unclosed-quote.csv",
        "row 3: a quote is opened here and never closed before the end of the file",
    ),
    text(
        "text-totals-row.csv",
        A,
        B,
        Bad("Total", characters(5)),
        Bad("2 rows", "has 1 cell, the header has 2"),
    ),
    text("text-header-again.csv", A, Bad("allocation_id", characters(13)), B),
    text(
        "text-two-files-in-one.csv",
        A,
        Bad("\ufeffallocation_id", characters(13)),
        B,
        encoding="utf-8-sig",
    ),
    text("text-empty-id.csv", A, Bad("", EMPTY), Bad("  \u00a0", EMPTY), BLANK),
    # Headers that leave a doubt.
    refused("text-headerless.csv", _NO_HEADER),
    refused("text-headerless-list.txt", _NO_HEADER),
    refused("text-no-id-column.csv", no_name("order", "id", "note")),
    refused("text-two-id-columns.csv", f"{_SEVERAL} ('Allocation ID') {ALTERNATIVES}"),
    text(
        "text-two-id-columns.csv",
        B,
        given={"id_column": "Allocation ID"},
        id_column="Allocation ID",
    ),
    refused("text-same-name-twice.csv", _ALIKE),
    refused("text-same-name-twice.csv", _ALIKE, id_column="allocation_id"),
    refused(
        "text-two-delimiters.csv",
        "row 1: the header can be divided by comma and semicolon, and each way shows a column of "
        "ids: put the names into quotes",
    ),
    refused(
        "text-title-above.csv",
        "row 1 names no column of ids, and row 3 seems to be the header: delete the rows above "
        "row 3",
    ),
    refused("text-header-quote.csv", "row 1: its quotes do not match, so it is no header"),
    text("text-other-columns-alike.csv", A, others=[("1", "2", "3", "4")]),
    # Bytes that are no text, and other encodings.
    refused(
        "text-nul.csv",
        f"row 3: there is a NUL byte at byte offset 72: the file {NUL}",
    ),
    _not_utf8("text-not-utf8.csv", 2, "E9", 47),
    text(
        "text-not-utf8.csv",
        A,
        B,
        given=_CP1252,
        encoding="cp1252",
        others=[("caf\u00e9",), ("5 \u20ac",)],
    ),
    _not_utf8("text-cut-in-character.csv", 3, "E2", 71),
    _not_utf8("text-not-cp1252.csv", 3, "81", 71),
    refused(
        "text-not-cp1252.csv",
        "row 3: the byte 0x81 at byte offset 71 is not cp1252: the file has another encoding, or "
        "is cut off or binary",
        **_CP1252,
    ),
    refused(
        "text-utf16-no-mark.csv",
        f"the header: there is a NUL byte at byte offset 1: the file {NUL}",
    ),
    text("text-utf16-no-mark.csv", A, B, given={"encoding": "utf-16-le"}, encoding="utf-16-le"),
    refused(
        "text-utf16-no-mark.csv",
        "has no byte-order mark, so say which UTF-16 it is: --encoding utf-16-le (as Windows "
        "writes it) or utf-16-be",
        encoding="utf-16",
    ),
    refused(
        "text-utf16-cut.csv",
        "row 3: the byte 0x0A at byte offset 156 is not utf-16: the file has another encoding, or "
        "is cut off or binary",
    ),
    refused(
        "text-utf16-half-pair.csv",
        "row 3: the byte 0x00 at byte offset 144 is not utf-16: the file has another encoding, or "
        "is cut off or binary",
    ),
    text("text-utf32.csv", A, B, encoding="utf-32"),
    refused(
        "text-same-comma-lf.csv",
        "--encoding 'klingon' is no encoding that texts are written in; it is one such as cp1252 "
        "or utf-16-le",
        encoding="klingon",
    ),
    refused(
        "text-same-bom.csv",
        "begins with the mark of UTF-8, and --encoding says cp1252: leave --encoding out",
        **_CP1252,
    ),
    refused(
        "text-same-utf16-le.txt",
        "begins with the mark of UTF-16, and --encoding says cp1252: leave --encoding out",
        **_CP1252,
    ),
    refused("text-empty.csv", "is empty (0 bytes)"),
    refused("text-bom-only.csv", "holds blank lines only, and no header"),
    refused("text-utf16-mark-only.csv", "holds blank lines only, and no header"),
    refused("text-blank-lines-only.csv", "holds blank lines only, and no header"),
)
