"""Faults of a request with several ids: they strike it as a whole, once, and the ledger tells."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from bulkcancel.simulator import KINDS, SEVERAL, parse_fault, read_ledger
from bulkcancel.simulator.selection import FaultBook

A, B, C, D = (f"62ff5c0bec0aed3c86202c3{number}" for number in range(4))
GOOD = (A, B, C, D)
MISSING = "62ff5c0bec0aed3c862040f4"
SHIPPED = "62ff5c0bec0aed3c86205e1d"
ARGUMENTS = {
    "late": "0.01",
    "stale-delayed": "0.01",
    "hang": "0.01",
    "drip": "1000000",
    "status": "X",
    "becomes": "SHIPPED",
    "oversized": "100000",
    "gzip-bomb": "100000",
}


def _path(*ids: str) -> str:
    return f"/api/v2/allocation/cancel/{','.join(ids)}"


@pytest.mark.parametrize(
    ("kind", "changed", "status"),
    [
        ("hangup-before", (), None),
        ("hangup-after", GOOD, None),
        ("reset-after", GOOD, None),
        ("500", (), 500),
        ("500-applied", GOOD, 500),
        ("429:7", (), 429),
        ("503-applied", GOOD, 503),
        ("html-502", (), 502),
        ("truncated", GOOD, 200),
        ("truncated-unapplied", (), 200),
        ("empty-array", GOOD, 200),
        ("late:0.05", GOOD, 200),
    ],
)
def test_a_fault_strikes_the_list_as_a_whole(
    wire: Any, kind: str, changed: tuple[str, ...], status: int | None
) -> None:
    """One request in the ledger, with all that it changed, or nothing."""
    with wire.serving(kind) as simulator:
        seen = wire.meet(simulator, path=_path(*GOOD))
        ledger = simulator.ledger
    (entry,) = ledger.entries()
    assert (entry.status, entry.fault) == (status, kind.partition(":")[0])
    assert (entry.ids, entry.changed, entry.pending) == (GOOD, changed, False)
    assert (seen.raw == b"") == (status is None)
    figures = ledger.summary()
    assert (figures.puts, figures.effects, figures.changes) == (1, bool(changed), len(changed))
    for one in GOOD:
        assert ledger[one].effect_sequence == (1 if changed else None)
        assert ledger[one].puts == 1


@pytest.mark.parametrize(
    ("mode", "changed"),
    [("all-or-nothing", ()), ("error-after-some", (A,)), ("first-only", (A,)), ("refused", ())],
)
@pytest.mark.parametrize("kind", ["hangup-after", "late:0.05", "stale-delayed:0.05"])
def test_a_fault_leaves_the_mode_its_effects(
    wire: Any, mode: str, changed: tuple[str, ...], kind: str
) -> None:
    """Without an answer, late or behind it: what takes effect is what the mode says."""
    with wire.serving(kind, several=mode) as simulator:
        wire.meet(simulator, path=_path(A, SHIPPED, B))
        wire.settled(simulator, lambda entry: not entry.pending)
        ledger = simulator.ledger
    assert ledger.entries()[0].changed == changed
    assert {one for one in (A, SHIPPED, B) if ledger[one].effects} == set(changed)


@pytest.mark.parametrize("mode", [*SEVERAL, "limit"])
def test_no_kind_breaks_in_any_mode(wire: Any, mode: str) -> None:
    """Whatever the fault: bad ids keep their state, and no request gets lost in the server."""
    options = {"several_most": 2} if mode == "limit" else {"several": mode}
    with wire.serving(token=None, **options) as simulator:
        for base in sorted({kind.base for kind in KINDS.values()} - {"revoke"}):
            text = f"{base}:{ARGUMENTS[base]}" if base in ARGUMENTS else base
            simulator.set_faults(parse_fault(text))
            for ids in ((SHIPPED, MISSING, MISSING), (f"{base}.a", SHIPPED, MISSING, f"{base}.b")):
                wire.meet(simulator, path=_path(*ids))
                entry = simulator.ledger.entries()[-1]
                assert (entry.ids, entry.fault) == (ids, base)
        ledger = simulator.ledger
    assert ledger[SHIPPED].effects == ledger[MISSING].effects == 0


def test_a_fault_for_an_id_strikes_the_list_that_holds_it(wire: Any) -> None:
    """Wherever the id stands in it, and no list without it."""
    with wire.serving(f"500@{C}*1") as simulator:
        statuses = [
            wire.meet(simulator, path=_path(*ids)).status for ids in ((A, B), (D, C), (C, A))
        ]
    assert statuses == [200, 500, 200]


def test_the_first_fault_in_place_wins(wire: Any) -> None:
    """The order of the faults decides, not that of the ids, as with single ids."""
    with wire.serving(f"503@{B}", "500", f"429@{A}") as simulator:
        statuses = [wire.meet(simulator, path=_path(*ids)).status for ids in ((A, B), (A, C))]
    assert statuses == [503, 500]


def test_times_count_for_every_id_of_the_list(wire: Any) -> None:
    """Who was in a list that met a fault has met it; a list with a new one meets it again."""
    with wire.serving("500*1") as simulator:
        lists = ((A, B), (A,), (B,), (B, A), (B, C), (C,), (D,))
        statuses = [wire.meet(simulator, path=_path(*ids)).status for ids in lists]
    assert statuses == [500, 200, 200, 200, 500, 200, 500]


def test_a_share_is_one_of_the_requests_not_of_the_ids() -> None:
    """A list of twenty meets a fault of 10 % as often as a single id does."""
    struck: Counter[int] = Counter()
    for length in (1, 20):
        book = FaultBook((parse_fault("500=0.1"),), seed=1, placed=0.0)
        for first in range(2000):
            ids = [f"{length}-{first}-{number}" for number in range(length)]
            struck[length] += book.choose("PUT", ids[0], 0.0, others=ids[1:]) is not None
    assert all(150 <= count <= 250 for count in struck.values())


def test_a_list_counts_as_a_request_of_each_id() -> None:
    """A later draw for an id is the same whether it came alone before or behind another one."""
    draws = []
    for behind in (False, True):
        book = FaultBook((parse_fault("500=0.5"),), seed=1, placed=0.0)
        for number in range(40):
            ids = (f"first-{number}", str(number))
            book.choose("PUT", ids[not behind], 0.0, others=ids[1:] if behind else ())
        draws.append([book.choose("PUT", str(number), 0.0) is None for number in range(40)])
    assert draws[0] == draws[1]
    assert 0 < sum(draws[0]) < 40


def test_what_a_fault_keeps_from_being_tried_is_not_left_out(wire: Any) -> None:
    """``partial-list`` with a fault that has no effect: nothing failed, all are shown."""
    with wire.serving("drip-unapplied:1000000", several="partial-list") as simulator:
        seen = wire.meet(simulator, path=_path(A, SHIPPED, MISSING))
        assert [one["allocationId"] for one in seen.json] == [A, SHIPPED]
        assert simulator.ledger.summary().effects == 0


def test_a_window_counts_a_list_as_one_request(wire: Any) -> None:
    """``+1..2`` is the second request, however many ids the first one had."""
    with wire.serving("500+1..2") as simulator:
        statuses = [
            wire.meet(simulator, path=_path(*ids)).status for ids in ((A, B, C), (D,), (D,))
        ]
    assert statuses == [200, 500, 200]


def test_the_ledgers_file_holds_what_each_request_changed(wire: Any, tmp_path: Path) -> None:
    """One line a list with the ids it changed, joined with what came later."""
    path = tmp_path / "ledger.jsonl"
    with wire.serving(
        f"stale-delayed:0.05@{C}", ledger_path=path, several="error-after-some"
    ) as simulator:
        wire.meet(simulator, path=_path(C, D, MISSING))
        wire.meet(simulator, path=_path(A, SHIPPED, B))
        wire.settled(simulator, lambda entry: entry.applied)
        entries = read_ledger(path)
        assert entries == simulator.ledger.entries()
    assert [(entry.changed, entry.applied) for entry in entries] == [((C, D), True), ((A,), True)]
