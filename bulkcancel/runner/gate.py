"""The one gate to the API: the breakers say whether a case may be begun, the pacer when it goes."""

from __future__ import annotations

import math
from http import HTTPStatus

import anyio

from bulkcancel.breaker import Breaker, BreakerOptions, BreakerState, Trip
from bulkcancel.decision import Finding
from bulkcancel.journal import What
from bulkcancel.model import Allowance, Kind, Outcome
from bulkcancel.pacing import Pacer, Reason, Verdict, Waits
from bulkcancel.runner.bell import Bell
from bulkcancel.runner.clock import Clock
from bulkcancel.runner.sharedpace import SharedPace
from bulkcancel.runner.stop import Stop, StopKind, StopSign


class Gate:
    """Lets one send through at a time, first come first served.

    Cancels and reads have a breaker each: a read that works says nothing of the cancels. While one
    is not closed only the case that was begun as its probe gets through; all others of its sort
    are turned away and go back to the backlog, so that what waits holds no worker.
    """

    def __init__(
        self,
        pacer: Pacer,
        options: BreakerOptions,
        *,
        concurrency: int,
        clock: Clock,
        sign: StopSign,
        shared: SharedPace | None = None,
    ) -> None:
        self._pacer = pacer
        self._shared = shared
        self._concurrency = concurrency
        self._breakers = {what: Breaker(options) for what in What}
        self._each_breaker = tuple(self._breakers.values())
        self._clock = clock
        self._sign = sign
        self._line = anyio.Lock()
        self._in_line = 0
        self._reached = False
        self._bell = Bell()
        self._probes: dict[What, int] = {}
        self._sent_at: dict[int, float] = {}
        self.waits = Waits()
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

    def passes(self, row: int, what: What) -> bool | None:
        """Return as `enter` if that can be told at once, ``None`` if the send has to wait.

        Where nobody stands in line and nothing holds the send back, it can.
        """
        if not self._in_line and isinstance(passes := self._try(row, what), bool):
            return passes
        return None

    async def enter(self, row: int, what: What) -> bool:
        """Return true when a send may go now; false when it is turned away, or the run stops."""
        self._in_line += 1
        try:
            async with self._line:
                while not isinstance(passes := self._try(row, what), bool):
                    await self._bell.wait(None if math.isinf(passes) else passes)
                return passes
        finally:
            self._in_line -= 1

    def _try(self, row: int, what: What) -> bool | float:
        """Let a send pass, or turn it away; else return for how many seconds it has to wait."""
        now = self._clock.steady()
        if self._sign.is_up:
            self._turn(now)
            return False
        closed = self._breakers[what].state is BreakerState.CLOSED
        if not closed and row != self._probes.get(what):
            self._turn(now)
            return False
        hold = self._pacer.hold(now, len(self._sent_at))
        if hold.seconds <= 0.0 and self._shared is not None:
            hold = self._shared.hold(now, self._pacer.rate(now))
        if hold.seconds > 0.0:
            self.waits.turn(hold.reason, now, limit=self._pacer.limit)
            return hold.seconds
        self._pacer.sent(now)
        if self._shared is not None:
            self._shared.sent()
        self._sent_at[row] = now
        self._turn(now)
        return True

    def left(self, row: int) -> None:
        """Note that a send that passed does not go after all: another may have its place."""
        self._sent_at.pop(row, None)
        self._bell.ring()

    @property
    def in_flight(self) -> int:
        """Return how many sends passed and have no answer yet."""
        return len(self._sent_at)

    def note(
        self, row: int, what: What, finding: Finding, allowance: Allowance | None
    ) -> Stop | None:
        """Take in an answer, with what it says of the rate; return the stop if a breaker trips."""
        now, breaker = self._clock.steady(), self._breakers[what]
        kind, retry_after = finding.kind, finding.retry_after
        before = breaker.state
        self.throttled += kind is Kind.THROTTLED
        self._pacer.answered(
            verdict_of(finding),
            sent_at=self._sent_at.pop(row, now),
            now=now,
            retry_after=retry_after,
        )
        if allowance is not None:
            self._pacer.told(allowance.rate, allowance.seconds, now)
        of_probe = row == self._probes.get(what)
        trip = breaker.note(kind, finding.reason, now, of_probe=of_probe)
        if not self._reached and breaker.reached:
            self._reached = True
            for other in self._each_breaker:
                other.reached = True
        if retry_after is not None and trip is None:
            trip = breaker.asked_to_wait(retry_after)
            if trip is None and self._shared is not None:
                self._shared.pause(retry_after, now)
        if of_probe:
            del self._probes[what]
        self._tell(before, breaker)
        self._turn(now)
        self._bell.ring()  # each answer may shorten the wait of who stands at the gate
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

    def _turn(self, now: float) -> None:
        """Account for the time from now on, in which nobody stands at the gate as yet."""
        reason = Reason.CONCURRENCY if len(self._sent_at) >= self._concurrency else None
        for one in self._each_breaker:
            if one.state is not BreakerState.CLOSED:
                reason = Reason.BREAKER
        self.waits.turn(reason, now, limit=self._pacer.limit)

    def tick(self) -> None:
        """Let the time up to now count for whatever holds the sends back."""
        self.waits.tick(self._clock.steady(), limit=self._pacer.limit)

    def pace(self) -> str:
        """Return what the last second's time went to, in words; empty if nothing held sends."""
        now, main = self._clock.steady(), self.waits.main
        match main:
            case None:
                return ""
            case Reason.CEILING | Reason.STARTING | Reason.LEARNED_LIMIT:
                return f"{main} {self._pacer.rate(now):.1f}/s"
            case Reason.SHARED_RATE if self._shared is not None:
                return f"{main} {self._shared.rate:.1f}/s"
            case _:
                return main.value

    @property
    def limit(self) -> float | None:
        """Return the limit as far as it was learned, in requests per second."""
        return self._pacer.limit

    @property
    def limit_used(self) -> float | None:
        """Return the share of the learned limit that was used, ``None`` where none was learned."""
        return self.waits.used(self._pacer.accepted_at_limit)

    def hold(self, seconds: float) -> None:
        """Let nothing through for that long: an earlier ``Retry-After`` still counts."""
        self._pacer.pause(seconds, self._clock.steady())

    def wake(self) -> None:
        """Let those who wait look again: the run stops."""
        self._bell.ring()


_FAILED = frozenset({Kind.NOT_SENT, Kind.UNTRUSTED, Kind.IN_DOUBT, Kind.READ_FAILED})


def verdict_of(finding: Finding) -> Verdict:
    """Return what an answer says of the rate; a 503 that asks to wait is no refusal for it."""
    if finding.kind is Kind.THROTTLED and finding.http_status == HTTPStatus.TOO_MANY_REQUESTS:
        return Verdict.THROTTLED
    failed = finding.kind in _FAILED or finding.kind is Kind.THROTTLED
    return Verdict.FAILED if failed else Verdict.ACCEPTED


def _stop_for(trip: Trip) -> Stop:
    kind = StopKind.AUTHENTICATION if trip.authentication else StopKind.BREAKER
    return Stop(kind=kind, sentence=trip.sentence)
