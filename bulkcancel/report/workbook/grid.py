"""A sheet of rows under a header: kept aside as the rows come, and written group by group."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from xlsxwriter.utility import xl_col_to_name

from bulkcancel.model import DetailRow
from bulkcancel.report.workbook.columns import Cell, Column, Kind
from bulkcancel.report.workbook.markup import (
    LARGEST_BYTE,
    LARGEST_CELL,
    Style,
    Styles,
    cells_markup,
    row_markup,
    rows_markup,
)
from bulkcancel.report.workbook.spool import Block, Spool
from bulkcancel.report.workbook.texts import lines

_BLOCK = 50_000
"""Cells whose markup is held in memory at once."""

_SAMPLE = 1_000
"""Rows that decide how wide the columns are."""

_ROOM = 2
"""Characters of a column besides its longest text."""

_BUTTON = 4
"""Characters that the button of the filter takes from a name."""


class Grid:
    """The rows of one sheet; ``most`` of them at most, a note in place of others among them.

    The groups are written in the order given, the rows of each in the order they came. The
    system's errors come through as `OSError`.

    Attributes:
        columns: the columns, in their order.
        given: how many rows there were, those that are left out included.
    """

    def __init__(
        self, columns: Sequence[Column], folder: Path, *, groups: Sequence[Hashable], most: int
    ) -> None:
        self.columns = columns
        self.given = 0
        self._folder = folder
        self._groups = groups
        self._most = most
        self._letters = [xl_col_to_name(place) for place in range(len(columns))]
        self._spools: dict[Hashable, Spool] = {}
        self._open = ExitStack()
        self._longest = [0] * len(columns)
        self._bytes = sum(len(column.name.encode()) for column in columns)

    def close(self) -> None:
        """Let go of what was kept aside."""
        self._open.close()

    def add(self, rows: Sequence[DetailRow], group: Hashable = None) -> None:
        """Take the next rows of a group."""
        step = max(1, _BLOCK // len(self.columns))
        for start in range(0, len(rows), step):
            some = rows[start : start + step]
            block = [column.cells(some) for column in self.columns]
            if self.given < _SAMPLE:
                self._measure(block)
            self.given += len(some)
            self._bytes += self._spool(group).add(block)

    @property
    def rows(self) -> int:
        """Return how many rows are written."""
        return self.given if self.given <= self._most else self._most - 1

    @property
    def widths(self) -> list[int]:
        """Return how wide each column is, in characters."""
        return [
            min(max(column.least, longest + _ROOM, len(column.name) + _BUTTON), column.most)
            for column, longest in zip(self.columns, self._longest, strict=True)
        ]

    def markup(self, styles: Styles, note: str) -> Iterator[bytes]:
        """Yield the header, the rows and, if it is not empty, a note in a row of its own."""
        names = [
            cells_markup([column.name], letters, Style(usual=styles.header), 1)[0]
            for column, letters in zip(self.columns, self._letters, strict=True)
        ]
        yield row_markup(1, names).encode()
        looks = [styles.of(column) for column in self.columns]
        first = 2
        for block in self._blocks():
            high = self._lines(block)
            yield rows_markup(block, self._letters, looks, first, high).encode()
            first += len(block[0])
        if note:
            yield row_markup(
                first, cells_markup([note], self._letters[0], Style(usual=styles.note), first)
            ).encode()

    def largest(self) -> int:
        """Return a number of bytes that the markup of the rows does not exceed."""
        cells = (self.given + 1) * (len(self.columns) + 1)
        return self._bytes * LARGEST_BYTE + cells * LARGEST_CELL

    def _lines(self, block: Block) -> list[int]:
        """Return how many lines each row of a block takes."""
        # A program that opens the file need not find out by itself, and not every one does.
        high = [1] * len(block[0])
        for column, width, cells in zip(self.columns, self.widths, block, strict=True):
            if column.kind is Kind.SENTENCE:
                taken = {cell: lines(str(cell or ""), width) for cell in set(cells)}
                high = [max(most, taken[cell]) for most, cell in zip(high, cells, strict=True)]
        return high

    def _spool(self, group: Hashable) -> Spool:
        if group not in self._spools:
            self._spools[group] = Spool(self._folder)
            self._open.callback(self._spools[group].close)
        return self._spools[group]

    def _blocks(self) -> Iterator[Block]:
        left = self.rows
        for group in self._groups:
            for block in self._spools[group].blocks() if group in self._spools else ():
                yield block if len(block[0]) <= left else [cells[:left] for cells in block]
                left = max(0, left - len(block[0]))
                if not left:
                    return

    def _measure(self, block: Block) -> None:
        for place, cells in enumerate(block):
            self._longest[place] = max(self._longest[place], *map(_length, cells))


def _length(cell: Cell) -> int:
    """Return the characters of a cell's longest line."""
    if isinstance(cell, str):
        return max(map(len, cell.split("\n")))
    # The columns of times and flags are as wide as they need to be.
    return len(str(cell)) if isinstance(cell, int) else 0
