"""The ids of the corpus, and the one table that many of its files hold."""

from __future__ import annotations

from collections.abc import Sequence


def numbered(number: int) -> str:
    """Return a made-up allocation id."""
    return f"62ff5c0b{number:016x}"


A, B, C, D, E, F = (numbered(number) for number in range(1, 7))
UPPER = "62FF5C0B000000000000000A"
DIGITS = "620000000000123456789012"
"""An id that a spreadsheet takes for a number, and rounds."""
POWER = "62000000000000000000e120"
"""An id that a spreadsheet takes for a number in scientific notation."""
ZEROS = "000000000000000000000012"
"""An id of which a spreadsheet drops all but two characters."""

NAMES = ("po_number", "allocation_id", "note")
ROWS = (
    ("4500000012", A, "plain"),
    ("4500000012", B, "Caf\u00e9, 5 \u20ac"),
    ("4500000013", UPPER, 'says "x"; a|b'),
    ("", "", ""),
    ("4500000013", DIGITS, "two\nlines"),
    ("0012", POWER, ""),
    ("4500000014", ZEROS, "=1+1"),
    ("4500000014", A, "again"),
)
"""The rows of every file that holds "the same data"; the fourth is blank, the last a repetition."""


def table(
    rows: Sequence[Sequence[str]] = ROWS,
    *,
    names: Sequence[str] = NAMES,
    delimiter: str = ",",
    end: str = "\n",
    quote_all: bool = False,
) -> str:
    """Return rows under a header as delimited text.

    Cells are quoted where they must be; Python's writer would leave a line break of another kind
    than ``end`` without quotes.
    """

    def cell(text: str) -> str:
        if quote_all or any(char in text for char in f'{delimiter}"\r\n'):
            return '"' + text.replace('"', '""') + '"'
        return text

    return "".join(delimiter.join(map(cell, row)) + end for row in (names, *rows))


def lines(*texts: str, end: str = "\n") -> bytes:
    """Return lines of text as the bytes of a file, each with its end."""
    return "".join(f"{text}{end}" for text in texts).encode()
