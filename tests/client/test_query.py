"""A query has the documented form, and its answer is a page of allocations or none at all."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcancel import __version__
from bulkcancel.client import Secret
from bulkcancel.client.http import Reply
from bulkcancel.client.query import LARGEST_PAGE, Question, listing_of
from bulkcancel.model import Answer, Foreign, NoAnswer, NoAnswerCause
from bulkcancel.model.listing import Listed, Listing

ID = "62ff5c0bec0aed3c86202c32"
TOKEN = "SENTINEL-TOKEN-0123456789"
PRIVATE = ["Jane Sentinel", "jane@sentinel.example", "+1 555 123 4567", "7 Sentinel Street"]
FULL = {
    "allocationId": ID,
    "locationNum": "1234B",
    "version": 2,
    "statusCode": "PENDING_PICK",
    "poNumber": "1125",
    "vendorId": "56",
    "allocationNum": "A-17",
    "allocationDate": "2022-08-01T18:03:28.483971941Z",
    "updatedAt": "2022-08-01T20:03:28.483971941Z",
    "shipToAddress": {"address1": PRIVATE[3], "name": PRIVATE[0]},
    "recipient": [{"name": PRIVATE[0], "email": PRIVATE[1], "phone": PRIVATE[2]}],
    "items": [
        {"orderId": "o1", "quantity": 1, "pickup": {"person": PRIVATE[0]}},
        {"orderId": "o2", "quantity": 3},
    ],
    "auditLogs": [{"updatedBy": PRIVATE[1]}],
}
LISTED = Listed(
    allocation_id=ID,
    po_number="1125",
    vendor_id="56",
    status="PENDING_PICK",
    version=2,
    location="1234B",
    order_ids=("o1", "o2"),
    quantity=4,
    allocation_num="A-17",
    allocated_at="2022-08-01T18:03:28.483971941Z",
    updated_at="2022-08-01T20:03:28.483971941Z",
)
QUESTION = Question(
    purchase_orders=("1125",), limit=100, offset=0, sort_by="updatedAt", descending=True
)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(list(FULL)), inner),
    max_leaves=20,
)


def page(body: bytes | str, status: int = 200, **headers: str) -> Listing | None:
    """Read one body."""
    raw = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return listing_of(Reply(http_status=status, headers=named, body=raw), Secret(TOKEN))


def only(**fields: Any) -> Listed:
    """Read a page of one allocation with these fields and return it."""
    found = page(json.dumps([{"allocationId": ID, **fields}]))
    assert found is not None
    (listed,) = found.allocations
    return listed


def test_a_query_has_the_documented_form(serve: Any, steps: Any, call: Any) -> None:
    """A POST of JSON with the headers of every request, and counted as a read."""
    peer = serve(steps.answer(json.dumps([FULL]).encode()))
    asked: list[int] = []

    async def use(client: Any) -> Any:
        exchange = await client.query(QUESTION)
        asked.extend([client.reads_sent, client.cancels_sent])
        return exchange

    exchange = call(peer.base_url, use, token="tok-1")
    assert exchange.observation == Listing(http_status=200, allocations=(LISTED,))
    assert asked == [1, 0]
    (request,) = peer.requests
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode("ascii").split("\r\n")
    assert first == "POST /api/v2/allocation/query HTTP/1.1"
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    assert headers == {
        "host": f"127.0.0.1:{peer.port}",
        "authorization": "Bearer tok-1",
        "x-site-context": '{"account":"1234abcd5678efgh9ijklmno"}',
        "accept": "application/json",
        "accept-encoding": "identity",
        "user-agent": f"bulkcancel/{__version__}",
        "content-type": "application/json",
        "content-length": str(len(body)),
    }
    assert json.loads(body) == {
        "filters": {"poNumber": "1125"},
        "limit": 100,
        "offset": 0,
        "sortBy": "updatedAt",
        "sortDirection": "desc",
    }


@pytest.mark.parametrize(
    ("orders", "filters"),
    [((), {}), (("7",), {"poNumber": "7"}), (("7", '"8'), {"poNumber": ["7", '"8']})],
)
def test_one_purchase_order_is_an_equality_and_several_are_any_of(
    orders: tuple[str, ...], filters: dict[str, Any]
) -> None:
    """The documented operators, whatever stands in a number; without one there is no filter."""
    question = Question(
        purchase_orders=orders, limit=1, offset=5, sort_by="allocationId", descending=False
    )
    said = json.loads(question.as_json())
    assert (said["filters"], said["sortDirection"]) == (filters, "asc")


def test_a_cut_connection_is_one_send(serve: Any, steps: Any, call: Any) -> None:
    """A query is not repeated behind the caller's back, as little as a cancel is."""
    peer = serve(steps.hang_up())
    seen = call(peer.base_url, lambda client: client.query(QUESTION)).observation
    assert isinstance(seen, NoAnswer)
    assert len(peer.requests) == 1


@pytest.mark.parametrize(
    ("size", "kind"), [(1 << 20, Listing), (LARGEST_PAGE, Listing), (LARGEST_PAGE + 1, NoAnswer)]
)
def test_a_page_may_be_long_and_has_a_bound(
    serve: Any, steps: Any, call: Any, size: int, kind: type
) -> None:
    """Far more than an answer to a cancel may have, and no more than that."""
    body = json.dumps([FULL]).encode()
    peer = serve(steps.answer(body + b" " * (size - len(body))))
    seen = call(peer.base_url, lambda client: client.query(QUESTION)).observation
    assert isinstance(seen, kind)
    if isinstance(seen, NoAnswer):
        assert seen.cause is NoAnswerCause.OVERSIZED


