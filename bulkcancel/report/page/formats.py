"""Numbers, times and settings as people read them."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from bulkcancel.report.cells import one_line
from bulkcancel.report.words import seconds_in_words

NONE = "—"
"""What stands where there is nothing to show."""

_LEAST_SHARE = 0.1


def number(value: float) -> str:
    """Return a number with separators and no more digits than say something: 1,234,567, 48.2."""
    if isinstance(value, int) or float(value).is_integer():
        return f"{int(value):,}"
    digits = max(1, 2 - math.floor(math.log10(abs(value)))) if abs(value) < 1 else 1
    return f"{value:,.{digits}f}".rstrip("0").rstrip(".")


def percent(part: float, whole: float) -> str:
    """Return a share. It is 100 % only if it is all, and 0 % only if it is nothing."""
    if part <= 0 or whole <= 0:
        return "0 %"
    if part >= whole:
        return "100 %"
    share = 100.0 * part / whole
    if share < _LEAST_SHARE:
        return f"<{_LEAST_SHARE} %"
    # What would be rounded up to all of it is less than all.
    return f"{share:.1f} %" if round(share, 1) < 100.0 else ">99.9 %"  # noqa: PLR2004 - all


def latency(seconds: float) -> str:
    """Return how long an answer took: 0.4 ms, 35 ms, 1.2 s, 45 s, 2 min 5 s."""
    milliseconds = 1000.0 * seconds
    if round(milliseconds, 1) < 10.0:  # noqa: PLR2004 - below ten a decimal says something
        return f"{number(round(milliseconds, 1))} ms"
    return f"{milliseconds:.0f} ms" if round(milliseconds) < 1000 else seconds_in_words(seconds)  # noqa: PLR2004 - a second


def span(seconds: float) -> str:
    """Return a round time, such as the width of a column: 20 ms, 0.5 s, 12.5 s, 1 min 30 s."""
    if 0.0 < seconds < 0.1:  # noqa: PLR2004 - tenths of a second are the least that seconds show
        return latency(seconds)
    if seconds < 60.0 or seconds % 1.0:  # noqa: PLR2004 - a minute
        return f"{seconds:g} s"
    return seconds_in_words(seconds)


def moment(text: str | None) -> str:
    """Return a time, given as ISO 8601, to the second."""
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S}" if text else NONE


def clock(at: float) -> str:
    """Return a time in UTC, given in seconds since the epoch, to the second."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}"


def lasted(began: str | None, ended: str | None) -> str | None:
    """Return in words how long it was between two times, ``None`` if one is not known.

    A clock that was set back in between makes it nothing.
    """
    if not began or not ended:
        return None
    gone = datetime.fromisoformat(ended) - datetime.fromisoformat(began)
    return seconds_in_words(max(0.0, gone.total_seconds()))


def shortened(text: str, most: int) -> str:
    """Return a text of at most so many characters; one that is cut ends with an ellipsis."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def foreign(text: str, most: int) -> str:
    """Return text from elsewhere on one line: what can't be seen is escaped, the end is cut."""
    # Cut first as well: an escape is longer than what it stands for.
    return shortened(one_line(text[: most + 1]), most)
