"""When the next send may go, and why it waits."""

from __future__ import annotations

import math
from collections import deque
from typing import assert_never

from bulkcancel.pacing.hold import Hold, Reason
from bulkcancel.pacing.learner import Learner
from bulkcancel.pacing.options import PacerOptions
from bulkcancel.pacing.stoppage import Stoppage
from bulkcancel.pacing.verdict import Verdict

_LATENESS = 0.01
_LEAST_RATE = 0.5
_ROOM, _SPARE = 1.5, 4.0
_SMOOTH = 0.1
_LOOK_BACK, _SICK_SHARE = 50, 0.1
_BRAKE, _BRAKE_EVERY = 0.7, 5.0
_LONG_PAUSE = 1.0
_IDLE, _IDLE_INTERVALS = 1.0, 5.0
_GO = Hold(seconds=0.0, reason=Reason.CEILING)


class Pacer:
    """Even spacing at a rate that is learned from the API's refusals, and never above the ceiling.

    Times are seconds of one monotonic clock. A send that comes late by a timer's lateness is made
    up for, so that the rate is held; one that comes later than that is not, so that no burst forms.
    """

    def __init__(self, options: PacerOptions) -> None:
        self._ceiling = options.rate
        self._learner = (
            None if options.fixed else Learner(ceiling=options.rate, known=options.known)
        )
        self._stoppage: Stoppage | None = None
        self._slot = -math.inf
        self._sent_last: float | None = None
        self._paused_until = -math.inf
        self._refused_last = False
        self._round_trip: float | None = None
        self._failures: deque[bool] = deque(maxlen=_LOOK_BACK)
        self._braked_at = -math.inf
        self._told = math.inf
        self._told_until = -math.inf
        self.accepted_at_limit = 0
        """How many were accepted since a limit was known."""

    @property
    def limit(self) -> float | None:
        """Return the limit as far as it was learned, in requests per second."""
        return None if self._learner is None else self._learner.limit

    def rate(self, now: float) -> float:
        """Return the rate at which sends may go, in requests per second."""
        rate = self._ceiling if self._learner is None else self._learner.rate(now)
        return min(self._allowed(now), max(_LEAST_RATE, rate))

    def hold(self, now: float, in_flight: int) -> Hold:
        """Return for how long the next send has to wait, and why; 0 seconds for now.

        The wait may be infinite, and an answer may shorten any: ask again after each.
        """
        if now < self._paused_until:
            return Hold(seconds=self._paused_until - now, reason=Reason.RETRY_AFTER)
        if self._stoppage is not None:
            wait = max(self._stoppage.wait(now), self._due(now) - now)
            return Hold(seconds=wait, reason=Reason.PROBING)
        if self._learner is not None:
            self._learner.grow(now)
        rate = self.rate(now)
        if self._learner is not None and self._round_trip is not None:
            useful = rate * self._round_trip * _ROOM + _SPARE
            if in_flight >= useful:
                return Hold(seconds=math.inf, reason=Reason.CONCURRENCY)
        due = self._slot + 1.0 / rate
        if now >= due:
            return _GO
        reason = Reason.LEARNED_LIMIT if self.limit is not None else Reason.STARTING
        if rate >= self._allowed(now):
            reason = Reason.CEILING
        return Hold(seconds=due - now, reason=reason)

    def sent(self, now: float) -> None:
        """Note a send at ``now``."""
        due, before = self._due(now), self._sent_last
        self._slot = due if now - due <= _LATENESS else now
        self._sent_last = now
        if self._stoppage is not None:
            self._stoppage.sent(now)
        elif self._learner is not None and before is not None:
            idle = now - max(before, self._paused_until)
            if idle > max(_IDLE, _IDLE_INTERVALS / self.rate(before)):
                self._learner.rest(idle)

    def answered(
        self, verdict: Verdict, *, sent_at: float, now: float, retry_after: float | None = None
    ) -> None:
        """Note what came of the request that was sent at ``sent_at``.

        A ``retry_after`` (seconds) holds all sends until then, whatever the answer.
        """
        # Zero is as good as none: obeyed, it would repeat what was refused at full pace.
        retry_after = retry_after or None
        if retry_after is not None:
            self.pause(retry_after, now)
        if verdict is not Verdict.FAILED:
            took, before = now - sent_at, self._round_trip
            self._round_trip = took if before is None else before + _SMOOTH * (took - before)
        if self._learner is None:
            return
        self._failures.append(verdict is Verdict.FAILED)
        match verdict:
            case Verdict.ACCEPTED:
                self._accepted(self._learner, sent_at, now)
            case Verdict.THROTTLED:
                self._throttled(self._learner, sent_at, now, retry_after)
            case Verdict.FAILED:
                self._failed(self._learner, sent_at, now)
            case _:
                assert_never(verdict)

    def pause(self, seconds: float, now: float) -> None:
        """Let nothing go for so long."""
        self._paused_until = max(self._paused_until, now + seconds)

    def told(self, rate: float, seconds: float, now: float) -> None:
        """Note a ceiling that the API itself names, for so many seconds; it can only lower ours.

        It is never believed to be next to nothing: that is found out by asking.
        """
        self._told, self._told_until = max(_LEAST_RATE, rate), now + seconds

    def _due(self, now: float) -> float:
        """Return when the next send is due, at the rate of this moment."""
        return self._slot + 1.0 / self.rate(now)

    def _allowed(self, now: float) -> float:
        return min(self._ceiling, self._told) if now < self._told_until else self._ceiling

    def _accepted(self, learner: Learner, sent_at: float, now: float) -> None:
        learner.accepted(sent_at, self._round_trip or 0.0)
        self.accepted_at_limit += learner.limit is not None
        if sent_at > learner.cut_at:
            self._refused_last = False
        stoppage = self._stoppage
        if stoppage is None or sent_at <= stoppage.since:
            return
        self._stoppage, self._sent_last = None, now
        if stoppage.certain:
            learner.opened(now, stopped_at=stoppage.since, shut_until=stoppage.shut_until)
        else:
            learner.stand_still(now - stoppage.since)

    def _throttled(
        self, learner: Learner, sent_at: float, now: float, retry_after: float | None
    ) -> None:
        news = learner.refused(sent_at, now)
        if self._stoppage is not None:
            self._stoppage.refused(sent_at, now, retry_after)
            return
        long_pause = retry_after is not None and retry_after >= _LONG_PAUSE
        if not news and not long_pause:
            return
        # Two refusals with nothing accepted between them: a quota is spent, or worse.
        stop = long_pause or self._refused_last
        if news and not self._refused_last:
            learner.heed(now)
        self._refused_last = True
        if stop:
            self._stoppage = Stoppage.begin(now, learner.opened_at, retry_after)

    def _failed(self, learner: Learner, sent_at: float, now: float) -> None:
        if self._stoppage is not None:
            self._stoppage.failed(sent_at, now)
        sick = sum(self._failures) > _SICK_SHARE * _LOOK_BACK
        if sick and now - self._braked_at >= _BRAKE_EVERY:
            self._braked_at = now
            learner.slow(_BRAKE, now)
