"""The pacer without learning: even spacing, a ceiling over every window, stillness in pauses."""

from __future__ import annotations

import math
from itertools import pairwise
from math import ceil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bulkcancel.pacing import Pacer, PacerOptions, Reason, Verdict

rates = st.floats(0.05, 5000.0)


def fixed(rate: float) -> Pacer:
    """Return a pacer that learns nothing."""
    return Pacer(PacerOptions(rate=rate, fixed=True))


def wait(pacer: Pacer, now: float) -> float:
    """Return how long an eager sender has to wait."""
    return pacer.hold(now, 0).seconds


def wait_and_send(pacer: Pacer, now: float) -> float:
    """Send as soon as the pacer lets it; return when that was."""
    for _ in range(3):
        seconds = wait(pacer, now)
        if seconds == 0.0:
            pacer.sent(now)
            return now
        now += seconds
    raise AssertionError("the wait that it names is never enough")


def most_in_a_second(times: list[float], *, slack: float = 1e-6) -> int:
    """Return the most sends in any window [t, t + 1 s), at any t."""
    first = most = 0
    for last, at in enumerate(times):
        while at - times[first] >= 1.0 - slack:
            first += 1
        most = max(most, last - first + 1)
    return most


def test_a_fresh_pacer_lets_the_first_send_go() -> None:
    """Nothing is waited for before the first send, whatever the clock shows."""
    for now in (0.0, -5.0, 1e9):
        assert wait(Pacer(PacerOptions()), now) == 0.0


@pytest.mark.parametrize("rate", [0.5, 1.0, 25.0, 333.0])
def test_an_eager_sender_is_spaced_evenly(rate: float) -> None:
    """Sent as soon as allowed, all gaps are one interval: no bursts."""
    pacer, now = fixed(rate), 1000.0
    times = []
    for _ in range(200):
        now = wait_and_send(pacer, now)
        times.append(now)
    gaps = [after - before for before, after in pairwise(times)]
    assert gaps == pytest.approx([1.0 / rate] * len(gaps), rel=1e-6)
    assert pacer.hold(now, 0).reason is Reason.CEILING


def test_idling_saves_nothing_up() -> None:
    """After idling for a minute the next send is a full interval after the first."""
    pacer = fixed(10.0)
    wait_and_send(pacer, 0.0)
    assert wait(pacer, 60.0) == 0.0
    pacer.sent(60.0)
    assert wait(pacer, 60.0) == pytest.approx(0.1)
    pacer.sent(60.12)
    assert wait(pacer, 60.12) == pytest.approx(0.1)


def test_small_delays_do_not_cost_throughput() -> None:
    """A sender that wakes up a little late each time still reaches the rate."""
    pacer, now = fixed(100.0), 0.0
    for _ in range(1000):
        now = wait_and_send(pacer, now + 0.004)
    assert now == pytest.approx(10.0, abs=0.05)


def refuse(pacer: Pacer, now: float, retry_after: float | None) -> None:
    """Let a request be refused that was sent a moment ago."""
    pacer.answered(Verdict.THROTTLED, sent_at=now, now=now, retry_after=retry_after)


def test_retry_after_holds_all_sends() -> None:
    """Until the end of a ``Retry-After`` nothing goes; a shorter one does not shorten it."""
    pacer = fixed(100.0)
    refuse(pacer, 10.0, 7.0)
    assert wait(pacer, 10.0) == pytest.approx(7.0)
    assert pacer.hold(10.0, 0).reason is Reason.RETRY_AFTER
    refuse(pacer, 11.0, 1.0)
    assert wait(pacer, 11.0) == pytest.approx(6.0)
    refuse(pacer, 12.0, 20.0)
    assert wait(pacer, 12.0) == pytest.approx(20.0)
    refuse(pacer, 13.0, None)
    assert wait(pacer, 31.9) == pytest.approx(0.1)
    assert wait(pacer, 32.0) == 0.0


@pytest.mark.parametrize("is_fixed", [True, False])
def test_a_retry_after_of_nought_is_as_good_as_none(*, is_fixed: bool) -> None:
    """It does not switch the waits between probes off: a server that throttles is let alone."""
    counts = []
    for retry_after in (0.0, None):
        pacer, now, count = Pacer(PacerOptions(rate=2.0, fixed=is_fixed)), 0.0, 0
        while now < 900.0:
            now = max(now, now + pacer.hold(now, 0).seconds) + 1e-9
            pacer.sent(now)
            refuse(pacer, now, retry_after)
            count += 1
        counts.append(count)
    assert counts[0] == counts[1]
    assert is_fixed or counts[0] < 200


