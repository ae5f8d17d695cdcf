"""What holds for every kind of fault."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bulkcancel.simulator import KINDS

ID = "62ff5c0bec0aed3c86202c32"
ARGUMENTS = {
    "late": "0.01",
    "stale-delayed": "0.01",
    "hang": "0.01",
    "drip": "100000",
    "status": "X",
    "becomes": "X",
    "oversized": "100000",
    "gzip-bomb": "100000",
}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_missing_allocation_never_takes_effect(wire: Any, kind: str) -> None:
    """Whatever the fault: an id that does not exist is not cancelled, and the server goes on."""
    base = KINDS[kind].base
    text = f"{kind}:{ARGUMENTS[base]}" if base in ARGUMENTS else kind
    with wire.serving(f"{text}/any", states={ID: "missing"}, token=None) as simulator:
        for method in ("PUT", "GET"):
            wire.meet(simulator, method)
        simulator.set_faults()
        seen = wire.meet(simulator)
        ledger = simulator.ledger
    assert seen.status == (401 if base == "revoke" else 404)
    assert (ledger[ID].puts, ledger[ID].gets, ledger[ID].effects) == (2, 1, 0)
    # A token that was revoked gets no further than the gate.
    second = None if base == "revoke" else kind
    assert [entry.fault for entry in ledger.entries()] == [kind, second, None]


@pytest.mark.parametrize("kind", sorted({kind.base for kind in KINDS.values()}))
def test_a_read_never_takes_effect(wire: Any, kind: str) -> None:
    """Whatever the fault of a read: no request is in the ledger as having cancelled anything."""
    text = f"{kind}:{ARGUMENTS[kind]}" if kind in ARGUMENTS else kind
    with wire.serving(f"{text}/GET") as simulator:
        seen = wire.meet(simulator, "GET")
        ledger = simulator.ledger
    assert (ledger[ID].gets, ledger[ID].effects) == (1, 0)
    assert not ledger.entries()[0].applied
    speechless = {"hangup", "reset", "hang"}
    assert (seen.raw == b"") == (kind in speechless)


def test_every_kind_has_a_test_of_its_own() -> None:
    """A kind that is added is spoken of in a test of this folder, or this one fails."""
    sources = [path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py")]
    wanted = {kind.base for kind in KINDS.values()}
    named = {
        base
        for base in wanted
        if any(f'"{base}' in source or f"    {base}: " in source for source in sources)
    }
    assert wanted - named == set()
