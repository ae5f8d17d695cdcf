"""The rows of a sheet as they stand in its XML, one after another, and what hides or joins them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from bulkcancel.manifest.wording import show
from bulkcancel.manifest.xlsx.markup import BLOCK, Depth, tags, walk_counted
from bulkcancel.manifest.xlsx.package import Package
from bulkcancel.manifest.xlsx.unreadable import damaged

MOST_ROWS = 1 << 20
"""A sheet has 1,048,576 rows."""

MOST_COLUMNS = 1 << 14
"""A sheet has 16,384 columns, from A to XFD."""

MOST_MERGES = 1000
"""So many merged cells are looked at; there is no need to know more of them to refuse them."""

RawCell: TypeAlias = tuple[int, str | None, str | None, str | None, str | None]
"""A cell that is not empty: its column (from 0), type, style, value and formula, as they stand.

The value is ``None`` where there is none, as of a formula that was never worked out.
"""

RawRow: TypeAlias = tuple[int, bool, list[RawCell]]
"""A row with cells that are not empty: its number (from 1), whether it is hidden, the cells."""

_TAGS = tags("worksheet", "col", "row", "c", "v", "f", "t", "rPh", "mergeCell")
_LETTERS = re.compile("[A-Za-z]{1,3}", re.ASCII)
_RANGE = re.compile(
    r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})(?::\$?([A-Za-z]{1,3})\$?([0-9]{1,7}))?", re.ASCII
)
_DIGITS = re.compile("[0-9]{1,9}", re.ASCII)
_NOUGHT = re.compile(r"0+(?:\.0*)?|\.0+", re.ASCII)
_LARGEST_ROW = 16 << 20  # bytes
_TRUE = ("1", "true")


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """Cells that were merged into one: a column's first and last row among them, from 1."""

    cells: str
    top: int
    bottom: int


