"""The query of the simulator: documented shapes, and the ways in which a real one may differ."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from bulkcancel.errors import RefusedError
from bulkcancel.simulator import PERSONAL_SENTINELS, SimulatorOptions, SimulatorThread, parse_fault

PATH = "/api/v2/allocation/query"
JSON = {"Content-Type": "application/json"}


def ask(
    api: Any, simulator: SimulatorThread, body: object = None, headers: Any = None, **query: Any
) -> Any:
    """Send a query."""
    text = body if isinstance(body, str) else json.dumps(query)
    return api.ask(
        simulator,
        "POST",
        PATH,
        headers=api.headers | JSON if headers is None else headers,
        body=text,
    )


def ids(answer: Any) -> list[str]:
    """Return the ids in a page, none for the documented 404."""
    if answer.status == 404:
        assert isinstance(answer.json, str)
        return []
    assert answer.status == 200
    return [one["allocationId"] for one in answer.json]


def serving(**options: Any) -> SimulatorThread:
    """Return a simulator with a stock, not started yet."""
    return SimulatorThread(SimulatorOptions(**({"stock": 30} | options)))


def test_a_query_shows_whole_objects_and_changes_nothing(api: Any) -> None:
    """A bare array of the very objects that a read shows, personal data included."""
    with serving() as simulator:
        answer = ask(api, simulator, filters={}, limit=3, offset=0)
        assert len(answer.json) == 3
        assert all(sentinel.encode() in answer.body for sentinel in PERSONAL_SENTINELS)
        for shown in answer.json:
            assert api.read(simulator, shown["allocationId"]).json == shown
        (first, *_) = simulator.ledger.entries()
        assert (first.method, first.path, first.status, first.ids) == ("POST", PATH, 200, ())


def test_what_is_only_shown_was_never_named(api: Any) -> None:
    """A query names no allocation: the ledger's truth is about those that a request named."""
    with serving() as simulator:
        shown = ids(ask(api, simulator, limit=100))
        assert len(shown) == 30
        assert simulator.ledger.summary().allocations == {}
        api.cancel(simulator, shown[4])
        assert set(simulator.ledger.summary().allocations) == {shown[4]}
        again = ask(api, simulator, filters={"statusCode": "CANCELLED"}).json
        assert [one["allocationId"] for one in again] == [shown[4]]


def test_what_was_given_or_named_is_found_too(api: Any) -> None:
    """By its owner or its state, but not what does not exist."""
    owned, stated, missing, named = (f"{number:024x}" for number in range(4))
    options = {
        "stock": 0,
        "owners": {owned: ("7", "56")},
        "states": {stated: "SHIPPED", missing: "missing"},
    }
    with serving(**options) as simulator:
        api.read(simulator, named)
        assert set(ids(ask(api, simulator, limit=10))) == {owned, stated, named}
        assert ids(ask(api, simulator, filters={"poNumber": "7", "vendorId": "56"})) == [owned]


def test_pages_make_up_the_whole(api: Any) -> None:
    """In the order asked for; behind the end comes the documented 404 with a bare string."""
    with serving() as simulator:
        whole = ids(ask(api, simulator, limit=100, sortBy="updatedAt", sortDirection="desc"))
        parts = [
            ids(ask(api, simulator, limit=7, offset=place, sortDirection="desc"))
            for place in range(0, 36, 7)
        ]
        assert [len(part) for part in parts] == [7, 7, 7, 7, 2, 0]
        assert [one for part in parts for one in part] == whole
        assert ids(ask(api, simulator, limit=100, sortBy="allocationId")) == sorted(whole)
        assert whole == sorted(whole, reverse=True), "a stock is made in the order of its ids"
        assert len(ids(ask(api, simulator))) == 10, "the documented page"


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"poNumber": "4500000012"}, 3), ({"poNumber": ["4500000012", "7"]}, 3),
        ({"poNumber": "450000001"}, 0), ({"poNumber": "45000000*"}, 30), ({"poNumber": 7}, 0),
        ({"poNumber": "4500000012", "vendorId": "57"}, 1), ({"nonsense": "7"}, 0),
        ({"updatedAt": {"gte": "2022-08-01T18:03:30", "lt": "2022-08-01T18:03:32"}}, 2),
        ({"updatedAt": {"gt": "2022", "lte": "2023"}}, 30),
        ({"shipToAddress": {"city": "Example"}}, 30), ({"shipToAddress": {"city": "x"}}, 0),
    ],
)  # fmt: skip
def test_filters_are_as_documented(api: Any, filters: Any, count: int) -> None:
    """A scalar is equality, an array any-of, a star a wildcard, and there are ranges."""
    owners = {f"62ff5c0b{place:012x}aaaa": ("4500000012", str(55 + place)) for place in (1, 2, 3)}
    with serving(owners=owners, seed=1, po_number="4500000099") as simulator:
        assert len(ids(ask(api, simulator, filters=filters, limit=100))) == count


