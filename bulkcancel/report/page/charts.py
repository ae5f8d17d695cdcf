"""Where the parts of a chart lie: round ticks, shares of a bar. Pure; the templates draw them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_WHOLE = 100.0
_STEPS = (1.0, 2.0, 5.0, 10.0)
_SECOND_STEPS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0)
_MINUTE, _HOUR, _DAY = 60.0, 3_600.0, 86_400.0
_MINUTE_STEPS = tuple(_MINUTE * step for step in (1, 2, 5, 10, 15, 30))
_HOUR_STEPS = tuple(_HOUR * step for step in (1, 2, 3, 6, 12))
_SLACK = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A piece of a bar: where it begins and how wide it is, in percent of the bar."""

    name: str
    begin: float
    width: float


def slices(counts: Sequence[tuple[str, float]], least: float) -> tuple[Slice, ...]:
    """Return a bar cut into pieces, each as wide as its share of all counts.

    None is narrower than ``least`` percent: it would not be seen. What it gains, the wider ones
    lose. Counts of nought have no piece.
    """
    named = [(name, count) for name, count in counts if count > 0]
    total = sum(count for _, count in named)
    widths = widened([_WHOLE * count / total for _, count in named], least)
    found, begin = [], 0.0
    for (name, _), width in zip(named, widths, strict=True):
        found.append(Slice(name=name, begin=begin, width=width))
        begin += width
    return tuple(found)


def widened(widths: Sequence[float], least: float) -> list[float]:
    """Return widths of which none is below ``least``; their sum stays what it was.

    All of them must have room for that.
    """
    total = sum(widths)
    raised = [max(width, least) for width in widths]
    over, room = sum(raised) - total, sum(raised) - least * len(raised)
    if room <= 0:
        return [total / len(widths)] * len(widths) if widths else []
    return [width - over * (width - least) / room for width in raised]


def bar_width(part: float, most: float) -> float:
    """Return how long a bar is, in percent of the longest; one that is not nought can be seen."""
    return max(0.8, _WHOLE * part / most) if part > 0 else 0.0


def round_ticks(most: float, count: int = 4) -> tuple[float, ...]:
    """Return round numbers from 0 to at least ``most``, about ``count`` of them above 0."""
    if most <= 0:
        return (0.0, 1.0)
    raw = most / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(step * power for step in _STEPS if step * power >= raw * (1.0 - _SLACK))
    steps = math.ceil(most / step - _SLACK)
    return tuple(round(step * place, 9) for place in range(steps + 1))


def time_ticks(lasted: float, most: int) -> tuple[tuple[float, str], ...]:
    """Return round times from 0 to at most ``lasted`` seconds, each with its label.

    There are ``most`` of them above 0 at most.
    """
    if most < 1:
        return ((0.0, "0"),)
    step = _time_step(lasted / most)
    unit, word = next(
        (unit, word)
        for unit, word in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min"), (1.0, "s"))
        if step >= unit or unit == 1.0
    )
    ticks = [round(place * step, 1) for place in range(int(lasted / step + _SLACK) + 1)]
    return tuple((tick, f"{tick / unit:g} {word}" if tick else "0") for tick in ticks)


def _time_step(least: float) -> float:
    """Return the shortest round step of at least so many seconds."""
    for step in (*_SECOND_STEPS, *_MINUTE_STEPS, *_HOUR_STEPS):
        if step >= least * (1.0 - _SLACK):
            return step
    return _DAY * math.ceil(least / _DAY)
