"""The slots that this process holds of a schedule that several share. Pure."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from bulkcancel.pacing.hold import Hold, Reason

_LATENESS = 0.02
_MOST_AHEAD = 0.1
_SMOOTH = 0.2
_GO = Hold(seconds=0.0, reason=Reason.SHARED_RATE)
_ASK = Hold(seconds=math.inf, reason=Reason.SHARED_RATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Slots of the shared schedule, or the news that none is to be had for a while.

    The first of the ``slots`` is ``wait`` seconds away (a little below 0: just missed), the others
    follow every ``interval`` seconds. For ``paused`` seconds nobody may send. ``rate`` is the one
    in force for all together, in requests per second.
    """

    slots: int
    wait: float
    interval: float
    paused: float
    rate: float


class Leases:
    """Holds slots that were granted, in their order; times are seconds of one monotonic clock.

    A slot is good for one send, from its time on, and for a moment longer. What is not used by
    then is lost: it is never made up for, so that no burst forms. One slot at a time is asked for,
    so that a process that stalls or dies keeps none from the others; more only where slots would
    go unused for the time that asking takes.
    """

    def __init__(self, rate: float) -> None:
        self.rate = rate
        """The rate in force for all together, in requests per second, as far as is known."""
        self.lost = 0
        """How many slots were granted and not used in time."""
        self._slots: deque[float] = deque()
        self._size = 1
        self._trip = 0.0

    def hold(self, now: float) -> Hold:
        """Return for how long the next send has to wait; for ever if there is no slot for it."""
        while self._slots and now - self._slots[0] > _LATENESS:
            self._slots.popleft()
            self.lost += 1
            self._size = max(1, self._size - 1)
        if not self._slots:
            return _ASK
        wait = self._slots[0] - now
        return _GO if wait <= 0.0 else Hold(seconds=wait, reason=Reason.SHARED_RATE)

    def sent(self) -> None:
        """Note a send: it uses the first slot."""
        self._slots.popleft()

    def wish(self) -> int:
        """Return how many slots to ask for, given that something wants to be sent; 0 for none."""
        return self._size if len(self._slots) <= self._size // 2 else 0

    def granted(self, grant: Grant, own_rate: float, *, asked_at: float, now: float) -> None:
        """Take in what was asked for at ``asked_at``; ``own_rate`` is what this process may send.

        The slots count from now on, when the answer is here: so none is ever used too early.
        """
        took = now - asked_at
        self._trip += (_SMOOTH if self._trip else 1.0) * (took - self._trip)
        if not grant.slots:
            return
        self.rate = grant.rate
        self._slots.extend(
            now + grant.wait + place * grant.interval for place in range(grant.slots)
        )
        if grant.wait <= 0.0:
            # Slots go unused for want of asking: more at a time, if this process can use them.
            useful = math.ceil(min(own_rate, grant.rate) * min(_MOST_AHEAD, 2.0 * self._trip))
            self._size = max(1, min(useful, self._size + 1))
        elif grant.wait > took:
            self._size = max(1, self._size - 1)
