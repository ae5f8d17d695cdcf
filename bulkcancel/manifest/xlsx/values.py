"""What a cell of a sheet holds, as text: as a person sees it, and never as another number."""

from __future__ import annotations

import math
import re

from bulkcancel.manifest.table import Unfit
from bulkcancel.manifest.xlsx.moments import show_iso, show_moment
from bulkcancel.manifest.xlsx.rows import RawCell, name_column
from bulkcancel.manifest.xlsx.strings import SharedStrings, unescape
from bulkcancel.manifest.xlsx.styles import Moment
from bulkcancel.manifest.xlsx.unreadable import damaged

_PLACE = re.compile(r"[0-9]{1,9}", re.ASCII)
_WHOLE = re.compile(r"[+-]?[0-9]{1,400}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_EXACT_DIGITS = 15

_AGAIN = (
    "format the column as Text and enter the ids again, or import the original file with that "
    "column as Text"
)
_WHY_NUMBER = (
    "is a number in the spreadsheet, not text: digits may be rounded and leading zeros lost; "
    f"{_AGAIN}"
)
_WHY_ROUNDED = (
    f"is a number in the spreadsheet, which keeps {_EXACT_DIGITS} digits of it and rounds the "
    f"rest; {_AGAIN}"
)
_WHY_LOGICAL = f"is a logical value in the spreadsheet, not text; {_AGAIN}"
_WHY_ERROR = "is an error in the spreadsheet: mend the formula, or paste the ids in as values"
_WHY_FORMULA = (
    "is a formula without a value: open the file in the spreadsheet program and save it, or paste "
    "the ids in as values"
)
_WHY_MOMENT = {
    Moment.DATE: f"is a date in the spreadsheet, not text; {_AGAIN}",
    Moment.TIME: f"is a time in the spreadsheet, not text; {_AGAIN}",
    Moment.DURATION: f"is a duration in the spreadsheet, not text; {_AGAIN}",
}


class Values:
    """Reads cells by the shared texts, the styles and the calendar of their workbook.

    ``moments`` says which styles show dates; ``from_1904`` that days are counted from 1904.
    """

    def __init__(
        self, *, strings: SharedStrings, moments: dict[str, Moment], from_1904: bool
    ) -> None:
        self._strings = strings
        self._moments = moments
        self._from_1904 = from_1904

    def text(self, cell: RawCell) -> str | None:
        """Return the text of a cell, ``None`` if it is empty.

        Numbers have no more decimals than they need, dates read ``2024-01-31`` or ``2024-01-31
        13:05:00``, truth values ``TRUE`` and ``FALSE``, errors as their code, and a formula that
        was never worked out as the formula.

        Raises:
            UnreadableError: the workbook contradicts itself.
        """
        column, kind, style, value, formula = cell
        if not value:
            return f"={formula}" if formula is not None and _has_no_value(cell) else None
        match kind:
            case "s":
                if _PLACE.fullmatch(value) and int(value) < len(self._strings):
                    return self._strings[int(value)] or None
                raise damaged(
                    f"a cell in column {name_column(column)} has a text that is not there"
                )
            case None | "n":
                return self._number(value, style)
            case "inlineStr" | "str":
                return unescape(value)
            case "b":
                return {"1": "TRUE", "true": "TRUE", "0": "FALSE", "false": "FALSE"}.get(
                    value.strip(), value
                )
            case "e":
                return value
            case "d":
                return show_iso(value)
            case _:
                raise damaged(f"a cell in column {name_column(column)} is of no known type")

    def id_text(self, cell: RawCell) -> str | None:
        """Return the text of a cell that should hold an id: `Unfit` if it holds no text.

        Raises:
            UnreadableError: the workbook contradicts itself.
        """
        text = self.text(cell)
        if text is None:
            return None
        if _has_no_value(cell):
            return Unfit(text, _WHY_FORMULA)
        _, kind, style, _, _ = cell
        match kind:
            case "s" | "inlineStr" | "str":
                return text
            case "b":
                return Unfit(text, _WHY_LOGICAL)
            case "e":
                return Unfit(text, _WHY_ERROR)
            case "d":
                return Unfit(text, _WHY_MOMENT[Moment.DATE])
            case _:
                moment = self._moments.get(style or "")
                return Unfit(text, _WHY_MOMENT[moment] if moment else _why_number(text))

    def _number(self, value: str, style: str | None) -> str | None:
        value = value.strip()
        if style is not None and (moment := self._moments.get(style)) is not None:
            return self._moment(value, moment)
        return show_number(value)

    def _moment(self, value: str, moment: Moment) -> str | None:
        if _NUMBER.fullmatch(value):
            shown = show_moment(float(value), moment, from_1904=self._from_1904)
            if shown is not None:
                return shown
        return show_number(value)


def show_number(value: str) -> str | None:
    """Return a number as it is kept in a sheet, without needless digits.

    Whole numbers keep all of their digits, others the fewest that tell them from their
    neighbours. What is no number stays as it is.
    """
    if value.isdigit() and value.isascii() and (value[0] != "0" or len(value) == 1):
        return value
    if _WHOLE.fullmatch(value):
        return str(int(value))
    if not _NUMBER.fullmatch(value):
        return value or None
    number = float(value)
    if math.isinf(number):
        return value
    return repr(number + 0.0).removesuffix(".0").upper()  # the sum is never -0.0


def _has_no_value(cell: RawCell) -> bool:
    """Return whether a cell is empty or holds a formula that was not worked out."""
    _, kind, _, value, _ = cell
    return value is None or (value == "" and kind not in {"s", "str", "inlineStr"})


def _why_number(text: str) -> str:
    digits = sum(char.isdigit() for char in text.partition("E")[0])
    return _WHY_ROUNDED if "E" in text or digits > _EXACT_DIGITS else _WHY_NUMBER
