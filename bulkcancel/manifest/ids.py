"""The grammar of an allocation id, and in words what is wrong with a text that is none."""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections.abc import Iterable

from bulkcancel.errors import InputRefusedError
from bulkcancel.manifest.options import DEFAULT_ID_PATTERN
from bulkcancel.manifest.wording import show

LONGEST_ID = 200
"""An id may have this many characters at most, whatever the pattern."""

BLANKS = (
    "\t \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f"
    "\u3000"  # spaces of every width
    "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"  # zero-width characters, pasted along
)
"""The characters that are trimmed at the ends of a cell. A line break is not among them."""

# Only characters that mean nothing in a URL's path (RFC 3986 "unreserved"), and no dot segment.
# The client quotes as well; this rule holds even for a pattern such as ".*".
_SAFE = re.compile(rf"(?!\.\.?\Z)[A-Za-z0-9._~-]{{1,{LONGEST_ID}}}", re.ASCII)
_SAFE_CHARACTER = re.compile(r"[A-Za-z0-9._~-]", re.ASCII)
_HEX = re.compile(r"[0-9a-fA-F]", re.ASCII)
_ROUNDED = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]*)?[eE][+-]?[0-9]+", re.ASCII)
_DIGITS = re.compile(r"[0-9]+", re.ASCII)
_MOST_ZEROS = 24
# A spreadsheet keeps fifteen digits of a number and writes zeros for the rest.
_ZEROED = re.compile(r"[1-9][0-9]{14}0{3,}", re.ASCII)
# Looked at from its end: fifteen of sixteen ids are done with there.
_NOT_ROUNDED = re.compile(r"[0-9a-fA-F]{23}(?:[1-9a-fA-F]|0(?<![1-9][0-9]{14}0{9}))", re.ASCII)
_DATE = re.compile(
    r"[0-9]{4}[./-][0-9]{1,2}[./-][0-9]{1,2}(?:[ T][0-9:.]+(?:Z|[+-][0-9:]+)?)?"
    r"|[0-9]{1,2}[./-][0-9]{1,2}[./-](?:[0-9]{2}|[0-9]{4})(?: [0-9:]+(?: ?[AaPp][Mm])?)?"
    r"|[0-9]{1,2}[- ][^\W\d_]{3,9}[- ](?:[0-9]{2}|[0-9]{4})",
)
# Every language of the program has its own words for them.
_ERROR = re.compile(r"#\S{1,15}[!?]|#(?:N/A|NV|N/D|N/B|\u041d/\u0414)|Err:[0-9]{3}")
_NOTHING = frozenset({"null", "none", "nan", "nil", "n/a", "na", "<na>", "undefined", "nat"})
_AS_TEXT = "format the column as Text, fill it anew (or import it as Text), and export it again"
_DECIMALS = re.compile(r"[+-]?[0-9]*[.,][0-9]+", re.ASCII)
_DEFAULT_LENGTH = 24

_NAMES = {
    ",": "a comma",
    ";": "a semicolon",
    "|": "a vertical bar",
    "/": "a slash",
    "\\": "a backslash",
    "%": "a percent sign",
    "?": "a question mark",
    "#": "a hash sign",
    '"': "a quote character",
    "'": "a quote character",
    "\u201c": "a quote character",
    "\u201d": "a quote character",
    " ": "a space",
    "\u00a0": "a no-break space",
}


def trim(cell: str) -> str:
    """Return a cell without the spaces, tabs and zero-width characters at its ends."""
    return cell.strip(BLANKS)


