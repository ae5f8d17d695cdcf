"""A manifest narrowed to a shard: its share, and nothing of it twice or lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bulkcancel.decision import Shard
from bulkcancel.manifest import Manifest
from bulkcancel.model import ManifestRow, RowCounts, RowKind

Read = Callable[..., Manifest]
IDS = [f"{number:024x}" for number in range(100, 130)]
CELLS = st.lists(st.sampled_from([*IDS, *map(str.upper, IDS[-5:]), "", "bad"]))


def rows_of(manifest: Manifest) -> list[ManifestRow]:
    """Return all rows of a manifest."""
    return [row for rows in manifest.rows() for row in rows]


def narrowed(read: Read, text: str, index: int, of: int) -> Manifest:
    """Read an input for a shard."""
    manifest = read(text)
    manifest.narrow(Shard(index=index, of=of))
    return manifest


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)
@given(cells=CELLS, of=st.integers(1, 6))
def test_shares_make_up_the_whole(read: Read, cells: list[str], of: int) -> None:
    """Every row stands in one share, in its order, and counts and hash totals add up."""
    text = "\n".join(["allocation_id,note", *(f"{cell},{'x' * bool(cell)}" for cell in cells), ""])
    whole = read(text)
    shares = [narrowed(read, text, index, of) for index in range(1, of + 1)]
    found = [row for share in shares for row in rows_of(share)]
    assert sorted(found, key=lambda row: row.row) == rows_of(whole)
    for share in shares:
        own = rows_of(share)
        assert [row.row for row in own] == sorted(row.row for row in own)
        assert share.counts.read == len(own)
        assert share.whole == whole.counts
        assert share.problems == whole.problems
        assert (share.facts.digest, share.facts.sha256) == (whole.facts.digest, whole.facts.sha256)
        assert share.facts.hash_total == whole.hash_total
    assert not any(share.counts.invalid or share.counts.blank for share in shares[1:])
    for name in RowCounts.__slots__:
        assert sum(getattr(share.counts, name) for share in shares) == getattr(whole.counts, name)
    total = sum(int(share.hash_total, 16) for share in shares) % (1 << 64)
    assert total == int(whole.hash_total, 16)


def test_a_share_shows_its_own_ids(read: Read) -> None:
    """The first and the last ids are those that its run would cancel."""
    ids = [f"{number:024x}" for number in range(100)]
    share = narrowed(read, "\n".join(["allocation_id", *ids, ids[0], ""]), 2, 3)
    own = [row.allocation_id for row in rows_of(share) if row.kind is RowKind.ALLOCATION]
    assert (list(share.first_ids), list(share.last_ids)) == (own[:3], own[-3:])
    assert 0 < share.counts.unique < 100


def test_a_share_may_be_empty(read: Read) -> None:
    """More shards than ids: some have nothing to do."""
    text = f"allocation_id\n{1:024x}\n"
    shares = [narrowed(read, text, index, 20) for index in range(1, 21)]
    assert sorted(share.counts.unique for share in shares) == [*[0] * 19, 1]
    empty = next(share for share in shares if not share.counts.unique)
    assert (rows_of(empty), empty.first_ids, empty.last_ids) == ([], (), ())


def test_a_share_is_not_narrowed_again(read: Read) -> None:
    """A share of a share is nobody's."""
    share = narrowed(read, f"allocation_id\n{1:024x}\n", 1, 2)
    with pytest.raises(ValueError, match="a share already"):
        share.narrow(Shard(index=1, of=3))
