"""Until when a run may send: a time of day or a duration. Pure: the time is an argument."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta

from bulkcancel.errors import RefusedError

_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_PARTS = re.compile(r"(?:([0-9]+)\s*h)?\s*(?:([0-9]+)\s*m(?:in)?)?\s*(?:([0-9]+)\s*s)?")
_REPORTS = 2.0
_REPORTS_PER_ROW = 30e-6


def seconds_until(deadline: str, now: datetime) -> float:
    """Return the seconds from ``now`` (local time, with its zone) to a deadline.

    ``06:00`` is the next moment at which the clock on the wall shows that; ``90m``, ``1h30m`` and
    ``45s`` count from now.

    Raises:
        RefusedError: It is neither.
    """
    text = deadline.strip().lower()
    if clock := _CLOCK.fullmatch(text):
        wanted = time(int(clock[1]), int(clock[2]))
        for days in (0, 1, 2):
            day = (now + timedelta(days=days)).date()
            # Without a zone, so that the system's rules for that very day apply.
            moment = datetime.combine(day, wanted).astimezone()
            if moment > now:
                return (moment - now).total_seconds()
    parts = _PARTS.fullmatch(text)
    if parts and any(parts.groups()):
        hours, minutes, seconds = (int(part or 0) for part in parts.groups())
        total = 3600.0 * hours + 60.0 * minutes + seconds
        if total > 0:
            return total
    raise RefusedError(
        f"--deadline {deadline}: give a time of day such as 06:00, or a duration such as 90m, "
        "1h30m or 45s."
    )


def sending_seconds(left: float, *, timeout: float, rows: int) -> float:
    """Return for how much of the ``left`` seconds a run may begin requests.

    What is kept back lets the last requests time out (``timeout``) and the reports of ``rows``
    rows be written; of a short time half is kept back at most.
    """
    kept = timeout + _REPORTS + _REPORTS_PER_ROW * rows
    return left - min(kept, left / 2.0)
