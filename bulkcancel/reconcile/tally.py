"""Detail rows counted and hashed as they go by: one side of the control totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from itertools import pairwise

from bulkcancel.model import BREAKS, DetailColumns, DetailRow, Outcome, RowKind
from bulkcancel.reconcile.digest import KnownTotals, show_total


def is_break(kind: RowKind, outcome: Outcome | None) -> bool:
    """Say whether a row did not end cancelled or already cancelled; a blank row is no break."""
    return kind is RowKind.INVALID or outcome in BREAKS


def break_places(rows: DetailColumns) -> list[int]:
    """Return the places, from 0, of the rows that are breaks."""
    ends = set(zip(rows.kind, rows.outcome, strict=True))
    breaks = {end for end in ends if is_break(*end)}
    if not breaks:
        return []
    ended = zip(rows.kind, rows.outcome, strict=True)
    return [place for place, end in enumerate(ended) if end in breaks]


class Tally:
    """Counts rows in any number of portions; how they are cut makes no difference.

    ``known`` are hash totals that several tallies of the same portions share, to be quicker.

    Attributes:
        rows: how many rows there were.
        kinds: how many of each kind.
        outcomes: how many allocations ended so; the rows that repeat one are not counted.
        attempts: the wire sends of all allocations, repeated rows not counted.
        breaks: how many rows are breaks, repeated and invalid ones included.
        disorder: the first row number that is not greater than the one before it.
    """

    def __init__(self, known: KnownTotals | None = None) -> None:
        self._known = known or KnownTotals()
        self.rows = 0
        self.kinds: Counter[RowKind] = Counter()
        self.outcomes: Counter[Outcome] = Counter()
        self.attempts = 0
        self.breaks = 0
        self.disorder: int | None = None
        self._last_row: int | None = None
        self._hash_total = 0
        # One hash for each column: joined cells hash alike however the rows are cut.
        self._columns = tuple(blake2b(digest_size=16) for _ in range(5))

    @property
    def hash_total(self) -> str:
        """Return the hash total of the ids that have an outcome, each once; 16 hex characters."""
        return show_total(self._hash_total)

    @property
    def fingerprint(self) -> str:
        """Return a hash of all that was tallied, row by row and in order; 32 hex characters.

        Unlike counts and hash total it changes when two rows trade places, ids or outcomes.
        """
        whole = blake2b(digest_size=16)
        for column in self._columns:
            whole.update(column.digest())
        return whole.hexdigest()

    def add(self, row: DetailRow) -> None:
        """Count one row."""
        self.add_many((row,))

    def add_many(self, rows: Sequence[DetailRow]) -> None:
        """Count some rows."""
        self.add_columns(
            rows=[row.row for row in rows],
            kinds=[row.kind for row in rows],
            outcomes=[row.outcome for row in rows],
            ids=[row.allocation_id for row in rows],
            attempts=[row.attempts for row in rows],
        )

    def add_columns(
        self,
        *,
        rows: Sequence[int],
        kinds: Sequence[RowKind],
        outcomes: Sequence[Outcome | None],
        ids: Sequence[str | None],
        attempts: Sequence[int | None],
    ) -> None:
        """Count some rows that are given column by column.

        Raises:
            ValueError: The columns are not all of one length.
        """
        if len({*map(len, (rows, kinds, outcomes, ids, attempts))}) > 1:
            raise ValueError("the columns to be tallied are not all of one length")
        self.rows += len(rows)
        for (kind, outcome), count in Counter(zip(kinds, outcomes, strict=True)).items():
            self.kinds[kind] += count
            if kind is RowKind.ALLOCATION and outcome is not None:
                self.outcomes[outcome] += count
            if is_break(kind, outcome):
                self.breaks += count
        self._note_order(rows)
        self._note_allocations(kinds, outcomes, ids, attempts)
        if rows:
            counted = ["" if count is None else str(count) for count in attempts]
            self._note_cells(map(str, rows), kinds, outcomes, ids, counted)

    def _note_allocations(
        self,
        kinds: Sequence[RowKind],
        outcomes: Sequence[Outcome | None],
        ids: Sequence[str | None],
        attempts: Sequence[int | None],
    ) -> None:
        allocation = RowKind.ALLOCATION
        self.attempts += sum(
            [
                count
                for kind, count in zip(kinds, attempts, strict=True)
                if kind is allocation and count
            ]
        )
        named = [
            allocation_id
            for kind, outcome, allocation_id in zip(kinds, outcomes, ids, strict=True)
            if kind is allocation and outcome is not None and allocation_id is not None
        ]
        self._hash_total = self._known.add_all(self._hash_total, named)

    def _note_order(self, rows: Sequence[int]) -> None:
        if self.disorder is None:
            before = () if self._last_row is None else (self._last_row,)
            steps = pairwise((*before, *rows))
            self.disorder = next((row for last, row in steps if row <= last), None)
        if rows:
            self._last_row = rows[-1]

    def _note_cells(self, *columns: Iterable[str | None]) -> None:
        for seen, cells in zip(self._columns, columns, strict=True):
            seen.update("\n".join([cell or "" for cell in cells]).encode())
            seen.update(b"\n")
