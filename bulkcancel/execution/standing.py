"""Which allocations of a new run were breaks of the runs before it, noted when it begins."""

# It is kept in the journal, so that the reports stay the same when earlier runs are pruned. A
# run may begin with a million allocations after as many breaks: of each id eight bytes are held.

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np

from bulkcancel.errors import BulkcancelError
from bulkcancel.execution.history import Published, earlier_runs, is_sound
from bulkcancel.execution.runfiles import DETAIL_NAME
from bulkcancel.journal import Journal
from bulkcancel.model import BREAKS, Target
from bulkcancel.reconcile.ages import PastRun

_MOST_RUNS = 30
_MOST_ROWS = 5_000_000


def note_standing(journal: Journal, reports: Path, target: Target, run: PastRun) -> list[str]:
    """Note in a journal which of its allocations were breaks of how many runs in a row before it.

    The last thirty runs for the target are gone through, or fewer if they had more than five
    million rows: an allocation is not said to stand for longer. Runs that did not hold it count
    neither way. Returns sentences on runs that could not be told from.

    Raises:
        JournalError: It can't be noted.
    """
    left_out: list[str] = []
    try:
        earlier = _recent(earlier_runs(reports, target, before=run, left_out=left_out))
    except BulkcancelError as error:
        return [*left_out, str(error)]
    if not journal.unique() or not any(_has_breaks(one) for one in earlier):
        return left_out
    known = _Known(journal)
    for one in earlier:
        if known.is_empty and not _has_breaks(one):
            continue
        if is_sound(one, left_out):
            try:
                known.add(one)
            except BulkcancelError as error:
                left_out.append(str(error))
    journal.note_standing(known.marks())
    return left_out


class _Known:
    """The allocations of a journal, and in how many of the runs seen so far they were breaks."""

    def __init__(self, journal: Journal) -> None:
        found = journal.select("SELECT row, allocation_id FROM row WHERE kind = 'allocation'")
        pairs = np.fromiter(
            chain.from_iterable((row, hash(allocation_id)) for row, allocation_id in found),
            np.int64,
        ).reshape(-1, 2)
        order = pairs[:, 1].argsort()
        self._rows, self._ids = pairs[order, 0], pairs[order, 1]
        self._runs = np.zeros(len(order), np.int16)
        self._since = np.zeros(len(order), np.int16)
        self._starts: list[str] = []

    @property
    def is_empty(self) -> bool:
        """Say whether no allocation stands."""
        return not self._runs.any()

    def add(self, run: Published) -> None:
        """Take the next run.

        Raises:
            ReportError: Its reconciliation can't be read; nothing of it counts.
        """
        from bulkcancel.report.lookup import (  # noqa: PLC0415 - pyarrow is loaded when it is needed
            ids_and_breaks,
        )

        runs, since = self._runs.copy(), self._since.copy()
        for ids, breaks in ids_and_breaks(run.path / DETAIL_NAME):
            hashes = np.fromiter(map(hash, ids), np.int64, len(ids))
            order = hashes.argsort()  # looked up in order, they are found six times as fast
            hashes, broken = hashes[order], breaks[order]
            places = np.minimum(np.searchsorted(self._ids, hashes), len(self._ids) - 1)
            held = self._ids[places] == hashes
            stays, goes = places[held & broken], places[held & ~broken]
            since[stays] = np.where(runs[stays], since[stays], len(self._starts))
            runs[stays] += 1
            runs[goes] = 0
        self._runs, self._since = runs, since
        self._starts.append(run.run.started_at)

    def marks(self) -> Iterator[tuple[int, int, str]]:
        """Yield row, number of runs in a row and start of the first, for each that stands."""
        for place in np.flatnonzero(self._runs):
            yield (
                int(self._rows[place]),
                int(self._runs[place]),
                self._starts[self._since[place]],
            )


def _recent(runs: list[Published]) -> list[Published]:
    """Return the last runs, so many that going through them takes seconds and not minutes."""
    taken, rows = 0, 0
    for run in reversed(runs[-_MOST_RUNS:]):
        rows += run.summary.rows.get("read", 0)
        if rows > _MOST_ROWS:
            break
        taken += 1
    return runs[len(runs) - taken :]


def _has_breaks(run: Published) -> bool:
    return any(run.summary.outcomes.get(outcome, 0) for outcome in BREAKS)
