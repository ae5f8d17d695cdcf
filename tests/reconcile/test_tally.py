"""Rows counted as they go by."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from changing import replace
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkcancel.model import BREAKS, DetailRow, Outcome, RowKind
from bulkcancel.reconcile import Tally, is_break
from bulkcancel.reconcile.digest import hash_total

A, B, C = "62ff5c0bec0aed3c86202c32", "000000000000000000000012", "123456789012345678901234"

ROWS = (
    DetailRow(
        row=2, kind=RowKind.ALLOCATION, allocation_id=A, outcome=Outcome.CANCELLED, attempts=1
    ),
    DetailRow(row=3, kind=RowKind.BLANK, allocation_id=None, outcome=None),
    DetailRow(row=4, kind=RowKind.ALLOCATION, allocation_id=B, outcome=Outcome.UNKNOWN, attempts=4),
    DetailRow(
        row=5,
        kind=RowKind.DUPLICATE,
        allocation_id=B,
        outcome=Outcome.UNKNOWN,
        attempts=4,
        duplicate_of=4,
    ),
    DetailRow(row=6, kind=RowKind.INVALID, allocation_id=None, outcome=None, text="x"),
    DetailRow(
        row=9, kind=RowKind.ALLOCATION, allocation_id=C, outcome=Outcome.CANCELLED, attempts=None
    ),
)


def tally_of(*rows: DetailRow) -> Tally:
    """Return a tally of some rows, added at once."""
    tally = Tally()
    tally.add_many(rows)
    return tally


def test_everything_is_counted() -> None:
    """Kinds count rows; outcomes, attempts and the hash total count allocations, each once."""
    tally = tally_of(*ROWS)
    assert tally.rows == 6
    assert tally.kinds == {
        RowKind.ALLOCATION: 3,
        RowKind.BLANK: 1,
        RowKind.DUPLICATE: 1,
        RowKind.INVALID: 1,
    }
    assert tally.outcomes == {Outcome.CANCELLED: 2, Outcome.UNKNOWN: 1}
    assert tally.attempts == 5
    assert tally.breaks == 3, "the unknown one, the row that repeats it, and the invalid one"
    assert tally.hash_total == hash_total([C, A, B])
    assert tally.disorder is None


@given(st.lists(st.tuples(st.sampled_from(RowKind), st.none() | st.sampled_from(Outcome))))
def test_the_places_of_the_breaks_are_told(ends: list[tuple[RowKind, Outcome | None]]) -> None:
    """As many as are counted, and each of them is one."""
    tally = Tally()
    tally.add(ROWS[0])
    places = tally.add_columns(
        rows=range(5, 5 + len(ends)),
        kinds=[kind for kind, _ in ends],
        outcomes=[outcome for _, outcome in ends],
        ids=[A] * len(ends),
        attempts=[1] * len(ends),
    )
    assert places == [place for place, end in enumerate(ends) if is_break(*end)]
    assert tally.breaks == len(places)
    assert tally.kinds == Counter([RowKind.ALLOCATION, *(kind for kind, _ in ends)])
    counted = [outcome for kind, outcome in ends if kind is RowKind.ALLOCATION and outcome]
    assert tally.outcomes == Counter([Outcome.CANCELLED, *counted])
    assert tally.attempts == 1 + sum(kind is RowKind.ALLOCATION for kind, _ in ends)
    assert tally.hash_total == hash_total([A] * (1 + len(counted)))


def test_nothing_is_nothing() -> None:
    """An empty tally has the hash total of no ids."""
    tally = tally_of()
    assert (tally.rows, tally.attempts, tally.breaks) == (0, 0, 0)
    assert tally.hash_total == "0" * 16
    assert tally.fingerprint == Tally().fingerprint
    assert tally.fingerprint != tally_of(ROWS[0]).fingerprint


def test_what_is_a_break() -> None:
    """All but cancelled, already cancelled and blank rows."""
    rows = [
        DetailRow(row=1, kind=k, allocation_id=None, outcome=o)
        for k in RowKind
        for o in (None, *Outcome)
    ]
    for row in rows:
        wanted = row.kind is RowKind.INVALID or (row.outcome is not None and row.outcome in BREAKS)
        assert is_break(row.kind, row.outcome) is wanted
        assert tally_of(row).breaks == wanted


@settings(deadline=None)
@given(st.lists(st.integers(0, 6), max_size=6))
def test_portions_make_no_difference(cuts: list[int]) -> None:
    """However the rows are cut, and be they added one by one, the tally is the same."""
    whole, pieces, single = tally_of(*ROWS), Tally(), Tally()
    edges = [0, *sorted(cuts), len(ROWS)]
    for start, stop in pairwise(edges):
        pieces.add_many(ROWS[start:stop])
    for row in ROWS:
        single.add(row)
    for other in (pieces, single):
        assert other.fingerprint == whole.fingerprint
        assert other.hash_total == whole.hash_total
        assert (other.rows, other.kinds, other.outcomes) == (
            whole.rows,
            whole.kinds,
            whole.outcomes,
        )
        assert (other.attempts, other.breaks) == (whole.attempts, whole.breaks)
        assert other.disorder is None


@settings(deadline=None)
@given(st.integers(0, 5), st.integers(0, 5), st.integers(0, 6))
def test_row_numbers_must_rise(place: int, other: int, cut: int) -> None:
    """A row number that repeats, or goes back, is found wherever the portions end."""
    rows = list(ROWS)
    rows[place], rows[other] = rows[other], rows[place]
    if place == other:
        rows.insert(place, rows[place])
    tally = Tally()
    tally.add_many(rows[:cut])
    tally.add_many([])
    tally.add_many(rows[cut:])
    numbers = [row.row for row in rows]
    falls = [now for last, now in pairwise(numbers) if now <= last]
    assert tally.disorder == falls[0]


def test_the_fingerprint_sees_what_counts_do_not() -> None:
    """Two rows that trade ids, outcomes, kinds, attempts or numbers leave all counts alone."""
    first, second, repeat = ROWS[0], ROWS[2], ROWS[3]
    whole = tally_of(first, second, repeat)
    for traded in (
        (replace(first, allocation_id=B), replace(second, allocation_id=A), repeat),
        (replace(first, outcome=second.outcome), replace(second, outcome=first.outcome), repeat),
        (replace(first, attempts=4), replace(second, attempts=1), repeat),
        (first, replace(second, kind=repeat.kind), replace(repeat, kind=second.kind)),
        (replace(first, row=1), second, repeat),
        (first, second, replace(repeat, allocation_id=C)),
    ):
        tally = tally_of(*traded)
        assert (tally.kinds, tally.outcomes, tally.attempts, tally.hash_total) == (
            whole.kinds,
            whole.outcomes,
            whole.attempts,
            whole.hash_total,
        )
        assert tally.fingerprint != whole.fingerprint
    assert tally_of(first, second, repeat).fingerprint == whole.fingerprint


def test_an_allocation_without_an_outcome_is_not_in_the_hash_total() -> None:
    """The hash total is over the outcomes: what has none must be missed."""
    tally = tally_of(replace(ROWS[0], outcome=None), ROWS[2])
    assert tally.hash_total == hash_total([B])
    assert tally.outcomes.total() == 1
    assert tally.kinds[RowKind.ALLOCATION] == 2


@pytest.mark.parametrize("short", ["rows", "kinds", "outcomes", "ids", "attempts"])
def test_columns_of_other_lengths_are_refused(short: str) -> None:
    """A column that lacks a cell would shift all that follow: it is never counted in silence."""
    columns: dict[str, list[Any]] = {
        "rows": [1, 2],
        "kinds": [RowKind.ALLOCATION] * 2,
        "outcomes": [Outcome.CANCELLED] * 2,
        "ids": [A, B],
        "attempts": [1, 1],
    }
    columns[short].pop()
    with pytest.raises(ValueError, match="not all of one length"):
        Tally().add_columns(**columns)


def test_totals_have_their_lengths() -> None:
    """The hash total has 16 hex characters, the fingerprint 32, as they stand in the summary."""
    tally = tally_of(*ROWS)
    assert len(bytes.fromhex(tally.hash_total)) == 8
    assert len(bytes.fromhex(tally.fingerprint)) == 16
