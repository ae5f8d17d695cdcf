"""Faults of the connection itself: silence, resets, drips, halves, too much, no HTTP."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest


@pytest.mark.parametrize(
    ("kind", "ending", "applied"),
    [
        ("hangup-before", "closed", False),
        ("hangup-after", "closed", True),
        ("reset-before", "reset", False),
        ("reset-after", "reset", True),
        ("hang:0.02", "closed", False),
        ("hang-applied:0.02", "closed", True),
    ],
)
def test_no_answer_at_all(wire: Any, kind: str, ending: str, applied: bool) -> None:  # noqa: FBT001 - a case
    """The request was read; not one byte comes back; closed by FIN or by RST as it says."""
    with wire.serving(kind) as simulator:
        seen = wire.meet(simulator)
        wire.check(simulator, applied=applied, status=None, fault=kind.partition(":")[0])
        assert simulator.ledger.summary().by_status == {"none": 1}
    assert (seen.raw, seen.ending) == (b"", ending)


def test_a_reset_may_strike_a_connection_that_was_used_before(wire: Any) -> None:
    """The second request on a kept connection meets a RST; the first was answered."""
    with wire.serving("reset-before+1..2") as simulator, wire.connect(simulator) as connection:
        wire.send(connection)
        assert wire.receive(connection, enough=wire.one_answer).status == 200
        wire.send(connection)
        assert wire.receive(connection) == wire.nothing("reset")


@pytest.mark.parametrize(("kind", "ending"), [("drop-idle", "closed"), ("reset-idle", "reset")])
def test_an_idle_connection_is_dropped_without_a_word(wire: Any, kind: str, ending: str) -> None:
    """A whole answer that keeps the connection alive by its headers; then the connection ends."""
    with wire.serving(kind) as simulator, wire.connect(simulator) as connection:
        wire.send(connection)
        seen = wire.receive(connection)
        wire.check(simulator, applied=True, status=200, fault=kind)
    assert seen.ending == ending
    assert seen.is_whole
    assert "connection" not in seen.headers
    assert seen.only["statusCode"] == "CANCELLED"


def test_without_a_fault_the_connection_is_kept(wire: Any) -> None:
    """What the two above are held against: a second request on the same connection works."""
    with wire.serving() as simulator, wire.connect(simulator) as connection:
        for _ in range(2):
            wire.send(connection)
            assert wire.receive(connection, enough=wire.one_answer).status == 200


def test_a_hang_lasts_until_the_stop(wire: Any) -> None:
    """No byte comes while it hangs; the stop lets go of it at once, without an effect."""
    with wire.serving("hang") as simulator:
        connection = wire.connect(simulator)
        wire.send(connection)
        wire.settled(simulator, lambda entry: not entry.pending)
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connection.settimeout(30)
        began = time.monotonic()
    assert time.monotonic() - began < 60  # by itself it would hang for 120 s
    with connection:
        assert wire.receive(connection) == wire.nothing("closed")
    wire.check(simulator, applied=False, status=None, fault="hang")


def test_a_drip_comes_byte_by_byte(wire: Any) -> None:
    """The head at once, the body in single bytes and not faster than asked; whole in the end."""
    with wire.serving("drip:2000") as simulator, wire.connect(simulator) as connection:
        began = time.monotonic()
        wire.send(connection)
        seen = wire.receive(connection)
        took = time.monotonic() - began
        wire.check(simulator, applied=True, status=200, fault="drip")
    assert seen.is_whole
    assert seen.pieces > 50
    assert took >= len(seen.body) / 2000
    assert seen.only["statusCode"] == "CANCELLED"


def test_a_slow_drip_ends_with_the_stop(wire: Any) -> None:
    """One byte a second: some come, the rest never does."""
    with wire.serving("drip") as simulator:
        connection = wire.connect(simulator)
        wire.send(connection)
        begun = wire.receive(connection, enough=lambda seen: len(seen.body) > 0)
    with connection:
        rest = wire.receive(connection)
    begun.raw += rest.raw
    assert not begun.is_whole


def test_a_truncated_answer(wire: Any) -> None:
    """Half of the length announced, then the end."""
    with wire.serving("truncated") as simulator:
        seen = wire.meet(simulator)
        wire.check(simulator, applied=True, status=200, fault="truncated")
    assert seen.ending == "closed"
    assert len(seen.body) == int(seen.headers["content-length"]) // 2


def test_an_oversized_answer_is_streamed(wire: Any) -> None:
    """So many bytes in chunks, valid JSON in the end; and a client may go before it is over."""
    with wire.serving("oversized:3000000") as simulator:
        seen = wire.meet(simulator)
        wire.check(simulator, applied=True, status=200, fault="oversized")
    assert seen.headers["transfer-encoding"] == "chunked"
    body, rest = b"", seen.body
    while not rest.startswith(b"0\r\n"):
        size, _, rest = rest.partition(b"\r\n")
        body, rest = body + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
    assert len(body) == 3_000_000
    assert json.loads(body)[0]["statusCode"] == "CANCELLED"
    with wire.serving("oversized") as simulator, wire.connect(simulator) as connection:
        wire.send(connection)
        wire.receive(connection, enough=lambda seen: len(seen.raw) > 1_000_000)


def test_answers_that_are_no_http(wire: Any) -> None:
    """A first line of garbage; and none at all, as HTTP/0.9 had it."""
    with wire.serving("bad-status-line") as simulator:
        seen = wire.meet(simulator)
        wire.check(simulator, applied=True, status=None, fault="bad-status-line")
    assert seen.raw.startswith(b"HPPT/1.x nought 200 OK\r\n")
    with wire.serving("http-0.9") as simulator:
        seen = wire.meet(simulator)
        wire.check(simulator, applied=True, status=None, fault="http-0.9")
    assert json.loads(seen.raw)[0]["statusCode"] == "CANCELLED"
