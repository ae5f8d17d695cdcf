"""For how many runs in a row an allocation has stood among the breaks. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from bulkcancel.model import BREAKS, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRun:
    """A run as far as ages are concerned. ``started_at`` is UTC, ISO 8601."""

    run_id: str
    started_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A break that stands.

    It was among the breaks of each of the last ``runs`` runs whose input held it, the first of
    them ``since``, the last of them ``last``, with that ``outcome`` and ``reason``. Runs whose
    input did not hold it count neither way.
    """

    runs: int
    since: PastRun
    last: PastRun
    outcome: Outcome
    reason: str


PastRow = tuple[str, Outcome, str]
"""An allocation's id, how it ended, and why."""


class Ages:
    """Takes runs one after another, the oldest first, and knows which breaks stand.

    Attributes:
        standing: the breaks that stand, by allocation id.
    """

    def __init__(self) -> None:
        self.standing: dict[str, Standing] = {}

    def add(self, run: PastRun, rows: Iterable[PastRow]) -> None:
        """Take the rows of the next run, each allocation once.

        Rows that are no breaks matter only for ids that stand: all others may be left out.
        """
        standing = self.standing
        for allocation_id, outcome, reason in rows:
            before = standing.get(allocation_id)
            if outcome not in BREAKS:
                if before is not None:
                    del standing[allocation_id]
            elif before is None:
                standing[allocation_id] = Standing(
                    runs=1, since=run, last=run, outcome=outcome, reason=reason
                )
            else:
                standing[allocation_id] = replace(
                    before, runs=before.runs + 1, last=run, outcome=outcome, reason=reason
                )


def ages(runs: Iterable[tuple[PastRun, Iterable[PastRow]]]) -> Mapping[str, Standing]:
    """Return the breaks that stand after some runs, the oldest of them first, by allocation id."""
    known = Ages()
    for run, rows in runs:
        known.add(run, rows)
    return known.standing
