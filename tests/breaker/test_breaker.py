"""The breaker: when it opens, probes, closes and gives up."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bulkcancel.breaker import (
    Breaker,
    BreakerOptions,
    BreakerState,
    RetryQuota,
    Trip,
    parse_failure_limit,
)
from bulkcancel.errors import RefusedError
from bulkcancel.model import Kind, Outcome

SICK = [Kind.NOT_SENT, Kind.IN_DOUBT, Kind.READ_FAILED]
ANSWERS = [
    Kind.SHOWN,
    Kind.ALREADY,
    Kind.WRONG_STATE,
    Kind.REFUSED,
    Kind.UNKNOWN_ID,
    Kind.NOT_APPLIED,
    Kind.FORBIDDEN,
    Kind.READ_UNAVAILABLE,
]
SAYS_NOTHING = [Kind.THROTTLED, Kind.UNAUTHORIZED]


def state(breaker: Breaker) -> BreakerState:
    """Return the state as it is now."""
    return breaker.state


def opened() -> Breaker:
    """Return a breaker that opened at the time 0, after it once reached the server."""
    breaker = Breaker(BreakerOptions())
    breaker.note(Kind.SHOWN, "fine", 0.0)
    for _ in range(8):
        assert breaker.note(Kind.IN_DOUBT, "HTTP 500", 0.0) is None
    assert state(breaker) is BreakerState.OPEN
    return breaker


@pytest.mark.parametrize("kind", [*SICK, Kind.PROTOCOL])
def test_it_opens_after_so_many_in_a_row(kind: Kind) -> None:
    """The eighth failure in a row opens it, not the seventh, and it says why."""
    breaker = Breaker(BreakerOptions(foreign_in_a_row=100))
    for count in range(1, 9):
        assert state(breaker) is BreakerState.CLOSED
        assert breaker.wait(count * 1.0) == 0.0
        assert breaker.note(kind, f"failure {count}", count * 1.0) is None
    assert state(breaker) is BreakerState.OPEN
    assert breaker.reason == "failure 8"
    assert breaker.wait(8.0) == pytest.approx(1.0)


@pytest.mark.parametrize("kind", ANSWERS)
def test_an_answer_starts_the_count_anew(kind: Kind) -> None:
    """A refusal of one allocation is an answer of a server in good health."""
    breaker = Breaker(BreakerOptions())
    for _ in range(5):
        for _ in range(7):
            breaker.note(Kind.IN_DOUBT, "HTTP 500", 0.0)
        breaker.note(kind, "an answer", 0.0)
        assert state(breaker) is BreakerState.CLOSED
        breaker.note(Kind.SHOWN, "fine", 0.0)


@pytest.mark.parametrize("kind", SAYS_NOTHING)
def test_a_throttle_neither_opens_nor_heals(kind: Kind) -> None:
    """A 429 or a 401 does not count as a failure, nor does it end a row of them."""
    breaker = Breaker(BreakerOptions())
    for _ in range(100):
        breaker.note(kind, "later", 0.0)
    assert state(breaker) is BreakerState.CLOSED
    for _ in range(7):
        breaker.note(Kind.IN_DOUBT, "HTTP 500", 0.0)
        breaker.note(kind, "later", 0.0)
    breaker.note(Kind.IN_DOUBT, "HTTP 500", 0.0)
    assert state(breaker) is BreakerState.OPEN
    breaker.passed()
    breaker.note(kind, "later", 1.0)
    assert state(breaker) is BreakerState.CLOSED, "it speaks again"


def test_it_probes_one_at_a_time_with_doubling_waits() -> None:
    """Each failed probe doubles the wait up to the most; while one is out no other goes."""
    breaker, now = opened(), 0.0
    for expected in (1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0):
        assert breaker.wait(now) == pytest.approx(expected)
        assert breaker.wait(now + expected / 2) == pytest.approx(expected / 2)
        now += expected
        assert breaker.wait(now) == 0.0
        breaker.passed()
        assert breaker.wait(now) is None
        assert breaker.wait(now + 1000.0) is None
        assert breaker.note(Kind.IN_DOUBT, "HTTP 500", now) is None
        assert state(breaker) is BreakerState.OPEN


@pytest.mark.parametrize("kind", [*ANSWERS, *SAYS_NOTHING])
def test_it_closes_on_an_answer_to_the_probe(kind: Kind) -> None:
    """Any answer of the server lets all through again, and the next row counts from nothing."""
    breaker = opened()
    breaker.passed()
    breaker.note(Kind.IN_DOUBT, "HTTP 500", 1.0)
    breaker.passed()
    assert breaker.note(kind, "an answer", 3.0) is None
    assert (state(breaker), breaker.reason) == (BreakerState.CLOSED, "")
    assert breaker.wait(3.0) == 0.0
    for _ in range(7):
        breaker.note(Kind.IN_DOUBT, "HTTP 500", 4.0)
        assert state(breaker) is BreakerState.CLOSED
    breaker.note(Kind.IN_DOUBT, "HTTP 500", 4.0)
    assert breaker.wait(4.0) == pytest.approx(1.0), "the waits start anew, too"


def test_failures_of_what_was_under_way_do_not_move_the_probe() -> None:
    """When it is open, the answers to earlier sends change nothing."""
    breaker = opened()
    breaker.note(Kind.IN_DOUBT, "HTTP 500", 0.9)
    assert breaker.wait(0.9) == pytest.approx(0.1)


def test_a_late_failure_is_not_the_probes() -> None:
    """What was sent before the probe may fail while it is out: the probe's own answer decides."""
    breaker = opened()
    breaker.passed()
    assert breaker.note(Kind.IN_DOUBT, "HTTP 500", 5.0, of_probe=False) is None
    assert state(breaker) is BreakerState.HALF_OPEN
    assert breaker.wait(100.0) is None, "no second probe while the first is out"
    assert breaker.note(Kind.IN_DOUBT, "HTTP 500", 6.0) is None
    assert breaker.wait(6.0) == pytest.approx(2.0), "the wait was doubled once"
    breaker.passed()
    assert breaker.note(Kind.SHOWN, "fine", 9.0, of_probe=False) is None
    assert state(breaker) is BreakerState.CLOSED, "an answer is an answer, whoever asked"


