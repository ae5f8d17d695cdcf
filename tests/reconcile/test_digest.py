"""The hash of an id and the hash total: figures that others can work out again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcancel.reconcile.digest import KnownTotals, add_all_to_total, hash_total, id_digest

# As `printf ID | b2sum --length 128` prints them.
DIGESTS = {
    "62ff5c0bec0aed3c86202c32": "2cafa544c921a7826f924101aeb2de5c",
    "000000000000000000000012": "df239050caf205260c7eadf275947ef8",
    "123456789012345678901234": "0608eccb2bb90b56cd8abcd4a297efa8",
}


@pytest.mark.parametrize("allocation_id", DIGESTS)
def test_an_id_is_hashed_as_other_programs_do(allocation_id: str) -> None:
    """The digest is BLAKE2b of 128 bits, and the hash total of one id is its first half."""
    assert id_digest(allocation_id).hex() == DIGESTS[allocation_id]
    assert hash_total([allocation_id]) == DIGESTS[allocation_id][:16]


def test_the_hash_total_is_a_sum_of_64_bits() -> None:
    """The first halves are added in any order; what no longer fits into 64 bits falls away."""
    first, second, third = DIGESTS
    assert hash_total([first, third]) == "32b8920ff4dab2d8"
    assert hash_total([first, second]) == "0bd335959413aca8"
    assert hash_total([third, second, first]) == "11dc2260bfccb7fe"


@given(st.lists(st.lists(st.text(max_size=3), max_size=4), max_size=6), st.integers(0, 2**64 - 1))
def test_a_portion_that_is_known_adds_the_same(portions: list[list[str]], total: int) -> None:
    """Whether a portion comes for the first time or again, it adds the sum of its ids."""
    known = KnownTotals()
    for portion in portions * 2:
        assert known.add_all(total, portion) == add_all_to_total(total, portion)
