"""`Retry-After` means seconds, or a date by the server's own clock, or nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcancel.client.retry_after import seconds_to_wait

NOON = "Sun, 06 Nov 1994 12:00:00 GMT"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("0", 0.0), ("7", 7.0), (" 7\t", 7.0), ("007", 7.0), ("86400", 86400.0),
     ("1000000000", 1e9), ("9999999999", 9999999999.0)],
)  # fmt: skip
def test_a_count_of_seconds_is_taken_as_it_stands(value: str, seconds: float) -> None:
    """No count is clamped: how long is too long is the caller's decision."""
    assert seconds_to_wait(value, None) == seconds


@pytest.mark.parametrize(
    "value",
    [None, "", " ", "-5", "+5", "7.0", "1e3", "²", "\u0667", "7s", "7, 8", "0x7", "99999999999999",
     "12345678901", "soon", "NaN", "Infinity", "7\x00"],
)  # fmt: skip
def test_anything_else_is_none(value: str | None) -> None:
    """What is no plain count and no date says nothing, and breaks nothing."""
    assert seconds_to_wait(value, NOON) is None


@pytest.mark.parametrize(
    "value",
    [
        "Sun, 06 Nov 1994 12:01:30 GMT",
        "Sunday, 06-Nov-94 12:01:30 GMT",
        "Sun Nov  6 12:01:30 1994",
    ],
)
def test_each_form_of_a_date_is_measured_by_the_answers_own_clock(value: str) -> None:
    """The three forms of RFC 9110 give the distance to the `Date` header."""
    assert seconds_to_wait(value, NOON) == 90.0
    assert seconds_to_wait(value, value) == 0.0


@pytest.mark.parametrize("date", [None, "", "yesterday", "Sun, 31 Feb 1994 12:00:00 GMT", "7"])
def test_without_the_servers_clock_a_date_says_nothing(date: str | None) -> None:
    """Our own clock is never held against theirs."""
    assert seconds_to_wait("Sun, 06 Nov 1994 12:01:30 GMT", date) is None


@pytest.mark.parametrize(
    "value",
    [
        "Sun, 06 Nov 1994 11:59:59 GMT",
        "Sun, 31 Feb 1995 11:59:59 GMT",
        "Sun, 06 Xyz 1995 11:59:59 GMT",
        "Sun, 06 Nov 1995 25:59:59 GMT",
        "Sun, 06 Nov 1995 11:59:59 PST",
        "Sun, 06 Nov 1995 11:59:59 GMT; x",
        "Sun, 06 Nov 0000 11:59:59 GMT",
    ],
)
def test_a_past_or_impossible_date_is_none(value: str) -> None:
    """A date that has passed is no wait of zero: the caller's own backoff counts."""
    assert seconds_to_wait(value, NOON) is None


@given(
    start=st.datetimes(datetime(1970, 1, 1), datetime(2999, 1, 1)),  # noqa: DTZ001 - made aware below
    seconds=st.integers(0, 10**9),
)
def test_every_distance_comes_out(start: datetime, seconds: int) -> None:
    """Any two dates give their distance to the second."""
    date = start.replace(microsecond=0, tzinfo=UTC)
    later = date + timedelta(seconds=seconds)
    header = format_datetime(later, usegmt=True)
    assert seconds_to_wait(header, format_datetime(date, usegmt=True)) == float(seconds)


@given(value=st.text(), date=st.none() | st.text())
def test_no_text_breaks_it(value: str, date: str | None) -> None:
    """The result is `None` or a number of seconds that isn't negative."""
    seconds = seconds_to_wait(value, date)
    assert seconds is None or seconds >= 0
