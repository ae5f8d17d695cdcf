"""Faults of what happens to the allocation, and when."""

from __future__ import annotations

import time
from typing import Any

import pytest

ID = "62ff5c0bec0aed3c86202c32"


def test_late_takes_effect_late(wire: Any) -> None:
    """Arrived and pending at first; effect and answer come together, not before the time."""
    with wire.serving("late:1") as simulator, wire.connect(simulator) as connection:
        wire.send(connection)
        early = wire.settled(simulator, lambda entry: entry.pending)
        assert (early.applied, early.status, early.fault) == (False, None, "late")
        assert early.states[0] in wire.active
        assert simulator.ledger[ID].effects == 0
        seen = wire.receive(connection, enough=wire.one_answer)
        assert time.monotonic() - early.monotonic >= 1
        wire.check(simulator, applied=True, status=200, fault="late")
        entry = simulator.ledger.entries()[0]
    assert (entry.pending, entry.states) == (False, ("CANCELLED",))
    assert seen.only["statusCode"] == "CANCELLED"


def test_late_takes_effect_when_the_client_has_gone(wire: Any) -> None:
    """Who gives up before the answer is cancelled all the same."""
    with wire.serving("late:0.2") as simulator:
        with wire.connect(simulator) as connection:
            wire.send(connection)
            wire.settled(simulator, lambda entry: entry.fault == "late")
        wire.settled(simulator, lambda entry: entry.applied)
        wire.check(simulator, applied=True, status=200, fault="late")


def test_two_cancels_race_when_the_first_is_late(wire: Any) -> None:
    """The second one takes effect first; the late one finds it already cancelled."""
    with (
        wire.serving("late:1*1", already="409") as simulator,
        wire.connect(simulator) as connection,
    ):
        wire.send(connection)
        wire.settled(simulator, lambda entry: entry.pending)
        assert wire.meet(simulator).status == 200
        assert wire.receive(connection, enough=wire.one_answer).status == 409
        ledger = simulator.ledger
    assert [entry.applied for entry in ledger.entries()] == [False, True]
    assert (ledger[ID].effects, ledger[ID].effect_sequence) == (1, 2)


def test_an_effect_that_the_answer_does_not_show_yet(wire: Any) -> None:
    """``stale-delayed``: the reply and a read show the state before; later it is cancelled."""
    with wire.serving("stale-delayed:1") as simulator:
        shown = wire.meet(simulator).only
        early = simulator.ledger
        wire.settled(simulator, lambda entry: entry.applied)
        wire.check(simulator, applied=True, status=200, fault="stale-delayed")
        assert wire.meet(simulator, "GET").json["statusCode"] == "CANCELLED"
    assert shown["statusCode"] == early[ID].status
    assert shown["statusCode"] in wire.active
    assert early.entries()[0].pending


def test_an_effect_still_to_come_does_not_come_after_the_stop(wire: Any) -> None:
    """A simulator that was stopped changes nothing any more."""
    with wire.serving("stale-delayed:60") as simulator:
        assert wire.meet(simulator).status == 200
    assert simulator.ledger[ID].effects == 0


def test_effect_delay_holds_back_every_effect(wire: Any) -> None:
    """The option: each cancel takes effect that long after its arrival, and is answered then."""
    with wire.serving(effect_delay=1) as simulator, wire.connect(simulator) as connection:
        wire.send(connection)
        early = wire.settled(simulator, lambda entry: entry.pending)
        assert wire.meet(simulator, "GET").json["statusCode"] in wire.active
        assert wire.receive(connection, enough=wire.one_answer).status == 200
        assert time.monotonic() - early.monotonic >= 1


def test_latency_comes_after_the_effect(wire: Any) -> None:
    """While the answer is still awaited the ledger has the effect already."""
    with (
        wire.serving(latency=0.3, latency_jitter=0.1) as simulator,
        wire.connect(simulator) as connection,
    ):
        wire.send(connection)
        entry = wire.settled(simulator, lambda entry: entry.applied)
        assert wire.receive(connection, enough=wire.one_answer).status == 200
        assert time.monotonic() - entry.monotonic >= 0.3


def test_a_partial_cancel(wire: Any) -> None:
    """The allocation becomes PARTIALLY_CANCELLED, which counts as an effect, and stays so."""
    with wire.serving("partial*1") as simulator:
        first, second = wire.meet(simulator), wire.meet(simulator)
        allocation = simulator.ledger[ID]
        entries = simulator.ledger.entries()
    assert first.only["statusCode"] == "PARTIALLY_CANCELLED"
    assert second.status == 400
    assert (allocation.status, allocation.effects) == ("PARTIALLY_CANCELLED", 1)
    assert [entry.applied for entry in entries] == [True, False]


def test_somebody_else_gives_it_another_status(wire: Any) -> None:
    """``becomes``: the reply and every read show it, and this request did nothing."""
    with wire.serving("becomes:SHIPPED") as simulator:
        shown = wire.meet(simulator).only
        assert wire.meet(simulator, "GET").json == shown
        allocation = simulator.ledger[ID]
    assert shown["statusCode"] == "SHIPPED"
    assert (allocation.effects, allocation.version) == (0, allocation.first_version + 1)


@pytest.mark.parametrize(
    ("text", "status"), [("rival", 409), ("rival:500", 500), ("rival:ok", 200)]
)
def test_somebody_else_cancels_it_first(wire: Any, text: str, status: int) -> None:
    """``rival``: answered as an already cancelled one; CANCELLED, by nobody in the ledger."""
    with wire.serving(text, already="409") as simulator:
        assert wire.meet(simulator).status == status
        allocation = simulator.ledger[ID]
        assert not simulator.ledger.entries()[0].applied
    assert (allocation.status, allocation.effects) == ("CANCELLED", 0)
    assert allocation.version == allocation.first_version + 1
