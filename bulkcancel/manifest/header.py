"""The first line of a text: where it is, what divides it, and what the columns are named."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from itertools import islice

from bulkcancel.errors import InputRefusedError
from bulkcancel.manifest.columns import candidates
from bulkcancel.manifest.ids import BLANKS, Grammar
from bulkcancel.manifest.wording import show

NO_DELIMITER = "\x1f"
"""Stands in for the delimiter of a file of one column: a character that no text should hold."""

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
MOST_ROWS_ABOVE = 10_000
"""So many blank rows may stand above the header."""

_LOOKED_AT = 50
"""In so many rows below the first one a header is looked for."""

_HINT = re.compile(r'"?sep=(?P<delimiter>[^\r\n"])"?[\r\n]*', re.IGNORECASE)
_FILLING = BLANKS + "".join(_DELIMITERS) + "\r\n"

OpenLines = Callable[[], AbstractContextManager[Iterator[str]]]
"""Opens the text from its beginning, as lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The header as found. ``row`` counts from 1; ``delimiter`` is ``None`` for one column."""

    row: int
    names: tuple[str, ...]
    delimiter: str | None


def find_header(
    open_lines: OpenLines, *, wanted: str | None, grammar: Grammar, source: str
) -> Header:
    """Find the header, and the delimiter by it.

    The delimiter is the one whose split of the header (outside of quotes) shows a column of ids;
    nothing is guessed from the rows. ``wanted`` is ``--id-column``; ``source`` names the input.

    Raises:
        InputRefusedError: there is no header, or more than one delimiter would do.
    """
    hint = _hint(open_lines)
    if hint is not None and hint not in _DELIMITERS:
        raise InputRefusedError(
            f"{source}: row 1: says that {show(hint)} divides the cells; only comma, semicolon, "
            "tab and vertical bar are read: export it again"
        )
    delimiters = _DELIMITERS if hint is None else [hint]
    skip = 0 if hint is None else 1
    tried = [_split(open_lines, one, skip) for one in delimiters]
    splits = [split for split in tried if split is not None]
    if not splits:
        raise InputRefusedError(f"{source}: row 1: its quotes do not match, so it is no header")
    if not any(split.names for split in splits):
        if splits[0].row > MOST_ROWS_ABOVE:
            raise InputRefusedError(
                f"{source}: its first {MOST_ROWS_ABOVE:,} rows are blank, and no header was found: "
                "delete them"
            )
        raise InputRefusedError(f"{source}: holds blank lines only, and no header")
    fitting = [split for split in splits if candidates(split.names, wanted)]
    several = [split for split in fitting if len(split.names) > 1]
    match several:
        case [only]:
            return only
        case []:
            if fitting:
                return Header(row=fitting[0].row, names=fitting[0].names, delimiter=None)
            widest = _widest(splits, grammar, source)
            _check_below(open_lines, widest, wanted=wanted, source=source)
            return widest
        case _:
            found = " and ".join(_DELIMITERS[split.delimiter or ""] for split in several)
            raise InputRefusedError(
                f"{source}: row {several[0].row}: the header can be divided by {found}, and each "
                "way shows a column of ids: put the names into quotes"
            )


def _check_below(open_lines: OpenLines, header: Header, *, wanted: str | None, source: str) -> None:
    """Return if no other of the first rows looks like the header, or several do.

    Raises:
        InputRefusedError: one does, below a title or a note perhaps.
    """
    if wanted is not None and not wanted.strip():
        return  # every blank cell would do
    likely: set[int] = set()
    for delimiter in _DELIMITERS:
        with open_lines() as lines, suppress(csv.Error):
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            for row, cells in enumerate(islice(reader, header.row + _LOOKED_AT), 1):
                if row > header.row and candidates(cells, wanted):
                    likely.add(row)
    if len(likely) == 1:
        row = likely.pop()
        raise InputRefusedError(
            f"{source}: row {header.row} names no column of ids, and row {row} seems to be the "
            f"header: delete the rows above row {row}"
        )


def _hint(open_lines: OpenLines) -> str | None:
    """Return the delimiter of a first line such as ``sep=;``, with which Excel tells it."""
    with open_lines() as lines:
        found = _HINT.fullmatch(next(lines, ""))
    return found["delimiter"] if found else None


def _split(open_lines: OpenLines, delimiter: str, skip: int) -> Header | None:
    """Return the first line that is not blank, divided; ``None`` if its quotes forbid that.

    ``skip`` lines before it are none of the table. Without one it has no names, and its row is the
    last that was looked at.
    """
    with open_lines() as lines:
        row = 0
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        try:
            for row, cells in enumerate(islice(reader, skip + MOST_ROWS_ABOVE + 1), 1):
                if row > skip and any(cell.strip(_FILLING) for cell in cells):
                    return Header(row=row, names=tuple(cells), delimiter=delimiter)
        except csv.Error:
            return None
    return Header(row=row, names=(), delimiter=delimiter)


def _widest(splits: list[Header], grammar: Grammar, source: str) -> Header:
    """Return the likeliest split of a header without a column of ids, for the sentence on it."""
    for split in splits:
        for name in split.names:
            # A loose pattern matches names as well; an id without any digit is none.
            if grammar.accept(name) is not None and any(char.isdigit() for char in name):
                raise InputRefusedError(
                    f"{source}: row {split.row} holds {show(name)}, which is an id and no header: "
                    "add a first line that names the columns (allocation_id for the ids)"
                )
    return max(splits, key=lambda split: len(split.names))
