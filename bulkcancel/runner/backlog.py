"""What is due: allocations never touched, and those that wait for their time."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Awaitable, Callable, Iterable

from bulkcancel.journal import Case, What
from bulkcancel.runner.clock import Clock
from bulkcancel.runner.gate import Gate
from bulkcancel.runner.stop import StopSign

_MOST_WAITING = 20_000
"""So many may wait before no fresh ones are begun: memory stays bounded in an outage."""


class Backlog:
    """Hands out cases: due reads first, then due sends, then fresh ones.

    A read settles a doubt and does no harm, so it also is the best probe of a sick server.
    ``refill`` returns more fresh cases, none at the end; only a few hundred are held at a time.
    """

    def __init__(
        self,
        refill: Callable[[], Awaitable[list[Case]]],
        *,
        waiting: Iterable[tuple[float, Case]],
        gate: Gate,
        clock: Clock,
        sign: StopSign,
    ) -> None:
        self._refill = refill
        self._gate = gate
        self._clock = clock
        self._sign = sign
        self._fresh: deque[Case] = deque()
        self._reads: list[tuple[float, int, Case]] = []
        self._sends: list[tuple[float, int, Case]] = []
        self._exhausted = False
        self._refilling = False
        self._out = 0
        self._bell = gate.changed
        for due, case in waiting:
            self.later(due, case)

    @property
    def waiting(self) -> int:
        """Return how many cases wait for their time."""
        return len(self._reads) + len(self._sends)

    def later(self, due: float, case: Case) -> None:
        """Put a case back until ``due`` (seconds of the steady clock)."""
        heap = self._reads if case.what is What.READ else self._sends
        heapq.heappush(heap, (due, case.row, case))
        self._bell.ring()

    def done(self) -> None:
        """Note that a worker is done with the case it took."""
        self._out -= 1
        if self._out == 0:
            self._bell.ring()

    def wake(self) -> None:
        """Let those who wait look again."""
        self._bell.ring()

    async def next(self) -> Case | None:
        """Return the next case, or ``None`` when all is done or the run stops."""
        while not self._sign.is_up:
            now = self._clock.steady()
            rest = self._gate.may_begin(now)
            if rest == 0.0:
                if (case := self._pick(now)) is not None:
                    self._gate.begun(case.row)
                    self._out += 1
                    return case
                if self._may_fill():
                    await self._fill()
                    continue
            if self._is_done():
                return None
            await self._bell.wait(self._until(now, rest))
        return None

    def _pick(self, now: float) -> Case | None:
        for heap in (self._reads, self._sends):
            if heap and heap[0][0] <= now:
                return heapq.heappop(heap)[2]
        if self._fresh and self.waiting < _MOST_WAITING:
            return self._fresh.popleft()
        return None

    def _until(self, now: float, rest: float | None) -> float | None:
        """Return the seconds until something may be due; ``None`` if only a ring can tell."""
        if rest is None:
            return None
        if rest > 0.0 and (self._fresh or not self._exhausted):
            return rest
        dues = [heap[0][0] for heap in (self._reads, self._sends) if heap]
        if not dues:
            return None
        return max(rest, min(dues) - now, 0.0)

    def _is_done(self) -> bool:
        return self._exhausted and not self._fresh and not self.waiting and self._out == 0

    def _may_fill(self) -> bool:
        return not (self._fresh or self._exhausted or self._refilling) and (
            self.waiting < _MOST_WAITING
        )

    async def _fill(self) -> None:
        self._refilling = True
        try:
            more = await self._refill()
        finally:
            self._refilling = False
        self._fresh.extend(more)
        self._exhausted = not more
        self._bell.ring()
