"""Repeated ids are found exactly, without keeping the ids."""

from __future__ import annotations

import gc
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkcancel.manifest import Manifest, repeats
from bulkcancel.reconcile.digest import hash_total

IDS = st.lists(st.none() | st.sampled_from(["a", "A", "b", "B", "aB", "Ab", "c", "d", "e9"]))


@settings(deadline=None)  # a busy machine is no failure
@given(ids=IDS, bucket=st.sampled_from([1, 3, 1000]), cut=st.integers(min_value=0, max_value=20))
def test_repeats_agree_with_a_plain_search(ids: list[str | None], bucket: int, cut: int) -> None:
    """Whatever the ids, the batches and the number of buckets they are sorted in."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(repeats, "_BUCKET_ROWS", bucket)
        keys = repeats.Keys()
        keys.add(ids[:cut])
        keys.add(ids[cut:])
        found = keys.repeats()
        lasts = {number: found.last_firsts(number, keys.valid) for number in (1, 3)}
    firsts: dict[str, int] = {}
    expected: dict[int, tuple[int, bool]] = {}
    for place, text in enumerate(ids):
        if text is not None:
            first = firsts.setdefault(text.lower(), place)
            if first != place:
                expected[place] = (first, ids[first] == text)
    assert found.within(0, len(ids)) == expected
    assert found.within(2, 5) == {place: expected[place] for place in expected if 2 <= place < 5}
    assert found.unique == len(firsts)
    assert found.duplicates == sum(same for _, same in expected.values())
    assert found.conflicts == len(expected) - found.duplicates
    assert found.hash_total == hash_total(ids[place] or "" for place in firsts.values())
    places = sorted(firsts.values())
    assert lasts == {1: places[-1:], 3: places[-3:]}


def test_digests_that_share_their_first_half_are_told_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The whole digest is compared, not only the half that is sorted by first."""
    monkeypatch.setattr(repeats, "id_digest", lambda text: b"\7" * 15 + text.encode())
    keys = repeats.Keys()
    keys.add(["b", "a", "b", "c", "a"])
    assert keys.repeats().within(0, 5) == {2: (0, True), 4: (1, True)}


def test_a_manifest_holds_no_list_of_ids(read: Callable[..., Manifest]) -> None:
    """What stays in memory does not grow with the ids, duplicates apart: a few are kept to show."""
    total = 20_000
    manifest = read("allocation_id,n\n" + "".join(f"{n:024x},{n}\n" for n in range(total)))
    assert manifest.counts.unique == total
    seen: set[int] = set()
    held: list[object] = [manifest]
    strings = 0
    while held:
        for item in gc.get_referents(held.pop()):
            if id(item) in seen or isinstance(item, type) or type(item).__name__ == "module":
                continue
            seen.add(id(item))
            strings += isinstance(item, str) and len(item) == 24 and item.startswith("0000")
            if isinstance(item, (bytes, bytearray)):
                assert len(item) < total
            if not callable(item):
                held.append(item)
    assert 0 < strings <= 6
