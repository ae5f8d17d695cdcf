"""When the next send may go, and why it waits. Pure: the clock is an argument."""

from __future__ import annotations

from dataclasses import dataclass

_LATENESS = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class PacerOptions:
    """``rate`` is the ceiling, in requests per second."""

    rate: float = 25.0


class Pacer:
    """Even spacing at a ceiling, held still while the server says ``Retry-After``.

    Times are seconds of one monotonic clock. A send that comes late by a timer's lateness is made
    up for, so that the rate is held; one that comes later than that is not, so that no burst forms.
    """

    def __init__(self, options: PacerOptions) -> None:
        self._interval = 1.0 / options.rate
        self._next = float("-inf")
        self._paused_until = float("-inf")

    def wait(self, now: float) -> float:
        """Return the seconds until the next send may go; 0 for now."""
        return max(0.0, self._next - now, self._paused_until - now)

    def sent(self, now: float) -> None:
        """Note a send at ``now``."""
        on_time = now - self._next <= _LATENESS
        self._next = (self._next if on_time else now) + self._interval

    def throttled(self, retry_after: float | None, now: float) -> None:
        """Note a refusal for rate; a ``retry_after`` (seconds) holds all sends until then."""
        if retry_after is not None:
            self._paused_until = max(self._paused_until, now + retry_after)
