"""Requests over time, as a chart and as a table."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcancel.model import Figures, Slot, Stretch
from bulkcancel.report.page.timeline import LANE, PLOT, Timeline, timeline

SLOTS = st.lists(
    st.builds(
        Slot,
        answered=st.integers(0, 500),
        throttled=st.integers(0, 50),
        failed=st.integers(0, 50),
        limit=st.none() | st.floats(0.1, 500.0),
    ),
    max_size=240,
)


def stretch(
    slots: Sequence[Slot], *, began: float = 1_795_474_501.0, lasts: float = 1.0
) -> Stretch:
    """Return a stretch of some slots."""
    return Stretch(began=began, slot_seconds=lasts, slots=tuple(slots))


def drawn(*stretches: Stretch) -> Timeline:
    """Return the chart of some stretches, which must not be empty."""
    found = timeline(Figures(stretches=stretches))
    assert found is not None
    return found


def test_nothing_is_drawn_of_nothing() -> None:
    """Without a request there is no chart."""
    assert timeline(Figures()) is None
    assert timeline(Figures(stretches=(stretch([]), stretch([Slot(), Slot()])))) is None


def test_an_instant_is_told_and_not_drawn() -> None:
    """What lasted one slot or two is no course of anything: words and figures are all there is."""
    found = drawn(stretch([Slot(answered=1)], lasts=0.1))
    assert found.panels == ()
    assert found.limit_label is None
    assert found.words.startswith("1 answer, at most 10 per second")
    assert [line.answered for line in found.lines] == [1]


@given(st.lists(SLOTS, min_size=1, max_size=12))
def test_the_table_has_every_request(courses: list[list[Slot]]) -> None:
    """Chart and table leave nothing out of the starts that they show."""
    stretches = [stretch(slots) for slots in courses if slots]
    found = timeline(Figures(stretches=tuple(stretches)))
    shown = [slot for one in stretches[-8:] for slot in one.slots]
    totals = [
        sum(getattr(slot, name) for slot in shown) for name in ("answered", "throttled", "failed")
    ]
    if found is None:
        assert sum(totals) == 0
        return
    lines = found.lines
    assert totals == [
        sum(getattr(line, name) for line in lines) for name in ("answered", "throttled", "failed")
    ]
    assert found.left_out == max(0, len(stretches) - 8)
    assert len(lines) <= 24 + len(stretches)


@given(st.lists(SLOTS.filter(bool), min_size=1, max_size=8))
def test_panels_lie_side_by_side(courses: list[list[Slot]]) -> None:
    """Each start has its place, there is a gap between two, and all of it is used."""
    found = timeline(Figures(stretches=tuple(stretch(slots) for slots in courses)))
    if found is None or not found.panels:
        return
    assert len(found.panels) == len(courses)
    end = -3.0
    for panel in found.panels:
        assert panel.begin == pytest.approx(end + 3.0)
        assert panel.width >= 4.99
        end = panel.begin + panel.width
        assert all(panel.begin <= at <= end + 1e-6 for at, _ in panel.ticks)
    assert end == pytest.approx(100.0)


def test_paths() -> None:
    """Columns rise to their rate; equal ones in a row are one; the limit is a line of steps."""
    slots = [
        Slot(answered=8),
        Slot(answered=8, limit=10.0),
        Slot(answered=4, throttled=6, limit=5.0),
        Slot(throttled=3),
        Slot(answered=8, failed=2, limit=5.0),
    ]
    (panel,) = (found := drawn(stretch(slots))).panels
    assert [label for _, label in found.ticks] == ["0", "5", "10"]
    assert panel.columns == 5
    full, half = PLOT * 0.2, PLOT * 0.6
    assert panel.answered == f"M0 {PLOT}V{full:g}h2V{half:g}h1V{PLOT}h1V{full:g}h1V{PLOT}Z"
    assert panel.limit == f"M1 0h1V{PLOT / 2:g}h1M4 {PLOT / 2:g}h1"
    refused, failed = panel.lanes
    assert refused == f"M0 {LANE}V{LANE}h2V0h1V{LANE / 2:g}h1V{LANE}h1V{LANE}Z"
    assert failed == f"M0 {LANE}V{LANE}h4V0h1V{LANE}Z"
    assert found.limit_label == (100.0, PLOT / 2, "limit 5/s")


def test_words() -> None:
    """The words say all that the chart shows."""
    slots = [Slot(answered=8, limit=20.0), Slot(answered=30, throttled=2, limit=24.5)] * 5
    words = drawn(stretch(slots), stretch([Slot(answered=1, failed=1)])).words
    assert words == (
        "191 answers, at most 30 per second; 10 refused for the rate; 1 failed or lost; "
        "learned limit 20 to 24.5 per second; 2 starts side by side"
    )
    quiet = drawn(stretch([Slot(answered=8)] * 5)).words
    assert quiet == (
        "40 answers, at most 8 per second; none refused for the rate; none failed or lost"
    )


def test_lanes_are_drawn_only_where_there_is_something() -> None:
    """A run without refusals and failures has neither lane."""
    assert drawn(stretch([Slot(answered=8)] * 5)).lanes == ()
    (lane,) = drawn(stretch([Slot(answered=8)] * 5 + [Slot(failed=3)])).lanes
    assert (lane.name, lane.words) == ("failed", "failed or lost: 3, at most 3/s")


def test_single_requests_are_no_spikes() -> None:
    """Where a slot holds a request now and then, several of them make a column, and it says so."""
    slow = drawn(stretch([Slot(answered=place % 2) for place in range(240)]))
    (panel,) = slow.panels
    assert panel.columns == 24
    assert slow.column_words == "10 s"
    assert panel.answered.count("h") == 1
    fast = drawn(stretch([Slot(answered=20 + place % 2) for place in range(240)]))
    assert fast.panels[0].columns == 240


def test_the_time_axis_fits_the_columns() -> None:
    """A column that stands for less time than the others does not shift the axis."""
    found = drawn(stretch([Slot(answered=place % 2) for place in range(240)] + [Slot()]))
    (panel,) = found.panels
    assert panel.columns == 25
    assert panel.ticks == (
        (0.0, "0"), (24.0, "1 min"), (48.0, "2 min"), (72.0, "3 min"), (96.0, "4 min"),
    )  # fmt: skip


def test_many_starts_are_cut() -> None:
    """The last eight starts are shown under their own numbers, and the others are counted."""
    found = drawn(*(stretch([Slot(answered=5)] * 20) for _ in range(30)))
    assert found.left_out == 22
    assert [panel.name for panel in found.panels] == [str(number) for number in range(23, 31)]
    assert {line.start for line in found.lines} == set(range(23, 31))
    assert "30 starts" in found.words
