"""The journals of an input's shards joined into one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bulkcancel.journal.store import Journal
from bulkcancel.model import Outcome

_SOURCE = "shard"

_OTHERWISE = ("fact", "segment")
"""The tables that are not simply copied; of all others nothing may be forgotten."""

_COPY_SEGMENTS = f"""
    INSERT INTO main.segment (started_at, finished_at, stop, facts)
    SELECT started_at, finished_at, stop, json_set(COALESCE(facts, '{{}}'), '$.shard', ?)
    FROM {_SOURCE}.segment ORDER BY segment
"""  # noqa: S608 - the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What is left to do of a shard: allocations without an outcome, and those that are unknown."""

    open: int
    unknown: int


def absorb(journal: Journal, path: Path, shard: int) -> Left:
    """Copy all that a shard's journal holds, but for its facts, into a journal that is being made.

    The rows keep their numbers, and each start of the run gets the shard's number among its facts.
    The shard's journal is held meanwhile, and stays as it was.

    Raises:
        LockedError: A process works on that journal.
        JournalError: It can't be trusted, or holds a row that is there already.
    """
    Journal.open(path).close()  # it is checked, as by a resume
    with journal.attached(path, _SOURCE):
        journal.change([*_copies(journal), (_COPY_SEGMENTS, (shard,))])
        ((left,),) = journal.select(
            f"SELECT (SELECT COUNT(*) FROM {_SOURCE}.row WHERE kind = 'allocation')"  # noqa: S608 - the same
            f" - (SELECT COUNT(*) FROM {_SOURCE}.outcome)"
        )
        ((unknown,),) = journal.select(
            f"SELECT COUNT(*) FROM {_SOURCE}.outcome WHERE outcome = ?",  # noqa: S608 - the same
            (Outcome.UNKNOWN.value,),
        )
    return Left(open=left, unknown=unknown)


def _copies(journal: Journal) -> list[tuple[str, Sequence[Any]]]:
    """Return the statements that copy all tables but those of the run itself."""
    tables = journal.select(
        "SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
        " AND name NOT LIKE 'sqlite%' ORDER BY name"
    )
    return [(_copy(name, is_keyed=bool(wr)), ()) for name, wr in tables if name not in _OTHERWISE]


def _copy(table: str, *, is_keyed: bool) -> str:
    # Where rows have no key of their own, what is told of them hangs on their order.
    order = "" if is_keyed else " ORDER BY rowid"
    return f"INSERT INTO main.{table} SELECT * FROM {_SOURCE}.{table}{order}"  # noqa: S608 - our own words


def order_segments(journal: Journal) -> None:
    """Number the starts of all shards anew, by their times; of one time as they were copied."""
    found = list(
        journal.select("SELECT started_at, finished_at, stop, facts FROM segment ORDER BY segment")
    )
    found.sort(key=lambda values: float(values[0]))
    insert = "INSERT INTO segment (started_at, finished_at, stop, facts) VALUES (?, ?, ?, ?)"
    journal.change([("DELETE FROM segment", ()), *((insert, values) for values in found)])
