"""Times as the reports show them: UTC, ISO 8601 with milliseconds and a trailing ``Z``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

FIRST_MILLIS = -62_135_596_800_000
"""The first moment of the year 1, in milliseconds since the epoch."""

LAST_MILLIS = 253_402_300_799_999
"""The last moment of the year 9999, in milliseconds since the epoch."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_MILLIS = tuple(f".{millis:03}Z" for millis in range(1000))


def utc_text(millis: int | None) -> str | None:
    """Return a time (milliseconds since the epoch) as text.

    Raises:
        ValueError: It lies outside of the years 1 to 9999.
        OverflowError: The same, and far outside.
    """
    if millis is None:
        return None
    return _second(millis // 1000) + _MILLIS[millis % 1000]


def millis_of(text: str | None) -> int | None:
    """Return the milliseconds since the epoch of a time that `utc_text` made.

    Raises:
        ValueError: It is no time in ISO 8601 with its offset from UTC.
    """
    if text is None:
        return None
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError("a time does not say its offset from UTC")
    return (time - _EPOCH) // _MILLISECOND


@lru_cache(maxsize=1024)
def _second(at: int) -> str:
    """Return a whole second as ISO 8601; a run has many times within each."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").removesuffix("+00:00")
