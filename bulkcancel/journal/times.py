"""The times of a journal, seconds since the epoch, as the reports show them."""

from __future__ import annotations

import math

from bulkcancel.model import utc_text


def utc(at: float | None) -> str | None:
    """Return a time (seconds since the epoch) as ISO 8601 with milliseconds and ``Z``."""
    return utc_text(millis(at))


def millis(at: float | None) -> int | None:
    """Return a time (seconds since the epoch) in whole milliseconds, of which it had as many."""
    if at is None:
        return None
    second = math.floor(at)
    return second * 1000 + round((at - second) * 1e6) // 1000


def millis_sql(time: str) -> str:
    """Return the SQL expression for the `millis` of a time.

    It is the same arithmetic, and so the same number from three hours after the epoch on. What is
    no number stays as it is, for whoever reads it to refuse.
    """
    whole = f"CAST({time} AS INTEGER)"
    micros = f"CAST(({time} - {whole}) * 1e6 + 0.5 AS INTEGER)"
    return f"CASE typeof({time}) WHEN 'real' THEN {whole} * 1000 + {micros} / 1000 ELSE {time} END"
