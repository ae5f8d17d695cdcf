"""One hash of an allocation id, used to find duplicates and for the hash totals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b

import msgspec

_WRAP = 1 << 64


def id_digest(allocation_id: str) -> bytes:
    """Return 16 bytes (BLAKE2b-128) that stand for an id.

    Two of five million ids share a digest with a probability of about 4e-26, so equal digests
    are taken for equal ids.
    """
    return blake2b(allocation_id.encode(), digest_size=16).digest()


def add_to_total(total: int, digest: bytes) -> int:
    """Return a hash total with one more id: the sum of the digests' first 8 bytes modulo 2**64.

    A sum does not depend on the order, so the manifest (input order) and the outcomes (order of
    settling) can be held against each other.
    """
    return (total + int.from_bytes(digest[:8], "big")) % _WRAP


def add_all_to_total(total: int, allocation_ids: Iterable[str]) -> int:
    """Return a hash total with many more ids, as if each were added by `add_to_total`."""
    heads = [
        blake2b(allocation_id.encode(), digest_size=16).digest()[:8]
        for allocation_id in allocation_ids
    ]
    import numpy as np  # noqa: PLC0415 - takes a while to load, and a resume sends without it

    # Unsigned numbers of 64 bits wrap around by themselves.
    return (total + int(np.frombuffer(b"".join(heads), ">u8").sum(dtype=np.uint64))) % _WRAP


class KnownTotals:
    """Hash totals of portions of ids: a portion that comes again costs one digest.

    A portion is known by a BLAKE2b-128 of all its ids in their order, so one in which a single id
    is another is another portion, and is added up id by id.
    """

    def __init__(self) -> None:
        self._totals: dict[bytes, int] = {}

    def add_all(self, total: int, allocation_ids: Sequence[str]) -> int:
        """Return what `add_all_to_total` does."""
        # As JSON, in which no two lists of ids look alike.
        portion = blake2b(msgspec.json.encode(allocation_ids), digest_size=16).digest()
        if portion not in self._totals:
            self._totals[portion] = add_all_to_total(0, allocation_ids)
        return (total + self._totals[portion]) % _WRAP


def hash_total(allocation_ids: Iterable[str]) -> str:
    """Return the hash total of ids as 16 hex characters."""
    return show_total(add_all_to_total(0, allocation_ids))


def show_total(total: int) -> str:
    """Return a hash total as 16 hex characters, as it stands in ``summary.json``."""
    return f"{total:016x}"
