"""A hash over the rows of the input as they stand in a journal."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from hashlib import blake2b
from pathlib import Path

import msgspec

from bulkcancel.journal.connection import connect_to_file

_MOST_ROWS = 500
"""So many numbers of rows are looked at at once."""

_MOST_CHARACTERS = 10_000_000

# Of these SQLite strings the texts together, in a third of the time that it takes to make Python
# values of them. All else about such a row is known by its being one. The types count too: what is
# less than an empty blob is no blob. No id and no JSON holds a line feed, which divides them.
_USUAL = """
    kind IS 'allocation' AND duplicate_of IS NULL AND text IS NULL AND reason IS NULL
    AND allocation_id < x''
"""
_WITH_CELLS, _WITHOUT = f"({_USUAL} AND extras < x'')", f"({_USUAL} AND extras IS NULL)"
_TOGETHER = """
    SELECT COUNT(*), CAST(group_concat(row) AS BLOB),
           CAST(group_concat(allocation_id, x'0a') AS BLOB),
           CAST(group_concat(extras, x'0a') AS BLOB)
    FROM row WHERE row BETWEEN ? AND ? AND
"""
_EACH = "SELECT * FROM row WHERE row BETWEEN ? AND ? AND"
_COUNT = "SELECT COUNT(*) FROM row WHERE row BETWEEN ? AND ?"
_NEXT = "SELECT MIN(row) FROM row WHERE row > ?"
_LAST = (1 << 63) - 1  # the greatest number of a row that SQLite knows

_encode = msgspec.json.Encoder().encode


def widest_cells(connection: sqlite3.Connection) -> int:
    """Return the most characters that the other cells of a row have, as they are kept."""
    (found,) = connection.execute("SELECT MAX(LENGTH(extras)) FROM row").fetchone()
    return int(found or 0)


def seal_in_file(path: Path, widest: object) -> str | None:
    """Return what `seal_of` says of the file as it lies there; ``None`` if it can't be read so.

    No lock is taken, and nothing is seen of a log beside it: for whoever holds the journal.
    """
    if not isinstance(widest, int):
        return None
    try:
        with closing(connect_to_file(path)) as connection:
            return seal_of(connection, widest)
    except (sqlite3.Error, UnicodeDecodeError):
        return None  # who holds it says what is wrong


def seal_of(connection: sqlite3.Connection, widest: int) -> str:
    """Return a hash (hex) over all rows of the input as they stand in the journal.

    ``widest``, the number of `widest_cells`, says how many are looked at at once: with another
    one it is another hash.
    """
    step = max(1, min(_MOST_ROWS, _MOST_CHARACTERS // max(1, widest)))
    usual = _WITH_CELLS if widest else _WITHOUT
    together, each = f"{_TOGETHER} {usual}", f"{_EACH} {usual} IS NOT TRUE ORDER BY row"
    seal = blake2b(digest_size=16)
    (start,) = connection.execute("SELECT MIN(row) FROM row").fetchone()
    while start is not None:
        rows = start, min(start + step - 1, _LAST)
        count, *texts = connection.execute(together, rows).fetchone()
        others = []
        if connection.execute(_COUNT, rows).fetchone() != (count,):
            others = connection.execute(each, rows).fetchall()
        parts = [*(text or b"" for text in texts), _encode(others)]
        seal.update(_encode([start, step, count, *map(len, parts)]))
        for part in parts:
            seal.update(part)
        (start,) = connection.execute(_NEXT, (rows[1],)).fetchone()
    return seal.hexdigest()
