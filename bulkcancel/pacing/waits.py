"""What a run's time went to: the seconds for which each reason held the next send back."""

from __future__ import annotations

from bulkcancel.pacing.hold import Reason

_RECENT = 1.0
_NOT_THE_API = frozenset({Reason.BREAKER, Reason.SHARED_RATE})
"""Waits in which this process could not have used the limit, or not all of it."""


class Waits:
    """Adds up the seconds of each reason. Times are seconds of one monotonic clock."""

    def __init__(self) -> None:
        self._reason: Reason | None = None
        self._since = 0.0
        self._seconds = dict.fromkeys(Reason, 0.0)
        self._before = dict(self._seconds)
        self._before_at = 0.0
        self._possible = 0.0
        self.main: Reason | None = None
        """The reason that most of the last second went to, ``None`` if that was little of it."""

    def turn(self, reason: Reason | None, now: float, *, limit: float | None) -> None:
        """Note what holds the next send back from now on, ``None`` if nothing does.

        ``limit`` (requests per second) is what was learned of the API's limit up to now.
        """
        if self._reason is not None:
            passed = max(0.0, now - self._since)
            self._seconds[self._reason] += passed
            if self._reason not in _NOT_THE_API:
                self._possible += passed * (limit or 0.0)
        self._reason, self._since = reason, now
        if now - self._before_at < _RECENT:
            return
        spent = {one: self._seconds[one] - self._before[one] for one in Reason}
        most = max(spent, key=lambda one: spent[one])
        self.main = most if spent[most] > 0.1 * (now - self._before_at) else None
        self._before, self._before_at = dict(self._seconds), now

    def tick(self, now: float, *, limit: float | None) -> None:
        """Let the time up to now count, for the same reason as before."""
        self.turn(self._reason, now, limit=limit)

    def used(self, accepted: int) -> float | None:
        """Return the share of the learned limit that so many accepted requests used.

        Only the time counts in which there was something to send; ``None`` if no limit was known.
        """
        return accepted / self._possible if self._possible > 0.0 else None

    def seconds(self) -> dict[str, float]:
        """Return the seconds by reason, those of no time left out, rounded to milliseconds."""
        return {one.value: round(spent, 3) for one, spent in self._seconds.items() if spent > 0.0}
