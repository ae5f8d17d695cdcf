"""The lines of a reconciliation kept column by column: the same lines."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcancel.model import CancelledBy, DetailColumns, DetailRow, Outcome, RowKind, utc_text
from bulkcancel.model.times import FIRST_MILLIS, LAST_MILLIS, millis_of

TIMES = st.none() | st.integers(FIRST_MILLIS, LAST_MILLIS).map(utc_text)
ROWS = st.lists(
    st.builds(
        DetailRow,
        row=st.integers(1, 99),
        kind=st.sampled_from(RowKind),
        allocation_id=st.none() | st.text(max_size=3),
        outcome=st.none() | st.sampled_from(Outcome),
        version=st.none() | st.integers(0, 9),
        verified=st.none() | st.booleans(),
        cancelled_by=st.none() | st.sampled_from(CancelledBy),
        first_sent_at=TIMES,
        settled_at=TIMES,
        order_ids=st.lists(st.text(max_size=2), max_size=2).map(tuple),
        runs_before=st.integers(0, 3),
        extras=st.sampled_from([(), ("a", None)]),
    ),
    max_size=6,
)


@given(ROWS, st.lists(st.integers(0, 6), max_size=3), st.data())
def test_rows_stay_what_they_are(
    rows: list[DetailRow], cuts: list[int], data: st.DataObject
) -> None:
    """Turned into columns, cut, joined and picked, every row comes back as it was."""
    columns = DetailColumns.of(rows)
    assert len(columns) == len(rows)
    assert columns.rows() == rows
    edges = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    pieces = [columns.cut(start, stop) for start, stop in pairwise(edges)]
    assert DetailColumns.joined(pieces).rows() == rows
    if rows:
        places = data.draw(st.lists(st.integers(0, len(rows) - 1)))
        assert columns.rows(places) == [rows[place] for place in places]


def test_a_column_that_is_short_is_refused() -> None:
    """A column that lacks a value would shift all that follow."""
    row = DetailRow(row=2, kind=RowKind.BLANK, allocation_id=None, outcome=None)
    whole = DetailColumns.of([row, row])
    with pytest.raises(ValueError, match="not all of one length"):
        DetailColumns(**{name: getattr(whole, name) for name in whole.__slots__} | {"row": [2]})


@given(st.integers(FIRST_MILLIS, LAST_MILLIS))
def test_times_are_read_as_they_are_written(millis: int) -> None:
    """Not a millisecond is lost on the way to text and back."""
    assert millis_of(utc_text(millis)) == millis


@pytest.mark.parametrize("text", ["yesterday", "2026-11-23T22:45:01.123"])
def test_what_is_no_time_in_utc_is_refused(text: str) -> None:
    """No form is guessed at, and no zone."""
    with pytest.raises(ValueError, match=r"yesterday|offset"):
        millis_of(text)
