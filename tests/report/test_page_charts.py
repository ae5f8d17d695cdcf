"""Where the parts of a chart lie."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcancel.report.page.charts import (
    bar_width,
    round_ticks,
    slices,
    time_ticks,
    widened,
)


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=9).filter(any))
def test_slices_fill_the_bar(counts: list[int]) -> None:
    """The pieces follow each other from end to end; none is too narrow to be seen."""
    found = slices([(str(place), count) for place, count in enumerate(counts)], 1.0)
    assert [int(one.name) for one in found] == [
        place for place, count in enumerate(counts) if count
    ]
    assert found[0].begin == 0.0
    for one, following in pairwise(found):
        assert following.begin == pytest.approx(one.begin + one.width)
    assert found[-1].begin + found[-1].width == pytest.approx(100.0)
    assert min(one.width for one in found) >= 1.0 - 1e-9


def test_slices_keep_the_shares() -> None:
    """Where nothing is too narrow, the widths are the shares."""
    found = slices([("a", 30), ("b", 0), ("c", 10)], 1.0)
    assert [one.name for one in found] == ["a", "c"]
    assert [one.begin for one in found] == pytest.approx([0.0, 75.0])
    assert [one.width for one in found] == pytest.approx([75.0, 25.0])
    assert slices([("a", 0)], 1.0) == ()


@given(st.lists(st.floats(0.01, 100.0), max_size=12), st.floats(0.0, 5.0))
def test_widening_changes_no_sum(widths: list[float], least: float) -> None:
    """What narrow pieces gain, wide ones lose."""
    found = widened(widths, least)
    assert sum(found) == pytest.approx(sum(widths))
    assert len(found) == len(widths)
    if sum(widths) > least * len(widths):
        assert all(width >= least - 1e-9 for width in found)


def test_bars_that_are_not_nought_can_be_seen() -> None:
    """One of a million still has a bar; none has none."""
    assert bar_width(0, 10) == 0.0
    assert bar_width(1, 1_000_000) == 0.8
    assert bar_width(5, 10) == 50.0


@given(st.floats(0.001, 1e7))
def test_ticks_reach_above_the_most(most: float) -> None:
    """Ticks begin at 0, are evenly spaced and few, and the last one is the first above."""
    ticks = round_ticks(most)
    assert ticks[0] == 0.0
    assert ticks[-1] >= most * (1 - 1e-6)
    assert ticks[-2] < most
    assert 2 <= len(ticks) <= 6
    step = ticks[1]
    assert ticks == tuple(pytest.approx(step * place) for place in range(len(ticks)))


@pytest.mark.parametrize(
    ("most", "ticks"),
    [(54.3, (0, 20, 40, 60)), (0.0, (0, 1)), (1.0, (0, 0.5, 1)), (100, (0, 50, 100))],
)
def test_ticks_are_round(most: float, ticks: tuple[float, ...]) -> None:
    """Their steps are 1, 2 or 5 times a power of ten."""
    assert round_ticks(most) == ticks


@pytest.mark.parametrize(
    ("lasted", "most", "labels"),
    [
        (54.0, 5, ["0", "15 s", "30 s", "45 s"]),
        (2.3, 5, ["0", "0.5 s", "1 s", "1.5 s", "2 s"]),
        (300.0, 5, ["0", "1 min", "2 min", "3 min", "4 min", "5 min"]),
        (33_300.0, 5, ["0", "2 h", "4 h", "6 h", "8 h"]),
        (400_000.0, 3, ["0", "2 d", "4 d"]),
        (54.0, 0, ["0"]),
    ],
)
def test_time_ticks(lasted: float, most: int, labels: list[str]) -> None:
    """Times are round in a unit that suits how long it was."""
    assert [label for _, label in time_ticks(lasted, most)] == labels


@given(st.floats(0.1, 1e6), st.integers(0, 8))
def test_time_ticks_stay_within(lasted: float, most: int) -> None:
    """No tick lies beyond the end, and there are not too many."""
    ticks = time_ticks(lasted, most)
    assert ticks[0] == (0.0, "0")
    assert len(ticks) <= most + 1
    assert all(at <= lasted * (1 + 1e-6) + 0.05 for at, _ in ticks)
