"""The slots that a process holds: each used once, none early, none much later, no burst."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcancel.pacing import Grant, Leases, Reason, Waits

RATE, INTERVAL, LATE = 100.0, 0.01, 0.02


def grant(slots: int, wait: float = 0.0, *, rate: float = RATE, paused: float = 0.0) -> Grant:
    """Return what a schedule answers."""
    return Grant(slots=slots, wait=wait, interval=1.0 / rate, paused=paused, rate=rate)


def given_out(leases: Leases, answer: Grant, now: float, *, took: float = 0.001) -> None:
    """Let an answer arrive now."""
    leases.granted(answer, RATE, asked_at=now - took, now=now)


def all_used(leases: Leases, now: float) -> float:
    """Send in each slot at its time; return when the last one was."""
    while math.isfinite(wait := leases.hold(now).seconds):
        if wait > 0.0:
            now = math.nextafter(now + wait, math.inf)
        else:
            leases.sent()
    return now


def test_without_a_slot_nothing_goes() -> None:
    """The wait is without end: only an answer ends it, and one slot is wished for."""
    leases = Leases(RATE)
    hold = leases.hold(5.0)
    assert (hold.seconds, hold.reason) == (math.inf, Reason.SHARED_RATE)
    assert leases.wish() == 1


def test_a_slot_is_good_for_one_send_from_its_time_on() -> None:
    """Not before, not twice, and not after a moment."""
    leases = Leases(RATE)
    given_out(leases, grant(2, 0.5), 10.0)
    assert leases.hold(10.0).seconds == pytest.approx(0.5)
    assert leases.hold(10.5).seconds == 0.0
    leases.sent()
    assert leases.hold(10.5).seconds == pytest.approx(INTERVAL)
    assert leases.hold(10.51 + LATE).seconds == 0.0
    assert leases.hold(10.511 + LATE).seconds == math.inf
    assert leases.lost == 1


def test_an_answer_that_took_long_only_delays() -> None:
    """Slots count from its arrival on, so that none of them is lost on the way, or early."""
    leases = Leases(RATE)
    given_out(leases, grant(2), 10.0, took=3.0)
    assert leases.hold(10.0).seconds == 0.0
    leases.sent()
    assert leases.hold(10.0).seconds == pytest.approx(INTERVAL)


@given(
    waits=st.lists(st.floats(min_value=-LATE, max_value=0.05), min_size=1, max_size=15),
    steps=st.lists(st.floats(min_value=0.0, max_value=0.2), min_size=10, max_size=80),
)
def test_a_stall_is_never_followed_by_a_burst(waits: Sequence[float], steps: list[float]) -> None:
    """However unevenly a process gets to send, its sends are no denser than the slots.

    Of slots that follow one another at the rate, a span of seconds holds no more sends than the
    rate allows for it and for the moment for which a slot is good.
    """
    leases, sends = Leases(RATE), list[float]()
    now, free = 0.0, 0.0
    for place, step in enumerate(steps):
        if slots := leases.wish():
            # The schedule's part: the next free slot, never one that is long past.
            free = max(free, now - LATE)
            wait = max(free - now, waits[place % len(waits)] if free <= now else free - now)
            free = now + wait + slots * INTERVAL
            given_out(leases, grant(slots, wait), now)
        now += step
        while leases.hold(now).seconds == 0.0:
            leases.sent()
            sends.append(now)
    for first, began in enumerate(sends):
        for last in range(first, len(sends)):
            allowed = RATE * (sends[last] - began + 2.0 * LATE) + 1.0
            assert last - first + 1 <= allowed + 1e-6


def test_more_slots_are_asked_for_where_asking_takes_time() -> None:
    """Slots that go unused because the answer is far away are asked for several at a time."""
    leases, now = Leases(RATE), 0.0
    for _ in range(20):
        given_out(leases, grant(leases.wish()), now, took=0.05)
        now = all_used(leases, now)
    assert leases.wish() == RATE * 0.1, "twice the way there and back"


def test_one_at_a_time_where_others_want_them_too() -> None:
    """While the schedule is ahead of us no more is held than the next send needs."""
    leases, now = Leases(RATE), 0.0
    for _ in range(5):
        given_out(leases, grant(leases.wish()), now, took=0.05)
        now = all_used(leases, now)
    assert leases.wish() > 1
    for _ in range(20):
        given_out(leases, grant(leases.wish(), 0.5), now)
        now = all_used(leases, now)
    assert leases.wish() == 1


def test_a_lost_slot_makes_for_fewer() -> None:
    """A process that stalls takes fewer slots from the others the next time."""
    leases, now = Leases(RATE), 0.0
    for _ in range(12):
        given_out(leases, grant(leases.wish()), now, took=0.05)
        now = all_used(leases, now)
    before = leases.wish()
    given_out(leases, grant(before, 0.1), now)
    leases.hold(now + 5.0)
    assert leases.lost == before
    assert leases.wish() == 1


def test_the_next_slots_are_asked_for_before_the_last_are_used() -> None:
    """With several at a time, half of them are enough to go on with meanwhile."""
    leases, now = Leases(RATE), 0.0
    for _ in range(12):
        given_out(leases, grant(leases.wish()), now, took=0.04)
        now = all_used(leases, now)
    held = leases.wish()
    given_out(leases, grant(held, 1.0), now)
    assert leases.wish() == 0
    for place in range(held):
        leases.hold(now + 1.0 + place * INTERVAL)
        leases.sent()
        if leases.wish():
            assert 0 < held - place - 1 <= held // 2 + 1
            break
    else:
        pytest.fail("nothing was wished for")


def test_a_refusal_to_grant_changes_nothing_but_the_way() -> None:
    """While all have to pause no slot comes, and the rate is not the news."""
    leases = Leases(RATE)
    given_out(leases, grant(0, rate=50.0, paused=3.0), 1.0)
    assert leases.hold(1.0).seconds == math.inf
    assert leases.rate == RATE
    given_out(leases, grant(1, rate=50.0), 1.0)
    assert leases.rate == 50.0


def test_the_limit_is_not_unused_while_others_use_it() -> None:
    """Waits for the shared rate do not count as time in which the learned limit lay idle."""
    waits = Waits()
    waits.turn(Reason.SHARED_RATE, 0.0, limit=100.0)
    waits.turn(Reason.LEARNED_LIMIT, 10.0, limit=100.0)
    waits.turn(None, 11.0, limit=100.0)
    assert waits.used(50) == 0.5
    assert waits.seconds() == {"learned limit": 1.0, "shared rate": 10.0}
