"""Reading in passes: what is given out is whole, whatever the server makes of a page."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkcancel.client import FixedToken, Secret
from bulkcancel.client.query import QueryExchange, Question
from bulkcancel.decision import Policy
from bulkcancel.decision.wanted import Wanted
from bulkcancel.execution.passes import Pass, Passes, Reading
from bulkcancel.model.listing import Listed, Listing
from bulkcancel.pacing import PacerOptions
from bulkcancel.runner import Clock, PoolOptions, TokenKeeper
from bulkcancel.runner.asker import Asker, AskingStoppedError

WANTED = Wanted(purchase_orders=("A",))
MOST_ASKED = 2000


def stock(count: int, others: int = 0) -> list[Listed]:
    """Return allocations of the purchase order looked for, and others, mixed."""
    return [
        Listed(allocation_id=f"{number:024x}", po_number="B" if number % 3 < others else "A")
        for number in range(count)
    ]


def by_id(allocations: list[Listed]) -> dict[str, Listed]:
    """Return allocations by their ids."""
    return {one.allocation_id: one for one in allocations}


@dataclass
class Server:
    """Shows its allocations, the newest change first; ``start`` says where a page begins.

    Before the question with a number in ``events`` something happens to them. ``moments`` is what
    there was when each reading began, just before that and just after it.
    """

    there: list[Listed]
    start: Callable[[Question], int] = lambda question: question.offset
    cap: int = 10**9
    filters: bool = True
    events: dict[int, Callable[[list[Listed]], None]] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)
    moments: list[dict[str, Listed]] = field(default_factory=list)

    async def ask(self, question: Question) -> QueryExchange:
        """Answer a question."""
        assert len(self.questions) < MOST_ASKED, "it would go on for ever"
        if question.offset == 0:
            self.moments.append(by_id(self.there))
        if (event := self.events.get(len(self.questions))) is not None and self.there:
            event(self.there)
        if question.offset == 0:
            self.moments.append(by_id(self.there))
        self.questions.append(question)
        orders = question.purchase_orders if self.filters else ()
        found = [one for one in self.there if not orders or one.po_number in orders]
        first = self.start(question)
        page = tuple(found[first : first + min(question.limit, self.cap)])
        status = 200 if page else 404
        return QueryExchange(
            observation=Listing(http_status=status, allocations=page), elapsed=0.0, token_number=1
        )

    def read(self, reading: Reading, wanted: Wanted = WANTED) -> Pass:
        """Read all of it."""
        return anyio.run(self._agreed, reading, wanted)

    async def _agreed(self, reading: Reading, wanted: Wanted) -> Pass:
        pool = PoolOptions(
            policy=Policy(wait_initial=0.0), pacer=PacerOptions(rate=1e9, fixed=True)
        )
        clock = Clock()
        keeper = TokenKeeper(
            FixedToken(Secret("x" * 8)),
            use=lambda _: 1,
            options=pool,
            clock=clock,
            chance=random.random,
        )
        asker = Asker(self.ask, keeper, options=pool, chance=random.random, clock=clock)
        return await Passes(asker, wanted, reading).agreed()


def updated(place: int) -> Callable[[list[Listed]], None]:
    """Return what moves an allocation to the front: an update of it."""

    def event(there: list[Listed]) -> None:
        one = there.pop(place % len(there))
        there.insert(0, replace(one, version=(one.version or 0) + 1))

    return event


def gone(place: int) -> Callable[[list[Listed]], None]:
    """Return what takes an allocation away: it belongs to another purchase order now."""

    def event(there: list[Listed]) -> None:
        del there[place % len(there)]

    return event


def new(place: int) -> Callable[[list[Listed]], None]:
    """Return what puts an allocation to the front: it was made just now."""

    def event(there: list[Listed]) -> None:
        there.insert(0, Listed(allocation_id=f"{10**9 + place:024x}", po_number="A"))

    return event


EVENTS = st.dictionaries(
    st.integers(0, 60),
    st.builds(
        lambda what, place: what(place), st.sampled_from([updated, gone, new]), st.integers(0, 60)
    ),
    max_size=6,
)
SIZES = st.integers(2, 20)


@given(count=st.integers(0, 60), size=SIZES, cap=st.integers(1, 30), rounded=st.booleans())
@settings(deadline=None)
def test_all_of_a_quiet_stock_is_read(*, count: int, size: int, cap: int, rounded: bool) -> None:
    """In two passes, whatever the size of a page, its cap, or an offset that is rounded down."""
    server = Server(stock(count, others=1))
    if rounded:
        server.start = lambda question: question.offset - question.offset % question.limit
    else:
        server.cap = cap
    found = server.read(Reading(page_size=size))
    assert found.of_order == by_id([one for one in server.there if one.po_number == "A"])
    assert server.questions[-1].purchase_orders == ("A",)


@given(count=st.integers(0, 60), size=SIZES)
@settings(deadline=None)
def test_a_filter_that_is_ignored_changes_nothing(count: int, size: int) -> None:
    """The whole account comes then: the others are counted, and none of them given out."""
    server = Server(stock(count, others=2), filters=False)
    found = server.read(Reading(page_size=size))
    assert set(found.of_order.values()) == {one for one in server.there if one.po_number == "A"}
    assert len(found.of_order) + found.others.total() == len(found.seen) == count


@given(count=st.integers(0, 60), size=SIZES, events=EVENTS)
@settings(deadline=None, max_examples=400)
def test_what_changes_meanwhile_is_never_missed(
    count: int, size: int, events: dict[int, Callable[[list[Listed]], None]]
) -> None:
    """What is given out is all that there was between the last two readings, or it is nothing."""
    server = Server(stock(count), events=events)
    try:
        found = server.read(Reading(page_size=size))
    except AskingStoppedError:
        return
    assert found.of_order in server.moments[-2:]


@given(count=st.integers(0, 60), size=SIZES, seed=st.integers())
@settings(deadline=None)
def test_an_order_that_is_none_gives_all_or_nothing(count: int, size: int, seed: int) -> None:
    """Where each page is cut from another order, nothing may be missed by chance."""
    chance = random.Random(seed)
    server = Server(stock(count), events=dict.fromkeys(range(MOST_ASKED), chance.shuffle))
    try:
        found = server.read(Reading(page_size=size))
    except AskingStoppedError:
        return
    assert len(found.of_order) == count


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (lambda _: 0, "as if it ignored the offset"),
        (lambda question: question.offset * question.limit, "as if the offset counted pages"),
        (lambda question: question.offset + (question.offset > 0), "1 came, 1 went"),
        (lambda question: max(0, question.offset - 1), "had shown before"),
    ],
    ids=["ignored", "pages", "one-too-many", "one-too-few"],
)
@pytest.mark.parametrize("count", [21, 29, 30, 31, 50])
def test_an_offset_that_means_something_else_is_found_out(
    start: Callable[[Question], int], said: str, count: int
) -> None:
    """More than a page there is, and an API that would lose or repeat some of it."""
    server = Server(stock(count), start=start)
    with pytest.raises(AskingStoppedError, match="no two of 4 readings") as stopped:
        server.read(Reading(page_size=20))
    assert stopped.value.exit_code == 5
    if count == 50:
        assert said in str(stopped.value)


def test_the_first_reading_that_is_disturbed_costs_one_more() -> None:
    """An update between two pages is found out by what is shown again."""
    server = Server(stock(30), events={1: updated(29)})
    assert len(server.read(Reading(page_size=20)).of_order) == 30
    sizes = [question.limit for question in server.questions if question.offset == 0]
    assert sizes == [20, 13, 20], "pages are cut at other places each time"


@pytest.mark.parametrize(
    ("count", "number", "event"),
    [(5, 1, new(0)), (21, 2, lambda there: there.append(Listed(allocation_id="f", po_number="A")))],
    ids=["first-page", "last-page"],
)
def test_what_comes_at_the_end_is_not_taken_for_a_cap(
    count: int, number: int, event: Callable[[list[Listed]], None]
) -> None:
    """A new allocation behind a short page costs a reading, and makes no page smaller."""
    server = Server(stock(count), events={number: event})
    assert len(server.read(Reading(page_size=20)).of_order) == count + 1
    sizes = [question.limit for question in server.questions if question.offset == 0]
    assert sizes == [20, 13, 20]


def test_a_cap_makes_the_pages_smaller() -> None:
    """It is learned from the first page; the next reading keeps below it, with other edges."""
    server = Server(stock(30), cap=9)
    assert len(server.read(Reading(page_size=20)).of_order) == 30
    sizes = [question.limit for question in server.questions]
    assert sizes == [20, 1, 9, 9, 9, 1, 6, 6, 6, 6, 6, 6, 1]


def test_what_changes_all_the_time_is_not_given_out() -> None:
    """After four readings it is over, with a sentence that says what to do."""
    server = Server(stock(30), events={number: updated(7) for number in range(100)})
    with pytest.raises(AskingStoppedError, match="--page-size or --sort-by"):
        server.read(Reading(page_size=50))
    assert sum(question.offset == 0 for question in server.questions) == 4


def test_an_allocation_of_two_purchase_orders_is_of_none() -> None:
    """An API that contradicts itself is not to be trusted with a cancel."""
    there = stock(5)
    twice = [*there, replace(there[2], po_number="B")]
    for one_page in (twice, twice[::-1]):
        with pytest.raises(AskingStoppedError, match=r"itself.*order (A.*order B|B.*order A)"):
            Server(one_page, filters=False).read(Reading(page_size=10))


@pytest.mark.parametrize("change", [{"po_number": "B"}, {"vendor_id": "57"}])
def test_an_allocation_that_becomes_anothers_is_not_given_out(change: dict[str, Any]) -> None:
    """Whether between two readings or within one: it is a contradiction, and the end."""

    def event(there: list[Listed]) -> None:
        there[2] = replace(there[2], **change)

    server = Server(stock(5), filters=False, events={2: event})
    with pytest.raises(AskingStoppedError, match="contradicts itself"):
        server.read(Reading(page_size=10))


def test_a_purchase_order_without_end_is_not_read_to_its_end() -> None:
    """More than may be looked at: it stops and says how many that were."""
    server = Server(stock(60, others=2), filters=False)
    with pytest.raises(AskingStoppedError, match=r"20 allocations were looked at, 6 of them"):
        server.read(Reading(page_size=10, max_scanned=19))
    assert len(server.questions) == 2
    assert len(server.read(Reading(page_size=10, max_scanned=60)).seen) == 60


def test_other_orders_than_the_documented_one_begin_at_their_beginning() -> None:
    """The newest change first, so that what changes shows; all others rising."""
    for name, descending in (("updatedAt", True), ("allocationId", False)):
        server = Server(stock(3))
        server.read(Reading(sort_by=name))
        assert {(one.sort_by, one.descending) for one in server.questions} == {(name, descending)}


def test_unfiltered_asks_for_everything() -> None:
    """For an API that finds nothing by a filter that it does not know."""
    server = Server(stock(9, others=1))
    found = server.read(Reading(unfiltered=True))
    assert (len(found.of_order), found.others.total()) == (6, 3)
    assert {question.purchase_orders for question in server.questions} == {()}
