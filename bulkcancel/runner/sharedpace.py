"""The pace that several processes share: slots are asked for, waited for, and used one by one."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import assert_never

import anyio
from structlog.typing import FilteringBoundLogger

from bulkcancel.pacing import Grant, Hold, Leases, Pacer
from bulkcancel.runner.bell import Bell
from bulkcancel.runner.clock import Clock
from bulkcancel.runner.options import PoolOptions
from bulkcancel.runner.stop import Stop, StopKind
from bulkcancel.shared import NoGrant, Schedule

_FIRST_WAIT, _LONGEST_WAIT = 0.1, 5.0


class SharedPace:
    """Lets a send go only in a slot of the shared schedule, at ``options.pacer.rate`` at most.

    Whoever wants to send asks `hold`, and notes the send with `sent`; `run` asks the schedule
    for slots meanwhile. While the schedule is not reached nothing goes out. It may be out of reach
    for ``breaker.first_contact`` seconds at first, later for ``breaker.patience``.
    """

    def __init__(
        self,
        schedule: Schedule,
        *,
        options: PoolOptions,
        clock: Clock,
        chance: Callable[[], float],
        log: FilteringBoundLogger | None = None,
    ) -> None:
        self._schedule = schedule
        self._own = options.pacer.rate
        self._patience = options.breaker.patience
        self._first_patience = min(options.breaker.first_contact, options.breaker.patience)
        self._clock = clock
        self._chance = chance
        self._log = log
        self._leases = Leases(options.pacer.rate)
        self._bell = Bell()
        self._reached = False
        self._stopped = False
        self._asking = False
        self._wanted = 0
        self._may_send = 0.0
        self._pause_until = -math.inf
        self._failing = ""
        self._failing_since = 0.0
        self._failures = 0

    @property
    def rate(self) -> float:
        """Return the rate in force for all processes together, in requests per second."""
        return self._leases.rate

    @property
    def waits_for(self) -> str:
        """Return what everybody waits for, in words; empty while the schedule is reached."""
        if self._failing:
            return f"the shared rate: {self._schedule.name} {self._failing}"
        return "" if self._reached else "the shared rate"

    async def ready(self) -> bool:
        """Return true when the schedule was reached; false when it is over before that."""
        while not self._reached and not self._stopped:
            await self._bell.wait()
        return not self._stopped

    def hold(self, now: float, own_rate: float) -> Hold:
        """Return for how long a send has to wait that could go now at the process' own pace.

        ``own_rate`` is that pace, in requests per second. The wait may be infinite: ask again
        whenever `run` calls its ``wake``.
        """
        hold = self._leases.hold(now)
        if not self._asking and not self._wanted and (wish := self._leases.wish()):
            self._wanted, self._may_send = wish, own_rate
            self._bell.ring()
        return hold

    def sent(self) -> None:
        """Note a send that `hold` let go."""
        self._leases.sent()

    def pause(self, seconds: float, now: float) -> None:
        """Tell all processes to send nothing for so long."""
        self._pause_until = max(self._pause_until, now + seconds)
        self._bell.ring()

    def stop(self) -> None:
        """Let nobody wait any longer: the run stops."""
        self._stopped = True
        self._bell.ring()

    async def run(
        self, pacer: Pacer, wake: Callable[[], None], stop: Callable[[Stop], None]
    ) -> None:
        """Ask for slots as they are wanted, until the run stops or this is ended from outside.

        ``wake`` is called after each answer. A pause that another process told of holds the
        ``pacer``. ``stop`` is called when there is no going on.
        """
        while not self._stopped:
            asked_at, until = self._clock.steady(), self._pause_until
            pause = max(0.0, until - asked_at)
            if self._reached and not self._wanted and not pause:
                await self._bell.wait()
                continue
            slots, self._wanted, self._asking = self._wanted, 0, True
            try:
                seen = await self._schedule.ask(self._own, slots=slots, pause=pause)
            finally:
                self._asking = False
            now = self._clock.steady()
            end, wait = None, 0.0
            match seen:
                case Grant():
                    if self._pause_until == until:  # else a longer one came meanwhile
                        self._pause_until = -math.inf
                    end = self._take(seen, pacer, asked_at, now)
                case NoGrant():
                    self._wanted = slots
                    end, wait = self._miss(seen, now)
                case _:
                    assert_never(seen)
            if end is not None:
                self._stopped = True
                stop(end)
            self._bell.ring()
            wake()
            if end is None and wait > 0.0:
                await anyio.sleep(wait)

    def _take(self, grant: Grant, pacer: Pacer, asked_at: float, now: float) -> Stop | None:
        """Take in an answer; return the stop if all are to wait longer than this run may."""
        if self._failing:
            self._say("shared_rate.back", after=round(now - self._failing_since, 3))
        before, self._reached, self._failing, self._failures = self.rate, True, "", 0
        self._leases.granted(grant, self._may_send, asked_at=asked_at, now=now)
        if not math.isclose(before, grant.rate):
            self._say("shared_rate.changed", rate=round(grant.rate, 3), own=self._own)
        if grant.paused <= 0.0:
            return None
        pacer.pause(grant.paused, now)
        if grant.paused <= self._patience:
            return None
        return Stop(
            kind=StopKind.SHARED_RATE,
            sentence=f"The API asked another process of this account to wait: "
            f"{grant.paused:,.0f} s from now, longer than --outage-patience {self._patience:g}.",
        )

    def _miss(self, seen: NoGrant, now: float) -> tuple[Stop | None, float]:
        """Note that there is no answer; return the stop if it is time, and how long to wait."""
        if not self._failing:
            self._failing_since = now
        name, lasted = self._schedule.name, now - self._failing_since
        patience = self._patience if self._reached else self._first_patience
        if seen.denied and not self._reached:
            sentence = (
                f"{name} {seen.reason}, so the shared rate can't be kept. Mend "
                "BULKCANCEL_SHARED_RATE_PASSWORD or --shared-rate-user, then resume."
            )
            return Stop(kind=StopKind.AUTHENTICATION, sentence=sentence), 0.0
        if lasted >= patience:
            sentence = (
                f"The shared rate can't be kept: {name} {seen.reason}, for {lasted:.0f} s now. "
                "Nothing is sent without it. Mend it, then resume."
            )
            return Stop(kind=StopKind.SHARED_RATE, sentence=sentence), 0.0
        self._failures += 1
        usual = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** min(self._failures - 1, 10))
        wait = min(usual * (0.5 + self._chance() / 2.0), patience - lasted)
        if seen.reason != self._failing:
            self._say("shared_rate.lost", where=name, reason=seen.reason)
        self._failing = seen.reason
        return None, wait

    def _say(self, event: str, **facts: object) -> None:
        if self._log is not None:
            self._log.warning(event, **facts)
