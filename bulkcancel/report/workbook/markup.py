"""The rows of a sheet as they stand in a workbook's XML: no cell is a formula."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bulkcancel.report.workbook.columns import Cell, Column, Kind
from bulkcancel.report.workbook.spool import Block

LARGEST_CELL = 80
"""A cell's markup takes no more bytes than this, besides its content."""

LARGEST_BYTE = 7
"""A byte of a cell's content becomes no more bytes than this."""

_LINE = 15
"""Points."""

# What a reader would take for an escape; it is one as well before a CR, which becomes _x000D_.
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}[_\r])")
_AWKWARD = re.compile(r"[&<>\r]|_x")


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """The numbers of a column's cell formats: one for each word it tells apart, and the usual."""

    usual: int
    words: Mapping[Cell, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Styles:
    """The numbers of a workbook's cell formats.

    ``kinds`` are those of the columns, ``outcomes`` those of the words in a column of outcomes.
    """

    header: int
    note: int
    kinds: Mapping[Kind, int]
    outcomes: Mapping[Cell, int]

    def of(self, column: Column) -> Style:
        """Return the formats of a column's cells."""
        words = self.outcomes if column.kind is Kind.OUTCOME else {}
        return Style(usual=self.kinds[column.kind], words=words)


def row_markup(number: int, cells: Sequence[str], lines: int = 1) -> str:
    """Return a row, numbered from 1, around the markup of its cells; it is so many lines high."""
    height = f' ht="{_LINE * lines}" customHeight="1"' if lines > 1 else ""
    return f'<row r="{number}"{height}>{"".join(cells)}</row>'


def rows_markup(
    block: Block,
    letters: Sequence[str],
    styles: Sequence[Style],
    first: int,
    lines: Sequence[int],
) -> str:
    """Return the rows of a block, the first of which is row ``first`` of the sheet.

    ``letters`` name the columns, ``lines`` say how high each row is.
    """
    columns = [
        cells_markup(cells, name, style, first)
        for cells, name, style in zip(block, letters, styles, strict=True)
    ]
    rows = zip(lines, zip(*columns, strict=True), strict=True)
    return "".join(
        [row_markup(number, cells, high) for number, (high, cells) in enumerate(rows, first)]
    )


def cells_markup(cells: Sequence[Cell], letters: str, style: Style, first: int) -> list[str]:
    """Return the cells of a column one below the other; empty ones have no markup."""
    usual, words = style.usual, style.words
    # Most columns hold few different values.
    tails = {cell: _tail(cell, words.get(cell, usual)) for cell in set(cells)}
    return [
        f'<c r="{letters}{row}{tail}' if (tail := tails[cell]) else ""
        for row, cell in enumerate(cells, first)
    ]


def text_markup(text: str) -> str:
    """Return the content of a cell of text."""
    if _AWKWARD.search(text):
        text = _ESCAPE.sub("_x005F_", text).replace("\r", "_x000D_")
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # Readers drop spaces and line breaks around a text unless they are told to keep them.
    keep = "" if text == text.strip() else ' xml:space="preserve"'
    return f"<is><t{keep}>{text}</t></is>"


def _tail(cell: Cell, style: int) -> str:
    """Return a cell's markup behind the number of its row."""
    match cell:
        case None | "":
            return ""
        case str():
            return f'" s="{style}" t="inlineStr">{text_markup(cell)}</c>'
        case bool():
            return f'" s="{style}" t="b"><v>{cell:d}</v></c>'
        case _:
            return f'" s="{style}"><v>{cell!r}</v></c>'
