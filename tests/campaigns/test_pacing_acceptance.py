"""What the pacer promises at each kind of server, in virtual time and with fixed seeds."""

from __future__ import annotations

import pytest
from pacing_sim import STRATEGIES, Figures, Setting, run_against

LONG = 1320.0
"""Twenty minutes and two: "any ten minutes after the first" are many then."""
STEADY = (
    "50/s, burst 5", "50/s, burst 20", "50/s, burst 50", "200/s, burst 20",
    "600 per 60 s, says when", "600 per 60 s", "100 per 10 s", "stray 429s", "neighbour",
)  # fmt: skip


def figures(server: str, *, strategy: str = "pacer", ceiling: float = 500.0) -> Figures:
    """Return what the pacer comes to at a server."""
    return run_against(STRATEGIES[strategy], server, Setting(seconds=LONG, ceiling=ceiling))


@pytest.mark.parametrize("server", STEADY)
def test_the_limit_is_used_and_refusals_are_rare(server: str) -> None:
    """Over any ten minutes after the first: at most 1 % refused, 95 % of the limit used."""
    found = figures(server)
    assert found.worst is not None
    assert found.worst.refused <= 1.0
    assert found.worst.goodput >= 95.0


def test_a_step_down_costs_few_refusals() -> None:
    """From 50/s to 20/s: fifteen refusals at most in the 20 s after it."""
    found = figures("step 50-20")
    assert found.refused_after_fall is not None
    assert found.refused_after_fall <= 15


def test_a_step_up_is_followed_within_a_minute() -> None:
    """From 40/s to 80/s: nine tenths of the new limit within 60 s."""
    found = figures("step 40-80")
    assert found.seconds_to_rise is not None
    assert found.seconds_to_rise <= 60.0


def test_steps_in_a_row() -> None:
    """50, 20, 80, 50: the limit is used all the way, and each step is followed."""
    found = figures("steps 50-20-80-50")
    assert found.whole.refused <= 1.0
    assert found.whole.goodput >= 95.0
    assert found.refused_after_fall is not None
    assert found.seconds_to_rise is not None
    assert found.refused_after_fall <= 20
    assert found.seconds_to_rise <= 60.0


@pytest.mark.parametrize("server", ["Retry-After: 5", "600 per 60 s, says when"])
def test_nothing_goes_within_a_retry_after(server: str) -> None:
    """Not one request, from any worker."""
    assert figures(server).sends_in_pause == 0


def test_refusals_that_cost_a_pause_are_provoked_seldom() -> None:
    """Where each 429 costs five seconds, nine tenths of the limit are used all the same."""
    found = figures("Retry-After: 5")
    assert found.later.goodput >= 92.0
    assert found.later.refused <= 0.1


def test_an_outage_is_left_behind() -> None:
    """A minute of 503s, then the full pace again."""
    found = figures("outage")
    assert found.later.goodput >= 98.0


def test_without_a_limit_the_ceiling_is_held() -> None:
    """200/s within 2 %, and no burst over any second."""
    found = figures("no limit", ceiling=200.0)
    assert found.refused == 0
    assert found.later.goodput == pytest.approx(100.0, abs=2.0)
    assert found.most_in_a_second <= 204


@pytest.mark.parametrize("server", ["600 per 60 s", "stray 429s", "neighbour"])
def test_it_beats_the_plain_cubic_at_its_weak_spots(server: str) -> None:
    """More of the limit is used than by the algorithm that it began with."""
    ours, plain = figures(server).later, figures(server, strategy="cubic").later
    assert ours.goodput > plain.goodput + 2.0
