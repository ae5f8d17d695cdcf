"""The limiters against traces worked out by hand, and the headers that tell of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcancel.errors import RefusedError
from bulkcancel.simulator.headers import advertised, http_date, retry_after
from bulkcancel.simulator.limits import FixedWindow, LeakyBucket, Verdict, build_limit

WALL = 1_785_542_400.0  # 2026-08-01 00:00:00 UTC


def test_leaky_bucket_follows_nginx() -> None:
    """A trace by hand of nginx's algorithm at 10/s with burst 2.

    excess = max(0, excess - 10 * elapsed + 1) after the first request, which counts 0; refused
    when it is over 2; a refused request changes neither excess nor time.
    """
    limit = LeakyBucket(10, 2)
    trace = [
        (0.00, True),  # the first: 0
        (0.00, True),  # 1
        (0.00, True),  # 2
        (0.00, False),  # 3
        (0.05, False),  # 2 - 0.5 + 1 = 2.5
        (0.10, True),  # 2 - 1 + 1 = 2: not over
        (0.15, False),  # 2.5
        (0.40, True),  # 2 - 3 + 1 = 0
        (0.40, True),  # 1
        (9.00, True),  # far below 0, so 0: an idle time saves up nothing
        (9.00, True),
        (9.00, True),
        (9.00, False),
    ]
    assert [limit.admit(at).admitted for at, _ in trace] == [admitted for _, admitted in trace]


def test_leaky_bucket_without_burst_wants_even_spacing() -> None:
    """Burst 0 lets one request through each 1/rate seconds and no other."""
    limit = LeakyBucket(4, 0)
    times = [0.0, 0.125, 0.25, 0.375, 0.5, 0.75]
    assert [limit.admit(at).admitted for at in times] == [True, False, True, False, True, True]


@given(
    rate=st.floats(0.5, 500),
    burst=st.integers(0, 50),
    gaps=st.lists(st.floats(0, 2), min_size=1, max_size=200),
)
def test_leaky_bucket_never_admits_more_than_rate_and_burst(
    rate: float, burst: int, gaps: list[float]
) -> None:
    """Over any time from the start at most rate * time + burst + 1 requests pass."""
    limit, now, admitted = LeakyBucket(rate, burst), 100.0, 0
    for gap in gaps:
        now += gap
        admitted += limit.admit(now).admitted
        assert admitted <= rate * (now - 100.0 - gaps[0]) + burst + 1 + 1e-6


def test_fixed_window_follows_its_clock() -> None:
    """3 in 10 s from the first request on; the next window begins afresh."""
    limit = FixedWindow(3, 10)
    trace = [(5.0, True), (6.0, True), (14.9, True), (14.9, False), (15.0, True), (39.0, True)]
    verdicts = [limit.admit(at) for at, _ in trace]
    assert [one.admitted for one in verdicts] == [admitted for _, admitted in trace]
    assert [one.remaining for one in verdicts] == [2, 1, 0, 0, 2, 2]
    assert [round(one.reset, 6) for one in verdicts] == [10, 9, 0.1, 0.1, 10, 6]


def test_a_limit_is_one_or_the_other_or_none() -> None:
    """Both at once, and values that can't be, are refused."""
    assert build_limit() is None
    assert isinstance(build_limit(rate=1), LeakyBucket)
    assert isinstance(build_limit(window=(600, 60)), FixedWindow)
    for rate, burst, window in (
        (1.0, 5, (1, 1.0)),
        (0.0, 5, None),
        (float("inf"), 5, None),
        (1.0, -1, None),
        (None, 5, (0, 1.0)),
        (None, 5, (1, 0.0)),
    ):
        with pytest.raises(RefusedError):
            build_limit(rate=rate, burst=burst, window=window)


def test_retry_after_may_be_a_date() -> None:
    """``date+7`` goes out as the HTTP date 7 s later, all else as it stands."""
    assert http_date(WALL) == "Sat, 01 Aug 2026 00:00:00 GMT"
    assert retry_after("date+7", WALL) == "Sat, 01 Aug 2026 00:00:07 GMT"
    assert retry_after("date-60", WALL) == "Fri, 31 Jul 2026 23:59:00 GMT"
    for text in ("7", "-5", "²", "1e9", "date+", "Sat, 01 Aug 2026 00:00:07 GMT"):
        assert retry_after(text, WALL) == text


def test_each_way_to_advertise_a_limit() -> None:
    """Every style of the headers, from the same verdict: 600 in 60 s, 42 left, 17.5 s to go."""
    verdict = Verdict(admitted=True, quota=600, period=60, remaining=42, reset=17.5)
    assert advertised("ratelimit", verdict, WALL) == {
        "RateLimit-Policy": '"default";q=600;w=60',
        "RateLimit": '"default";r=42;t=18',
    }
    for style, prefix, reset in (
        ("ratelimit-fields", "RateLimit", "18"),
        ("x-delta", "X-RateLimit", "18"),
        ("x-epoch", "X-RateLimit", "1785542418"),
        ("x-ms", "X-RateLimit", "1785542417500"),
        ("x-date", "X-RateLimit", "Sat, 01 Aug 2026 00:00:18 GMT"),
    ):
        assert advertised(style, verdict, WALL) == {  # type: ignore[arg-type] # from a table
            f"{prefix}-Limit": "600",
            f"{prefix}-Remaining": "42",
            f"{prefix}-Reset": reset,
        }
    assert advertised("malformed", verdict, WALL)["X-RateLimit-Limit"] == "-1"
