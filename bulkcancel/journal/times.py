"""The times of a journal, seconds since the epoch, as the reports show them."""

from __future__ import annotations

from bulkcancel.model import utc_text


def utc(at: float | None) -> str | None:
    """Return a time (seconds since the epoch) as ISO 8601 with milliseconds and ``Z``."""
    return utc_text(millis(at))


def millis(at: float | None) -> int | None:
    """Return a time (seconds since the epoch) in whole milliseconds, of which it had as many."""
    if at is None:
        return None
    return int(at * 1e6 + 0.5) // 1000


def millis_sql(time: str) -> str:
    """Return the SQL expression for the `millis` of a time.

    It is the same arithmetic, and so the same number from the epoch on. What is no number stays as
    it is, for whoever reads it to refuse.
    """
    # A number is less than any text. To ask for the type takes as long as all the rest.
    return f"CASE WHEN {time} < '' THEN CAST({time} * 1e6 + 0.5 AS INTEGER) / 1000 ELSE {time} END"
