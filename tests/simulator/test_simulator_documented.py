"""The API as documented: cancel and read, and what the ledger says of them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bulkcancel.simulator import PERSONAL_SENTINELS, SimulatorOptions, SimulatorThread

ID = "62ff5c0bec0aed3c86202c32"
OTHER = "62ff5c0bec0aed3c86202c33"
MISSING = "62ff5c0bec0aed3c862040f4"
SHIPPED = "62ff5c0bec0aed3c86205e1d"
_FIELDS = {
    "allocationId",
    "version",
    "statusCode",
    "type",
    "allocationRequestId",
    "allocationNum",
    "parentAllocationId",
    "poNumber",
    "vendorId",
    "locationNum",
    "locationType",
    "previousAllocationLocationNum",
    "itemsType",
    "orderSubType",
    "allocationDate",
    "updatedAt",
    "sentToPPSDate",
    "shipDate",
    "shipType",
    "shipMethod",
    "shipToId",
    "shipToAddress",
    "recipient",
    "items",
    "auditLogs",
}
_LINE_FIELDS = {
    "allocationLineNumber",
    "itemId",
    "quantity",
    "sku",
    "orderLineId",
    "orderId",
    "shippedQuantity",
    "scratchQuantity",
    "itemStatus",
    "vendorId",
}


def test_a_cancel_shows_the_allocation_cancelled_with_the_next_version(api: Any) -> None:
    """200 with an array of one object; a read shows the same; the ledger has one effect."""
    with SimulatorThread() as simulator:
        before = api.read(simulator, ID).json
        answer = api.cancel(simulator, ID)
        after = api.read(simulator, ID).json
        truth = simulator.ledger[ID]
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json == [after]
    assert before["statusCode"] in {"ALLOCATED", "PENDING_PICK", "PENDING_DROP"}
    assert (after["allocationId"], after["statusCode"]) == (ID, "CANCELLED")
    assert 1 <= before["version"] <= 5
    assert after["version"] == before["version"] + 1
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", after["updatedAt"])
    assert (truth.puts, truth.gets, truth.effects) == (1, 2, 1)
    assert (truth.first_status, truth.status) == (before["statusCode"], "CANCELLED")
    assert (truth.first_version, truth.version) == (before["version"], after["version"])
    assert truth.effect_sequence == 2


def test_the_object_has_all_documented_fields(api: Any) -> None:
    """Every field of the documentation is there, personal data included."""
    with SimulatorThread() as simulator:
        shown = api.read(simulator, ID)
    assert shown.json.keys() >= _FIELDS
    assert shown.json["items"][0].keys() >= _LINE_FIELDS
    assert all(sentinel.encode() in shown.body for sentinel in PERSONAL_SENTINELS)


def test_an_allocation_depends_on_its_id_and_the_seed_alone(api: Any) -> None:
    """The same in each simulator with this seed, in whatever order it is asked; else another."""

    def shown(seed: int, ids: list[str]) -> dict[str, Any]:
        with SimulatorThread(SimulatorOptions(seed=seed)) as simulator:
            return {one: api.read(simulator, one).json for one in ids}

    ids = [f"{number:024x}" for number in range(20)]
    assert shown(3, ids) == shown(3, ids[::-1])
    assert shown(3, ids) != shown(4, ids)


def test_purchase_order_and_vendor_can_be_fixed(api: Any) -> None:
    """A rehearsal of one purchase order has one purchase order."""
    options = SimulatorOptions(po_number="1125", vendor_id="56")
    with SimulatorThread(options) as simulator:
        shown = [api.read(simulator, one).json for one in (ID, OTHER)]
    assert [(one["poNumber"], one["vendorId"]) for one in shown] == [("1125", "56")] * 2


@pytest.mark.parametrize("already", ["ok", "400", "409", "500"])
def test_a_repeated_cancel_answers_as_asked(api: Any, already: Any) -> None:
    """A cancelled allocation stays as it is, whatever the answer; nothing takes effect twice."""
    with SimulatorThread(SimulatorOptions(already=already)) as simulator:
        first = api.cancel(simulator, ID)
        again = api.cancel(simulator, ID)
        truth = simulator.ledger[ID]
    if already == "ok":
        assert again.json == first.json
    else:
        assert again.status == int(already)
        assert again.json["errorCode"] == "ALLOCATION-2005"
        assert "already cancelled or scratched" in again.json["message"]
    assert (truth.puts, truth.effects, truth.version) == (2, 1, truth.first_version + 1)


@pytest.mark.parametrize("shipped", ["ok", "400", "409"])
def test_a_shipped_allocation_stays_shipped(api: Any, shipped: Any) -> None:
    """An id that ends in 5e1d is shipped; its cancel answers as asked and changes nothing."""
    with SimulatorThread(SimulatorOptions(shipped=shipped)) as simulator:
        answer = api.cancel(simulator, SHIPPED)
        truth = simulator.ledger[SHIPPED]
    if shipped == "ok":
        assert (answer.status, answer.json[0]["statusCode"]) == (200, "SHIPPED")
    else:
        assert (answer.status, answer.json["errorCode"]) == (int(shipped), "ALLOCATION-2003")
    assert (truth.status, truth.effects, truth.version) == ("SHIPPED", 0, truth.first_version)


def test_a_missing_allocation_has_the_documented_answers(api: Any) -> None:
    """An id that ends in 40f4 is unknown: 404 of a cancel, 400 of a read, a bare string each."""
    with SimulatorThread() as simulator:
        cancelled, shown = api.cancel(simulator, MISSING), api.read(simulator, MISSING)
        truth = simulator.ledger[MISSING]
    assert (cancelled.status, shown.status) == (404, 400)
    assert cancelled.json == shown.json == "AllocationRequestId Not Found/Valid"
    assert (truth.exists, truth.puts, truth.gets, truth.effects) == (False, 1, 1, 0)


def test_states_are_as_given_and_conventions_can_be_off(api: Any) -> None:
    """A state given by id rules; without conventions the endings mean nothing."""
    states = {ID: "CANCELLED", OTHER: "missing", SHIPPED: "REALLOCATED", "a-b_c.~1": "NEW_ONE"}
    with SimulatorThread(SimulatorOptions(states=states)) as simulator:
        assert api.read(simulator, ID).json["statusCode"] == "CANCELLED"
        assert api.cancel(simulator, OTHER).status == 404
        assert api.read(simulator, SHIPPED).json["statusCode"] == "REALLOCATED"
        assert api.cancel(simulator, SHIPPED).json["message"].endswith("cannot be cancelled")
        assert api.read(simulator, "a-b_c.~1").json["statusCode"] == "NEW_ONE"
        assert simulator.ledger[ID].effects == 0
    with SimulatorThread(SimulatorOptions(conventions=False)) as simulator:
        assert api.cancel(simulator, SHIPPED).json[0]["statusCode"] == "CANCELLED"
        assert api.cancel(simulator, MISSING).json[0]["statusCode"] == "CANCELLED"


@pytest.mark.parametrize("comma", [",", "%2C"])
def test_a_comma_cancels_two_allocations(api: Any, comma: str) -> None:
    """A client that lets a comma through is caught: both are cancelled, and the ledger says so."""
    with SimulatorThread() as simulator:
        answer = api.cancel(simulator, f"{ID}{comma}{OTHER}")
        ledger = simulator.ledger
    assert [one["allocationId"] for one in answer.json] == [ID, OTHER]
    assert [one["statusCode"] for one in answer.json] == ["CANCELLED"] * 2
    assert ledger.entries()[0].ids == (ID, OTHER)
    assert [ledger[one].effects for one in (ID, OTHER)] == [1, 1]


def test_an_id_that_is_not_well_formed_is_unknown_and_in_the_ledger(api: Any) -> None:
    """Whatever a client lets through is seen: quoted slashes and blanks are part of the id."""
    with SimulatorThread() as simulator:
        assert api.cancel(simulator, "a%2Fb").status == 404
        assert api.read(simulator, "a%20b").status == 400
        ledger = simulator.ledger
    assert [entry.ids for entry in ledger.entries()] == [("a/b",), ("a b",)]
    assert not ledger["a/b"].exists


def test_without_reads_a_read_answers_405(api: Any) -> None:
    """A deployment without the read: 405, and the cancel works."""
    with SimulatorThread(SimulatorOptions(read_available=False)) as simulator:
        answer = api.read(simulator, ID)
        assert (answer.status, answer.headers["allow"], answer.body) == (405, "PUT", b"")
        assert api.cancel(simulator, ID).status == 200
        assert simulator.ledger[ID].gets == 1


def test_other_addresses_are_no_part_of_the_api(api: Any) -> None:
    """404 as HTML, as a gateway writes it; 405 for another method; all of it in the ledger."""
    with SimulatorThread() as simulator:
        for method, path, status in (
            ("GET", "/", 404),
            ("PUT", "/api/v1/allocation/cancel/x", 404),
            ("PUT", "/api/v2/allocation/cancel/", 404),
            ("PUT", f"/api/v2/allocation/cancel/{ID}/more", 404),
            ("DELETE", f"/api/v2/allocation/{ID}", 405),
            ("PUT", f"/api/v2/allocation/{ID}", 405),
            ("GET", "/v1/token", 405),
        ):
            answer = api.ask(simulator, method, path)
            assert answer.status == status, path
            assert status == 405 or answer.headers["content-type"].startswith("text/html")
        summary = simulator.ledger.summary()
    assert (summary.requests, summary.others, summary.allocations) == (7, 7, {})


def test_allocations_may_belong_to_others(api: Any) -> None:
    """An owner of its own, by id, outranks the purchase order and the vendor of all."""
    options = SimulatorOptions(po_number="1125", vendor_id="56", owners={ID: ("77", "57")})
    with SimulatorThread(options) as simulator:
        shown = [api.read(simulator, one).json for one in (ID, OTHER)]
    assert [(one["poNumber"], one["vendorId"]) for one in shown] == [("77", "57"), ("1125", "56")]
    assert [one["items"][0]["vendorId"] for one in shown] == ["57", "56"]