def test_with_a_fixed_rate_a_refusal_without_retry_after_holds_nothing() -> None:
    """The spacing is all, however many refusals there are."""
    pacer = fixed(100.0)
    for count in range(50):
        refuse(pacer, 5.0 + count / 100.0, None)
    assert wait(pacer, 6.0) == 0.0
    assert pacer.rate(6.0) == 100.0
    assert pacer.limit is None


@pytest.mark.parametrize("is_fixed", [True, False])
def test_what_headers_tell_only_lowers_the_ceiling(*, is_fixed: bool) -> None:
    """A rate that the API names holds for its time, if it is lower than ours."""
    pacer = Pacer(PacerOptions(rate=10.0, fixed=is_fixed))
    pacer.told(2.0, 30.0, 100.0)
    assert pacer.rate(100.0) == pacer.rate(129.0) == 2.0
    assert pacer.rate(131.0) == 10.0
    pacer.told(1000.0, 30.0, 200.0)
    assert pacer.rate(201.0) == 10.0
    pacer.told(2.0, 30.0, 300.0)
    wait_and_send(pacer, 301.0)
    assert pacer.hold(301.0, 0).seconds == pytest.approx(0.5)
    assert pacer.hold(301.0, 0).reason is Reason.CEILING


def test_no_header_stalls_a_run() -> None:
    """A quota spent for an hour is not believed blindly, and a better word counts at once."""
    pacer = Pacer(PacerOptions(rate=10.0, fixed=True))
    wait_and_send(pacer, 0.0)
    pacer.told(1 / 3600.0, 3600.0, 0.0)
    assert pacer.hold(0.0, 0).seconds == pytest.approx(2.0), "one in two seconds asks"
    wait_and_send(pacer, 1.0)
    pacer.told(15.0, 60.0, 2.1)
    assert pacer.hold(2.1, 0).seconds <= 0.1, "the new rate counts for the wait under way, too"


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rate=rates,
    is_fixed=st.booleans(),
    known=st.none() | st.floats(0.01, 10_000.0),
    steps=st.lists(
        st.tuples(
            st.floats(0.0, 3.0) | st.floats(0.0, 0.01),
            st.sampled_from(Verdict),
            st.none() | st.floats(0.0, 30.0),
        ),
        max_size=300,
    ),
    start=st.floats(-1e5, 1e7),
)
def test_never_above_the_ceiling_and_never_inside_a_pause(
    rate: float,
    known: float | None,
    steps: list[tuple[float, Verdict, float | None]],
    start: float,
    *,
    is_fixed: bool,
) -> None:
    """Over any second hardly more than the ceiling, whatever is learned; none in a pause.

    What a timer is late, a hundredth of a second at most, may be made up for. A rate that is no
    whole number is rounded up: at 1.5/s a second may hold three.
    """
    pacer = Pacer(PacerOptions(rate=rate, fixed=is_fixed, known=known))
    now, times, paused_until = start, list[float](), -math.inf
    for delay, verdict, retry_after in steps:
        now += delay
        hold = pacer.hold(now, 0)
        assert hold.seconds >= 0.0
        assert hold.seconds < math.inf, "with nothing in flight some time is named"
        now += hold.seconds
        if pacer.hold(now, 0).seconds > 1e-9:
            continue
        assert now >= paused_until - 1e-6
        pacer.sent(now)
        times.append(now)
        told = None if len(times) % 10 else retry_after
        pacer.answered(verdict, sent_at=now, now=now, retry_after=told)
        if told is not None:
            paused_until = max(paused_until, now + told)
        assert 0.0 < pacer.rate(now) <= rate
        assert pacer.limit is None or (0.0 < pacer.limit < math.inf and not is_fixed)
    assert most_in_a_second(times) <= ceil(rate * 1.01) + 1


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rate=rates, count=st.integers(2, 300))
def test_no_time_is_wasted(rate: float, count: int) -> None:
    """An eager sender gets through at the full rate: n sends take n - 1 intervals."""
    pacer, now = fixed(rate), 0.0
    for _ in range(count):
        now = wait_and_send(pacer, now)
    assert now == pytest.approx((count - 1) / rate, rel=1e-6, abs=1e-9)