class SheetRows:
    """Goes once over the rows of a sheet.

    Attributes:
        hidden_columns: the first and last numbers (from 0) of columns that are hidden; known
            before the first row is given.
        merges: the merged cells that touch ``watched``, a column's number, at most
            `MOST_MERGES`; known after the last row.
    """

    def __init__(self, package: Package, part: str, *, watched: int | None = None) -> None:
        self.hidden_columns: list[tuple[int, int]] = []
        self.merges: list[Merge] = []
        self._package = package
        self._part = part
        self._watched = watched
        self._depth = Depth()
        self._is_sheet = False
        self._is_hint = False
        self._is_within = False
        self._columns: dict[str, int] = {}
        self._rows: list[RawRow] = []
        self._pieces: list[str] = []
        # The row and the cell that is being read.
        self._number = 0
        self._row_text = ""
        self._is_hidden = False
        self._cells: list[RawCell] = []
        self._column = -1
        self._attributes: dict[str, str] = {}
        self._value: str | None = None
        self._formula: str | None = None

    def __iter__(self) -> Iterator[RawRow]:
        """Read the rows that hold anything.

        Raises:
            UnreadableError: the sheet is damaged.
        """
        with self._package.open(self._part) as file:
            last, pending = 0, 0
            for _ in walk_counted(
                file, self._part, self._depth, self._start, self._end, self._pieces.append
            ):
                yield from self._rows
                self._rows.clear()
                if not self._is_within:
                    self._pieces.clear()
                pending = pending + BLOCK if self._is_within and self._number == last else 0
                last = self._number
                if pending > _LARGEST_ROW:
                    raise damaged(f"row {last:,} of a sheet has more than 16 megabytes")
        if not self._is_sheet:
            raise damaged(f"its part {show(self._part)} is no sheet")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = _TAGS.get(name)
        if tag == "c":
            reference = attributes.get("r")
            if reference is None:
                column = self._column + 1
            else:
                column = self._columns.get(reference.removesuffix(self._row_text), -1)
                if column < 0:
                    column = self._locate(reference)
            if column <= self._column or column >= MOST_COLUMNS or self._value is not None:
                raise self._misplaced(reference or "one too many")
            self._column = column
            self._attributes = attributes
        elif tag == "row":
            self._begin_row(attributes)
        else:
            self._depth.now += 1
            if tag in {"v", "t", "f"}:
                self._pieces.clear()
            elif tag is not None:
                self._start_other(tag, attributes)

    def _end(self, name: str) -> None:
        tag = _TAGS.get(name)
        if tag == "c":
            if self._value is not None or self._formula is not None:
                get = self._attributes.get
                self._cells.append((self._column, get("t"), get("s"), self._value, self._formula))
                self._value = self._formula = None
            return
        if tag == "row":
            self._is_within = False
            if self._cells:
                self._rows.append((self._number, self._is_hidden, self._cells))
            return
        self._depth.now -= 1
        if tag == "v":
            self._value = "".join(self._pieces)
        elif tag == "t":
            if not self._is_hint:
                self._value = (self._value or "") + "".join(self._pieces)
        elif tag == "f":
            self._formula = "".join(self._pieces)
        elif tag == "rPh":
            self._is_hint = False

    def _start_other(self, tag: str, attributes: dict[str, str]) -> None:
        match tag:
            case "worksheet":
                self._is_sheet = True
            case "rPh":
                self._is_hint = True
            case "col" if _is_hidden(attributes, "width"):
                self.hidden_columns.append(self._span(attributes))
                if len(self.hidden_columns) > MOST_COLUMNS:
                    raise damaged("a sheet has too many columns")
            case "mergeCell" if self._watched is not None:
                self._take_merge(attributes.get("ref", ""), self._watched)

    def _begin_row(self, attributes: dict[str, str]) -> None:
        if self._is_within:
            raise damaged(f"a sheet has a row within row {self._number:,}")
        self._number = self._row_number(attributes.get("r"))
        self._row_text = str(self._number)
        self._is_hidden = _is_hidden(attributes, "ht")
        self._is_within = True
        self._column = -1
        self._cells = []

    def _row_number(self, text: str | None) -> int:
        number = self._number + 1 if text is None else whole_number(text)
        if number > MOST_ROWS:
            raise damaged(f"a sheet has more than {MOST_ROWS:,} rows")
        if number <= self._number:
            raise damaged(f"a sheet has row {show(text or '')} after row {self._number:,}")
        return number

    def _locate(self, reference: str) -> int:
        letters = reference.removesuffix(self._row_text)
        if not _LETTERS.fullmatch(letters):
            raise self._misplaced(reference)  # or of another row
        column = column_number(letters)
        self._columns[letters] = column
        return column

    def _misplaced(self, reference: str) -> Exception:
        return damaged(f"row {self._number:,} of a sheet has the cell {show(reference)} misplaced")

    def _span(self, attributes: dict[str, str]) -> tuple[int, int]:
        first, last = (whole_number(attributes.get(name, "")) for name in ("min", "max"))
        if not 0 < first <= last:
            raise damaged("the columns of a sheet have no numbers")
        return first - 1, last - 1

    def _take_merge(self, reference: str, watched: int) -> None:
        found = _RANGE.fullmatch(reference)
        if found is None:
            raise damaged(f"a sheet has the cells {show(reference)} merged, which are none")
        first, top, last, bottom = found.groups()
        columns = sorted(column_number(letters) for letters in (first, last or first))
        rows = sorted((int(top), int(bottom or top)))
        is_one = columns[0] == columns[1] and rows[0] == rows[1]
        if is_one or len(self.merges) == MOST_MERGES:
            return
        if columns[0] <= watched <= columns[1]:
            self.merges.append(Merge(cells=reference, top=rows[0], bottom=rows[1]))


def _is_hidden(attributes: dict[str, str], size: str) -> bool:
    """Return whether a row or column is hidden; ``size`` names its height or width."""
    given = attributes.get(size)
    return attributes.get("hidden") in _TRUE or (
        given is not None and bool(_NOUGHT.fullmatch(given))
    )


def whole_number(text: str) -> int:
    """Return the number that a text of up to nine digits is, and -1 for any other text."""
    return int(text) if _DIGITS.fullmatch(text) else -1


def column_number(letters: str) -> int:
    """Return the number of a column, from 0, by its letters."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


def name_column(number: int) -> str:
    """Return the letters of a column by its number, from 0."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
