"""The limit that one run learned is where the next one begins; what can't be trusted is ignored."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from bulkcancel.execution.remembered import recall_limit, remember_limit
from bulkcancel.model import Target

NOW = 1_800_000_000.0
DAY = 86_400.0
TARGET = Target(base_url="https://oms.example/api/v2", account="1234abcd5678efgh9ijklmno")
OTHERS = (
    Target(base_url="https://oms.example/api/v2", account="9999abcd5678efgh9ijklmno"),
    Target(base_url="https://uat.example/api/v2", account="1234abcd5678efgh9ijklmno"),
    Target(base_url="http://oms.example/api/v2", account="1234abcd5678efgh9ijklmno"),
)


def test_it_is_kept_for_an_origin_and_an_account(tmp_path: Path) -> None:
    """The same API and account find it again for thirty days, no others do; a newer one counts."""
    assert remember_limit(tmp_path, TARGET, 47.25, now=NOW) == ""
    assert recall_limit(tmp_path, TARGET, now=NOW) == 47.25
    assert recall_limit(tmp_path, TARGET, now=NOW + 30 * DAY) == 47.25
    assert recall_limit(tmp_path, TARGET, now=NOW + 30 * DAY + 1) is None
    assert recall_limit(tmp_path, TARGET, now=NOW - 1) is None, "it is from the future"
    assert [recall_limit(tmp_path, other, now=NOW) for other in OTHERS] == [None] * 3
    assert remember_limit(tmp_path, TARGET, 20.0, now=NOW + 5) == ""
    assert recall_limit(tmp_path, TARGET, now=NOW + 5) == 20.0


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b'"50"', b"\xff\xfe", b'{"limit": 50}',
        json.dumps({"limit": "many", "at": NOW}).encode(),
        json.dumps({"limit": -1, "at": NOW}).encode(),
        json.dumps({"limit": 1e12, "at": NOW}).encode(),
        b'{"limit": NaN, "at": 1800000000.0}', b'{"limit": 1e999, "at": 1800000000.0}',
        b'{"limit": 50, "at": null}', b'{"limit": 1' + b"0" * 400 + b', "at": 1800000000.0}',
        b"[" * 100_000,
    ],
)  # fmt: skip
def test_what_is_damaged_is_ignored(tmp_path: Path, content: bytes) -> None:
    """Without a usable file a run learns anew."""
    assert recall_limit(tmp_path, TARGET, now=NOW) is None
    remember_limit(tmp_path, TARGET, 50.0, now=NOW)
    (place,) = tmp_path.glob("*.json")
    place.write_bytes(content)
    assert recall_limit(tmp_path, TARGET, now=NOW) is None


def test_what_is_stale_is_removed(tmp_path: Path) -> None:
    """A month after it was kept a limit goes when the next one is kept; younger ones stay."""
    for target in OTHERS:
        remember_limit(tmp_path, target, 10.0, now=NOW)
    old, young, _ = sorted(tmp_path.glob("*.json"))
    for path, days in ((old, 31), (young, 29)):
        then = path.stat().st_mtime - days * DAY
        os.utime(path, (then, then))
    remember_limit(tmp_path, TARGET, 50.0, now=NOW)
    assert not old.exists()
    assert young.exists()
    assert len(list(tmp_path.glob("*.json"))) == 3


def test_where_it_can_not_be_kept_a_sentence_says_so(tmp_path: Path) -> None:
    """A folder that is a file: no error, only a word for the log, and no litter."""
    blocked = tmp_path / "state"
    blocked.write_text("in the way")
    assert str(blocked) in remember_limit(blocked / "limits", TARGET, 50.0, now=NOW)
    assert [path.name for path in tmp_path.iterdir()] == ["state"]
