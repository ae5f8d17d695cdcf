"""Numbers and times as people read them."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from bulkcancel.report.cells import one_line
from bulkcancel.report.words import seconds_in_words

_ALL, _LEAST = 100.0, 0.1
_SHORT = 10.0


def number(value: float) -> str:
    """Return a number with separators: 1,234,567 or 12.5."""
    if isinstance(value, int) or value.is_integer():
        return f"{int(value):,}"
    return f"{value:,.1f}" if abs(value) >= _SHORT else f"{value:,.2g}"


def percent(part: int, whole: int) -> str:
    """Return a share; 100 % only if it is all, 0 % only if it is nothing."""
    if whole == 0 or part == 0:
        return "0 %"
    if part == whole:
        return "100 %"
    share = 100.0 * part / whole
    if share < _LEAST:
        return "<0.1 %"
    if share > _ALL - _LEAST:
        return ">99.9 %"
    return f"{share:.1f} %"


def latency(seconds: float) -> str:
    """Return how long an answer took: 0.4 ms, 35 ms, 1.2 s, 45 s."""
    if seconds < 0.001:  # noqa: PLR2004 - a thousandth of a second
        return f"{1000 * seconds:.1f} ms"
    if seconds < 1.0:
        return f"{1000 * seconds:.0f} ms"
    return f"{seconds:.1f} s" if seconds < _SHORT else f"{seconds:.0f} s"


def moment(text: str | None) -> str:
    """Return a time, given as ISO 8601 in UTC, to the second."""
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S}" if text else "—"


def lasted(began: str | None, ended: str | None) -> str:
    """Return in words how long it was from one time to another."""
    if not began or not ended:
        return "—"
    gone = datetime.fromisoformat(ended) - datetime.fromisoformat(began)
    return seconds_in_words(max(0.0, gone.total_seconds()))


def plain(value: Any) -> str:
    """Return the value of a setting on one line."""
    match value:
        case None:
            return "—"
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return number(value)
        case list() | tuple():
            return ", ".join(plain(one) for one in value) or "—"
        case _:
            return one_line(str(value))


def nice_ticks(most: float, count: int = 4) -> list[float]:
    """Return round numbers from 0 to at least ``most``, about ``count`` of them above 0."""
    if most <= 0:
        return [0.0, 1.0]
    raw = most / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw * 0.999)
    return [round(step * place, 10) for place in range(math.ceil(most / step - 1e-9) + 1)]