@pytest.mark.parametrize("between", [Kind.IN_DOUBT, Kind.NOT_SENT, Kind.UNAUTHORIZED])
def test_nothing_but_refusals_for_rate_end_the_run(between: Kind) -> None:
    """A server that throttles for the whole patience, with nothing accepted, is given up."""
    breaker = Breaker(BreakerOptions(patience=900.0))
    for moment in range(0, 900, 30):
        assert breaker.note(Kind.THROTTLED, "HTTP 429", float(moment)) is None
        assert breaker.note(between, "why", float(moment)) is None
    trip = breaker.note(Kind.THROTTLED, "HTTP 429", 900.0)
    assert trip is not None
    assert not trip.authentication
    assert "900 s" in trip.sentence


def test_one_accepted_request_starts_the_patience_with_a_throttle_anew() -> None:
    """As long as anything gets through, a slow server is not given up."""
    breaker = Breaker(BreakerOptions(patience=900.0))
    for moment in range(0, 9000, 450):
        assert breaker.note(Kind.THROTTLED, "HTTP 429", float(moment)) is None
        assert breaker.note(Kind.THROTTLED, "HTTP 429", moment + 449.0) is None
        assert breaker.note(Kind.SHOWN, "fine", moment + 449.5) is None


def test_rejected_ones_in_a_row_stop_the_run() -> None:
    """Fifty outcomes in a row of which none was accepted or cancelled: something is wrong."""
    breaker = Breaker(BreakerOptions())
    bad = [Outcome.REJECTED, Outcome.NOT_FOUND] * 24 + [Outcome.REJECTED]
    for outcome in [*bad, Outcome.CANCELLED, *bad, Outcome.NOT_CANCELLED, *bad]:
        assert breaker.settled(outcome, "HTTP 400: bad") is None
    trip = breaker.settled(Outcome.REJECTED, "HTTP 400: bad")
    assert trip is not None
    assert not trip.authentication
    assert "HTTP 400: bad" in trip.sentence