def test_filters_can_be_ignored_or_loose(api: Any) -> None:
    """All comes then, or what begins alike: neither says so."""
    owners = {f"{place:024x}": (order, "56") for place, order in enumerate(["PO-7", "po-70", "8"])}
    options = {"stock": 0, "owners": owners}
    with serving(**options, query_filters="ignored") as simulator:
        assert len(ids(ask(api, simulator, filters={"poNumber": "PO-7"}))) == 3
    with serving(**options, query_filters="loose") as simulator:
        assert len(ids(ask(api, simulator, filters={"poNumber": "PO-7"}))) == 2
    with serving(**options) as simulator:
        assert len(ids(ask(api, simulator, filters={"poNumber": "PO-7"}))) == 1


@pytest.mark.parametrize(
    ("mode", "first"), [("counted", 15), ("ignored", 0), ("rounded", 10), ("pages", None)]
)
def test_an_offset_can_mean_something_else(api: Any, mode: Any, first: int | None) -> None:
    """Counted, nothing at all, whole pages counted, or a place that is rounded down to one."""
    with serving(query_offset=mode) as simulator:
        whole = ids(ask(api, simulator, limit=30))
        page = ids(ask(api, simulator, limit=10, offset=15))
        assert page == ([] if first is None else whole[first : first + 10])
        second = ids(ask(api, simulator, limit=10, offset=1))
        assert (second == whole[10:20]) == (mode == "pages")


def test_a_page_can_be_capped(api: Any) -> None:
    """However many are asked for, so many come."""
    with serving(query_cap=4) as simulator:
        assert [len(ids(ask(api, simulator, limit=limit))) for limit in (1, 4, 5, 100)] == [
            1,
            4,
            4,
            4,
        ]


def test_allocations_can_move_between_two_pages(api: Any) -> None:
    """Somebody updates the last one found, so often: it is the newest change then."""
    with serving(query_moves=2) as simulator:
        asked = {"limit": 30, "sortBy": "updatedAt", "sortDirection": "desc"}
        seen = [ids(ask(api, simulator, **asked)) for _ in range(4)]
    for before, after in pairwise(seen[:3]):
        assert after == [before[-1], *before[:-1]]
    assert seen[3] == seen[2]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 400), ("[]", 400), ('{"filters":[]}', 400), ('{"limit":0}', 400),
        ('{"limit":"9"}', 400), ('{"offset":-1}', 400), ('{"limit":true}', 400),
        ('{"sortBy":"nonsense"}', 400), ('{"sortBy":"items"}', 400), ('{"sortBy":[]}', 400),
    ],
)  # fmt: skip
def test_a_query_that_can_not_be_is_refused(api: Any, body: str, status: int) -> None:
    """With a message, as the API has them."""
    with serving() as simulator:
        answer = ask(api, simulator, body)
    assert (answer.status, list(answer.json)) == (status, ["message"])


def test_a_query_needs_token_context_and_type(api: Any) -> None:
    """As every other request does; another method is refused."""
    with serving() as simulator:
        assert ask(api, simulator, headers=JSON).status == 401
        assert ask(api, simulator, headers=api.headers).status == 415
        bearer = {"Authorization": api.headers["Authorization"]}
        assert ask(api, simulator, headers=bearer | JSON).status == 400
        assert api.ask(simulator, "DELETE", PATH).status == 405


def test_faults_can_strike_queries_alone(api: Any) -> None:
    """By the id `query`; those for tokens and cancels leave them alone, and the other way round."""
    faults = ("500@query*1/POST", "503@token/POST", "html@query*1/POST", "409")
    options = {"faults": tuple(map(parse_fault, faults))}
    with serving(**options) as simulator:
        assert ask(api, simulator).status == 500
        assert ask(api, simulator).body.startswith(b"<!DOCTYPE html>")
        assert ask(api, simulator).status == 200
        assert api.token(simulator).status == 503
        assert [one.fault for one in simulator.ledger.entries()] == ["500", "html", None, "503"]


def test_queries_count_against_the_limit(api: Any) -> None:
    """The rate is one for all requests."""
    with serving(window=(2, 600.0)) as simulator:
        assert [ask(api, simulator).status for _ in range(3)] == [200, 200, 429]


@pytest.mark.parametrize(
    "options",
    [{"stock": -1}, {"stock": 1_000_001}, {"query_filters": "x"}, {"query_offset": "x"},
     {"query_cap": 0}, {"query_moves": -1}],
)  # fmt: skip
def test_a_simulator_that_can_not_be_is_refused(options: Any) -> None:
    """Before anything is served."""
    with pytest.raises(RefusedError, match="The simulator can't be so"):
        SimulatorOptions(**options)
