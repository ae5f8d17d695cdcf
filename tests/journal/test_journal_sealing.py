"""The seal of a journal: whatever of a row becomes something else, it is another seal."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bulkcancel.journal.schema import TABLES
from bulkcancel.journal.sealing import seal_of, widest_cells

COLUMNS = ("row", "kind", "allocation_id", "duplicate_of", "text", "reason", "extras")

Row = tuple[Any, ...]

WORDS = st.sampled_from(["", ",", "a", "a,b", "62ff5c0b", "5", "\x1f", "é", "\0"])
VALUES = st.none() | st.integers(-1, 5) | WORDS | WORDS.map(str.encode)
USUAL = st.tuples(st.just("allocation"), WORDS, st.none(), st.none(), st.none(), st.none() | WORDS)
OTHERS = st.tuples(
    st.sampled_from(["allocation", "duplicate", "invalid", "blank"]),
    *(st.none() | WORDS for _ in COLUMNS[2:]),
)


@st.composite
def inputs(draw: st.DrawFn) -> list[Row]:
    """Draw the rows of a journal, their numbers close together and far apart."""
    numbers = draw(
        st.lists(st.integers(0, 8) | st.integers(0, 5_000), min_size=1, max_size=12, unique=True)
    )
    return [(number, *draw(USUAL | OTHERS)) for number in sorted(numbers)]


@contextmanager
def tables(rows: Sequence[Row]) -> Iterator[sqlite3.Connection]:
    """Give the tables of a journal with these rows."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.executescript(TABLES)
        connection.executemany("INSERT INTO row VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        yield connection


def stored(connection: sqlite3.Connection) -> list[Row]:
    """Return the rows as SQLite keeps them, with the type of each value."""
    values = ", ".join(f"typeof({name}), {name}" for name in COLUMNS)
    return connection.execute(f"SELECT {values} FROM row ORDER BY row").fetchall()  # noqa: S608 - the same


@given(
    rows=inputs(),
    place=st.integers(0, 11),
    column=st.sampled_from(COLUMNS[1:]),
    value=VALUES,
)
def test_a_value_that_becomes_another_is_another_seal(
    rows: list[Row], place: int, column: str, value: object
) -> None:
    """Also where it is the same text as a blob, nothing in place of an empty text, or 0."""
    assume(column != "kind" or value is not None)
    with tables(rows) as connection:
        widest = widest_cells(connection)
        before, kept = seal_of(connection, widest), stored(connection)
        row = rows[place % len(rows)][0]
        connection.execute(f"UPDATE row SET {column} = ? WHERE row = ?", (value, row))  # noqa: S608 - our own names
        assert (seal_of(connection, widest) == before) == (stored(connection) == kept)


@given(rows=inputs(), others=inputs())
def test_other_rows_have_another_seal(rows: list[Row], others: list[Row]) -> None:
    """Whether rows are missing, added, or have traded places, ids or cells."""
    with tables(rows) as connection:
        widest = widest_cells(connection)
        seal, kept = seal_of(connection, widest), stored(connection)
    with tables(others) as connection:
        assert (seal_of(connection, widest) == seal) == (stored(connection) == kept)


@given(rows=inputs(), data=st.data())
def test_two_rows_that_trade_places_are_another_seal(rows: list[Row], data: st.DataObject) -> None:
    """Each id still stands there once."""
    one, other = (data.draw(st.integers(0, len(rows) - 1)) for _ in range(2))
    assume(rows[one][1:] != rows[other][1:])
    traded = list(rows)
    traded[one] = (rows[one][0], *rows[other][1:])
    traded[other] = (rows[other][0], *rows[one][1:])
    with tables(rows) as connection:
        widest = widest_cells(connection)
        seal = seal_of(connection, widest)
    with tables(traded) as connection:
        assert seal_of(connection, widest) != seal


@pytest.mark.parametrize("length", [10, 9_999, 1_000_000])
def test_long_cells_are_looked_at_few_at_a_time(length: int) -> None:
    """A million characters in a row are not put together for thousands of rows."""
    rows = [
        (row, "allocation", f"a{row}", None, None, None, f'["{row:0{length}}"]')
        for row in range(2, 32)
    ]
    with tables(rows) as connection:
        widest = widest_cells(connection)
        assert widest == length + 4
        seen: list[int] = []
        connection.set_trace_callback(lambda told: seen.append("group_concat" in told))
        seal_of(connection, widest)
    assert sum(seen) == (4 if length == 1_000_000 else 1)


@pytest.mark.parametrize("number", [0, 2_000, 2**53 + 1, 2**62, 2**63 - 6, 2**63 - 507])
def test_a_row_with_a_number_far_away_takes_no_longer(number: int) -> None:
    """A damaged number is found at once, and not after counting up to it."""
    rows = [(row, "allocation", f"a{row}", None, None, None, None) for row in (1, number + 5)]
    with tables(rows) as connection:
        told: list[str] = []
        connection.set_trace_callback(told.append)
        seal_of(connection, 0)
    assert len(told) < 10
