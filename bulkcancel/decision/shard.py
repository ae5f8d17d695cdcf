"""Which of several runs an allocation belongs to, by its id alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from bulkcancel.errors import RefusedError

MOST_SHARDS = 10_000

_FORM = re.compile(r"([0-9]{1,9})/([0-9]{1,9})", re.ASCII)
_PERSON = b"bulkcancel.shard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """The share ``index`` (from 1) of an input that is divided among ``of`` runs."""

    index: int
    of: int

    def __str__(self) -> str:
        """Return it as ``--shard`` takes it."""
        return f"{self.index}/{self.of}"

    @property
    def words(self) -> str:
        """Return it as people say it, such as shard 2 of 4."""
        return f"shard {self.index:,} of {self.of:,}"

    def holds(self, allocation_id: str | None) -> bool:
        """Say whether a row of the input with that id belongs to this shard.

        So a duplicate goes with its allocation. Rows that are no allocation's (``None``) belong to
        the first shard: over all shards each row stands once.
        """
        if allocation_id is None:
            return self.index == 1
        return shard_of(allocation_id, self.of) == self.index


def shard_of(allocation_id: str, of: int) -> int:
    """Return the number, from 1, of the shard that an allocation belongs to.

    It is BLAKE2b of the id as it is sent (8 bytes, ``bulkcancel.shard`` as personalization, big
    end first) modulo the number of shards, plus 1. Runs of other machines and versions have to
    agree about it: it must never change.
    """
    digest = blake2b(allocation_id.encode(), digest_size=8, person=_PERSON).digest()
    return int.from_bytes(digest, "big") % of + 1


def parse_shard(text: str) -> Shard:
    """Return the shard that ``I/N`` stands for.

    Raises:
        RefusedError: It is none.
    """
    found = _FORM.fullmatch(text.strip())
    shard = Shard(index=int(found[1]), of=int(found[2])) if found else None
    if shard is None or not 1 <= shard.index <= shard.of <= MOST_SHARDS:
        raise RefusedError(
            f"--shard {text} is no share such as 2/4: give its number, from 1, and how many there "
            f"are, at most {MOST_SHARDS:,}."
        )
    return shard


def missing_shards(indexes: Iterable[int], of: int) -> Sequence[int]:
    """Return the numbers of the shards, of so many, that are not among some, in their order."""
    return sorted({*range(1, of + 1)}.difference(indexes))
