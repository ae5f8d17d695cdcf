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

    Every other probe is a fresh one, so that an outage uses up no allocation's attempts. ``fresh``
    says what is done first with an untouched allocation. ``refill`` returns more fresh cases, none
    at the end; only a few hundred are held at a time.
    """

    def __init__(
        self,
        refill: Callable[[], Awaitable[list[Case]]],
        *,
        fresh: What,
        waiting: Iterable[tuple[float, Case]],
        gate: Gate,
        clock: Clock,
        sign: StopSign,
    ) -> None:
        self._refill = refill
        self._first = fresh
        self._gate = gate
        self._clock = clock
        self._sign = sign
        self._fresh: deque[Case] = deque()
        self._reads: list[tuple[float, int, Case]] = []
        self._sends: list[tuple[float, int, Case]] = []
        self._fresh_probe = True
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
            if self._may_fill(now):
                await self._fill()
                continue
            if (case := self._pick(now)) is not None:
                if self._gate.wants_probe(case.what):
                    self._fresh_probe = not self._fresh_probe
                self._gate.begun(case.row, case.what)
                self._out += 1
                return case
            if self._is_done():
                return None
            await self._bell.wait(self._until(now))
        return None

    def take_along(self, most: int, fits: Callable[[Case], bool]) -> list[Case]:
        """Return up to ``most`` more cases whose send is due, as long as the next one ``fits``.

        It never waits for one, and gives none while cancels are paused or probed. `done` must
        follow for each.
        """
        now = self._clock.steady()
        taken: list[Case] = []
        if self._gate.wants_probe(What.SEND) or self._gate.may_begin(What.SEND, now) != 0.0:
            return taken
        due = self._sends
        while len(taken) < most and due and due[0][0] <= now and fits(due[0][2]):
            taken.append(heapq.heappop(due)[2])
        if self._first is What.SEND and self.waiting < _MOST_WAITING:
            while len(taken) < most and self._fresh and fits(self._fresh[0]):
                taken.append(self._fresh.popleft())
        self._out += len(taken)
        return taken

    def _pick(self, now: float) -> Case | None:
        if (
            self._fresh_probe
            and self._gate.wants_probe(self._first)
            and (case := self._pick_fresh(now)) is not None
        ):
            return case
        for what, heap in self._heaps():
            if heap and heap[0][0] <= now and self._gate.may_begin(what, now) == 0.0:
                return heapq.heappop(heap)[2]
        return self._pick_fresh(now)

    def _pick_fresh(self, now: float) -> Case | None:
        if not self._fresh or self.waiting >= _MOST_WAITING:
            return None
        return self._fresh.popleft() if self._gate.may_begin(self._first, now) == 0.0 else None

    def _heaps(self) -> tuple[tuple[What, list[tuple[float, int, Case]]], ...]:
        return (What.READ, self._reads), (What.SEND, self._sends)

    def _until(self, now: float) -> float | None:
        """Return the seconds until something may be due; ``None`` if only a ring can tell."""
        rests: list[float] = []
        for what, heap in self._heaps():
            rest = self._gate.may_begin(what, now)
            if heap and rest is not None:
                rests.append(max(rest, heap[0][0] - now))
        rest = self._gate.may_begin(self._first, now)
        if rest and (self._fresh or not self._exhausted):
            rests.append(rest)
        return max(0.0, min(rests)) if rests else None

    def _is_done(self) -> bool:
        return self._exhausted and not self._fresh and not self.waiting and self._out == 0

    def _may_fill(self, now: float) -> bool:
        if self._fresh or self._exhausted or self._refilling or self.waiting >= _MOST_WAITING:
            return False
        return self._gate.may_begin(self._first, now) == 0.0

    async def _fill(self) -> None:
        self._refilling = True
        try:
            more = await self._refill()
        finally:
            self._refilling = False
        self._fresh.extend(more)
        self._exhausted = not more
        self._bell.ring()
