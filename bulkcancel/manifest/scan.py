"""The first pass over an input: every row is judged, counted and hashed; repeats are found."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from bulkcancel.errors import InputRefusedError
from bulkcancel.manifest.judge import Judge
from bulkcancel.manifest.table import Cells, Fingerprint, OnePass, Table
from bulkcancel.model import ManifestRow, RowCounts, RowKind

if TYPE_CHECKING:
    from bulkcancel.manifest.repeats import Repeats

MOST_PROBLEMS = 20
"""How many invalid rows are kept to be named."""

MOST_BLANK_ROWS = 1 << 20
"""So many rows in a row may be blank, as many as a sheet has: what has more would take hours to
read, or fill the memory, and holds nothing."""

SHOWN_IDS = 3
"""How many of the first and of the last ids are kept to be shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What the first pass found.

    ``last_ids`` is ``None`` where the last unique ids lie too far from the end to be at hand, and
    ``problems`` where ids that differ in case only have to be added: both need another look.
    """

    fingerprint: Fingerprint
    counts: RowCounts
    digest: str
    repeats: Repeats
    first_ids: tuple[str, ...]
    last_ids: tuple[str, ...] | None
    problems: tuple[ManifestRow, ...] | None
    trimmed: int


def scan(table: Table, judge: Judge, source: str) -> Scan:
    """Read a table once.

    Raises:
        InputRefusedError: the input is damaged, or every row has one cell too many, or there is
            no end of blank rows.
    """
    first_pass = _FirstPass(table, judge, source)
    batches = OnePass(table)
    for batch in batches:
        first_pass.take(batch)
    return first_pass.result(batches.fingerprint)


class _FirstPass:
    def __init__(self, table: Table, judge: Judge, source: str) -> None:
        from bulkcancel.manifest.repeats import (  # noqa: PLC0415 - so numpy is loaded to read only
            Keys,
        )

        self._first_row = table.layout.first_row
        self._judge = judge
        self._source = source
        self._digest = sha256()
        self._keys = Keys()
        self._read = 0
        self._blank = 0
        self._blank_at_end = 0
        self._trimmed = 0
        self._invalid = 0
        self._one_too_many = 0
        self._problems: list[ManifestRow] = []
        self._first_ids: dict[str, str] = {}
        self._recent: deque[tuple[int, list[str | None]]] = deque(maxlen=2)

    def take(self, batch: list[Cells]) -> None:
        """Judge the next rows."""
        ids, trimmed = self._judge.ids_and_trimmed(batch)
        blank_before = self._blank
        lines: list[str] = []
        for place, allocation_id in enumerate(ids):
            if allocation_id is not None:
                lines.append(f"id\0{allocation_id}\n")
            elif self._judge.is_blank(batch[place]):
                self._blank += 1
            else:
                lines.append(f"invalid\0{self._judge.full_text(batch[place])}\n")
                self._note_invalid(self._read + place, batch[place])
        self._digest.update("".join(lines).encode())
        self._note_ends(ids)
        self._keys.add(ids)
        self._read += len(batch)
        self._trimmed += trimmed
        is_blank = self._blank - blank_before == len(batch)
        self._blank_at_end = self._blank_at_end + len(batch) if is_blank else 0
        if self._blank_at_end > MOST_BLANK_ROWS:
            raise InputRefusedError(
                f"{self._source}: more than {MOST_BLANK_ROWS:,} blank rows follow one another, "
                f"down to row {self._first_row + self._read - 1}: delete them"
            )

    def result(self, fingerprint: Fingerprint) -> Scan:
        """Find the repeats, now that every row is known."""
        filled = self._read - self._blank
        if filled and self._one_too_many == filled:
            raise InputRefusedError(
                f"{self._source}: every row has one cell more than the header: a delimiter at the "
                "end of each row, or a name missing in the header, so it is not certain which "
                "column holds the ids; export it again"
            )
        repeats = self._keys.repeats()
        return Scan(
            fingerprint=fingerprint,
            counts=RowCounts(
                read=self._read,
                blank=self._blank,
                invalid=self._invalid + repeats.conflicts,
                duplicate=repeats.duplicates,
                unique=repeats.unique,
            ),
            digest=self._digest.hexdigest(),
            repeats=repeats,
            first_ids=tuple(self._first_ids.values()),
            last_ids=self._last_ids(repeats),
            problems=None if repeats.conflicts else tuple(self._problems),
            trimmed=self._trimmed,
        )

    def _note_invalid(self, place: int, cells: Cells) -> None:
        self._invalid += 1
        self._one_too_many += self._judge.has_one_too_many(cells)
        if len(self._problems) < MOST_PROBLEMS:
            self._problems.append(
                ManifestRow(
                    row=self._first_row + place,
                    kind=RowKind.INVALID,
                    text=self._judge.text(cells),
                    reason=self._judge.fault(cells),
                    extras=self._judge.extras(cells),
                )
            )

    def _note_ends(self, ids: list[str | None]) -> None:
        self._recent.append((self._read, ids))
        for allocation_id in ids:
            if len(self._first_ids) == SHOWN_IDS:
                return
            if allocation_id is not None:
                self._first_ids.setdefault(allocation_id.lower(), allocation_id)

    def _last_ids(self, repeats: Repeats) -> tuple[str, ...] | None:
        recent = {
            place: allocation_id
            for start, ids in self._recent
            for place, allocation_id in enumerate(ids, start)
        }
        places = repeats.last_firsts(SHOWN_IDS, self._keys.valid)
        found = [recent.get(place) for place in places]
        known = tuple(allocation_id for allocation_id in found if allocation_id is not None)
        return known if len(known) == len(places) else None
