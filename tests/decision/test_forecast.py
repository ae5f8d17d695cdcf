"""What a look beforehand foretells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bulkcancel.decision import Belonging, Finding, Guard, foretell
from bulkcancel.model import AllocationView, Kind, Outcome


def shown(status: str | None, *, po: str | None = None, vendor: str | None = None) -> Finding:
    """Return what a read found that showed an allocation."""
    view = AllocationView(
        allocation_id="x", status=status, version=1, po_number=po, vendor_id=vendor
    )
    return Finding(kind=Kind.SHOWN, reason="", view=view)


@pytest.mark.parametrize(
    ("status", "foretold"),
    [
        ("ALLOCATED", Outcome.CANCELLED),
        ("PENDING_PICK", Outcome.CANCELLED),
        ("PENDING_DROP", Outcome.CANCELLED),
        ("CANCELLED", Outcome.ALREADY_CANCELLED),
        ("PARTIALLY_CANCELLED", Outcome.PARTIALLY_CANCELLED),
        ("SHIPPED", Outcome.NOT_CANCELLED),
        ("PARTIALLY_SHIPPED", Outcome.NOT_CANCELLED),
        ("REALLOCATED", Outcome.NOT_CANCELLED),
        ("cancelled", Outcome.NOT_CANCELLED),
        ("PENDING_PICK ", Outcome.NOT_CANCELLED),
        ("", Outcome.NOT_CANCELLED),
        (None, Outcome.NOT_CANCELLED),
    ],
)
def test_the_status_foretells_the_outcome(status: str | None, foretold: Outcome | None) -> None:
    """Each documented status foretells one outcome; what the guard holds back is not sent."""
    assert foretell(shown(status), Guard()) is foretold


@pytest.mark.parametrize("kind", list(Kind))
def test_a_read_that_showed_nothing_foretells_nothing(kind: Kind) -> None:
    """Only an allocation that was shown, or is not known, has a forecast."""
    expected = {Kind.SHOWN: Outcome.CANCELLED, Kind.UNKNOWN_ID: Outcome.NOT_FOUND}.get(kind)
    assert foretell(replace(shown("ALLOCATED"), kind=kind), Guard()) is expected


def test_a_status_let_through_on_request_has_no_forecast() -> None:
    """With --cancellable REALLOCATED it is sent, and nobody can tell what comes of it."""
    guard = Guard(cancellable=frozenset({"REALLOCATED", "PARTIALLY_CANCELLED", "ALLOCATED"}))
    assert foretell(shown("REALLOCATED"), guard) is None
    assert foretell(shown("PARTIALLY_CANCELLED"), guard) is None
    assert foretell(shown("ALLOCATED"), guard) is Outcome.CANCELLED
    assert foretell(shown("PENDING_PICK"), guard) is Outcome.NOT_CANCELLED


def test_what_belongs_to_another_is_held_back() -> None:
    """Of the purchase order and of the vendor each must be one that was expected."""
    guard = Guard(purchase_orders=frozenset({"1", "2"}), vendors=frozenset({"56"}))
    assert foretell(shown("ALLOCATED", po="2", vendor="56"), guard) is Outcome.CANCELLED
    assert foretell(shown("ALLOCATED", po="3", vendor="56"), guard) is Outcome.REJECTED
    assert foretell(shown("ALLOCATED", po="1", vendor=None), guard) is Outcome.REJECTED
    assert foretell(shown("SHIPPED", po="3", vendor="56"), guard) is Outcome.REJECTED
    assert foretell(shown("CANCELLED", po="3", vendor="56"), guard) is Outcome.ALREADY_CANCELLED


def test_those_that_differ_from_the_rest_are_named_with_their_rows() -> None:
    """The value of more than half is the usual one; all others are flagged, the most first."""
    seen = Belonging()
    for row, value in enumerate(["A"] * 5 + ["B", None, "B"], start=2):
        seen.add(row, f"id{row}", value)
    assert seen.usual == ("A", 5)
    assert [(one.value, one.allocations, one.examples) for one in seen.differing()] == [
        ("B", 2, ((7, "id7"), (9, "id9"))),
        (None, 1, ((8, "id8"),)),
    ]


def test_no_value_may_be_the_usual_one() -> None:
    """Where the API shows no purchase order for most, those that have one are flagged."""
    seen = Belonging()
    for row, value in enumerate([None, None, None, "B"], start=2):
        seen.add(row, f"id{row}", value)
    assert seen.usual == (None, 3)
    assert [one.value for one in seen.differing()] == ["B"]


@pytest.mark.parametrize("values", [[], ["A", "B"], ["A", "A", "B", "C"]])
def test_without_a_majority_nobody_differs(values: list[str]) -> None:
    """An input of many purchase orders has no usual one: half is not more than half."""
    seen = Belonging()
    for row, value in enumerate(values):
        seen.add(row, f"id{row}", value)
    assert seen.usual is None
    assert seen.differing() == ()
    assert seen.values == len(set(values))


@given(st.lists(st.none() | st.sampled_from("ABCDE"), max_size=60))
def test_usual_and_differing_are_all_there_are(values: list[str | None]) -> None:
    """The usual ones and those that differ add up to all that were taken."""
    seen = Belonging()
    for row, value in enumerate(values):
        seen.add(row, f"id{row}", value)
    assert seen.allocations == len(values)
    if seen.usual is not None:
        value, count = seen.usual
        assert count == values.count(value)
        differing = seen.differing()
        assert count + sum(one.allocations for one in differing) == len(values)
        assert all(len(one.examples) == min(one.allocations, 20) for one in differing)


def test_ten_thousand_values_are_told_apart_and_no_more() -> None:
    """Memory is bounded: what comes later is counted, and can't make a majority."""
    seen = Belonging()
    for row in range(10_050):
        seen.add(row, f"id{row}", str(row))
    assert (seen.values, seen.beyond, seen.allocations) == (10_000, 50, 10_050)
    assert seen.usual is None
