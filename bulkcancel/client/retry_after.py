"""How long a server asks to wait: the ``Retry-After`` header in seconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_tz
from typing import Final

_SECONDS: Final = re.compile(r"[0-9]{1,10}")
_YEAR: Final = r"[1-9][0-9]{3}"  # 0095 would be read as 1995
_TIME: Final = r"[0-9]{2}:[0-9]{2}:[0-9]{2}"
# The three forms that RFC 9110 (5.6.7) asks a recipient to accept, and nothing looser.
_HTTP_DATE: Final = re.compile(
    rf"[A-Z][a-z]{{2}}, [0-9]{{2}} [A-Z][a-z]{{2}} {_YEAR} {_TIME} GMT"
    rf"|[A-Z][a-z]{{5,8}}, [0-9]{{2}}-[A-Z][a-z]{{2}}-[0-9]{{2}} {_TIME} GMT"
    rf"|[A-Z][a-z]{{2}} [A-Z][a-z]{{2}} [0-9 ][0-9] {_TIME} {_YEAR}"
)


def seconds_to_wait(retry_after: str | None, date: str | None) -> float | None:
    """Return the seconds of a ``Retry-After`` value, or ``None`` if it says nothing usable.

    A count of seconds is taken as it stands, however long: the caller decides what is too long.
    A date is measured against ``date``, the same answer's ``Date`` header, so that no two clocks
    are compared; without a usable one, or for a date that has passed, the result is ``None``.
    """
    if retry_after is None:
        return None
    value = retry_after.strip(" \t")
    if _SECONDS.fullmatch(value):
        return float(value)
    return seconds_between(date, value)


def seconds_between(date: str | None, until: str | None) -> float | None:
    """Return the seconds from one HTTP date to another; ``None`` if one is none, or before it."""
    then, now = _moment((until or "").strip(" \t")), _moment((date or "").strip(" \t"))
    if then is None or now is None or then < now:
        return None
    return (then - now).total_seconds()


def _moment(text: str) -> datetime | None:
    if not _HTTP_DATE.fullmatch(text):
        return None
    parts = parsedate_tz(text)
    if parts is None:
        return None
    year, month, day, hour, minute, second = parts[:6]
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:  # such as the 31st of February
        return None