@pytest.mark.parametrize("prefix", ["", "\ufeff", " \r\n\t"])
@pytest.mark.parametrize("count", [0, 1, 2, 100])
def test_an_array_is_a_page(count: int, prefix: str) -> None:
    """Of none as of many; all elements stand in their order."""
    many = [FULL | {"allocationId": f"{number:024x}"} for number in range(count)]
    found = page(prefix + json.dumps(many), Content_Type="application/json")
    assert found is not None
    assert [one.allocation_id for one in found.allocations] == [one["allocationId"] for one in many]


def test_personal_data_is_dropped_at_once() -> None:
    """Nothing of recipient, addresses, items' persons or audit logs is in what is returned."""
    shown = repr(page(json.dumps([FULL, FULL])))
    assert ID in shown
    assert not any(word in shown for word in PRIVATE)


def test_404_with_a_bare_string_means_none() -> None:
    """The documented answer where nothing matches; its words are cleaned."""
    found = page(f'"No allocation for {PRIVATE[1]} {TOKEN}"', 404)
    assert found == Listing(http_status=404, words="No allocation for [e-mail] [redacted]")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ('{"message":"Not Found"}', 404), ("[]", 404), ("", 404), ('""', 404), ('"cut', 404),
        ("<html>", 404), ('"No allocation"', 200), ('"No allocation"', 400), ("", 200),
        ("<html></html>", 200), ("null", 200), ("{}", 200), (json.dumps(FULL), 200),
        ("[", 200), ("[]]", 200), (json.dumps([FULL])[:-1], 200), (json.dumps([FULL]), 206),
        (json.dumps([FULL]), 201), (json.dumps([FULL]), 500), ("[" * 100_000, 200),
    ],
)  # fmt: skip
def test_anything_else_is_no_page(body: str, status: int) -> None:
    """Neither an empty page nor a part of one: whoever asked has to learn that it is none."""
    assert page(body, status) is None


@pytest.mark.parametrize(
    "headers",
    [{"Content_Type": "text/html"}, {"Content_Encoding": "gzip"}],
)
def test_a_page_of_another_content_is_none(headers: dict[str, Any]) -> None:
    """What says of itself that it is something else is not taken for a page."""
    assert page(json.dumps([FULL]), **headers) is None


@pytest.mark.parametrize(
    "element",
    [None, 7, "x", [], [FULL], {}, {"message": "x"}, {"statusCode": "ALLOCATED"},
     {**FULL, "allocationId": None}, {**FULL, "allocationId": 7},
     {**FULL, "allocationId": "x" * 201}, {**FULL, "allocationId": f"{TOKEN}0"}],
)  # fmt: skip
def test_one_bad_element_spoils_its_page(element: object) -> None:
    """It may stand for an allocation that would be missed without a word."""
    assert page(json.dumps([FULL, element])) is None
    assert page(json.dumps([element, FULL])) is None


def test_such_an_answer_keeps_its_shape(serve: Any, steps: Any, call: Any) -> None:
    """It comes as an answer with a body that is not the API's, never as an empty page."""
    peer = serve(steps.answer(b"<html></html>"))
    seen = call(peer.base_url, lambda client: client.query(QUESTION)).observation
    assert seen == Answer(http_status=200, body=Foreign(kind="html"))


@pytest.mark.parametrize("value", [7, 1.5, True, [], {}, ["1125"], "x" * 201, f"{TOKEN}1"])
def test_a_field_that_is_no_text_is_told_from_an_absent_one(value: object) -> None:
    """What can't be compared must not look like an allocation without a purchase order."""
    names = ("poNumber", "vendorId", "statusCode")
    listed = only(**dict.fromkeys(names, value))
    assert (listed.po_number, listed.vendor_id, listed.status) == (None, None, None)
    assert listed.unreadable == set(names)
    assert TOKEN not in repr(listed)
    assert only(**dict.fromkeys(names)).unreadable == only().unreadable == frozenset()


@pytest.mark.parametrize("name", ["allocationNum", "allocationDate", "updatedAt", "locationNum"])
@pytest.mark.parametrize("value", [7, "x" * 201, f"A {TOKEN}"])
def test_a_text_that_is_no_value_is_left_empty(name: str, value: object) -> None:
    """Nor does it cost the allocation, since nothing is decided by it."""
    assert only(**{name: value}) == only()


@pytest.mark.parametrize("text", ["1125 ", " 1125", "01125", "", "1125\n", "\u0661"])
def test_texts_are_shown_exactly(text: str) -> None:
    """Neither trimmed nor folded: only what is the same character by character matches."""
    listed = only(poNumber=text, vendorId=text, statusCode=text)
    assert (listed.po_number, listed.vendor_id, listed.status) == (text, text, text)


@pytest.mark.parametrize(
    ("items", "quantity"),
    [([{"quantity": 0}], 0), ([{"quantity": 2}, {"quantity": 5}], 7), ([], None), (None, None),
     ([{"quantity": 2}, {}], None), ([{"quantity": "2"}], None), ([{"quantity": -1}], None),
     ([{"quantity": 10**30}], None), ([7], None), ("x", None)],
)  # fmt: skip
def test_a_quantity_is_the_sum_or_nothing(items: object, quantity: int | None) -> None:
    """It is not told where one item does not tell."""
    assert only(items=items).quantity == quantity


@given(body=JSON_VALUES, status=st.sampled_from([200, 404]))
def test_any_json_is_a_page_or_none(body: Any, status: int) -> None:
    """Nothing raises, and a page has as many allocations as the array has elements."""
    found = page(json.dumps(body), status)
    if found is not None and status == 200:
        assert isinstance(body, list)
        assert len(found.allocations) == len(body)


@given(body=st.binary(max_size=200))
def test_any_bytes_are_no_page(body: bytes) -> None:
    """Nothing raises; at most they are an empty array."""
    found = page(body)
    assert found is None or found.allocations == ()
