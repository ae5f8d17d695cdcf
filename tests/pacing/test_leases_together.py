"""Processes that share a schedule, in virtual time: the rate is held, and nearly all of it used."""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from bulkcancel.pacing import Grant, Leases

LATE = 0.02
SECONDS = 30.0


@dataclass
class World:
    """A clock that jumps from event to event, and the schedule as `schedule.lua` keeps it."""

    rate: float
    now: float = 0.0
    free: float = 0.0
    sends: list[float] = field(default_factory=list)
    _events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _number: int = 0

    def at(self, when: float, do: Callable[[], None]) -> None:
        """Let something happen then."""
        self._number += 1
        heapq.heappush(self._events, (when, self._number, do))

    def grant(self, slots: int) -> Grant:
        """Give out the next slots."""
        if self.now - self.free > LATE:
            self.free = self.now
        wait, interval = self.free - self.now, 1.0 / self.rate
        self.free += slots * interval
        return Grant(slots=slots, wait=wait, interval=interval, paused=0.0, rate=self.rate)

    def run(self) -> None:
        """Let it all happen."""
        while self._events and self._events[0][0] < SECONDS:
            self.now, _, do = heapq.heappop(self._events)
            do()


@dataclass
class Process:
    """Sends as often as it may; ``trip`` is to the schedule and back, ``lag`` the loop's (seconds).

    Its own pace is that of the whole rate, as if it were alone, and makes up for little.
    """

    world: World
    trip: float
    lag: float
    chance: random.Random
    leases: Leases = field(init=False)
    _asking: bool = False
    _due: float = 0.0

    def __post_init__(self) -> None:
        self.leases = Leases(self.world.rate)
        self.world.at(self.chance.random() * 0.1, self.look)

    def look(self) -> None:
        """Do what `Gate.enter` does when it is woken."""
        world = self.world
        while world.now >= self._due:
            hold = self.leases.hold(world.now)
            if not self._asking and (slots := self.leases.wish()):
                self._ask(slots)
            if hold.seconds > 0.0:
                if math.isfinite(hold.seconds):
                    self._later(hold.seconds)
                return
            self.leases.sent()
            world.sends.append(world.now)
            late = world.now - self._due
            self._due = (self._due if late <= 0.01 else world.now) + 1.0 / world.rate
        self._later(self._due - world.now)

    def _ask(self, slots: int) -> None:
        self._asking, asked_at = True, self.world.now
        out, back = (self.trip * (0.3 + 0.4 * self.chance.random()) for _ in range(2))

        def answered() -> None:
            grant = self.world.grant(slots)

            def arrived() -> None:
                self._asking = False
                now = self.world.now
                self.leases.granted(grant, self.world.rate, asked_at=asked_at, now=now)
                self.look()

            self.world.at(self.world.now + back, arrived)

        self.world.at(self.world.now + out, answered)

    def _later(self, seconds: float) -> None:
        self.world.at(self.world.now + seconds + self.lag * self.chance.random(), self.look)


@pytest.mark.parametrize("trip", [0.0005, 0.005, 0.04])
@pytest.mark.parametrize(
    ("processes", "rate"), [(1, 25.0), (1, 400.0), (2, 50.0), (4, 400.0), (16, 400.0), (4, 3000.0)]
)
def test_the_rate_is_held_and_used(processes: int, rate: float, trip: float) -> None:
    """However many share it and however far away it is: 97 to 100 percent, and no second above."""
    world, chance = World(rate=rate), random.Random(processes)
    for _ in range(processes):
        Process(world, trip, 0.002, chance)
    world.run()
    settled = [at for at in world.sends if at >= 5.0]
    used = (len(settled) - 1) / (settled[-1] - settled[0]) / rate
    assert 0.97 <= used <= 1.01
    ordered = sorted(world.sends)
    place = 0
    for last, at in enumerate(ordered):
        while at - ordered[place] >= 1.0:
            place += 1
        assert last - place + 1 <= rate * (1.0 + 2.0 * LATE) + 1.0 + processes * rate * trip * 0.4
