"""What the requests of a run looked like over time: the figures behind a report's charts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """What came back within one slot of time, cancels and reads together.

    ``answered`` counts what was neither refused for its rate nor lost; ``throttled`` the refusals
    for rate (429 or a 503 with ``Retry-After``), ``failed`` what ended without a trustworthy
    answer or could not be sent. ``limit`` is the rate limit that the pacer went by at the slot's
    end (requests per second), ``None`` while none was learned.
    """

    answered: int = 0
    throttled: int = 0
    failed: int = 0
    limit: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """One start of a run on the clock: ``began`` is in seconds since the epoch, UTC.

    Each of the ``slots`` lasts ``slot_seconds``; there are 240 at most. A run that was stopped and
    resumed has several stretches, and nothing is drawn between them.
    """

    began: float
    slot_seconds: float
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A bar of the distribution of latency: answers that took up to so many ``seconds``.

    Those of the bars before are not counted again; the last bar's ``seconds`` is ``None``: all
    that took longer.
    """

    seconds: float | None
    cancels: int
    reads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """How long answers took, in seconds: the median, two high quantiles and the longest."""

    count: int
    p50: float
    p95: float
    p99: float
    longest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """How versions moved from the precheck to the end, for so many allocations.

    ``growth`` is the version at the end less the one before; ``None`` where one of the two was
    not shown. ``outcome`` is the word of the outcome.
    """

    outcome: str
    growth: int | None
    allocations: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All figures of a run. ``attempts`` are pairs (wire sends, allocations that took as many).

    ``cancels`` and ``reads`` are ``None`` where there were none with an answer.
    """

    stretches: tuple[Stretch, ...] = ()
    bars: tuple[Bar, ...] = ()
    cancels: Latency | None = None
    reads: Latency | None = None
    attempts: tuple[tuple[int, int], ...] = ()
    growths: tuple[Growth, ...] = ()