def probe_until_trip(breaker: Breaker, kind: Kind, *, until: float) -> tuple[float, Trip | None]:
    """Let an eager sender meet nothing but failures; return when it gave up."""
    now = began = 5000.0
    while now < began + until:
        wait = breaker.wait(now)
        assert wait is not None
        now += wait
        breaker.passed()
        now += 0.01
        trip = breaker.note(kind, "refused", now)
        if trip is not None:
            return now - began, trip
    return now - began, None


@pytest.mark.parametrize(("kind", "patience"), [(Kind.NOT_SENT, 60.0), (Kind.IN_DOUBT, 900.0)])
def test_it_gives_up(kind: Kind, patience: float) -> None:
    """A server never once reached gets a minute, one that was reached fifteen."""
    now, trip = probe_until_trip(Breaker(BreakerOptions()), kind, until=2000.0)
    assert trip is not None
    assert not trip.authentication
    assert "refused" in trip.sentence
    assert patience <= now <= patience + 31.0


def test_the_defaults_are_the_documented_ones() -> None:
    """Eight in a row open it; a minute for the first contact, fifteen after it."""
    assert BreakerOptions() == BreakerOptions(
        sick_in_a_row=8,
        probe_first=1.0,
        probe_most=30.0,
        patience=900.0,
        first_contact=60.0,
        foreign_in_a_row=3,
        forbidden_in_a_row=5,
        not_found_in_a_row=50,
        rejected_in_a_row=50,
    )


def test_once_reached_it_is_patient() -> None:
    """Matrix row 3: no name service for 30 s, and later for minutes, in mid-run stops nothing."""
    breaker = Breaker(BreakerOptions())
    breaker.note(Kind.SHOWN, "fine", 0.0)
    _, trip = probe_until_trip(breaker, Kind.NOT_SENT, until=850.0)
    assert trip is None
    breaker.passed()
    breaker.note(Kind.SHOWN, "fine", 6000.0)
    assert state(breaker) is BreakerState.CLOSED


def test_a_server_that_comes_up_within_the_minute_is_waited_for() -> None:
    """Matrix row 1: 20 s of refused connections, then it works."""
    breaker = Breaker(BreakerOptions())
    _, trip = probe_until_trip(breaker, Kind.NOT_SENT, until=20.0)
    assert trip is None
    breaker.passed()
    assert breaker.note(Kind.SHOWN, "fine", 5040.0) is None
    assert breaker.wait(5040.0) == 0.0


def test_few_failures_over_a_long_time_are_no_reason_to_give_up() -> None:
    """Patience alone is not enough: it takes a row of failures, too."""
    breaker = Breaker(BreakerOptions())
    for count in range(7):
        assert breaker.note(Kind.IN_DOUBT, "HTTP 500", count * 1000.0) is None


def test_foreign_answers_in_a_row_stop_the_run() -> None:
    """Matrix row 14: the third answer that is not the API's, and exit 5."""
    breaker = Breaker(BreakerOptions())
    for kind in (Kind.PROTOCOL, Kind.PROTOCOL, Kind.SHOWN, Kind.PROTOCOL, Kind.PROTOCOL):
        assert breaker.note(kind, "HTTP 200 (html)", 0.0) is None
    trip = breaker.note(Kind.PROTOCOL, "HTTP 200 (html)", 0.0)
    assert trip is not None
    assert not trip.authentication
    assert "HTTP 200 (html)" in trip.sentence


def test_forbidden_ones_in_a_row_stop_the_run() -> None:
    """Matrix row 24: the fifth 403 in a row, and exit 6."""
    breaker = Breaker(BreakerOptions())
    for kind in [Kind.FORBIDDEN] * 4 + [Kind.SHOWN] + [Kind.FORBIDDEN] * 4:
        assert breaker.note(kind, "HTTP 403", 0.0) is None
    trip = breaker.note(Kind.FORBIDDEN, "HTTP 403", 0.0)
    assert trip is not None
    assert trip.authentication
    assert "HTTP 403" in trip.sentence


def test_ids_unknown_in_a_row_stop_the_run() -> None:
    """Fifty ids that the API does not know in a row: a wrong account or a wrong file."""
    breaker = Breaker(BreakerOptions())
    for kind in [Kind.UNKNOWN_ID] * 49 + [Kind.SHOWN] + [Kind.UNKNOWN_ID] * 49:
        assert breaker.note(kind, "HTTP 404", 0.0) is None
    trip = breaker.note(Kind.UNKNOWN_ID, "HTTP 404", 0.0)
    assert trip is not None
    assert not trip.authentication


