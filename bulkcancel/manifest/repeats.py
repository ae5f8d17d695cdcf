"""Which rows repeat an allocation of an earlier row; exact, in memory of 25 bytes a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from bulkcancel.reconcile.digest import id_digest, show_total

_KEY = 16
_SUM = 8
_BUCKET_ROWS = 1 << 19
_MOST_BUCKETS = 128

Indexes: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """The rows that repeat an earlier one, by place (from 0), in ascending order.

    ``places[i]`` repeats the row at ``firsts[i]``: written the same way where ``same[i]`` is
    true, else with another case. ``unique`` counts the rows that are the first of their id, and
    ``hash_total`` is over their ids.
    """

    places: Indexes
    firsts: Indexes
    same: Flags
    unique: int
    hash_total: str

    def within(self, start: int, stop: int) -> dict[int, tuple[int, bool]]:
        """Return ``{place: (first, same)}`` for the places from ``start`` up to ``stop``."""
        low, high = np.searchsorted(self.places, (start, stop)).tolist()
        pairs = zip(self.firsts[low:high].tolist(), self.same[low:high].tolist(), strict=True)
        return dict(zip(self.places[low:high].tolist(), pairs, strict=True))

    @property
    def duplicates(self) -> int:
        """How many rows repeat an id in the same case."""
        return int(np.count_nonzero(self.same))

    @property
    def conflicts(self) -> int:
        """How many rows repeat an id in another case."""
        return len(self.same) - self.duplicates

    def last_firsts(self, number: int, valid: bytes | bytearray) -> list[int]:
        """Return the places of the last ``number`` rows that are the first of their id.

        ``valid`` has one byte for each row: 1 where it holds an id.
        """
        is_first = np.frombuffer(bytes(valid), np.bool_).copy()
        is_first[self.places] = False
        found: list[int] = []
        for stop in range(len(is_first), 0, -_BUCKET_ROWS):
            start = max(0, stop - _BUCKET_ROWS)
            found = [*(np.flatnonzero(is_first[start:stop]) + start).tolist()[-number:], *found]
            if len(found) >= number:
                break
        return found[-number:]


class Keys:
    """Collects, row by row, what is needed to find the repeats, and no id itself.

    An id is kept as the 128 bit digest of its lower case form, which ids that differ in case
    share, and the first 64 bits of its digest as written, which tell those apart and make the
    hash total.
    """

    def __init__(self) -> None:
        self.valid = bytearray()
        self._folded = bytearray()
        self._written = bytearray()

    def add(self, ids: list[str | None]) -> None:
        """Take the ids of the next rows; ``None`` for a row that holds none."""
        empty = bytes(_KEY)
        written = [empty if i is None else id_digest(i) for i in ids]
        folded = written
        if any(i is not None and i != i.lower() for i in ids):
            folded = [empty if i is None else id_digest(i.lower()) for i in ids]
        # Growing in place lets the allocator move pages instead of copying them.
        self.valid += bytes([i is not None for i in ids])
        self._folded += b"".join(folded)
        self._written += b"".join([digest[:_SUM] for digest in written])

    def repeats(self) -> Repeats:
        """Find the rows that repeat an earlier one.

        The rows are sorted by digest in buckets, so that sorting needs little memory beside the
        digests; a sort that keeps the order of equals leaves the first row in front.
        """
        valid = np.frombuffer(self.valid, np.bool_)
        leading = np.frombuffer(self._folded, np.uint8)[::_KEY]
        halves = np.frombuffer(self._folded, np.uint64).reshape(-1, 2)
        written = np.frombuffer(self._written, np.uint64)
        buckets = min(_MOST_BUCKETS, 1 + len(valid) // _BUCKET_ROWS)
        found = [
            _repeats_among(np.flatnonzero(valid & (leading % buckets == bucket)), halves)
            for bucket in range(buckets)
        ]
        places = np.concatenate([places for places, _ in found])
        firsts = np.concatenate([firsts for _, firsts in found])
        order = np.argsort(places)
        places, firsts = places[order], firsts[order]
        # Rows without an id hold zeros here, which add nothing; sums wrap at 2**64 by themselves.
        heads = np.frombuffer(self._written, ">u8")
        total = int(heads.sum(dtype=np.uint64)) - int(heads[places].sum(dtype=np.uint64))
        return Repeats(
            places=places,
            firsts=firsts,
            same=written[places] == written[firsts],
            unique=int(np.count_nonzero(valid)) - len(places),
            hash_total=show_total(total % (1 << 64)),
        )


def _repeats_among(members: Indexes, halves: npt.NDArray[np.uint64]) -> tuple[Indexes, Indexes]:
    """Return the members (places, ascending) that repeat another one, and the first for each."""
    keys = halves[members]
    order = np.lexsort((keys[:, 1], keys[:, 0]))
    keys = keys[order]
    ranked = members[order]
    is_first = np.ones(len(ranked), np.bool_)
    is_first[1:] = (keys[1:] != keys[:-1]).any(axis=1)
    firsts = ranked[is_first][np.cumsum(is_first) - 1]
    return ranked[~is_first], firsts[~is_first]
