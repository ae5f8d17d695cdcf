"""Several allocations in one request are tried with care, and given up where they do not pay."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkcancel.breaker import Batches
from bulkcancel.model import Kind

NOTHING = (
    Kind.NOT_SENT, Kind.UNTRUSTED, Kind.THROTTLED, Kind.UNAUTHORIZED, Kind.MISCONFIGURED,
)  # fmt: skip


def test_one_at_a_time_until_one_was_of_use() -> None:
    """While the first is under way the others go singly; then all may be batches."""
    batches = Batches(20)
    assert batches.size == 20
    batches.begun()
    assert batches.size == 1
    batches.note(Kind.SHOWN, asked=20, shown=20)
    batches.begun()
    batches.begun()
    assert batches.size == 20


def test_one_that_ends_unsent_lets_the_next_be_tried() -> None:
    """A batch that was turned away at the gate does not block the others for ever."""
    batches = Batches(20)
    batches.begun()
    batches.ended()
    assert batches.size == 20


@pytest.mark.parametrize("kind", [Kind.REFUSED, Kind.IN_DOUBT, Kind.PROTOCOL])
def test_three_of_no_use_at_the_start_and_they_are_given_up(kind: Kind) -> None:
    """Refused, or answered by a server that can't take a list: after three none is sent."""
    batches = Batches(20)
    assert [batches.note(kind, asked=20, shown=0) for _ in range(4)] == [False, False, True, False]
    assert batches.given_up
    assert batches.size == 1


def test_a_later_failure_of_the_server_is_not_theirs() -> None:
    """Once one was of use, a server that fails says nothing of batches; refusals still do."""
    batches = Batches(20)
    batches.note(Kind.SHOWN, asked=20, shown=20)
    for _ in range(10):
        batches.note(Kind.IN_DOUBT, asked=20, shown=0)
    assert not batches.given_up
    for _ in range(3):
        batches.note(Kind.REFUSED, asked=20, shown=0)
    assert batches.given_up


@pytest.mark.parametrize(("shown", "given_up"), [(9, True), (10, False)])
def test_half_of_what_was_asked_has_to_be_shown(shown: int, *, given_up: bool) -> None:
    """An API that heeds only the first ids of a list is no better than one that refuses it."""
    batches = Batches(20)
    for _ in range(3):
        batches.note(Kind.SHOWN, asked=20, shown=shown)
    assert batches.given_up is given_up


def test_only_a_row_of_them_counts() -> None:
    """One that is of use makes the count begin anew."""
    batches = Batches(20)
    for _ in range(20):
        batches.note(Kind.REFUSED, asked=20, shown=0)
        batches.note(Kind.REFUSED, asked=20, shown=0)
        batches.note(Kind.SHOWN, asked=20, shown=19)
    assert not batches.given_up


@settings(deadline=None)
@given(kinds=st.lists(st.sampled_from(NOTHING), max_size=20))
def test_rate_token_and_connection_say_nothing(kinds: list[Kind]) -> None:
    """What was not looked at by the API neither speaks for batches nor against them."""
    batches = Batches(20)
    batches.note(Kind.REFUSED, asked=20, shown=0)
    batches.note(Kind.REFUSED, asked=20, shown=0)
    assert not any(batches.note(kind, asked=20, shown=0) for kind in kinds)
    batches.begun()
    assert batches.size == 1
    assert batches.note(Kind.REFUSED, asked=20, shown=0)