def test_a_pause_longer_than_the_patience_stops_the_run() -> None:
    """Matrix row 28: a `Retry-After` of a day is not slept through."""
    breaker = Breaker(BreakerOptions(patience=900.0))
    assert breaker.asked_to_wait(900.0) is None
    trip = breaker.asked_to_wait(86_400.0)
    assert trip is not None
    assert "86,400 s" in trip.sentence


@pytest.mark.parametrize(
    ("written", "cancelled", "broken", "stops"),
    [
        ("2", 0, 2, False),
        ("2", 10**6, 3, True),
        ("0", 5, 1, True),
        ("10%", 17, 2, False),
        ("10%", 18, 2, False),
        ("10%", 17, 3, True),
        ("10%", 0, 19, False),
        ("0%", 19, 1, True),
        ("2.5%", 39, 1, False),
        (" 2.5% ", 38, 2, True),
    ],
)
def test_a_limit_on_failures(written: str, cancelled: int, broken: int, *, stops: bool) -> None:
    """The limit itself is allowed, a share counts from twenty settled allocations on."""
    settled = {Outcome.CANCELLED: cancelled, Outcome.NOT_FOUND: broken}
    assert (parse_failure_limit(written).passed(settled) is not None) is stops


@pytest.mark.parametrize("written", ["", "-1", "2.5", "101%", "%", "x", "1e3", "1 %"])
def test_a_limit_that_is_none_is_refused(written: str) -> None:
    """What is neither a number nor a share is refused by its option's name."""
    with pytest.raises(RefusedError, match="--max-failures"):
        parse_failure_limit(written)


def test_the_purse_for_retries() -> None:
    """A hundred cheap retries, or fifty dear ones, and it is empty; five successes buy one."""
    for kind, affordable in ((Kind.NOT_APPLIED, 100), (Kind.IN_DOUBT, 50), (Kind.PROTOCOL, 50)):
        purse = RetryQuota()
        purse.earn()
        assert [purse.spend(kind) for _ in range(affordable + 1)] == [True] * affordable + [False]
        assert purse.spend(Kind.THROTTLED)
        for _ in range(500 // affordable - 1):
            purse.earn()
            assert not purse.spend(kind)
        purse.earn()
        assert purse.spend(kind)


def test_one_failure_in_twenty_never_opens_it() -> None:
    """Matrix row 33: 5 % of failures at random are the rows' affair, not the breaker's."""
    dice = random.Random(5)
    breaker = Breaker(BreakerOptions())
    for count in range(200_000):
        kind = Kind.IN_DOUBT if dice.random() < 0.05 else Kind.SHOWN
        assert breaker.note(kind, "", count * 0.04) is None
        assert state(breaker) is BreakerState.CLOSED


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    moves=st.lists(
        st.tuples(st.floats(0.0, 40.0), st.sampled_from(["send", "answer"]), st.sampled_from(Kind)),
        max_size=200,
    ),
    sick_in_a_row=st.integers(1, 9),
)
def test_waits_are_sound_and_probes_single(
    moves: list[tuple[float, str, Kind]], sick_in_a_row: int
) -> None:
    """No wait is negative or too long; after a probe none goes until an answer has come."""
    options = BreakerOptions(sick_in_a_row=sick_in_a_row)
    breaker, now, probe_is_out = Breaker(options), 0.0, False
    for passes, move, kind in moves:
        now += passes
        wait = breaker.wait(now)
        assert (wait is None) is probe_is_out
        if wait is not None:
            assert 0.0 <= wait <= options.probe_most
        if move == "send" and wait == 0.0:
            probe_is_out = state(breaker) is BreakerState.OPEN
            breaker.passed()
        elif move == "answer":
            trip = breaker.note(kind, "why", now)
            probe_is_out = probe_is_out and state(breaker) is BreakerState.HALF_OPEN
            assert not probe_is_out or trip is not None
            if trip is not None:
                assert "why" in trip.sentence
                return
        assert (state(breaker) is BreakerState.HALF_OPEN) is probe_is_out
