"""The pacer: even spacing, a ceiling over every window, and stillness during ``Retry-After``."""

from __future__ import annotations

from itertools import pairwise
from math import ceil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bulkcancel.pacing import Pacer, PacerOptions

rates = st.floats(0.05, 5000.0)


def wait_and_send(pacer: Pacer, now: float) -> float:
    """Send as soon as the pacer lets it; return when that was."""
    for _ in range(3):
        wait = pacer.wait(now)
        if wait == 0.0:
            pacer.sent(now)
            return now
        now += wait
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
        assert Pacer(PacerOptions()).wait(now) == 0.0


@pytest.mark.parametrize("rate", [0.5, 1.0, 25.0, 333.0])
def test_an_eager_sender_is_spaced_evenly(rate: float) -> None:
    """Sent as soon as allowed, all gaps are one interval: no bursts."""
    pacer, now = Pacer(PacerOptions(rate=rate)), 1000.0
    times = []
    for _ in range(200):
        now = wait_and_send(pacer, now)
        times.append(now)
    gaps = [after - before for before, after in pairwise(times)]
    assert gaps == pytest.approx([1.0 / rate] * len(gaps), rel=1e-6)


def test_idling_saves_nothing_up() -> None:
    """After idling for a minute the next send is a full interval after the first."""
    pacer = Pacer(PacerOptions(rate=10.0))
    wait_and_send(pacer, 0.0)
    assert pacer.wait(60.0) == 0.0
    pacer.sent(60.0)
    assert pacer.wait(60.0) == pytest.approx(0.1)
    pacer.sent(60.12)
    assert pacer.wait(60.12) == pytest.approx(0.1)


def test_small_delays_do_not_cost_throughput() -> None:
    """A sender that wakes up a little late each time still reaches the rate."""
    pacer, now = Pacer(PacerOptions(rate=100.0)), 0.0
    for _ in range(1000):
        now = wait_and_send(pacer, now + 0.004)
    assert now == pytest.approx(10.0, abs=0.05)


def test_retry_after_holds_all_sends() -> None:
    """Until the end of a ``Retry-After`` nothing goes; a shorter one does not shorten it."""
    pacer = Pacer(PacerOptions(rate=100.0))
    pacer.throttled(7.0, 10.0)
    assert pacer.wait(10.0) == pytest.approx(7.0)
    pacer.throttled(1.0, 11.0)
    assert pacer.wait(11.0) == pytest.approx(6.0)
    pacer.throttled(20.0, 12.0)
    assert pacer.wait(12.0) == pytest.approx(20.0)
    pacer.throttled(None, 13.0)
    assert pacer.wait(31.9) == pytest.approx(0.1)
    assert pacer.wait(32.0) == 0.0


def test_a_refusal_without_retry_after_holds_nothing() -> None:
    """Without a ``Retry-After`` the spacing is all."""
    pacer = Pacer(PacerOptions(rate=100.0))
    pacer.throttled(None, 5.0)
    assert pacer.wait(5.0) == 0.0


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rate=rates,
    steps=st.lists(
        st.tuples(
            st.floats(0.0, 3.0) | st.floats(0.0, 0.01),
            st.none() | st.floats(0.0, 30.0),
        ),
        max_size=300,
    ),
    start=st.floats(-1e5, 1e7),
)
def test_never_above_the_rate_and_never_inside_a_pause(
    rate: float, steps: list[tuple[float, float | None]], start: float
) -> None:
    """Over any second hardly more than the rate, at any pattern of delays; none in a pause.

    What a timer is late, a hundredth of a second at most, may be made up for. A rate that is no
    whole number is rounded up: at 1.5/s a second may hold three.
    """
    pacer, now = Pacer(PacerOptions(rate=rate)), start
    times: list[float] = []
    paused_until = now
    for delay, retry_after in steps:
        now += delay
        assert pacer.wait(now) >= 0.0
        now = wait_and_send(pacer, now)
        assert now >= paused_until - 1e-6
        times.append(now)
        if retry_after is not None and len(times) % 10 == 0:
            pacer.throttled(retry_after, now)
            paused_until = max(paused_until, now + retry_after)
    assert most_in_a_second(times) <= ceil(rate * 1.01) + 1


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rate=rates, count=st.integers(2, 300))
def test_no_time_is_wasted(rate: float, count: int) -> None:
    """An eager sender gets through at the full rate: n sends take n - 1 intervals."""
    pacer, now = Pacer(PacerOptions(rate=rate)), 0.0
    for _ in range(count):
        now = wait_and_send(pacer, now)
    assert now == pytest.approx((count - 1) / rate, rel=1e-6, abs=1e-9)
