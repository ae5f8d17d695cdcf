"""Strategies to hold a pacer against, from perfect knowledge to what SDKs and pipelines do."""

from __future__ import annotations

import math
from collections.abc import Callable

_LATENESS = 0.01
_LEAST = 0.5


class AllOut:
    """Sends whenever it may: only the cap on what is in flight holds it."""

    def wait(self, now: float, in_flight: int) -> float:
        """Never wait."""
        del now, in_flight
        return 0.0

    def sent(self, now: float) -> None:
        """Forget."""

    def answered(
        self,
        *,
        sent_at: float,
        now: float,
        throttled: bool,
        retry_after: float | None,
        failed: bool,
    ) -> None:
        """Forget."""


class Spaced:
    """Even spacing at a rate that a subclass learns; a timer's lateness is made up for."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._next = -math.inf
        self._paused_until = -math.inf

    def wait(self, now: float, in_flight: int) -> float:
        """Wait for the next interval, and for the end of a ``Retry-After``."""
        del in_flight
        return max(0.0, self._next - now, self._paused_until - now)

    def sent(self, now: float) -> None:
        """Note a send."""
        on_time = now - self._next <= _LATENESS
        self._next = (self._next if on_time else now) + 1.0 / self.rate

    def answered(
        self,
        *,
        sent_at: float,
        now: float,
        throttled: bool,
        retry_after: float | None,
        failed: bool,
    ) -> None:
        """Hold all sends for a ``Retry-After``."""
        del sent_at, failed
        if throttled and retry_after is not None:
            self._paused_until = max(self._paused_until, now + retry_after)


class FixedRate(Spaced):
    """Even spacing at a rate given for each time, whatever is answered."""

    def __init__(self, rate_at: Callable[[float], float]) -> None:
        super().__init__(max(_LEAST, rate_at(0.0)))
        self._rate_at = rate_at

    def sent(self, now: float) -> None:
        """Note a send at the rate of its time."""
        self.rate = max(_LEAST, self._rate_at(now))
        super().sent(now)


class Aimd(Spaced):
    """A rate that grows by ``step`` each second and is multiplied by ``factor`` at a refusal.

    What was under way at the last cut does not cut again.
    """

    def __init__(self, *, factor: float, step: float, ceiling: float, start: float = 10.0) -> None:
        super().__init__(start)
        self._ceiling = ceiling
        self._factor = factor
        self._step = step
        self._grown_at = 0.0
        self._cut_at = -math.inf

    def wait(self, now: float, in_flight: int) -> float:
        """Grow, and wait for the next interval."""
        self.rate = min(self._ceiling, self.rate + self._step * (now - self._grown_at))
        self._grown_at = now
        return super().wait(now, in_flight)

    def answered(
        self,
        *,
        sent_at: float,
        now: float,
        throttled: bool,
        retry_after: float | None,
        failed: bool,
    ) -> None:
        """Cut at a refusal of what was sent after the last cut."""
        super().answered(
            sent_at=sent_at, now=now, throttled=throttled, retry_after=retry_after, failed=failed
        )
        if throttled and sent_at > self._cut_at:
            self.rate = max(_LEAST, self.rate * self._factor)
            self._cut_at = now


class Crowd:
    """No rate at all: a cap on what is in flight, one up or a tenth down for each round trip.

    As Vector's adaptive concurrency does it: once in a mean round trip, up if the cap was reached
    and answers were no slower than the mean, down if one was refused or failed, or if answers
    were slower than the mean by two and a half standard deviations.
    """

    def __init__(self) -> None:
        self.limit = 1
        self._reached = False
        self._pushed_back = False
        self._took: list[float] = []
        self._mean: float | None = None
        self._variance = 0.0
        self._update_at = -math.inf
        self._paused_until = -math.inf

    def wait(self, now: float, in_flight: int) -> float:
        """Wait for an answer once the cap is reached."""
        if in_flight >= self.limit:
            self._reached = True
            return math.inf
        return max(0.0, self._paused_until - now)

    def sent(self, now: float) -> None:
        """Forget."""

    def answered(
        self,
        *,
        sent_at: float,
        now: float,
        throttled: bool,
        retry_after: float | None,
        failed: bool,
    ) -> None:
        """Move the cap if a round trip has gone by since it last could."""
        if retry_after is not None:
            self._paused_until = max(self._paused_until, now + retry_after)
        if throttled or failed:
            self._pushed_back = True
        else:
            self._took.append(now - sent_at)
        if now < self._update_at:
            return
        current = sum(self._took) / len(self._took) if self._took else None
        if self._mean is None:
            self._mean = current
        else:
            self._move(self._mean, current)
        if self._mean is not None:
            self._update_at = now + self._mean
            self._took.clear()
            self._reached = self._pushed_back = False

    def _move(self, mean: float, current: float | None) -> None:
        slow = mean + 2.5 * math.sqrt(self._variance)
        if self._reached and not self._pushed_back and current is not None and current <= mean:
            self.limit += 1
        elif self._pushed_back or (current is not None and current >= slow):
            self.limit = max(1, int(self.limit * 0.9))
        if current is not None:
            off = current - mean
            self._mean = mean + 0.4 * off
            self._variance = 0.6 * (self._variance + 0.4 * off * off)


class Sdk:
    """The adaptive mode of the AWS SDKs: a token bucket whose rate follows a cubic.

    Before the first refusal nothing is held. The rate is measured over half seconds, and the cubic
    may not lead by more than twice what was measured.
    """

    def __init__(self) -> None:
        self.rate = _LEAST
        self._enabled = False
        self._tokens = self._filled_at = 0.0
        self._measured = 0.0
        self._count = 0
        self._half_second = 0.0
        self._most = self._failed_at = 0.0

    def wait(self, now: float, in_flight: int) -> float:
        """Wait for a whole token."""
        del in_flight
        if not self._enabled:
            return 0.0
        self._fill(now)
        return max(0.0, (1.0 - self._tokens) / self.rate)

    def sent(self, now: float) -> None:
        """Take a token, once tokens are needed."""
        if self._enabled:
            self._fill(now)
            self._tokens -= 1.0

    def answered(
        self,
        *,
        sent_at: float,
        now: float,
        throttled: bool,
        retry_after: float | None,
        failed: bool,
    ) -> None:
        """Measure, and move on the cubic: 0.4 (t - K)^3 + W, down to 0.7 of the rate and up."""
        del sent_at, retry_after, failed
        self._measure(now)
        if throttled:
            base = min(self._measured, self.rate) if self._enabled else self._measured
            self._enabled = True
            self._most, self._failed_at = base, now
            wanted = base * 0.7
        else:
            back_at = math.cbrt(self._most * 0.3 / 0.4)
            wanted = 0.4 * (now - self._failed_at - back_at) ** 3 + self._most
        self._fill(now)
        self.rate = max(_LEAST, min(wanted, 2.0 * self._measured))
        self._tokens = min(self._tokens, max(1.0, self.rate))

    def _fill(self, now: float) -> None:
        grown = self._tokens + (now - self._filled_at) * self.rate
        self._tokens = min(max(1.0, self.rate), grown)
        self._filled_at = now

    def _measure(self, now: float) -> None:
        self._count += 1
        half = math.floor(now * 2.0) / 2.0
        if half > self._half_second:
            rate = self._count / (half - self._half_second)
            self._measured += 0.8 * (rate - self._measured)
            self._count, self._half_second = 0, half