class Grammar:
    """What counts as an id: the caller's pattern and, whatever that allows, the safe characters.

    Raises:
        InputRefusedError: the pattern is no regular expression, or accepts an empty id.
    """

    def __init__(self, pattern: str = DEFAULT_ID_PATTERN) -> None:
        self.pattern = pattern
        self._fullmatch = _compile(pattern).fullmatch
        if pattern == DEFAULT_ID_PATTERN:
            self._fullmatch = _NOT_ROUNDED.fullmatch

    def accept(self, cell: str | None) -> str | None:
        """Return the id that a cell holds, trimmed, or ``None`` if it holds none."""
        return self.accept_all([cell])[0]

    def accept_all(self, cells: Iterable[str | None]) -> list[str | None]:
        """Return for each cell the id that it holds, trimmed, or ``None`` if it holds none."""
        is_safe, matches = _SAFE.fullmatch, self._fullmatch
        return [
            text if text is not None and is_safe(text) and matches(text) else None
            for text in [cell if cell is None else cell.strip(BLANKS) for cell in cells]
        ]

    def fault(self, cell: str | None) -> str:
        """Return in words why a cell that `accept` refused holds no id."""
        text = trim(cell or "")
        if not text:
            return "the id is empty"
        if len(text) > LONGEST_ID:
            return f"has {len(text):,} characters, and no id has more than {LONGEST_ID}"
        if (words := _damage(text)) is not None:
            return f"{words}; {_AS_TEXT}"
        if self._lost_zeros(text):
            return f"seems to have lost zeros at its front; {_AS_TEXT}"
        for char in text:
            if not _SAFE_CHARACTER.match(char):
                return f"contains {_describe(char)}"
        if text in {".", ".."}:
            return "is a path segment of dots, not an id"
        return self._mismatch(text)

    def _lost_zeros(self, text: str) -> bool:
        """Return whether a text of digits would be an id with zeros put in front of it."""
        # Of 24 hexadecimal characters anything would be one with enough zeros.
        if self.pattern == DEFAULT_ID_PATTERN or not _DIGITS.fullmatch(text):
            return False
        longer = ("0" * more + text for more in range(1, _MOST_ZEROS))
        return any(self._fullmatch(one) for one in longer)

    def _mismatch(self, text: str) -> str:
        if self.pattern != DEFAULT_ID_PATTERN:
            return f"does not match the id pattern {show(self.pattern)}"
        if len(text) != _DEFAULT_LENGTH:
            number = "1 character" if len(text) == 1 else f"{len(text)} characters"
            return f"has {number} instead of {_DEFAULT_LENGTH}"
        wrong = next(char for char in text if not _HEX.match(char))
        return f"contains {show(wrong)}, which is no hexadecimal digit (0-9, a-f)"


def _damage(text: str) -> str | None:
    """Return in words what was done to a text that was an id once, as far as its form tells."""
    if _ROUNDED.fullmatch(text):
        return "looks like a number that a spreadsheet rounded"
    if _ZEROED.fullmatch(text):
        return "looks like a number of which a spreadsheet kept 15 digits and wrote zeros after"
    if _DATE.fullmatch(text):
        return "looks like a date that a spreadsheet made of it"
    if _DECIMALS.fullmatch(text):
        return "looks like a number with decimals"
    if _ERROR.fullmatch(text):
        return "is an error of a spreadsheet's formula"
    if text and not text.strip("#"):
        return "is what a spreadsheet shows of a number that is too wide for its column"
    if text.upper() in {"TRUE", "FALSE"}:
        return "is a truth value and no id"
    if text.casefold() in _NOTHING:
        return "is a word for nothing, written by the program that exported it"
    return None


def _describe(char: str) -> str:
    """Return the name of a character that no id may hold."""
    if char in _NAMES:
        return _NAMES[char]
    number = f"U+{ord(char):04X}"
    match unicodedata.category(char):
        case "Cc":
            return f"a control character ({number})"
        case "Cf" | "Cs" | "Co" | "Cn":
            return f"an invisible character ({number})"
        case "Zs" | "Zl" | "Zp":
            return f"a space or line separator ({number})"
        case _:
            return f"the character {show(char)} ({number})"


def _compile(pattern: str) -> re.Pattern[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # "possible nested set": the pattern is ambiguous
            compiled = re.compile(pattern, re.ASCII)
    except (re.error, ValueError, OverflowError, RecursionError, Warning) as problem:
        raise InputRefusedError(
            f"--id-pattern {show(pattern)} is not a clear regular expression of Python's kind"
        ) from problem
    if compiled.fullmatch(""):
        raise InputRefusedError(
            f"--id-pattern {show(pattern)} accepts an empty id: give a pattern for the whole id"
        )
    return compiled
