"""Servers in virtual time that refuse for rate, and how much each would truly have taken."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Protocol

from bulkcancel.simulator.limits import FixedWindow, LeakyBucket, Limit, Verdict

_LONGEST = 3600.0
"""No run lasts longer: so far ahead the neighbour's minutes are laid out."""
_MINUTE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a server answers; ``stray`` marks a 429 that has nothing to do with its limit."""

    throttled: bool = False
    failed: bool = False
    retry_after: float | None = None
    stray: bool = False


ACCEPTED = Reply()
REFUSED = Reply(throttled=True)
STRAY = Reply(throttled=True, stray=True)
FAILED = Reply(failed=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The moment at which a capacity becomes another one."""

    at: float
    before: float
    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """What a server takes in the long run, in requests per second, bursts aside.

    ``pieces`` are pairs of a time and the rate from then on, in order; the first time is 0.
    """

    pieces: tuple[tuple[float, float], ...]

    def at(self, now: float) -> float:
        """Return the rate at a time."""
        return self.pieces[bisect_right(self.pieces, (now, math.inf)) - 1][1]

    def over(self, start: float, end: float) -> float:
        """Return how many requests could be accepted between two times."""
        ends = [at for at, _ in self.pieces[1:]] + [math.inf]
        return sum(
            rate * (min(end, until) - max(start, at))
            for (at, rate), until in zip(self.pieces, ends, strict=True)
            if min(end, until) > max(start, at)
        )

    def capped(self, ceiling: float) -> Capacity:
        """Return what is left of it for a client that never sends faster than ``ceiling``."""
        return Capacity(pieces=tuple((at, min(rate, ceiling)) for at, rate in self.pieces))

    def changes(self) -> tuple[Change, ...]:
        """Return the moments at which it rises or falls, in order."""
        pairs = zip(self.pieces, self.pieces[1:], strict=False)
        return tuple(
            Change(at=at, before=before, after=after) for (_, before), (at, after) in pairs
        )


class Server(Protocol):
    """Something that answers requests in the order in which they reach it."""

    @property
    def capacity(self) -> Capacity:
        """Return what it truly takes from us."""
        ...

    def answer(self, now: float) -> Reply:
        """Decide on a request that reaches it at a time; the times never go back."""
        ...


class Limited:
    """A server behind a limit; ``retry_after`` makes the header from the seconds to the reset."""

    def __init__(
        self,
        limit: Limit,
        capacity: Capacity,
        *,
        retry_after: Callable[[float], float] | None = None,
    ) -> None:
        self.capacity = capacity
        self._limit = limit
        self._retry_after = retry_after

    def answer(self, now: float) -> Reply:
        """Accept what the limit admits."""
        verdict = self._limit.admit(now)
        if verdict.admitted:
            return ACCEPTED
        if self._retry_after is None:
            return REFUSED
        return Reply(throttled=True, retry_after=self._retry_after(verdict.reset))


class SteppedBucket(LeakyBucket):
    """A leaky bucket whose rate changes while what is in it stays."""

    def __init__(self, capacity: Capacity, burst: int) -> None:
        super().__init__(capacity.at(0.0), burst)
        self._capacity = capacity

    def admit(self, now: float) -> Verdict:
        """Decide on one request at the rate of its time."""
        self._rate = self._capacity.at(now)
        return super().admit(now)


