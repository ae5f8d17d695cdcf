"""What a shard's share of an input amounts to."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bulkcancel.model import ManifestRow, RowCounts, RowKind
from bulkcancel.reconcile.digest import add_to_total, id_digest, show_total


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """The rows of a share counted, the hash total of its ids, and the first and last of them."""

    counts: RowCounts
    hash_total: str
    first_ids: tuple[str, ...]
    last_ids: tuple[str, ...]


def share_of(chunks: Iterable[Sequence[ManifestRow]], *, most_ids: int) -> Share:
    """Count the rows of a share; at most so many ids are kept of each end."""
    read, kinds, total = 0, Counter[RowKind](), 0
    first: list[str] = []
    last: deque[str] = deque(maxlen=most_ids)
    for rows in chunks:
        for row in rows:
            read += 1
            kinds[row.kind] += 1
            if row.kind is RowKind.ALLOCATION and row.allocation_id is not None:
                total = add_to_total(total, id_digest(row.allocation_id))
                last.append(row.allocation_id)
                if len(first) < most_ids:
                    first.append(row.allocation_id)
    return Share(
        counts=RowCounts(
            read=read,
            blank=kinds[RowKind.BLANK],
            invalid=kinds[RowKind.INVALID],
            duplicate=kinds[RowKind.DUPLICATE],
            unique=kinds[RowKind.ALLOCATION],
        ),
        hash_total=show_total(total),
        first_ids=tuple(first),
        last_ids=tuple(last),
    )
