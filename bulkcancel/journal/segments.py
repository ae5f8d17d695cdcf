"""The times a run was started and resumed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from bulkcancel.journal.connection import decoding
from bulkcancel.journal.store import Journal


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One start or resume of the run.

    Times are seconds since the epoch; ``finished_at`` is ``None`` when the process ended first;
    ``stop`` is ``None`` when the run came to its end.
    """

    started_at: float
    finished_at: float | None
    stop: dict[str, Any] | None
    facts: dict[str, Any] = field(default_factory=dict)


def segments(journal: Journal) -> list[Segment]:
    """Return the run's segments, the first one first."""
    found = journal.select(
        "SELECT started_at, finished_at, stop, facts FROM segment ORDER BY segment"
    )
    with decoding(journal.path):
        return [
            Segment(
                started_at=started_at,
                finished_at=finished_at,
                stop=json.loads(stop) if stop else None,
                facts=json.loads(facts) if facts else {},
            )
            for started_at, finished_at, stop, facts in found
        ]
