"""Which shard an allocation belongs to: one answer, everywhere and for good."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcancel.decision import MOST_SHARDS, Shard, missing_shards, parse_shard, shard_of
from bulkcancel.errors import RefusedError

IDS = st.text("0123456789abcdefABCDEF", min_size=1, max_size=30)
NUMBERS = st.integers(1, MOST_SHARDS)


@pytest.mark.parametrize(
    ("allocation_id", "of", "index"),
    [
        ("62ff5c0bec0aed3c86205e1d", 1, 1),
        ("62ff5c0bec0aed3c86205e1d", 4, 1),
        ("62ff5c0bec0aed3c86205e1d", 10_000, 361),
        ("62FF5C0BEC0AED3C86205E1D", 10_000, 2550),
        ("62ff5c0b000000000001aaaa", 4, 4),
        ("62ff5c0b000000000001aaaa", 7, 6),
        ("007", 3, 3),
    ],
)
def test_the_rule_never_changes(allocation_id: str, of: int, index: int) -> None:
    """Known answers: a shard of another version, or of another machine, has to agree."""
    assert shard_of(allocation_id, of) == index


@given(allocation_id=IDS, of=NUMBERS)
def test_each_allocation_is_of_one_shard(allocation_id: str, of: int) -> None:
    """Among all shards exactly one takes it, whatever the id and the number."""
    index = shard_of(allocation_id, of)
    assert 1 <= index <= of
    near = {index, 1, of, index % of + 1}
    assert [one for one in near if Shard(index=one, of=of).holds(allocation_id)] == [index]


def test_a_row_without_an_allocation_is_of_the_first_shard() -> None:
    """So a blank or an invalid row stands once over all shards."""
    assert [index for index in range(1, 6) if Shard(index=index, of=5).holds(None)] == [1]


@pytest.mark.parametrize("of", [2, 3, 4, 10, 64])
def test_shards_are_of_like_size(of: int) -> None:
    """Ids that only count up are spread evenly: no shard is half as large again as another."""
    sizes = Counter(shard_of(f"62ff5c0b{number:016x}", of) for number in range(1000 * of))
    assert set(sizes) == set(range(1, of + 1))
    assert max(sizes.values()) < 1.5 * min(sizes.values())


@given(of=NUMBERS, data=st.data())
def test_a_share_is_read_as_it_is_written(of: int, data: st.DataObject) -> None:
    """`I/N` and back."""
    shard = Shard(index=data.draw(st.integers(1, of)), of=of)
    assert parse_shard(str(shard)) == shard
    assert parse_shard(f" 0{shard} ") == shard


@pytest.mark.parametrize(
    "text",
    ["", "1", "0/4", "5/4", "1/0", "0/0", "-1/4", "1/10001", "1/4/2", "a/b", "1 / 4", "1/4.0",
     "9" * 5000 + "/1", "\u0661/\u0664"],
)  # fmt: skip
def test_what_is_no_share_is_refused(text: str) -> None:
    """With a sentence that says what one looks like."""
    with pytest.raises(RefusedError, match=r"no share such as 2/4: .* at most 10,000"):
        parse_shard(text)


@given(of=st.integers(1, 50), data=st.data())
def test_missing_shards_are_named(of: int, data: st.DataObject) -> None:
    """Those that are there and those that are missing make up all of them."""
    there = data.draw(st.sets(st.integers(1, of)))
    missing = missing_shards(there, of)
    assert sorted({*there, *missing}) == list(range(1, of + 1))
    assert there.isdisjoint(missing)
