"""The breaker: closed, open and half-open, by kinds of answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from bulkcancel.model import Kind, Outcome


class BreakerState(StrEnum):
    """Closed lets all through, open none, half-open one probe at a time."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerOptions:
    """When the breaker opens and gives up; times in seconds.

    ``sick_in_a_row`` failures of a sick server (5xx, no answer, no connection) open it; a probe
    goes out after ``probe_first``, then at doubling intervals up to ``probe_most``. It gives up
    after ``patience``, or after ``first_contact`` when it never once got through to the server.
    A ``Retry-After`` longer than ``patience`` ends the run too, and so do refusals for rate for as
    long with nothing accepted in between, ids that the API does not know, ``not_found_in_a_row``
    of them, and allocations that it rejects or does not know, ``rejected_in_a_row``.
    """

    sick_in_a_row: int = 8
    probe_first: float = 1.0
    probe_most: float = 30.0
    patience: float = 900.0
    first_contact: float = 60.0
    foreign_in_a_row: int = 3
    forbidden_in_a_row: int = 5
    not_found_in_a_row: int = 50
    rejected_in_a_row: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """The breaker gives up: the run must stop. ``authentication`` tells exit 6 from exit 5."""

    sentence: str
    authentication: bool = False


_SICK = frozenset({Kind.NOT_SENT, Kind.IN_DOUBT, Kind.READ_FAILED, Kind.PROTOCOL})
_NEVER_ARRIVED = frozenset({Kind.NOT_SENT, Kind.UNTRUSTED})
_REFUSED = frozenset({Outcome.REJECTED, Outcome.NOT_FOUND})
_SAYS_NOTHING = frozenset({Kind.THROTTLED, Kind.UNAUTHORIZED})


class Breaker:
    """A breaker over the kinds of answers. Times are seconds of one monotonic clock."""

    def __init__(self, options: BreakerOptions) -> None:
        self._options = options
        self.state = BreakerState.CLOSED
        self.reason = ""
        self.reached = False
        """Whether anything ever came back from the server."""
        self._sick = 0
        self._sick_since: float | None = None
        self._foreign = 0
        self._forbidden = 0
        self._not_found = 0
        self._rejected = 0
        self._throttled_since: float | None = None
        self._probe_at = 0.0
        self._probe_wait = options.probe_first

    def wait(self, now: float) -> float | None:
        """Return the seconds until a send may go: 0 for now, ``None`` while a probe is out."""
        match self.state:
            case BreakerState.CLOSED:
                return 0.0
            case BreakerState.OPEN:
                return max(0.0, self._probe_at - now)
            case BreakerState.HALF_OPEN:
                return None
            case _:
                assert_never(self.state)

    def passed(self) -> None:
        """Note that a send was let through: in the open state it is the probe."""
        if self.state is BreakerState.OPEN:
            self.state = BreakerState.HALF_OPEN

    def note(self, kind: Kind, reason: str, now: float, *, of_probe: bool = True) -> Trip | None:
        """Take in one answer's class; return a `Trip` when the run must stop.

        Without ``of_probe`` it answers a request that was under way before the probe: its failure
        says nothing of the probe's.
        """
        if kind not in _NEVER_ARRIVED:
            self.reached = True
        trip = self._streaks(kind, reason) or self._throttled(kind, reason, now)
        if trip is not None:
            return trip
        if kind in _SAYS_NOTHING:
            if self.state is BreakerState.HALF_OPEN:
                self._close()
            return None
        if kind in _SICK:
            return self._sicker(reason, now, of_probe=of_probe)
        self._close()
        return None

    def settled(self, outcome: Outcome, reason: str) -> Trip | None:
        """Take in an outcome; return a `Trip` when too many in a row were rejected or unknown.

        A cancelled one proves that cancels work, even if all their answers were lost.
        """
        if outcome is Outcome.CANCELLED:
            self._close()
        self._rejected = self._rejected + 1 if outcome in _REFUSED else 0
        if self._rejected < self._options.rejected_in_a_row:
            return None
        return Trip(
            sentence=f"the API rejected {self._rejected} allocations in a row: what they have in "
            f"common is wrong (account, stage, file, rights?); last: {reason}"
        )

    def _throttled(self, kind: Kind, reason: str, now: float) -> Trip | None:
        """Return a `Trip` when nothing but refusals for rate came for the whole patience."""
        if kind is not Kind.THROTTLED:
            if kind not in _SICK and kind not in _SAYS_NOTHING:
                self._throttled_since = None
            return None
        if self._throttled_since is None:
            self._throttled_since = now
        lasted = now - self._throttled_since
        if lasted < self._options.patience:
            return None
        return Trip(
            sentence=f"the API refused everything for its rate for {lasted:.0f} s, as long as "
            f"--outage-patience {self._options.patience:g} lets the run wait; last: {reason}"
        )

    def _streaks(self, kind: Kind, reason: str) -> Trip | None:
        self._foreign = self._foreign + 1 if kind is Kind.PROTOCOL else 0
        if self._foreign >= self._options.foreign_in_a_row:
            return Trip(
                sentence=f"{self._foreign} answers in a row were not the API's; last: {reason}"
            )
        self._forbidden = self._forbidden + 1 if kind is Kind.FORBIDDEN else 0
        if self._forbidden >= self._options.forbidden_in_a_row:
            return Trip(
                sentence=f"{self._forbidden} allocations in a row were forbidden; last: {reason}",
                authentication=True,
            )
        self._not_found = self._not_found + 1 if kind is Kind.UNKNOWN_ID else 0
        if self._not_found >= self._options.not_found_in_a_row:
            return Trip(
                sentence=f"the API knew none of {self._not_found} ids in a row: the wrong account, "
                f"stage or file? last: {reason}"
            )
        return None

    def asked_to_wait(self, seconds: float) -> Trip | None:
        """Take in a ``Retry-After``; return a `Trip` when it is longer than the run may wait."""
        if seconds <= self._options.patience:
            return None
        return Trip(
            sentence=f"the API asks to wait {seconds:,.0f} s, longer than --outage-patience "
            f"{self._options.patience:g}"
        )

    def _sicker(self, reason: str, now: float, *, of_probe: bool) -> Trip | None:
        options = self._options
        self._sick += 1
        self.reason = reason
        if self._sick_since is None:
            self._sick_since = now
        patience = options.patience
        if not self.reached:
            patience = min(patience, options.first_contact)
        lasted = now - self._sick_since
        if self._sick >= options.sick_in_a_row and lasted >= patience:
            return Trip(sentence=f"the server failed for {lasted:.0f} s; last: {reason}")
        match self.state:
            case BreakerState.CLOSED if self._sick >= options.sick_in_a_row:
                self.state = BreakerState.OPEN
                self._probe_wait = options.probe_first
                self._probe_at = now + self._probe_wait
            case BreakerState.HALF_OPEN if of_probe:
                self.state = BreakerState.OPEN
                self._probe_wait = min(self._probe_wait * 2, options.probe_most)
                self._probe_at = now + self._probe_wait
            case BreakerState.CLOSED | BreakerState.OPEN | BreakerState.HALF_OPEN:
                pass
            case _:
                assert_never(self.state)
        return None

    def _close(self) -> None:
        self.state = BreakerState.CLOSED
        self._sick = 0
        self._sick_since = None
        self.reason = ""
