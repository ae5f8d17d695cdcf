"""Breaks put together for the page."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pagecase import allocation, invalid

from bulkcancel.model import DetailRow, Outcome, RowKind
from bulkcancel.report.page import BreakGroups


def grouped(rows: Iterable[DetailRow]) -> BreakGroups:
    """Return the groups of some rows."""
    groups = BreakGroups()
    for row in rows:
        groups.add((row,))
    return groups


def reasons(groups: BreakGroups, most: int = 40) -> list[tuple[str, str, int]]:
    """Return outcome, reason and rows of each group."""
    return [
        (one.word, group.reason, group.rows)
        for one in groups.by_outcome(most)
        for group in one.groups
    ]


def test_only_breaks_are_taken() -> None:
    """Cancelled rows and blank ones are none; duplicates and invalid rows count as rows."""
    first = allocation(2, Outcome.NOT_FOUND, "HTTP 404: unknown")
    again = DetailRow(
        row=3,
        kind=RowKind.DUPLICATE,
        allocation_id=first.allocation_id,
        outcome=first.outcome,
        reason=first.reason,
        duplicate_of=2,
    )
    blank = DetailRow(row=4, kind=RowKind.BLANK, allocation_id=None, outcome=None)
    done = (allocation(5, Outcome.CANCELLED, "x"), allocation(6, Outcome.ALREADY_CANCELLED, "y"))
    groups = grouped([first, again, blank, *done, invalid(7, "a/b")])
    assert groups.rows == 3
    assert reasons(groups) == [
        ("not_found", "HTTP 404: unknown", 2),
        ("invalid", "looks like a number that a spreadsheet rounded", 1),
    ]
    found, bad = groups.by_outcome(40)
    assert found.groups[0].examples == [(2, first.allocation_id), (3, first.allocation_id)]
    assert bad.groups[0].examples == [(7, "a/b")]
    assert bad.step("r1") == "Correct the id and run this row again in a new input."


@pytest.mark.parametrize(
    ("first", "second", "shown"),
    [
        ("order 12 is closed", "order 7 is closed", "order … is closed"),
        ("62ff5c0b000000000001aaaa is shipped", "62ff5c0b000000000002aaaa is shipped",
         "… is shipped"),
        ("at 12:30:01, 1,234.5 kg", "at 23:59:59, 7 kg", "at …, … kg"),
        ("ref 0f8fad5b-d9cb-469f-a165-70867728950e", "ref 7c9e6679-7425-40de-944b-e07fc1f90ae7",
         "ref …"),
        ("same 5", "same 5", "same 5"),
    ],
)  # fmt: skip
def test_reasons_that_differ_by_numbers_are_one(first: str, second: str, shown: str) -> None:
    """Ids and numbers make no group of their own; an ellipsis stands where they differ."""
    rows = [
        allocation(2, Outcome.REJECTED, first),
        allocation(3, Outcome.REJECTED, second),
        allocation(4, Outcome.REJECTED, first),
    ]
    assert reasons(grouped(rows)) == [("rejected", shown, 3)]


@pytest.mark.parametrize(
    ("first", "second"),
    [("HTTP 400: no", "HTTP 409: no"), ("ALLOCATION-2003: no", "ALLOCATION-2005: no"),
     ("status SHIPPED", "status PACKED"), ("v2 is off", "v3 is off")],
)  # fmt: skip
def test_reasons_that_differ_in_substance_are_not(first: str, second: str) -> None:
    """HTTP statuses, the API's codes and words tell reasons apart."""
    rows = [allocation(2, Outcome.REJECTED, first), allocation(3, Outcome.REJECTED, second)]
    assert reasons(grouped(rows)) == sorted([("rejected", first, 1), ("rejected", second, 1)])


def test_the_most_urgent_comes_first() -> None:
    """Outcomes stand in the order of the list of breaks, the largest reason first."""
    rows = [
        allocation(2, Outcome.NOT_ATTEMPTED, "stopped"),
        allocation(3, Outcome.UNKNOWN, "b"),
        allocation(4, Outcome.UNKNOWN, "a"),
        allocation(5, Outcome.UNKNOWN, "c"),
        allocation(6, Outcome.UNKNOWN, "c"),
    ]
    assert reasons(grouped(rows)) == [
        ("unknown", "c", 2),
        ("unknown", "a", 1),
        ("unknown", "b", 1),
        ("not_attempted", "stopped", 1),
    ]


@given(
    st.lists(
        st.tuples(st.sampled_from(Outcome), st.text(alphabet="ab 1", max_size=6)), max_size=60
    ),
    st.integers(1, 12),
    st.integers(0, 60),
)
def test_no_row_is_lost(found: list[tuple[Outcome, str]], most: int, cut: int) -> None:
    """Shown groups and other rows add up to all breaks, however the rows come in portions."""
    rows = [allocation(place + 2, outcome, text) for place, (outcome, text) in enumerate(found)]
    groups, whole = grouped(rows), BreakGroups()
    whole.add(rows[:cut])
    whole.add(rows[cut:])
    assert groups.by_outcome(most) == whole.by_outcome(most)
    breaks = [
        row for row in rows if row.outcome not in {Outcome.CANCELLED, Outcome.ALREADY_CANCELLED}
    ]
    shown = groups.by_outcome(most)
    assert groups.rows == len(breaks) == sum(one.rows for one in shown)
    assert sum(len(one.groups) for one in shown) <= most
    for one in shown:
        assert one.rows == sum(group.rows for group in one.groups) + one.other_rows


def test_every_outcome_keeps_a_place() -> None:
    """A thousand reasons of one outcome do not push the only one of another from the page."""
    rows = [allocation(place, Outcome.UNKNOWN, "z" * place) for place in range(2, 200)] + [
        allocation(500, Outcome.NOT_ATTEMPTED, "stopped")
    ]
    first, last = grouped(rows).by_outcome(10)
    assert len(first.groups) == 9
    assert first.other_rows == 189
    assert last.groups[0].reason == "stopped"


def test_text_from_outside_is_one_line() -> None:
    """Reasons and examples are cut, and what can't be seen is shown as an escape."""
    rows = [
        allocation(2, Outcome.REJECTED, "a\n\u202eb" + "c" * 5_000),
        invalid(3, "\x1b" + "y" * 99),
    ]
    (one, bad) = grouped(rows).by_outcome(40)
    assert one.groups[0].reason.startswith(r"a\n\u202ebccc")
    assert len(one.groups[0].reason) == 300
    assert bad.groups[0].examples == [(3, r"\x1b" + "y" * 55 + "…")]


def test_without_a_reason() -> None:
    """A break of which nothing is known stands there as well."""
    assert reasons(grouped([allocation(2, Outcome.FAILED)])) == [
        ("failed", "no reason is known", 1)
    ]


def test_memory_is_bounded() -> None:
    """Reasons that have nothing in common take no more than a few megabytes, however many."""
    groups = BreakGroups()
    tracemalloc.start()
    try:
        for start in range(0, 30_000, 1_000):
            groups.add(
                [
                    allocation(place + 2, Outcome.FAILED, f"{place:x}g".translate(_LETTERS) * 9)
                    for place in range(start, start + 1_000)
                ]
            )
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    (one,) = groups.by_outcome(40)
    assert one.rows == 30_000
    assert len(one.groups) == 40
    assert one.other_rows == 29_960
    assert peak < 8_000_000


_LETTERS = str.maketrans("0123456789", "klmnopqrst")
