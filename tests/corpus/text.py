"""Files of delimited text: sound ones in every style, and damaged ones."""

from __future__ import annotations

import codecs

from samedata import DIGITS, NAMES, POWER, ROWS, UPPER, A, B, C, D, lines, table

ZERO_WIDTH = "\u200b"
NO_BREAK = "\u00a0"
BOM = "\ufeff"

HEADER = "allocation_id,note"


def files() -> dict[str, bytes]:
    """Return the files by name."""
    return {**_same(), **_laid_out(), **_shifted(), **_bytes(), **_cells(), **_headers()}


def _same() -> dict[str, bytes]:
    """Return the same data in every style of text."""
    padding = ("", NO_BREAK, "  ", "", f"{BOM}\t", f"{ZERO_WIDTH} ", "\u3000", "\u2009")
    padded = [
        (po, f"{pad}{allocation_id}{pad[::-1]}", note)
        for pad, (po, allocation_id, note) in zip(padding, ROWS, strict=True)
    ]
    return {
        "text-same-comma-lf.csv": table().encode(),
        "text-same-semicolon-crlf.csv": table(delimiter=";", end="\r\n").encode(),
        "text-same-tab-cr.tsv": table(delimiter="\t", end="\r").encode(),
        "text-same-pipe-unended.txt": table(delimiter="|").rstrip("\n").encode(),
        "text-same-bom.csv": codecs.BOM_UTF8 + table().encode(),
        "text-same-quoted.csv": table(quote_all=True, end="\r\n").encode(),
        "text-same-padded.csv": table(padded).encode(),
        "text-same-utf16-le.txt": codecs.BOM_UTF16_LE
        + table(delimiter="\t", end="\r\n").encode("utf-16-le"),
        "text-same-utf16-be.csv": codecs.BOM_UTF16_BE + table().encode("utf-16-be"),
        "text-same-cp1252.csv": table(delimiter=";", end="\r\n").encode("cp1252"),
    }


def _laid_out() -> dict[str, bytes]:
    """Return sound texts that are laid out in less usual ways."""
    return {
        "text-one-column.csv": lines("Allocation ID", A, "", B, A, " ", C),
        "text-blank-lines-above.csv": lines("", "", HEADER, f"{A},x", f"{B},y"),
        "text-line-breaks-in-quotes.csv": lines(
            HEADER, f'{A},"one\ntwo\r\nthree"', "62ff,short", f"{B},x"
        ),
        "text-mixed-line-ends.csv": f"{HEADER}\r\n{A},1\n{B},2\r{C},3\r\n".encode(),
        "text-other-name.csv": lines("po,Line Id", f"1,{A}", f"2,{B}"),
        "text-header-only.csv": lines(HEADER),
        "text-separators-in-cells.csv": lines(HEADER, f"{A},a\x0bb\x0cc\u2028d\x85e", f"{B},x"),
        "text-mixed-case-repeat.csv": lines(
            HEADER, f"{UPPER.lower()},x", f"{UPPER},y", f"{A},z", f"{UPPER.lower()},again"
        ),
        "text-sep-line.csv": lines("sep=;", "allocation_id;note", f"{A};x", f"{B};y", end="\r\n"),
        "text-sep-line-comma.csv": lines("sep=,", HEADER, f"{A},x", f"{B},y", end="\r\n"),
    }


def _shifted() -> dict[str, bytes]:
    """Return texts whose rows have more or fewer cells than the header, or broken quotes."""
    return {
        "text-delimiter-ends-every-row.csv": lines("note,allocation_id", f"{C},{A},", f"{D},{B},"),
        "text-delimiter-ends-all-lines.csv": lines("note,allocation_id,", f"{C},{A},", f"{D},{B},"),
        "text-delimiter-ends-one-row.csv": lines("note,allocation_id", f"x,{A}", f"{D},{B},"),
        "text-cell-missing.csv": lines("po,allocation_id,note", f"1,{A},x", f"{B},y", "3"),
        "text-unquoted-comma.csv": lines(
            "vendor,allocation_id,note", f"Smith, Sons,{A},x", f"Jones,{B},y"
        ),
        "text-stray-quote.csv": lines(HEADER, f"{A},x", f'{B},"5" screws"'),
        "text-inch-mark.csv": lines(HEADER, f'{A},5" screws', f'{B},x"y'),
        "text-unclosed-quote.csv": lines(HEADER, f"{A},x", f'{B},"y', f"{C},z"),
        "text-totals-row.csv": lines(HEADER, f"{A},x", f"{B},y", "Total,2", "2 rows"),
        "text-header-again.csv": lines(HEADER, f"{A},x", HEADER, f"{B},y"),
        "text-two-files-in-one.csv": (
            codecs.BOM_UTF8 + lines(HEADER, f"{A},x") + codecs.BOM_UTF8 + lines(HEADER, f"{B},y")
        ),
    }


