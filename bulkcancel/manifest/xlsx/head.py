"""The first rows of a sheet: which one is the header, and which columns the table has."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from bulkcancel.errors import InputRefusedError
from bulkcancel.manifest.columns import candidates, find_id_column
from bulkcancel.manifest.ids import Grammar, trim
from bulkcancel.manifest.wording import show
from bulkcancel.manifest.xlsx.rows import SheetRows
from bulkcancel.manifest.xlsx.values import Values

_LOOKED_AT = 20
_LINE_BREAK = re.compile(r"\s*[\r\n]\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledRow:
    """A row that is not blank: its number, and its texts that are not by their column."""

    number: int
    texts: dict[int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The first rows of a sheet that are not blank, and the columns that are hidden in it."""

    rows: tuple[FilledRow, ...]
    hidden_columns: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The header as found. ``row`` counts from 1; ``left`` is the number of the first column."""

    row: int
    left: int
    names: tuple[str, ...]
    id_index: int


def read_head(rows: SheetRows, values: Values) -> Head:
    """Read the first twenty rows of a sheet that are not blank.

    Raises:
        UnreadableError: the sheet is damaged.
    """
    filled = (
        FilledRow(number=number, texts=texts)
        for number, _, cells in rows
        if (texts := {cell[0]: text for cell in cells if trim(text := values.text(cell) or "")})
    )
    found = tuple(islice(filled, _LOOKED_AT))
    return Head(rows=found, hidden_columns=tuple(rows.hidden_columns))


def find_header(
    rows: Sequence[FilledRow], *, wanted: str | None, grammar: Grammar, source: str
) -> Header:
    """Take the first row that is not blank for the header, if it names a column of ids.

    The table begins at the first column that holds anything in ``rows``, the first rows of the
    sheet, and ends at the last name. ``wanted`` is ``--id-column``; ``source`` names the input.

    Raises:
        InputRefusedError: it names none, or several; the text says where the header seems to be.
    """
    first = rows[0]
    left = min(min(row.texts) for row in rows)
    names = _names(first, left)
    if not candidates(names, wanted):
        for name in names:
            # A loose pattern matches names as well; an id without any digit is none.
            if grammar.accept(name) is not None and any(char.isdigit() for char in name):
                raise InputRefusedError(
                    f"{source}: row {first.number} holds {show(name)}, which is an id and no "
                    "header: add a row above it that names the columns (allocation_id for the ids)"
                )
        likely = [row.number for row in rows if candidates(_names(row, left), wanted)]
        if len(likely) == 1:
            raise InputRefusedError(
                f"{source}: row {first.number} names no column of ids, and row {likely[0]} seems "
                f"to be the header: delete the rows above row {likely[0]}"
            )
    return Header(
        row=first.number, left=left, names=names, id_index=find_id_column(names, wanted, source)
    )


def _names(row: FilledRow, left: int) -> tuple[str, ...]:
    """Return the texts of a row as names, each on one line."""
    texts = (row.texts.get(column, "") for column in range(left, max(row.texts) + 1))
    return tuple(_LINE_BREAK.sub(" ", text) for text in texts)
