"""Detail rows counted and hashed as they go by: one side of the control totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from hashlib import blake2b
from itertools import compress, islice, pairwise, product
from itertools import count as count_from
from operator import lt

import msgspec

from bulkcancel.model import BREAKS, DetailRow, Outcome, RowKind
from bulkcancel.reconcile.digest import KnownTotals, show_total

_encode = msgspec.json.Encoder().encode


def is_break(kind: RowKind, outcome: Outcome | None) -> bool:
    """Say whether a row did not end cancelled or already cancelled; a blank row is no break."""
    return kind is RowKind.INVALID or outcome in BREAKS


# How a row ended as one byte: of a portion's bytes all that is wanted is counted at once.
_ENDS = tuple(product(RowKind, (None, *Outcome)))
_code_of = {end: code for code, end in enumerate(_ENDS)}.__getitem__


def _table(wanted: Callable[[RowKind, Outcome | None], bool]) -> bytes:
    """Return a table that turns the codes of the ends that are wanted into 1, all others into 0."""
    return bytes(wanted(*end) for end in _ENDS).ljust(256, b"\0")


_BREAK = _table(is_break)
_ALLOCATION = _table(lambda kind, _: kind is RowKind.ALLOCATION)
_WITH_OUTCOME = _table(lambda kind, outcome: kind is RowKind.ALLOCATION and outcome is not None)


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
        # One hash for each column: strung together, cells hash alike however the rows are cut.
        self._columns = tuple(blake2b(digest_size=16) for _ in range(4))

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
    ) -> list[int]:
        """Count some rows that are given column by column; return the places of the breaks, from 0.

        Raises:
            ValueError: The columns are not all of one length.
        """
        if len({*map(len, (rows, kinds, outcomes, ids, attempts))}) > 1:
            raise ValueError("the columns to be tallied are not all of one length")
        if not rows:
            return []
        ends = bytes(map(_code_of, zip(kinds, outcomes, strict=True)))
        self.rows += len(rows)
        for code in set(ends):
            (kind, outcome), count = _ENDS[code], ends.count(code)
            self.kinds[kind] += count
            if kind is RowKind.ALLOCATION and outcome is not None:
                self.outcomes[outcome] += count
        self.attempts += sum(filter(None, compress(attempts, ends.translate(_ALLOCATION))))
        named = compress(ids, ends.translate(_WITH_OUTCOME))
        self._hash_total = self._known.add_all(self._hash_total, list(filter(None, named)))
        breaks = list(compress(count_from(), ends.translate(_BREAK)))
        self.breaks += len(breaks)
        self._note_order(rows)
        self._note_cells(ends, rows, ids, attempts)
        return breaks

    def _note_order(self, rows: Sequence[int]) -> None:
        before = () if self._last_row is None else (self._last_row,)
        numbers = (*before, *rows)
        if self.disorder is None and not all(map(lt, numbers, islice(numbers, 1, None))):
            self.disorder = next(row for last, row in pairwise(numbers) if row <= last)
        self._last_row = rows[-1]

    def _note_cells(self, ends: bytes, *columns: Sequence[object]) -> None:
        """Hash all cells, column by column and without the brackets of JSON, however they come."""
        self._columns[0].update(ends)
        for seen, cells in zip(self._columns[1:], columns, strict=True):
            seen.update(_encode([*cells])[1:-1])
            seen.update(b",")