def _bytes() -> dict[str, bytes]:
    """Return texts with bytes that are no text, or are of another encoding."""
    cafe = f"{HEADER}\n{A},caf\u00e9\n{B},5 \u20ac\n"
    return {
        "text-nul.csv": lines(HEADER, f"{A},x", f"{B},a\0b"),
        "text-not-utf8.csv": cafe.encode("cp1252"),
        "text-cut-in-character.csv": f"{HEADER}\n{A},x\n{B},\u20ac".encode()[:-1],
        "text-not-cp1252.csv": f"{HEADER}\n{A},x\n{B},".encode() + b"\x81\n",
        "text-utf16-no-mark.csv": cafe.encode("utf-16-le"),
        "text-utf16-cut.csv": codecs.BOM_UTF16_LE + cafe.encode("utf-16-le")[:-1],
        "text-utf16-half-pair.csv": codecs.BOM_UTF16_LE
        + f"{HEADER}\n{A},x\n{B},".encode("utf-16-le")
        + b"\x00\xd8\n\x00",
        "text-utf32.csv": cafe.encode("utf-32"),
        "text-empty.csv": b"",
        "text-bom-only.csv": codecs.BOM_UTF8,
        "text-utf16-mark-only.csv": codecs.BOM_UTF16_LE,
        "text-blank-lines-only.csv": lines("", " ", ",,", ""),
    }


def _cells() -> dict[str, bytes]:
    """Return texts with cells that are no id, or an id that a spreadsheet spoilt."""
    return {
        "text-scientific.csv": lines(
            HEADER, "6.2E+23,a", '"6,2E+23",b', "6.20E+023,c", "6.2e23,d", "620E21,e", f"{A},f"
        ),
        "text-rounded-digits.csv": lines(
            HEADER,
            f"{DIGITS[:15]}{'0' * 9},15 digits and 9 zeros",
            f"{DIGITS},all of its digits",
            f"{POWER},hexadecimal",
        ),
        "text-rounded-digits-20.csv": lines(
            "allocation_id", "62000000001234567890", "62000000001234500000"
        ),
        "text-lost-zeros.csv": lines(HEADER, "00123456,x", "123457,y", "1,z", "12345678,w"),
        "text-numbers.csv": lines(
            HEADER, "12345.0,a", "12345.50,b", '"12,345",c', '"1.234,5",d', "-5,e", "1 234,f"
        ),
        "text-dates.csv": lines(
            HEADER,
            "01/02/2024,a",
            "2-Jan-24,b",
            "2024-02-01,c",
            "01.02.2024,d",
            "Jan-24,e",
            "1:30:00,f",
            "2024-02-01 00:00:00,g",
        ),
        "text-error-values.csv": lines(
            HEADER,
            "#N/A,a",
            "#REF!,b",
            "#NAME?,c",
            "TRUE,d",
            "NULL,e",
            "nan,f",
            "-,g",
            "########,h",
        ),
        "text-formulas.csv": lines(
            HEADER,
            f'"=""{A}""",a',
            f"={A},b",
            f"'{B},c",
            '"=HYPERLINK(""x"")",d',
            "@SUM(A1),e",
            "+1,f",
        ),
        "text-signs-in-ids.csv": lines(
            HEADER,
            f'"{A},{B}",a',
            f"{A};{B},b",
            f"{A}/{B},c",
            f"{A}\\{B},d",
            "%2e%2e,e",
            "../x,f",
            "..,g",
            ".,h",
            f"{A}?x=1,i",
            f"{A}#x,j",
            f'"{A}\n{B}",k',
            f"{A}\x1b[0m,l",
            f'"{A}\r\n",m',
        ),
        "text-invisible-inside.csv": lines(
            HEADER,
            f"{A[:12]}{NO_BREAK}{A[12:]},a",
            f"{A[:12]}{ZERO_WIDTH}{A[12:]},b",
            f"{A[:12]}{BOM}{A[12:]},c",
            f"{A[:12]}\u00ad{A[12:]},d",
            f"{A[:12]} {A[12:]},e",
            f"{A[:12]}\u202e{A[12:]},f",
        ),
        "text-look-alikes.csv": lines(
            HEADER,
            f"62\u0430f5c0b{A[8:]},Cyrillic",
            f"\uff16\uff12ff5c0b{A[8:]},full width",
            f"62ff5c0b{'O' * 15}1,capital O",
            f"62ff5c0b{A[8:-1]}l,small L",
            f"\u0661\u0662ff5c0b{A[8:]},Arabic digits",
        ),
        "text-lengths.csv": lines(
            HEADER, f"{A[:-1]},23", f"{A}0,25", f"{'a' * 200},200", f"{'a' * 201},201", f"{A},24"
        ),
        "text-empty-id.csv": lines("po,allocation_id", f"1,{A}", "2,", f'3,"  {NO_BREAK}"', ","),
    }


def _headers() -> dict[str, bytes]:
    """Return texts whose header does not say for certain which column holds the ids."""
    return {
        "text-headerless.csv": lines(f"{A},x", f"{B},y"),
        "text-headerless-list.txt": lines(A, B, C),
        "text-no-id-column.csv": lines("order,id,note", f"1,{A},x"),
        "text-two-id-columns.csv": lines("allocation_id,note,Allocation ID", f"{A},x,{B}"),
        "text-same-name-twice.csv": lines("allocation_id,note,allocation_id", f"{A},x,{B}"),
        "text-two-delimiters.csv": lines("allocation_id;x,allocationId", f"{A};y,{B}"),
        "text-title-above.csv": lines("Open allocations of PO 12,", ",", HEADER, f"{A},x"),
        "text-header-quote.csv": lines('"allocation_id,note', f"{A},x"),
        "text-other-columns-alike.csv": lines(f"{NAMES[0]},,note,note,{NAMES[1]}", f"1,2,3,4,{A}"),
    }