class Shared:
    """A leaky bucket with a neighbour who takes half of it, evenly spaced, in the odd minutes.

    The neighbour's requests are real ones: whoever crowds them out gets more than its capacity.
    """

    def __init__(self, rate: float, burst: int) -> None:
        self._bucket = LeakyBucket(rate, burst)
        self._gap = 2.0 / rate
        self._next = _MINUTE
        minutes = range(int(_LONGEST / _MINUTE))
        self.capacity = Capacity(
            pieces=tuple((m * _MINUTE, rate / 2.0 if m % 2 else rate) for m in minutes)
        )

    def answer(self, now: float) -> Reply:
        """Accept what the bucket admits after the neighbour's requests so far."""
        while self._next <= now:
            self._bucket.admit(self._next)
            self._next += self._gap
            if self._next // _MINUTE % 2 == 0:
                self._next = (self._next // _MINUTE + 1.0) * _MINUTE
        return ACCEPTED if self._bucket.admit(now).admitted else REFUSED


class Unlimited:
    """A server that takes all there is."""

    def __init__(self) -> None:
        self.capacity = Capacity(pieces=((0.0, math.inf),))

    def answer(self, now: float) -> Reply:  # noqa: ARG002 - it has no need of the time
        """Accept."""
        return ACCEPTED


class Straying:
    """A server before which something answers 429 to a ``share`` of the requests, for no reason."""

    def __init__(self, server: Server, share: float, *, chance: Random) -> None:
        self.capacity = server.capacity
        self._server = server
        self._share = share
        self._chance = chance

    def answer(self, now: float) -> Reply:
        """Refuse at random, without asking the limit, or pass the request on."""
        return STRAY if self._chance.random() < self._share else self._server.answer(now)


class Sick:
    """A server that answers 503, without asking its limit, from ``begins`` until ``ends``."""

    def __init__(self, server: Server, begins: float, ends: float) -> None:
        inner = server.capacity
        pieces = [piece for piece in inner.pieces if not begins <= piece[0] < ends]
        pieces += [(begins, 0.0), (ends, inner.at(ends))]
        self.capacity = Capacity(pieces=tuple(sorted(pieces)))
        self._server = server
        self._begins = begins
        self._ends = ends

    def answer(self, now: float) -> Reply:
        """Fail during the outage, pass the request on at any other time."""
        return FAILED if self._begins <= now < self._ends else self._server.answer(now)


def bucket(rate: float, burst: int, *, retry_after: float | None = None) -> Server:
    """Return nginx's ``limit_req``, with the same ``retry_after`` on each 429 if there is one."""
    hint = None if retry_after is None else lambda _reset: retry_after
    return Limited(LeakyBucket(rate, burst), Capacity(pieces=((0.0, rate),)), retry_after=hint)


def stepped(*pieces: tuple[float, float], burst: int = 20) -> Server:
    """Return a leaky bucket with another rate from each of some times on."""
    capacity = Capacity(pieces=pieces)
    return Limited(SteppedBucket(capacity, burst), capacity)


def window(count: int, seconds: float, *, says_when: bool) -> Server:
    """Return a fixed window; it ``says_when`` it ends, in whole seconds, or says nothing."""
    hint = (lambda reset: float(math.ceil(reset))) if says_when else None
    capacity = Capacity(pieces=((0.0, count / seconds),))
    return Limited(FixedWindow(count, seconds), capacity, retry_after=hint)


SERVERS: dict[str, Callable[[Random], Server]] = {
    "50/s, burst 5": lambda _: bucket(50.0, 5),
    "50/s, burst 20": lambda _: bucket(50.0, 20),
    "50/s, burst 50": lambda _: bucket(50.0, 50),
    "200/s, burst 20": lambda _: bucket(200.0, 20),
    "steps 50-20-80-50": lambda _: stepped(
        (0.0, 50.0), (150.0, 20.0), (300.0, 80.0), (450.0, 50.0)
    ),
    "step 50-20": lambda _: stepped((0.0, 50.0), (200.0, 20.0)),
    "step 40-80": lambda _: stepped((0.0, 40.0), (200.0, 80.0)),
    "600 per 60 s, says when": lambda _: window(600, 60.0, says_when=True),
    "600 per 60 s": lambda _: window(600, 60.0, says_when=False),
    "100 per 10 s": lambda _: window(100, 10.0, says_when=False),
    "stray 429s": lambda chance: Straying(bucket(50.0, 20), 0.003, chance=chance),
    "neighbour": lambda _: Shared(50.0, 20),
    "no limit": lambda _: Unlimited(),
    "Retry-After: 5": lambda _: bucket(50.0, 20, retry_after=5.0),
    "outage": lambda _: Sick(bucket(50.0, 20), 120.0, 180.0),
}
"""The servers by name; chance is for those that have some."""
