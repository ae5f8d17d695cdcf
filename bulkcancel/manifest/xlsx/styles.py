"""Which cells of a workbook hold dates: numbers that the style of the cell shows as dates."""

from __future__ import annotations

import re
from enum import Enum, auto

from bulkcancel.manifest.xlsx.markup import tags, walk
from bulkcancel.manifest.xlsx.package import Package
from bulkcancel.manifest.xlsx.unreadable import damaged

MOST_STYLES = 64 << 20
"""The part with the styles may have this many bytes."""

_TAGS = tags("numFmt", "cellXfs", "xf")
_MOST_FORMATS = 100_000  # a spreadsheet program knows 65,490 at most

_ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_LITERAL = re.compile(r'"[^"]*"?|\\.|_.|\*.|\[[^\]]*\]', re.DOTALL)
_DATES = re.compile("[yd]", re.IGNORECASE)
_TIMES = re.compile("[hs]", re.IGNORECASE)
_MONTHS = re.compile("m", re.IGNORECASE)


class Moment(Enum):
    """What a number is shown as."""

    DATE = auto()
    """A date, perhaps with a time of day."""
    TIME = auto()
    """A time of day."""
    DURATION = auto()
    """Hours, minutes and seconds that may exceed a day."""


_BUILT_IN = {
    **dict.fromkeys((14, 15, 16, 17, 22), Moment.DATE),
    **dict.fromkeys((18, 19, 20, 21, 45, 47), Moment.TIME),
    46: Moment.DURATION,
    # What these show depends on the country; all of them are dates or times somewhere.
    **dict.fromkeys((27, 28, 29, 30, 31, 36), Moment.DATE),
    **dict.fromkeys((32, 33, 34, 35), Moment.TIME),
    **dict.fromkeys(range(50, 59), Moment.DATE),
}


def read_moments(package: Package, part: str | None) -> dict[str, Moment]:
    """Return what the numbers of a style are shown as, by the style's number in a cell.

    Styles that show a number as a number are not among them.

    Raises:
        UnreadableError: the part is damaged or too large.
    """
    formats: dict[str, Moment | None] = {str(key): kind for key, kind in _BUILT_IN.items()}
    styles: list[str] = []
    within = False

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal within
        match _TAGS.get(name):
            case "numFmt":
                formats[attributes.get("numFmtId", "")] = shown_as(attributes.get("formatCode", ""))
            case "cellXfs":
                within = True  # what follows is appended, and so changes no number
            case "xf" if within:
                styles.append(attributes.get("numFmtId", "0"))
        if len(formats) > _MOST_FORMATS or len(styles) > _MOST_FORMATS:
            raise damaged(f"it has more than {_MOST_FORMATS:,} styles")

    if part is not None:
        with package.open(part, most=MOST_STYLES) as file:
            for _ in walk(file, part, start):
                pass
    found = ((str(place), formats.get(number)) for place, number in enumerate(styles))
    return {place: kind for place, kind in found if kind is not None}


def shown_as(code: str) -> Moment | None:
    """Return what a number format such as ``yyyy-mm-dd`` shows; ``None`` for a plain number."""
    code = code.partition(";")[0]
    if code.strip().casefold() in {"general", "standard"}:
        return None
    elapsed = _ELAPSED.search(code) is not None
    code = _LITERAL.sub("", code)
    if _DATES.search(code):
        return Moment.DATE
    if elapsed:
        return Moment.DURATION
    if _TIMES.search(code):
        return Moment.TIME
    return Moment.DATE if _MONTHS.search(code) else None
