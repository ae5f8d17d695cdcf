"""A read as the journal keeps it."""

from __future__ import annotations

from bulkcancel.decision import Finding
from bulkcancel.journal import ReadEntry


def read_entry(row: int, finding: Finding, *, at: float, elapsed: float) -> ReadEntry:
    """Return the journal's entry for one read; times as in `ReadEntry`."""
    view = finding.view
    return ReadEntry(
        row=row,
        at=at,
        elapsed=elapsed,
        kind=finding.kind,
        reason=finding.reason,
        http_status=finding.http_status,
        status=view.status if view else None,
        version=view.version if view else None,
    )
