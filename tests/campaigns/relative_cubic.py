"""The rival to beat: even spacing at a cubic relative to the limit that a budget probes."""

from __future__ import annotations

import math
from collections import deque

_START = 10.0
_LEAST = 0.5
_DEPTH = 0.08
_EARNED = 0.008
_LATENESS = 0.01


class RelativeCubic:
    """Learns a limit that nobody published from what is accepted between two refusals.

    After a cut the rate begins at 0.92 of the estimate W, is back at W after K seconds, and goes
    on above it, first slowly. Each acceptance earns a little of the next refusal; a debt makes K
    longer. Two refusals with nothing accepted between them stop all but single probes.
    """

    def __init__(self, *, ceiling: float = math.inf, start: float = _START) -> None:
        self._ceiling = ceiling
        self.limit: float | None = None
        """The estimate W; ``None`` during start-up."""
        self.budget = 10.0
        self._grown = start
        self._stepped_at = 0.0
        self._length = 2.0
        self._origin = 0.0
        self._cut_at = -math.inf
        self._measured_from = 0.0
        self._accepted = 0
        self._since_cut = 1
        self._round_trip: float | None = None
        self._next = -math.inf
        self._paused_until = -math.inf
        self._probe_at: float | None = None
        self._probe_wait = 0.0
        self._held_since: float | None = None
        self._held = 0.0
        self._probing = False
        self._probe_sent = -math.inf
        self._last: deque[bool] = deque(maxlen=50)
        self._braked_at = -math.inf

    def rate(self, now: float) -> float:
        """Return the rate at a time."""
        if self.limit is None:
            rate = self._grown
        else:
            bend = (self._clock(now) - self._origin) / self._length - 1.0
            rate = self.limit * (1.0 + _DEPTH * bend**3)
        return min(self._ceiling, max(_LEAST, rate))

    def wait(self, now: float, in_flight: int) -> float:
        """Wait for the interval, a pause, an answer at the cap, or the answer to a probe."""
        if self._probe_at is not None:
            return math.inf if self._probing else max(0.0, self._probe_at - now)
        if now < self._paused_until:
            return self._paused_until - now
        self._let_go(now)
        if self.limit is None:
            self._grow(now)
        if in_flight >= self.rate(now) * (self._round_trip or 0.0) * 1.5 + 4.0:
            return math.inf
        return max(0.0, self._next - now)

    def sent(self, now: float) -> None:
        """Note a send; it is the probe if all is stopped."""
        if self._probe_at is not None:
            self._probing, self._probe_sent = True, now
        on_time = now - self._next <= _LATENESS
        self._next = (self._next if on_time else now) + 1.0 / self.rate(now)

    def answered(
        self,
        *,
        sent_at: float,
        now: float,
        throttled: bool,
        retry_after: float | None,
        failed: bool,
    ) -> None:
        """Count an answer, and cut, brake, stop or go on."""
        self._last.append(failed)
        took = now - sent_at
        old = self._round_trip
        self._round_trip = took if old is None else old + 0.1 * (took - old)
        if throttled:
            self._refused(sent_at, now, retry_after)
        elif failed:
            if self._probing and sent_at >= self._probe_sent:
                self._probe_later(now, None)
            self._brake(now)
        else:
            self.budget = min(20.0, self.budget + _EARNED)
            self._accepted += 1
            if sent_at > self._cut_at:
                self._since_cut += 1
                self._go_on(now)

    def _clock(self, now: float) -> float:
        """Return the time without all pauses and stops: it is what the rate grows with."""
        return (now if self._held_since is None else self._held_since) - self._held

    def _hold(self, now: float) -> None:
        if self._held_since is None:
            self._held_since = now

    def _let_go(self, now: float) -> None:
        if self._held_since is not None:
            self._held += now - self._held_since
            self._held_since = None

    def _grow(self, now: float) -> None:
        trip, clock = self._round_trip, self._clock(now)
        if trip is None or clock - self._stepped_at < max(1.0, 2.0 * trip):
            return
        self._grown *= 1.1 if self._grown > self.budget / trip else 1.5
        self._grown = min(self._ceiling, self._grown)
        self._stepped_at, self._measured_from = clock, now
        self._accepted = 0

    def _refused(self, sent_at: float, now: float, retry_after: float | None) -> None:
        self.budget -= 1.0
        if self._probe_at is not None:
            if self._probing and sent_at >= self._probe_sent:
                self._probe_later(now, retry_after)
            elif retry_after is not None:
                self._probe_at = max(self._probe_at, now + retry_after)
            return
        if sent_at > self._cut_at:
            # What was under way at the cut tells nothing new, refused or accepted.
            if self._since_cut:
                self._cut(now)
            else:
                self._hold(now)
                self._probe_wait = 0.125
                self._probe_later(now, retry_after)
                return
        if retry_after is not None:
            self._hold(now)
            self._paused_until = max(self._paused_until, now + retry_after)

    def _cut(self, now: float) -> None:
        rate, clock = self.rate(now), self._clock(now)
        # By the clock on the wall, pauses and stops too: a quota for a minute is one in all of it.
        estimate = self._accepted / max(1e-3, now - self._measured_from)
        # So soon after another cut or step, a few answers may tell too little: one cut at most
        # halves, and the first goes back to no less than the last rate that was clean.
        least = rate / (1.5 if self.limit is None else 2.0)
        self.limit = min(rate, max(least, estimate))
        debt = max(0.0, -self.budget)
        self._length = min(150.0, max(2.0, (1.0 + debt) / (_EARNED * self.limit)))
        self._origin = clock
        self._cut_at = self._measured_from = now
        self._accepted = self._since_cut = 0

    def _probe_later(self, now: float, retry_after: float | None) -> None:
        self._probing = False
        self._probe_wait = min(30.0, self._probe_wait * 2.0)
        self._probe_at = now + (self._probe_wait if retry_after is None else retry_after)

    def _go_on(self, now: float) -> None:
        if self._probe_at is not None:
            self._probe_at = None
            self._probing = False
            self._let_go(now)

    def _brake(self, now: float) -> None:
        # A tenth of the last fifty.
        if sum(self._last) <= 5 or now - self._braked_at < 5.0:
            return
        self._braked_at = now
        rate, clock = max(_LEAST, 0.7 * self.rate(now)), self._clock(now)
        if self.limit is None:
            self._grown, self._stepped_at = rate, clock
            return
        # The point of the same cubic at which the rate is this.
        bend = math.cbrt((rate / self.limit - 1.0) / _DEPTH)
        self._origin = clock - self._length * (1.0 + bend)
