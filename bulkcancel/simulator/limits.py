"""The rate limits a gateway has: nginx's leaky bucket and a fixed window; time is an argument."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

from bulkcancel.errors import RefusedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a limit says of one request.

    ``quota`` requests are allowed in ``period`` seconds, ``remaining`` of them are left, and
    after ``reset`` seconds all of them are again.
    """

    admitted: bool
    quota: int
    period: float
    remaining: int
    reset: float


class LeakyBucket:
    """nginx's ``limit_req`` with ``nodelay``: ``rate`` requests/s, ``burst`` may come early.

    As ``ngx_http_limit_req_lookup`` does it: each request adds one to the excess, which leaks at
    the rate and is never below zero; over ``burst`` it is refused, and a refused request changes
    nothing. The first request of all finds an empty bucket, so ``burst`` + 1 pass at once.
    """

    def __init__(self, rate: float, burst: int) -> None:
        self._rate = rate
        self._burst = burst
        self._excess = 0.0
        self._last: float | None = None

    def admit(self, now: float) -> Verdict:
        """Decide on one request at a monotonic time, seconds."""
        excess = 0.0
        if self._last is not None:
            excess = max(0.0, self._excess - self._rate * (now - self._last) + 1.0)
        admitted = excess <= self._burst
        if admitted:
            self._excess, self._last = excess, now
        return Verdict(
            admitted=admitted,
            quota=math.ceil(self._rate),
            period=1.0,
            remaining=max(0, math.floor(self._burst - excess)),
            reset=excess / self._rate,
        )


class FixedWindow:
    """``count`` requests in each ``seconds``; the first window begins with the first request."""

    def __init__(self, count: int, seconds: float) -> None:
        self._count = count
        self._seconds = seconds
        self._start: float | None = None
        self._window = 0
        self._used = 0

    def admit(self, now: float) -> Verdict:
        """Decide on one request at a monotonic time, seconds."""
        if self._start is None:
            self._start = now
        window = math.floor((now - self._start) / self._seconds)
        if window != self._window:
            self._window, self._used = window, 0
        admitted = self._used < self._count
        self._used += admitted
        return Verdict(
            admitted=admitted,
            quota=self._count,
            period=self._seconds,
            remaining=self._count - self._used,
            reset=self._start + (window + 1) * self._seconds - now,
        )


Limit: TypeAlias = LeakyBucket | FixedWindow


def build_limit(
    *, rate: float | None = None, burst: int = 5, window: tuple[int, float] | None = None
) -> Limit | None:
    """Return the limit asked for, or ``None`` where none is.

    Raises:
        RefusedError: both a rate and a window, or a value that is not positive.
    """
    if rate is not None and window is not None:
        raise RefusedError("The simulator's limit is a rate or a window, not both: give one.")
    if rate is not None:
        if not (math.isfinite(rate) and rate > 0 and burst >= 0):
            raise RefusedError("The simulator's rate is above 0 a second, its burst 0 or more.")
        return LeakyBucket(rate, burst)
    if window is not None:
        count, seconds = window
        if not (count >= 1 and math.isfinite(seconds) and seconds > 0):
            raise RefusedError("The simulator's window has 1 request or more, in above 0 seconds.")
        return FixedWindow(count, seconds)
    return None
