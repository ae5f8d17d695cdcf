"""What must come of cells that are no id, or an id that a spreadsheet spoilt, in a text."""

from __future__ import annotations

from case import Bad, Case, text
from samedata import DIGITS, POWER, A, B
from wording import (
    DATE_TEXT,
    DECIMALS,
    ERROR_TEXT,
    LOST_ZEROS,
    NOTHING_TEXT,
    ROUNDED_TEXT,
    TOO_WIDE_TEXT,
    TRUTH_TEXT,
    ZEROED_TEXT,
    characters,
)

_ANY = {"id_pattern": "(?s).+"}
_TOO_LONG = "has 201 characters, and no id has more than 200"
_INVISIBLE = "contains an invisible character ({})"
_NOT_HEX = "contains '{}', which is no hexadecimal digit (0-9, a-f)"
_EIGHT = "[0-9]{8}"


def _inside(char: str) -> str:
    return f"{A[:12]}{char}{A[12:]}"


_ROUNDED = [
    Bad(cell, ROUNDED_TEXT) for cell in ("6.2E+23", "6,2E+23", "6.20E+023", "6.2e23", "620E21")
]
# What a URL could take for something else is refused whatever the pattern.
_SIGNS = [
    Bad(f"{A},{B}", "contains a comma"),
    Bad(f"{A};{B}", "contains a semicolon"),
    Bad(f"{A}/{B}", "contains a slash"),
    Bad(f"{A}\\{B}", "contains a backslash"),
    Bad("%2e%2e", "contains a percent sign"),
    Bad("../x", "contains a slash"),
    Bad("..", "is a path segment of dots, not an id"),
    Bad(".", "is a path segment of dots, not an id"),
    Bad(f"{A}?x=1", "contains a question mark"),
    Bad(f"{A}#x", "contains a hash sign"),
    Bad(f"{A}\n{B}", "contains a control character (U+000A)"),
    Bad(f"{A}\x1b[0m", "contains a control character (U+001B)"),
    Bad(f"{A}\r\n", "contains a control character (U+000D)"),
]

CASES: tuple[Case, ...] = (
    text("text-scientific.csv", *_ROUNDED, A),
    text("text-rounded-digits.csv", Bad(f"{DIGITS[:15]}{'0' * 9}", ZEROED_TEXT), DIGITS, POWER),
    # With a pattern of one's own nobody can know: one id in 100,000 ends with five zeros.
    text(
        "text-rounded-digits-20.csv",
        "62000000001234567890",
        "62000000001234500000",
        given={"id_pattern": "[0-9]{20}"},
        delimiter=None,
    ),
    text(
        "text-lost-zeros.csv",
        "00123456",
        Bad("123457", LOST_ZEROS),
        Bad("1", LOST_ZEROS),
        "12345678",
        given={"id_pattern": _EIGHT},
    ),
    text(
        "text-numbers.csv",
        Bad("12345.0", DECIMALS),
        Bad("12345.50", DECIMALS),
        Bad("12,345", DECIMALS),
        Bad("1.234,5", "contains a comma"),
        Bad("-5", "does not match the id pattern '[0-9]+'"),
        Bad("1 234", "contains a space"),
        given={"id_pattern": "[0-9]+"},
    ),
    text(
        "text-dates.csv",
        *(Bad(cell, DATE_TEXT) for cell in ("01/02/2024", "2-Jan-24", "2024-02-01", "01.02.2024")),
        Bad("Jan-24", characters(6)),
        Bad("1:30:00", "contains the character ':' (U+003A)"),
        Bad("2024-02-01 00:00:00", DATE_TEXT),
    ),
    text(
        "text-error-values.csv",
        Bad("#N/A", ERROR_TEXT),
        Bad("#REF!", ERROR_TEXT),
        Bad("#NAME?", ERROR_TEXT),
        Bad("TRUE", TRUTH_TEXT),
        Bad("NULL", NOTHING_TEXT),
        Bad("nan", NOTHING_TEXT),
        Bad("-", "has 1 character instead of 24"),
        Bad("########", TOO_WIDE_TEXT),
    ),
    text(
        "text-formulas.csv",
        Bad(f'="{A}"', "contains the character '=' (U+003D)"),
        Bad(f"={A}", "contains the character '=' (U+003D)"),
        Bad(f"'{B}", "contains a quote character"),
        Bad('=HYPERLINK("x")', "contains the character '=' (U+003D)"),
        Bad("@SUM(A1)", "contains the character '@' (U+0040)"),
        Bad("+1", "contains the character '+' (U+002B)"),
    ),
    text("text-signs-in-ids.csv", *_SIGNS),
    text("text-signs-in-ids.csv", *_SIGNS, given=_ANY),
    text(
        "text-invisible-inside.csv",
        Bad(_inside("\u00a0"), "contains a no-break space"),
        Bad(_inside("\u200b"), _INVISIBLE.format("U+200B")),
        Bad(_inside("\ufeff"), _INVISIBLE.format("U+FEFF")),
        Bad(_inside("\u00ad"), _INVISIBLE.format("U+00AD")),
        Bad(_inside(" "), "contains a space"),
        Bad(_inside("\u202e"), _INVISIBLE.format("U+202E")),
    ),
    text(
        "text-look-alikes.csv",
        Bad(f"62\u0430f5c0b{A[8:]}", "contains the character '\u0430' (U+0430)"),
        Bad(f"\uff16\uff12ff5c0b{A[8:]}", "contains the character '\uff16' (U+FF16)"),
        Bad(f"62ff5c0b{'O' * 15}1", _NOT_HEX.format("O")),
        Bad(f"{A[:-1]}l", _NOT_HEX.format("l")),
        Bad(f"\u0661\u0662ff5c0b{A[8:]}", "contains the character '\u0661' (U+0661)"),
    ),
    text(
        "text-lengths.csv",
        Bad(A[:-1], characters(23)),
        Bad(f"{A}0", characters(25)),
        Bad("a" * 200, characters(200)),
        Bad("a" * 200, _TOO_LONG),
        A,
    ),
    text(
        "text-lengths.csv",
        A[:-1],
        f"{A}0",
        "a" * 200,
        Bad("a" * 200, _TOO_LONG),
        A,
        given={"id_pattern": "[0-9a-z]+"},
    ),
)
