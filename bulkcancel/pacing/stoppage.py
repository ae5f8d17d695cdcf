"""A stop: the API refuses everything, and one request after another asks whether it still does."""

from __future__ import annotations

import math
from dataclasses import dataclass

_FIRST = 0.25
_GROWTH = 1.25
_SHARE = 0.1
_LONGEST = 30.0


@dataclass(slots=True, kw_only=True)
class Stoppage:
    """A stop since ``since``; at ``shut_until`` the API still refused, or had said that it would.

    Probes go out one at a time, at waits that grow by a quarter, to a tenth of the time for which
    the API has accepted before (since ``opened_at``): so long a stop may well last, and so exactly
    its end is learned. Times are seconds of one monotonic clock.
    """

    since: float
    opened_at: float
    shut_until: float = -math.inf
    certain: bool = False
    """Whether the API said so, or refused a probe: else two refusals just came close together."""
    _probe_at: float = 0.0
    _probe_sent: float | None = None
    _wait: float = _FIRST

    @classmethod
    def begin(cls, now: float, opened_at: float, retry_after: float | None) -> Stoppage:
        """Return a stop that begins now; the first probe goes soon, or when the API said."""
        stoppage = cls(since=now, opened_at=opened_at, shut_until=now, _probe_at=now + _FIRST)
        if retry_after is not None:
            stoppage.certain = True
            stoppage.shut_until = stoppage._probe_at = now + retry_after
        return stoppage

    def wait(self, now: float) -> float:
        """Return the seconds until the next probe; infinite while one is out."""
        return math.inf if self._probe_sent is not None else max(0.0, self._probe_at - now)

    def sent(self, now: float) -> None:
        """Note a send: it is the probe."""
        self._probe_sent = now

    def refused(self, sent_at: float, now: float, retry_after: float | None) -> None:
        """Note a refusal: of the probe, or of what was under way when the stop began."""
        if self._is_probe(sent_at):
            self.certain, self.shut_until = True, sent_at
            self._again(now, retry_after)
        elif retry_after is not None:
            self._probe_at = max(self._probe_at, now + retry_after)

    def failed(self, sent_at: float, now: float) -> None:
        """Note a failure: if it is the probe's, another one has to ask."""
        if self._is_probe(sent_at):
            self._again(now, None)

    def _is_probe(self, sent_at: float) -> bool:
        return self._probe_sent is not None and sent_at >= self._probe_sent

    def _again(self, now: float, retry_after: float | None) -> None:
        self._probe_sent = None
        most = min(_LONGEST, max(_FIRST, _SHARE * (now - self.opened_at)))
        self._wait = min(most, self._wait * _GROWTH)
        self._probe_at = now + max(self._wait, retry_after or 0.0)
