"""What a run looks like at one moment, for whoever shows its progress."""

from __future__ import annotations

from dataclasses import dataclass, field

from bulkcancel.model import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A run at one moment.

    ``settled`` counts allocations by outcome, those of earlier segments included; ``total`` is
    all there are. ``sent`` and ``reads`` count this segment's requests; ``elapsed`` is in seconds
    since the segment began. ``waits_for`` says why sending pauses, empty if it does not; ``pace``
    what most of the last second went to. ``limit`` is the rate limit as it was learned (requests
    per second), ``limit_used`` the share of it that was used, ``held`` the seconds for which each
    reason held the next send back.
    """

    total: int
    settled: dict[Outcome, int] = field(default_factory=dict)
    in_flight: int = 0
    waiting: int = 0
    sent: int = 0
    reads: int = 0
    throttled: int = 0
    elapsed: float = 0.0
    waits_for: str = ""
    pace: str = ""
    limit: float | None = None
    limit_used: float | None = None
    held: dict[str, float] = field(default_factory=dict)

    @property
    def done(self) -> int:
        """Return how many allocations are settled."""
        return sum(self.settled.values())
