"""Every row of the input with what became of it, column by column, as SQLite puts them together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import repeat
from typing import Annotated, Any

import msgspec

from bulkcancel.decision import open_settlement
from bulkcancel.journal.connection import decoding
from bulkcancel.journal.provisional import OpenRow, open_rows
from bulkcancel.journal.store import Journal
from bulkcancel.journal.times import millis, millis_sql
from bulkcancel.model import (
    FIRST_MILLIS,
    LAST_MILLIS,
    CancelledBy,
    DetailColumns,
    DetailRow,
    Extras,
    Outcome,
    RowKind,
)

PORTION = 20_000
"""Rows that are read at once: as many as the reports write at once, which cut others anew."""

_CHUNK = 2_000
_MOST_CHARACTERS = 100_000_000

_Millis = Annotated[int, msgspec.Meta(ge=FIRST_MILLIS, le=LAST_MILLIS)]

# Each column as one JSON array: SQLite makes it without Python, which would have to make an object
# of every single value first, and holds no lock of Python meanwhile.
_COLUMNS: tuple[tuple[str, str, Any], ...] = (
    ("row", "r.row", list[int]),
    ("kind", "r.kind", list[RowKind]),
    ("allocation_id", "COALESCE(r.allocation_id, f.allocation_id)", list[str | None]),
    ("outcome", "o.outcome", list[Outcome | None]),
    ("status", "o.status", list[str | None]),
    ("version_before", "o.version_before", list[int | None]),
    ("version", "o.version", list[int | None]),
    ("attempts", "o.attempts", list[int | None]),
    ("http_status", "o.http_status", list[int | None]),
    ("reason", "COALESCE(o.reason, r.reason, '')", list[str]),
    ("duplicate_of", "r.duplicate_of", list[int | None]),
    ("verified", "o.verified", list[int | None]),
    ("cancelled_by", "o.cancelled_by", list[CancelledBy | None]),
    ("first_sent_ms", millis_sql("o.first_sent_at"), list[_Millis | None]),
    ("settled_ms", millis_sql("o.settled_at"), list[_Millis | None]),
    ("po_number", "o.po_number", list[str | None]),
    ("vendor_id", "o.vendor_id", list[str | None]),
    ("location", "o.location", list[str | None]),
    ("text", "COALESCE(r.text, '')", list[str]),
)
_STANDING: tuple[tuple[str, str, Any], ...] = (
    ("runs_before", "COALESCE(s.runs, 0)", list[int]),
    ("since", "s.since", list[str | None]),
)
# What is JSON already is only strung together.
_JSON: tuple[tuple[str, str, Any], ...] = (
    ("order_ids", "COALESCE(o.order_ids, '[]')", list[tuple[str, ...]]),
    ("extras", "COALESCE(r.extras, '[]')", list[Extras]),
)
_FROM = """
    FROM row r
    LEFT JOIN row f ON f.row = r.duplicate_of
    LEFT JOIN outcome o ON o.row = COALESCE(r.duplicate_of, r.row)
         AND r.kind IN ('allocation', 'duplicate')
"""
_WHERE = "WHERE r.row BETWEEN ? AND ?"
_LAST = "SELECT MAX(row) FROM (SELECT row FROM row WHERE row >= ? ORDER BY row LIMIT ?)"
_FROM_STANDING = "LEFT JOIN standing s ON s.row = COALESCE(r.duplicate_of, r.row)"

_NEVER_TOUCHED = OpenRow(settlement=open_settlement(None), history=None, attempts=0)


def detail_columns(journal: Journal, *, size: int = PORTION) -> Iterator[DetailColumns]:
    """Yield every row of the input once, in order, with what became of it.

    They come ``size`` at a time, or fewer where cells are very long. An allocation without an
    outcome gets the provisional word of `open_settlement`.
    """
    provisional = open_rows(journal)
    has_standing = bool(list(journal.select("SELECT 1 FROM standing LIMIT 1")))
    statement, decoders = _query(has_standing=has_standing)
    # A single text of SQLite holds a thousand million bytes at most.
    most = max(1, min(size, _MOST_CHARACTERS // max(1, journal.widest)))
    first = 0
    while True:
        ((last,),) = journal.select(_LAST, (first, most))
        if last is None:
            return
        ((count, *found),) = journal.select(statement, (first, last))
        with decoding(journal.path):
            columns = {
                name: read_cells(text, decode, count)
                for (name, decode), text in zip(decoders, found, strict=True)
            }
            rows = _finished(columns, provisional)
        yield rows
        first = last + 1


def detail_rows(journal: Journal) -> Iterator[Sequence[DetailRow]]:
    """Yield what `detail_columns` does as rows, in chunks."""
    for columns in detail_columns(journal, size=_CHUNK):
        yield columns.rows()


def read_cells(text: bytes, decode: Callable[[bytes], list[Any]], count: int) -> list[Any]:
    """Return what ``decode`` makes of a JSON array of so many cells, without a space between.

    Where the cells are all alike, as in most columns, they are one object, which costs as much as
    one cell.
    """
    first = text[1 : text.find(b",")]
    # With a comma less than cells, none stands within a cell.
    if text.endswith(first + b"]") and text == b"[" + (first + b",") * (count - 1) + first + b"]":
        return decode(b"[" + first + b"]") * count
    return decode(text)


def _query(*, has_standing: bool) -> tuple[str, list[tuple[str, Callable[[Any], Any]]]]:
    """Return the query for a portion, and what reads each of its columns."""
    listed = (*_COLUMNS, *(_STANDING if has_standing else ()))
    wanted = [f"CAST(json_group_array({value}) AS BLOB)" for _, value, _ in listed]
    wanted += [f"CAST('[' || group_concat({value}, ',') || ']' AS BLOB)" for _, value, _ in _JSON]
    source = f"{_FROM} {_FROM_STANDING if has_standing else ''}"
    decoders = [(name, msgspec.json.Decoder(kind).decode) for name, _, kind in (*listed, *_JSON)]
    return f"SELECT COUNT(*), {', '.join(wanted)} {source} {_WHERE}", decoders


def _finished(columns: dict[str, Any], provisional: Mapping[int, OpenRow]) -> DetailColumns:
    """Return the columns as the reports want them, with a word on what has no outcome yet."""
    rows = len(columns["row"])
    columns["verified"] = [None if flag is None else flag != 0 for flag in columns["verified"]]
    columns.setdefault("runs_before", [*repeat(0, rows)])
    columns.setdefault("since", [*repeat(None, rows)])
    if None in columns["outcome"]:
        kinds = columns["kind"]
        for place, outcome in enumerate(columns["outcome"]):
            if outcome is None and kinds[place] in _REQUESTS:
                first = columns["duplicate_of"][place] or columns["row"][place]
                _note(columns, place, provisional.get(first, _NEVER_TOUCHED))
    return DetailColumns(**columns)


_REQUESTS = (RowKind.ALLOCATION, RowKind.DUPLICATE)


def _note(columns: Mapping[str, list[Any]], place: int, known: OpenRow) -> None:
    settled, history = known.settlement, known.history
    for name in _SETTLED:
        columns[name][place] = getattr(settled, name)
    columns["attempts"][place] = known.attempts
    columns["verified"][place] = False
    if history is not None:
        columns["version_before"][place] = history.version_before
        columns["http_status"][place] = history.http_status
        columns["first_sent_ms"][place] = millis(history.first_sent_at)


_SETTLED: Sequence[str] = (
    "outcome", "status", "version", "reason", "po_number", "vendor_id", "location", "order_ids",
)  # fmt: skip
