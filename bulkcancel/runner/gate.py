"""The one gate to the API: the breakers say whether a case may be begun, the pacer when it goes."""

from __future__ import annotations

import anyio

from bulkcancel.breaker import Breaker, BreakerOptions, BreakerState, Trip
from bulkcancel.journal import What
from bulkcancel.model import Kind, Outcome
from bulkcancel.pacing import Pacer
from bulkcancel.runner.bell import Bell
from bulkcancel.runner.clock import Clock
from bulkcancel.runner.stop import Stop, StopKind, StopSign


class Gate:
    """Lets one send through at a time, first come first served.

    Cancels and reads have a breaker each: a read that works says nothing of the cancels. While one
    is not closed only the case that was begun as its probe gets through; all others of its sort
    are turned away and go back to the backlog, so that what waits holds no worker.
    """

    def __init__(
        self, pacer: Pacer, options: BreakerOptions, *, clock: Clock, sign: StopSign
    ) -> None:
        self._pacer = pacer
        self._breakers = {what: Breaker(options) for what in What}
        self._clock = clock
        self._sign = sign
        self._line = anyio.Lock()
        self._bell = Bell()
        self._probes: dict[What, int] = {}
        self.changed = Bell()
        """Rung when a breaker opens or closes."""
        self.throttled = 0

    @property
    def breaker_reason(self) -> str:
        """Return what a breaker opened for, empty while all are closed."""
        for breaker in self._breakers.values():
            if breaker.state is not BreakerState.CLOSED:
                return breaker.reason
        return ""

    def may_begin(self, what: What, now: float) -> float | None:
        """Return the seconds until a case may be begun; ``None`` while a probe is out."""
        return self._breakers[what].wait(now)

    def wants_probe(self, what: What) -> bool:
        """Say whether the next case of that sort will be a probe."""
        return self._breakers[what].state is BreakerState.OPEN

    def begun(self, row: int, what: What) -> None:
        """Note that a case was begun: it is the probe if the breaker was open."""
        if self.wants_probe(what):
            self._breakers[what].passed()
            self._probes[what] = row

    async def enter(self, row: int, what: What) -> bool:
        """Return true when a send may go now; false when it is turned away, or the run stops."""
        breaker = self._breakers[what]
        async with self._line:
            while not self._sign.is_up:
                if breaker.state is not BreakerState.CLOSED and row != self._probes.get(what):
                    return False
                now = self._clock.steady()
                wait = self._pacer.wait(now)
                if wait <= 0.0:
                    self._pacer.sent(now)
                    return True
                await self._bell.wait(wait)
        return False

    def note(
        self, row: int, what: What, kind: Kind, reason: str, retry_after: float | None
    ) -> Stop | None:
        """Take in the class of an answer; return the stop if a breaker gives up."""
        now, breaker = self._clock.steady(), self._breakers[what]
        before = breaker.state
        if kind is Kind.THROTTLED:
            self.throttled += 1
            self._pacer.throttled(retry_after, now)
        of_probe = row == self._probes.get(what)
        trip = breaker.note(kind, reason, now, of_probe=of_probe)
        if breaker.reached:
            for other in self._breakers.values():
                other.reached = True
        if retry_after is not None and trip is None:
            trip = breaker.asked_to_wait(retry_after)
        if of_probe:
            del self._probes[what]
        self._tell(before, breaker)
        return None if trip is None else _stop_for(trip)

    def settled(self, outcome: Outcome, reason: str) -> Stop | None:
        """Take in an outcome; return the stop if the breaker gives up."""
        breaker = self._breakers[What.SEND]
        before = breaker.state
        trip = breaker.settled(outcome, reason)
        self._tell(before, breaker)
        return None if trip is None else _stop_for(trip)

    def _tell(self, before: BreakerState, breaker: Breaker) -> None:
        if breaker.state is not before:
            self.changed.ring()
            self._bell.ring()

    def hold(self, seconds: float) -> None:
        """Let nothing through for that long: an earlier ``Retry-After`` still counts."""
        self._pacer.throttled(seconds, self._clock.steady())

    def wake(self) -> None:
        """Let those who wait look again: the run stops."""
        self._bell.ring()


def _stop_for(trip: Trip) -> Stop:
    kind = StopKind.AUTHENTICATION if trip.authentication else StopKind.BREAKER
    return Stop(kind=kind, sentence=trip.sentence)
