"""Faults that spoil the body: objects that are not as they should be, and what is no object."""

from __future__ import annotations

import json
import zlib
from typing import Any

import pytest

ID = "62ff5c0bec0aed3c86202c32"


def test_another_id_is_shown(wire: Any) -> None:
    """``other-id``: the object is of an allocation nobody asked for, which was not touched."""
    with wire.serving("other-id") as simulator:
        shown = wire.meet(simulator).only
        wire.check(simulator, applied=True, status=200, fault="other-id")
        assert set(simulator.ledger.summary().allocations) == {ID}
    assert shown["allocationId"] != ID
    assert shown["statusCode"] == "CANCELLED"


def test_several_or_no_objects_are_shown(wire: Any) -> None:
    """``several``, ``empty-array``, ``bare-object``: 2, 0, and 1 without its array."""
    several = wire.shown("several")[0].json
    assert [one["allocationId"] == ID for one in several] == [True, False]
    assert wire.shown("empty-array")[0].json == []
    assert wire.shown("bare-object")[0].json["allocationId"] == ID


def test_the_version_is_not_as_documented(wire: Any) -> None:
    """Missing, a string, beyond all floats, not a number; the rest is a cancelled allocation."""
    for kind, text in (
        ("no-version", None),
        ("version-string", '"version":"%d"'),
        ("version-huge", '"version":1e400'),
        ("version-nan", '"version":NaN'),
    ):
        seen, allocation = wire.shown(kind)
        if text is None:
            assert "version" not in seen.only
        else:
            expected = text % allocation.version if "%" in text else text
            assert expected.encode() in seen.body, kind
        assert seen.only["statusCode"] == "CANCELLED"


def test_the_status_is_missing_or_another(wire: Any) -> None:
    """``no-status`` after the effect; ``status`` shows whatever was asked, without an effect."""
    assert "statusCode" not in wire.shown("no-status")[0].only
    for name in ("PENDING_PICK", "cancelled ", "PARTIALLY_CANCELLED", "BRAND_NEW"):
        seen, allocation = wire.shown(f"status:{name}", applied=False)
        assert seen.only["statusCode"] == name
        assert seen.only["version"] == allocation.first_version


def test_deep_nesting(wire: Any) -> None:
    """So many arrays in one another, in what is otherwise a cancelled allocation."""
    body = wire.shown("deep-json:3000")[0].body
    assert b"[" * 3000 + b"]" * 3000 in body
    assert json.loads(body.replace(b"[" * 3000 + b"]" * 3000, b"0"))[0]["statusCode"] == "CANCELLED"
    assert len(wire.shown("deep-json")[0].body) > 200_000


def test_a_stale_answer_shows_the_state_before(wire: Any) -> None:
    """``stale``: cancelled, yet the reply shows status and version before; so a read may too."""
    seen, allocation = wire.shown("stale")
    shown = seen.only
    expected = (allocation.first_status, allocation.first_version)
    assert (shown["statusCode"], shown["version"]) == expected
    with wire.serving("stale*1/GET") as simulator:
        wire.meet(simulator)
        first, second = (wire.meet(simulator, "GET").json for _ in range(2))
    assert (first["statusCode"], first["version"]) == expected
    assert (second["statusCode"], second["version"]) == ("CANCELLED", expected[1] + 1)


@pytest.mark.parametrize("kind", ["no-version", "several", "truncated", "garbage"])
def test_a_spoilt_answer_may_have_no_effect(wire: Any, kind: str) -> None:
    """``-unapplied``: the same spoilt answer, and the allocation stays as it is."""
    with wire.serving(f"{kind}-unapplied") as simulator:
        assert wire.meet(simulator).status == 200
        wire.check(simulator, applied=False, status=200, fault=f"{kind}-unapplied")


def test_bodies_that_are_no_allocation(wire: Any) -> None:
    """An HTML page without effect; nothing, and invalid JSON, after the effect."""
    with wire.serving("html") as simulator:
        seen = wire.meet(simulator)
        wire.check(simulator, applied=False, status=200, fault="html")
    assert seen.headers["content-type"].startswith("text/html")
    assert seen.body.startswith(b"<!DOCTYPE html>")
    assert wire.shown("empty-200")[0].body == b""
    body = wire.shown("garbage")[0].body
    assert ID.encode() in body
    with pytest.raises(ValueError, match="Expecting"):
        json.loads(body)


def test_a_gzip_bomb_grows(wire: Any) -> None:
    """Compressed unasked; it unpacks, with a right checksum, to a valid answer of that size."""
    with wire.serving("gzip-bomb:20000000") as simulator:
        seen = wire.meet(simulator)
        wire.check(simulator, applied=True, status=200, fault="gzip-bomb")
    assert seen.headers["content-encoding"] == "gzip"
    assert len(seen.body) < 65536
    unpacked = zlib.decompress(seen.body, wbits=zlib.MAX_WBITS | 16)
    assert 20_000_000 <= len(unpacked) < 23_000_000
    assert json.loads(unpacked)[0]["statusCode"] == "CANCELLED"


def test_a_big_header(wire: Any) -> None:
    """20 kB in one header; the body is a proper one."""
    with wire.serving("big-header") as simulator:
        seen = wire.meet(simulator)
        wire.check(simulator, applied=True, status=200, fault="big-header")
    assert seen.headers["x-filler"] == "x" * 20000
    assert seen.only["statusCode"] == "CANCELLED"
