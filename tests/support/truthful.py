"""A truthful server behind a bad line, without I/O: what reaches it, and when it takes effect."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from random import Random

from bulkcancel.model import (
    AllocationView,
    Answer,
    ApiMessage,
    Body,
    Foreign,
    NoAnswer,
    NoAnswerCause,
    NotSent,
    NotSentCause,
    Observation,
    OneAllocation,
    Outcome,
    SeveralAllocations,
)

ACTIVE = ("ALLOCATED", "PENDING_DROP", "PENDING_PICK")
OURS = {Outcome.CANCELLED, Outcome.ALREADY_CANCELLED}
NEVER_OF_OURS = {
    Outcome.FAILED,
    Outcome.NOT_FOUND,
    Outcome.REJECTED,
    Outcome.NOT_CANCELLED,
    Outcome.NOT_ATTEMPTED,
}
"""What may never be said of an allocation that a send of ours cancelled."""
_HTML = Foreign(kind="html")


def _said(http_status: int, text: str, code: str | None = None) -> Answer:
    return Answer(http_status=http_status, body=ApiMessage(text=text, code=code))


def _other(http_status: int, body: Body = _HTML, retry_after: float | None = None) -> Answer:
    return Answer(http_status=http_status, body=body, retry_after=retry_after)


def _one(asked: str, status: str, version: int | None = 1) -> OneAllocation:
    shown = AllocationView(allocation_id=asked, status=status, version=version)
    return OneAllocation(view=shown)


OUTAGE: tuple[Observation, ...] = (
    *(NoAnswer(cause=cause) for cause in NoAnswerCause if cause is not NoAnswerCause.CRASHED),
    *(_other(status) for status in (500, 502, 503, 504, 524)),
    NotSent(cause=NotSentCause.REFUSED),
    NotSent(cause=NotSentCause.CONNECT_TIMEOUT),
)
"""What a server that is down gives, to a cancel and to a read."""
_NOT_TAKEN: tuple[Observation, ...] = (
    *(NotSent(cause=cause) for cause in NotSentCause),
    _other(429),
    _other(429, retry_after=5.0),
    _other(503, retry_after=9.0),
    _said(401, "token expired"),
    _said(403, "not yours"),
    _said(400, "bad"),
    _other(421),
    _said(409, "modified by another request", "SERVICE-4006"),
    _other(302),
)
_BAD_READS: tuple[Observation, ...] = (
    *OUTAGE,
    _other(429, retry_after=3.0),
    _other(200),
    _said(401, "token expired"),
    _said(403, "not for you"),
    _said(400, "Invalid x-site-context: account not found"),
    _other(404),
)


def _either_way(asked: str) -> tuple[Observation, ...]:
    """Return what may come back whether a send took effect or not."""
    return (
        *(seen for seen in OUTAGE if not isinstance(seen, NotSent)),
        _said(500, "Internal Server Error"),
        _other(408),
        _other(200),
        _other(200, SeveralAllocations(count=0)),
        _other(200, SeveralAllocations(count=2)),
        _other(200, _one(asked, "CANCELLED", version=None)),
        _other(200, _one("b" * 24, "CANCELLED")),
        _other(200, _one(asked, "ALLOCATED")),
        _other(404),
    )


@dataclass(slots=True, kw_only=True)
class Allocation:
    """One allocation at the server, and its ledger. ``status`` is ``None`` if it is not there.

    ``events`` are the changes to come: (time, status, whether a send of ours makes it). ``puts``
    counts what arrived; ``costly`` those of them that the program counts against its limit.
    ``muddied`` is set when anything made the truth hard to learn, ``blurred`` when that was more
    than a lost answer: a read that failed, a late effect, or somebody else at work.
    """

    allocation_id: str
    status: str | None
    events: list[tuple[float, str, bool]] = field(default_factory=list)
    version: int = 1
    by_us: bool = False
    puts: int = 0
    costly: int = 0
    muddied: bool = False
    blurred: bool = False

    def go_to(self, now: float) -> None:
        """Let everything happen that is due."""
        for event in sorted(one for one in self.events if one[0] <= now):
            self.events.remove(event)
            _, status, ours = event
            if self.status in ACTIVE:
                self.status, self.version = status, self.version + 1
                self.by_us |= ours and status == "CANCELLED"

    def in_the_end(self) -> Allocation:
        """Return what becomes of it if nothing more is sent."""
        later = deepcopy(self)
        later.go_to(float("inf"))
        return later


@dataclass(slots=True, kw_only=True)
class Line:
    """The line to the server, and how bad it is; times are virtual seconds.

    A share ``bad`` of the requests goes wrong until ``heals``; within ``outage`` (from, to) all
    do. An effect comes up to ``latest`` after its request. Without ``readable`` there is no read.
    """

    chance: Random = field(repr=False)
    bad: float = 0.0
    heals: float = 0.0
    outage: tuple[float, float] = (0.0, 0.0)
    latest: float = 0.0
    readable: bool = True

    def took(self, now: float) -> float:
        """Return how long a request takes."""
        if now < self.heals and self.chance.random() < self.bad:
            return self.chance.choice((0.0, 0.1, 5.0, 30.0))
        return 0.05

    def put(self, one: Allocation, now: float) -> Observation:
        """Let a cancel go out; return what comes back for it."""
        one.go_to(now)
        down = self.outage[0] <= now < self.outage[1]
        faulty = down or (now < self.heals and self.chance.random() < self.bad)
        seen = self._lost(one, down=down) if faulty and self.chance.random() < 0.5 else None
        if seen is None:
            seen = self._answered(one, now, faulty=faulty, down=down)
        if not isinstance(seen, NotSent):
            one.puts += 1
            free = isinstance(seen, Answer) and (
                seen.http_status in {302, 401, 429} or seen.retry_after is not None
            )
            one.costly += not free
        return seen

    def _lost(self, one: Allocation, *, down: bool) -> Observation:
        """Return what comes back for a cancel that takes no effect."""
        one.muddied = True
        return self.chance.choice(OUTAGE if down else (*_NOT_TAKEN, *_either_way("c" * 24)))

    def _answered(self, one: Allocation, now: float, *, faulty: bool, down: bool) -> Observation:
        truth: Answer
        if one.status in ACTIVE:
            late = self.chance.choice((0.0, 0.0, 0.1, 0.5, 1.0)) * self.latest if faulty else 0.0
            before = one.status
            one.events.append((now + late, "CANCELLED", True))
            one.go_to(now)
            one.muddied |= late > 0
            one.blurred |= late > 0
            truth = _other(200, _one(one.allocation_id, one.status or before, one.version))
        elif one.status is None:
            truth = _said(404, "AllocationRequestId Not Found/Valid")
        elif one.status == "CANCELLED":
            again = _other(200, _one(one.allocation_id, "CANCELLED", one.version))
            said = [_said(status, "already cancelled") for status in (400, 409, 500)]
            truth = self.chance.choice([*said, again])
        else:
            truth = _said(409, f"it is {one.status}", "ALLOCATION-2003")
        if faulty:
            one.muddied = True
            # An answer that shows an allocation which no read knows: nobody can tell the truth.
            one.blurred |= one.status is None
            lost = [seen for seen in OUTAGE if not isinstance(seen, NotSent)]
            return self.chance.choice(lost if down else _either_way(one.allocation_id))
        return truth

    def get(self, one: Allocation, now: float) -> Observation:
        """Let a read go out; it may fail, but never lies."""
        one.go_to(now)
        down = self.outage[0] <= now < self.outage[1]
        if down or (now < self.heals and self.chance.random() < self.bad):
            one.muddied = one.blurred = True
            return self.chance.choice(OUTAGE if down else _BAD_READS)
        if not self.readable:
            one.muddied = one.blurred = True
            return _other(405)
        if one.status is None:
            return _said(400, "AllocationRequestId Not Found/Valid")
        return _other(200, _one(one.allocation_id, one.status, one.version))
