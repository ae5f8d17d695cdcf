"""The one gate to the API: the breaker says whether a case may be begun, the pacer when it goes."""

from __future__ import annotations

import anyio

from bulkcancel.breaker import Breaker, BreakerState
from bulkcancel.model import Kind
from bulkcancel.pacing import Pacer
from bulkcancel.runner.bell import Bell
from bulkcancel.runner.clock import Clock
from bulkcancel.runner.stop import Stop, StopKind, StopSign


class Gate:
    """Lets one send through at a time, first come first served.

    While the breaker is not closed only the case that was begun as its probe gets through; all
    others are turned away and go back to the backlog, so that what waits holds no worker.
    """

    def __init__(self, pacer: Pacer, breaker: Breaker, *, clock: Clock, sign: StopSign) -> None:
        self._pacer = pacer
        self._breaker = breaker
        self._clock = clock
        self._sign = sign
        self._line = anyio.Lock()
        self._bell = Bell()
        self._probe: int | None = None
        self.changed = Bell()
        """Rung when the breaker opens or closes."""
        self.throttled = 0

    @property
    def breaker_state(self) -> BreakerState:
        """Return whether the breaker lets sends through."""
        return self._breaker.state

    @property
    def breaker_reason(self) -> str:
        """Return what the breaker opened for, empty while it is closed."""
        return self._breaker.reason if self._breaker.state is not BreakerState.CLOSED else ""

    def may_begin(self, now: float) -> float | None:
        """Return the seconds until a case may be begun; ``None`` while a probe is out."""
        return self._breaker.wait(now)

    def begun(self, row: int) -> None:
        """Note that a case was begun: it is the probe if the breaker was open."""
        if self._breaker.state is BreakerState.OPEN:
            self._breaker.passed()
            self._probe = row

    async def enter(self, row: int) -> bool:
        """Return true when a send may go now; false when it is turned away, or the run stops."""
        async with self._line:
            while not self._sign.is_up:
                if self._breaker.state is not BreakerState.CLOSED and row != self._probe:
                    return False
                now = self._clock.steady()
                wait = self._pacer.wait(now)
                if wait <= 0.0:
                    self._pacer.sent(now)
                    return True
                await self._bell.wait(wait)
        return False

    def note(self, row: int, kind: Kind, reason: str, retry_after: float | None) -> Stop | None:
        """Take in the class of an answer; return the stop if the breaker gives up."""
        now = self._clock.steady()
        before = self._breaker.state
        if kind is Kind.THROTTLED:
            self.throttled += 1
            self._pacer.throttled(retry_after, now)
        trip = self._breaker.note(kind, reason, now)
        if retry_after is not None and trip is None:
            trip = self._breaker.asked_to_wait(retry_after)
        if row == self._probe:
            self._probe = None
        if self._breaker.state is not before:
            self.changed.ring()
            self._bell.ring()
        if trip is None:
            return None
        stop_kind = StopKind.AUTHENTICATION if trip.authentication else StopKind.BREAKER
        return Stop(kind=stop_kind, sentence=trip.sentence)

    def hold(self, seconds: float) -> None:
        """Let nothing through for that long: an earlier ``Retry-After`` still counts."""
        self._pacer.throttled(seconds, self._clock.steady())

    def wake(self) -> None:
        """Let those who wait look again: the run stops."""
        self._bell.ring()
