"""Dates and times, which a spreadsheet keeps as numbers of days, as text."""

from __future__ import annotations

import datetime as dt
import math

from bulkcancel.manifest.xlsx.styles import Moment

_DAY = 86_400_000  # milliseconds, which is what a spreadsheet's dates are exact to
_LEAP = 60  # 29 February 1900, a day that never was and that spreadsheets count
_EPOCH_1900 = dt.datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's dates have no zone
_EPOCH_1904 = dt.datetime(1904, 1, 1)  # noqa: DTZ001 - the same
_LAST = dt.datetime(9999, 12, 31, 23, 59, 59, 999000)  # noqa: DTZ001 - the same


def show_moment(serial: float, kind: Moment, *, from_1904: bool) -> str | None:
    """Return a number of days as text, such as ``2024-01-31 13:05:00``.

    Midnight is left out, and so is the date of a time of day. ``None`` where the number is no
    date.
    """
    if not math.isfinite(serial) or abs(serial) > 1e9:  # noqa: PLR2004 - far beyond year 9999
        return None
    moment = round(serial * _DAY)
    if kind is Moment.DURATION:
        return ("-" if moment < 0 else "") + _clock(abs(moment))
    if moment < 0:
        return None
    days, rest = divmod(moment, _DAY)
    if days == 0 and not (from_1904 and kind is Moment.DATE):
        return _clock(rest)
    time = f" {_clock(rest)}" if rest else ""
    if not from_1904 and days == _LEAP:
        return f"1900-02-29{time}"
    epoch = _EPOCH_1904 if from_1904 else _EPOCH_1900
    days += not from_1904 and days < _LEAP
    if days > (_LAST - epoch).days:
        return None
    return f"{(epoch + dt.timedelta(days=days)).date().isoformat()}{time}"


def show_iso(text: str) -> str:
    """Return a date that is kept as text in the form of the others."""
    date, _, time = text.strip().removesuffix("Z").partition("T")
    if not time:
        return date
    time = time.removesuffix(".000")
    return date if time in {"00:00", "00:00:00"} else f"{date} {time}".strip()


def _clock(milliseconds: int) -> str:
    seconds, fraction = divmod(milliseconds, 1000)
    hours, seconds = divmod(seconds, 3600)
    text = f"{hours:02}:{seconds // 60:02}:{seconds % 60:02}"
    return f"{text}.{fraction:03}" if fraction else text
