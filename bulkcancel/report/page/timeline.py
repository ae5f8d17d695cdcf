"""Requests over time as a chart and as a table: answers, refusals, failures, learned limit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from bulkcancel.model import Figures, Slot, Stretch
from bulkcancel.report.page.charts import round_ticks, time_ticks, widened
from bulkcancel.report.page.formats import clock, number, span
from bulkcancel.report.words import counted

PLOT = 190
"""How high the plot of the answers is, in pixels."""
LANE = 22
"""How high a lane of refusals or failures is."""

_MOST_STRETCHES = 8
_MOST_LINES = 24
_LEAST_COLUMNS = 24
_WIDER = {1: 2, 2: 5, 5: 10}
_ENOUGH = 20
"""So many requests on average make a column of the chart worth drawing."""

_WHOLE = 100.0
_GAP = 3.0
_LEAST_WIDTH = 5.0
_TICK_ROOM = 17.0
_NAME_ROOM = 14.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One start of the run: where it lies, in percent of the chart, and what is drawn in it.

    ``began`` is in UTC. Paths are in units of ``columns`` across and of pixels down. ``ticks`` are
    (percent of the chart, label).
    """

    begin: float
    width: float
    columns: int
    name: str
    began: str
    answered: str
    limit: str
    lanes: tuple[str, ...]
    ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A lane below the plot: its class, and in words what it shows."""

    name: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the table: a span of time and what came back in it."""

    start: int
    time: str
    answered: int
    throttled: int
    failed: int
    per_second: str
    limit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The chart and its table.

    ``ticks`` are (pixels from the plot's top, label); ``limit_label`` is (percent, pixels, text)
    and stands at the end of the line of the limit. ``left_out`` starts are not shown. ``words``
    say what the chart shows. A run too short for a chart has no ``panels``.
    """

    panels: tuple[Panel, ...]
    ticks: tuple[tuple[float, str], ...]
    lanes: tuple[Lane, ...]
    limit_label: tuple[float, float, str] | None
    left_out: int
    column_words: str
    words: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """Some slots together; ``seconds`` is how long they lasted."""

    seconds: float
    answered: int
    throttled: int
    failed: int
    limit: float | None


def timeline(figures: Figures) -> Timeline | None:
    """Return the chart of all requests; ``None`` if there was none."""
    every = [stretch for stretch in figures.stretches if stretch.slots]
    stretches = every[-_MOST_STRETCHES:]
    slots = [slot for stretch in stretches for slot in stretch.slots]
    requests = sum(slot.answered + slot.throttled + slot.failed for slot in slots)
    if not requests:
        return None
    left_out = len(every) - len(stretches)
    merged = _merged(len(slots), requests)
    starts = [tuple(_columns(stretch, merged)) for stretch in stretches]
    columns = [column for start in starts for column in start]
    peak = max(column.answered / column.seconds for column in columns)
    limits = [column.limit for column in columns if column.limit is not None]
    ticks = round_ticks(max(peak, *limits, 0.0) if limits else peak)
    lanes = tuple(_lanes(columns))
    seconds = stretches[-1].slot_seconds * merged
    panels: tuple[Panel, ...] = ()
    if len(columns) > 2:  # noqa: PLR2004 - one or two columns are no course of anything
        panels = tuple(
            _panels(stretches, starts, ticks[-1], lanes, seconds=seconds, left_out=left_out)
        )
    return Timeline(
        panels=panels,
        ticks=tuple((PLOT * (1.0 - tick / ticks[-1]), number(tick)) for tick in ticks),
        lanes=lanes,
        limit_label=_limit_label(panels, starts, ticks[-1]),
        left_out=left_out,
        column_words=span(seconds),
        words=_words(columns, len(every), peak, limits),
        lines=tuple(_lines(stretches, left_out)),
    )


def _merged(slots: int, requests: int) -> int:
    """Return how many slots make a column, so that single requests do not show as spikes."""
    most = slots // _LEAST_COLUMNS
    merged = 1
    while requests * merged < _ENOUGH * slots and (wider := _WIDER.get(merged, slots)) <= most:
        merged = wider
    return merged


def _columns(stretch: Stretch, merged: int) -> Iterator[_Column]:
    for begin in range(0, len(stretch.slots), merged):
        yield _together(stretch.slots[begin : begin + merged], stretch.slot_seconds)


def _together(slots: Sequence[Slot], slot_seconds: float) -> _Column:
    return _Column(
        seconds=slot_seconds * len(slots),
        answered=sum(slot.answered for slot in slots),
        throttled=sum(slot.throttled for slot in slots),
        failed=sum(slot.failed for slot in slots),
        limit=slots[-1].limit,
    )


def _lanes(columns: Sequence[_Column]) -> Iterator[Lane]:
    """Yield a lane for refusals and one for failures, if there are any."""
    for name, words in (("throttled", "refused for the rate"), ("failed", "failed or lost")):
        count = sum(getattr(column, name) for column in columns)
        if count:
            most = max(_rates(columns, name))
            yield Lane(name=name, words=f"{words}: {count:,}, at most {number(most)}/s")


def _rates(columns: Iterable[_Column], name: str) -> list[float]:
    return [getattr(column, name) / column.seconds for column in columns]


def _panels(
    stretches: Sequence[Stretch],
    starts: Sequence[Sequence[_Column]],
    top: float,
    lanes: Sequence[Lane],
    *,
    seconds: float,
    left_out: int,
) -> Iterator[Panel]:
    """Yield the panels; a column stands for so many ``seconds``."""
    # The last column may stand for less time than the others; it is drawn as wide as they.
    lasted = [len(start) * seconds for start in starts]
    room = _WHOLE - _GAP * (len(starts) - 1)
    widths = widened([room * one / sum(lasted) for one in lasted], _LEAST_WIDTH)
    every = [column for start in starts for column in start]
    most = {lane.name: max(_rates(every, lane.name)) for lane in lanes}
    begin = 0.0
    for place, (stretch, start, width) in enumerate(zip(stretches, starts, widths, strict=True)):
        ticks = time_ticks(lasted[place], int(width / _TICK_ROOM))
        yield Panel(
            begin=begin,
            width=width,
            columns=len(start),
            name=f"{'start ' if width > _NAME_ROOM else ''}{place + 1 + left_out}",
            began=clock(stretch.began),
            answered=_area(_rates(start, "answered"), top, PLOT),
            limit=_steps([column.limit for column in start], top),
            lanes=tuple(_area(_rates(start, lane.name), most[lane.name], LANE) for lane in lanes),
            ticks=tuple((begin + width * at / lasted[place], label) for at, label in ticks),
        )
        begin += width + _GAP


def _area(rates: Sequence[float], top: float, height: float) -> str:
    """Return the outline of columns side by side, each one unit wide."""
    drawn = [f"M0 {height:g}"]
    for y, width in _runs([round(height * (1.0 - rate / top), 1) for rate in rates]):
        drawn.append(f"V{y:g}h{width}")
    return "".join([*drawn, f"V{height:g}Z"])


def _steps(limits: Sequence[float | None], top: float) -> str:
    """Return the limit as a line of steps; it is broken off where there is none."""
    drawn, x, pen = [], 0, False
    for y, width in _runs(
        [None if limit is None else round(PLOT * (1.0 - limit / top), 1) for limit in limits]
    ):
        if y is not None:
            drawn.append(f"V{y:g}h{width}" if pen else f"M{x} {y:g}h{width}")
        pen = y is not None
        x += width
    return "".join(drawn)


def _runs(values: Iterable[float | None]) -> Iterator[tuple[float | None, int]]:
    """Yield equal values in a row as one, with how many there are."""
    for value, same in groupby(values):
        yield value, sum(1 for _ in same)


def _limit_label(
    panels: Sequence[Panel], starts: Sequence[Sequence[_Column]], top: float
) -> tuple[float, float, str] | None:
    """Return where the last limit that was learned is named, and how."""
    if not panels:
        return None
    for panel, start in zip(reversed(panels), reversed(starts), strict=True):
        for place in range(len(start) - 1, -1, -1):
            limit = start[place].limit
            if limit is not None:
                at = panel.begin + panel.width * (place + 1) / panel.columns
                return at, PLOT * (1.0 - limit / top), f"limit {number(limit)}/s"
    return None


def _words(columns: Sequence[_Column], starts: int, peak: float, limits: Sequence[float]) -> str:
    """Return in words what the chart shows."""
    refused = sum(column.throttled for column in columns)
    failed = sum(column.failed for column in columns)
    answered = counted(sum(column.answered for column in columns), "answer")
    parts = [
        f"{answered}, at most {number(peak)} per second",
        f"{refused:,} refused for the rate" if refused else "none refused for the rate",
        f"{failed:,} failed or lost" if failed else "none failed or lost",
    ]
    if limits:
        least, most = min(limits), max(limits)
        span = number(most)
        if round(least, 1) != round(most, 1):
            span = f"{number(least)} to {span}"
        parts.append(f"learned limit {span} per second")
    if starts > 1:
        parts.append(f"{starts:,} starts side by side")
    return "; ".join(parts)


def _lines(stretches: Sequence[Stretch], left_out: int) -> Iterator[Line]:
    """Yield the table: each start divided into spans of the same length."""
    together = _together_in_table(sum(len(stretch.slots) for stretch in stretches))
    for start, stretch in enumerate(stretches, 1 + left_out):
        for place, column in enumerate(_columns(stretch, together)):
            yield Line(
                start=start,
                time=span(round(place * together * stretch.slot_seconds, 1)),
                answered=column.answered,
                throttled=column.throttled,
                failed=column.failed,
                per_second=number(column.answered / column.seconds),
                limit="" if column.limit is None else number(column.limit),
            )


def _together_in_table(slots: int) -> int:
    return next((many for many in (1, 2, 5, 10, 20) if slots <= many * _MOST_LINES), slots)
