"""The limit that nobody published, learned from what is accepted between two refusals."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bulkcancel.pacing.curve import EARNED, Curve
from bulkcancel.pacing.span import Span

_START = 10.0
_GROWTH, _GENTLE_GROWTH = 1.5, 1.1
_OF_KNOWN, _NEAR_KNOWN = 0.7, 1.5
_PURSE_AT_FIRST, _PURSE_MOST, _PURSE_LEAST = 10.0, 20.0, -5.0
_FEW = 20
_AT_LIMIT = 1.02
_CLIMBED, _OF_CLIMB = 1.15, 0.75
_CLUMP, _CLUMP_SHARE = 4, 0.5
_LOWERED = 0.92
_ALIKE = 0.02
_CYCLES_OF_QUOTA = 0.1
_ONE_PERIOD = 0.04
_LEAST = 0.5
"""A limit is not learned below that: the way back up would take hours. Probes do the rest."""


@dataclass(slots=True)
class _Overload:
    """What became of the requests that were under way at a refusal; it is counted itself."""

    rate: float
    answers: int = 1
    refusals: int = 1


class Learner:
    """Learns the limit, and says at which rate to send. Times are seconds of a monotonic clock.

    The server's bucket is full at a refusal. If it never emptied between two of them, then what
    was accepted in between, over the time it took, is the limit; else it is less. So each cycle of
    the `Curve` ends with a refusal, and sets the limit of the next. A purse, into which accepted
    requests pay, sees to it that refusals stay rare.

    - The first refusal of all, and one at or below a limit that was measured, is forgiven once: it
      may have nothing to do with the rate. Another one soon after it is believed.
    - Many refusals among the requests that were under way at one tell how far the rate is too high.
    - A quota for a period is known by its number: the same is accepted between two stops, however
      fast it was sent; or by a stop that is much longer than what it took to get there.
    """

    def __init__(self, *, ceiling: float, known: float | None = None) -> None:
        self._ceiling = ceiling
        self._known = known
        self._curve: Curve | None = None
        self._purse = _PURSE_AT_FIRST
        self._grown = min(ceiling, _START if known is None else _OF_KNOWN * known)
        self._grown_at: float | None = None
        self._round_trip = 0.0
        self._stood_still = 0.0
        self._cycle = Span(math.nan)
        self._opening = Span(math.nan)
        self._suspicion: Span | None = None
        self._overload = _Overload(0.0)
        self._measured = False
        self._quota: int | None = None
        self._period = 0.0
        self.cut_at = -math.inf
        """When a refusal was last heeded: what was sent before then says nothing new."""

    @property
    def limit(self) -> float | None:
        """Return the limit as far as it is known, in requests per second."""
        return None if self._curve is None else self._curve.limit

    @property
    def opened_at(self) -> float:
        """Return since when the API accepts: the end of the last stop, or the first send."""
        return self._opening.began

    def rate(self, now: float) -> float:
        """Return the rate to send at, in requests per second, at most the ceiling."""
        curve = self._curve
        wanted = self._grown if curve is None else curve.at(now - self._stood_still)
        return min(self._ceiling, wanted)

    def grow(self, now: float) -> None:
        """Grow, while no limit was met yet: gently where many requests would meet it at once."""
        if self._curve is not None:
            return
        if self._grown_at is None:
            self._grown_at, self._cycle, self._opening = now, Span(now), Span(now)
            return
        suspected = self._suspicion is not None and self._suspicion.accepted < _FEW
        if suspected or now - self._grown_at < max(1.0, 2.0 * self._round_trip):
            return
        near = self._known is not None and self._grown < _NEAR_KNOWN * self._known
        crowded = self._grown * self._round_trip > self._purse
        factor = _GENTLE_GROWTH if near or crowded else _GROWTH
        self._grown = min(self._ceiling, self._grown * factor)
        self._grown_at, self._cycle = now, Span(now)

    def accepted(self, sent_at: float, round_trip: float) -> None:
        """Note an accepted request, and the round trip of late, in seconds."""
        self._round_trip = round_trip
        self._purse = min(_PURSE_MOST, self._purse + EARNED)
        self._cycle.accepted += 1
        self._opening.accepted += 1
        if self._suspicion is not None:
            self._suspicion.accepted += 1
        if sent_at <= self.cut_at:
            self._overload.answers += 1

    def refused(self, sent_at: float, now: float) -> bool:
        """Note a refusal; return whether it is news, and not of a request sent before the last."""
        self._purse = max(_PURSE_LEAST, self._purse - 1.0)
        if sent_at > self.cut_at:
            return True
        overload, curve = self._overload, self._curve
        overload.answers += 1
        overload.refusals += 1
        share = overload.refusals / overload.answers
        if curve is not None and overload.refusals >= _CLUMP and share >= _CLUMP_SHARE:
            limit = overload.rate * max(0.5, 1.0 - share)
            if limit < curve.limit:
                self._begin(limit, now, measured=False)
        return False

    def heed(self, now: float) -> None:
        """Heed a refusal: forgive it once, or end the cycle and take the limit from it."""
        rate, curve, suspicion = self.rate(now), self._curve, self._suspicion
        self.cut_at, self._overload = now, _Overload(rate)
        suspected = suspicion is not None and suspicion.accepted < _FEW
        at_limit = curve is not None and rate <= _AT_LIMIT * curve.limit
        first = curve is None and suspicion is None
        if first or (self._measured and at_limit and not suspected):
            self._suspicion = Span(now)
            return
        span = suspicion if suspicion is not None and suspected else self._cycle
        few = suspected or span.accepted < _FEW
        climbed = curve is not None and not few and rate > _CLIMBED * curve.limit
        if climbed:
            # No quota would have let it climb so far.
            self._period = 0.0
        # A climb's mean says little of where it ended, and a few answers say little at all.
        least = rate * (_OF_CLIMB if climbed else 1.0 / _GROWTH if curve is None else 0.5)
        limit = min(rate, max(least, span.rate(now)))
        self._begin(limit, now, measured=not (few or climbed or curve is None))

    def opened(self, now: float, *, stopped_at: float, shut_until: float) -> None:
        """End a stop that began at ``stopped_at``; at ``shut_until`` it still was one."""
        self._stood_still += now - stopped_at
        limit = self._grown if self.limit is None else self.limit
        span, before = self._opening, self._quota
        self._quota, self._opening = span.accepted, Span(now)
        took, pause = stopped_at - span.began, now - stopped_at
        if before is None:
            is_quota = span.accepted >= _FEW and pause >= 2.0 * took
        else:
            is_quota = abs(span.accepted - before) <= max(2, _ALIKE * span.accepted)
        if is_quota:
            period = max(1.0, shut_until - span.began)
            limit = span.rate(shut_until)
            if before is None:
                # Once is no proof: look beyond it after about a period.
                pause = _ONE_PERIOD * period
            else:
                self._period = period
        elif self._curve is None:
            self._grown_at, self._cycle = now, Span(now)
            return
        else:
            # Lower each time, so that only a quota takes the same number again.
            limit = max(_LOWERED * limit, min(limit, span.rate(stopped_at)))
        self._begin(limit, now, measured=is_quota, pause=pause)

    def stand_still(self, seconds: float) -> None:
        """Let a pause pass that says nothing of the limit."""
        self._stood_still += seconds

    def rest(self, seconds: float) -> None:
        """Let a time pass in which there was nothing to send: it tells and moves nothing."""
        self._stood_still += seconds
        for span in (self._cycle, self._suspicion):
            if span is not None:
                span.began += seconds

    def slow(self, factor: float, now: float) -> None:
        """Go back to a share of the present rate, and grow again from there."""
        rate = factor * self.rate(now)
        if self._curve is None:
            self._grown, self._grown_at = rate, now
        else:
            self._curve = self._curve.back_at(rate, now - self._stood_still)

    def _begin(self, limit: float, now: float, *, measured: bool, pause: float = 0.0) -> None:
        self._curve = Curve.cycle(
            max(_LEAST, limit),
            now=now - self._stood_still,
            debt=max(0.0, -self._purse),
            pause=max(pause, _CYCLES_OF_QUOTA * self._period),
            round_trip=self._round_trip,
        )
        self._cycle, self._suspicion, self._measured = Span(now), None, measured
