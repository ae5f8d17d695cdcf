"""Rows of a large table counted by what an expression makes of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from bulkcancel.journal.connection import decoding
from bulkcancel.journal.store import Journal

_STEP = 50_000
"""So many numbers of rows are looked at at once."""

_decode = msgspec.json.Decoder(list[int]).decode


def counted(
    journal: Journal, value: str, table: str, key: str, where: str, values: Sequence[Any] = ()
) -> Counter[int]:
    """Return how many rows of a table have each value, a whole number.

    ``key`` is the column by which the rows are in order; ``values`` are those of the parameters
    of ``value``. SQLite would sort all rows to put them into groups, which takes three times as
    long.
    """
    counts: Counter[int] = Counter()
    statement = (
        f"SELECT CAST(json_group_array({value}) AS BLOB) FROM {table} r"  # noqa: S608 - our own words
        f" WHERE {key} BETWEEN ? AND ? AND {where}"
    )
    following = f"SELECT MIN({key}) FROM {table} WHERE {key} >= ?"  # noqa: S608 - the same
    ((start,),) = journal.select(f"SELECT MIN({key}) FROM {table}")  # noqa: S608 - the same
    while start is not None:
        ((found,),) = journal.select(statement, (*values, start, start + _STEP - 1))
        with decoding(journal.path):
            counts.update(_decode(found))
        ((start,),) = journal.select(following, (start + _STEP,))
    return counts
