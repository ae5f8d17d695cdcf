"""A body becomes one of the API's shapes, whatever its bytes are."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcancel.client import Secret
from bulkcancel.client.decode import read_body
from bulkcancel.model import (
    AllocationView,
    ApiMessage,
    Body,
    Foreign,
    OneAllocation,
    SeveralAllocations,
)

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
    "parentAllocationId": ID,
    "shipToAddress": {"address1": PRIVATE[3], "name": PRIVATE[0]},
    "recipient": [{"name": PRIVATE[0], "email": PRIVATE[1], "phone": PRIVATE[2]}],
    "items": [
        {"orderId": "o1", "quantity": 1, "pickup": {"person": PRIVATE[0]}},
        {"orderId": "o2"},
        {"orderId": "o1"},
        {"orderId": 7},
        {"quantity": 1},
        None,
        "o9",
    ],
    "auditLogs": [{"updatedBy": PRIVATE[1]}],
}
VIEW = AllocationView(
    allocation_id=ID,
    status="PENDING_PICK",
    version=2,
    po_number="1125",
    vendor_id="56",
    location="1234B",
    order_ids=("o1", "o2"),
)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(list(FULL)), inner),
    max_leaves=20,
)


def read(
    body: bytes | str, status: int = 200, kind: str = "application/json", enc: str = ""
) -> Body:
    """Read one body."""
    raw = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    return read_body(
        raw, http_status=status, content_type=kind, content_encoding=enc, token=Secret(TOKEN)
    )


def view_of(**fields: Any) -> AllocationView:
    """Read an object with these fields and return its view."""
    body = read(json.dumps(fields))
    assert isinstance(body, OneAllocation)
    return body.view


@pytest.mark.parametrize("prefix", ["", "\ufeff", " \r\n\t"])
@pytest.mark.parametrize("kind", ["application/json", "text/plain; charset=utf-8", ""])
def test_an_object_and_an_array_of_one_are_one_allocation(prefix: str, kind: str) -> None:
    """Both documented shapes of a success give the same view."""
    assert read(prefix + json.dumps(FULL), kind=kind) == OneAllocation(view=VIEW)
    assert read(prefix + json.dumps([FULL]), kind=kind) == OneAllocation(view=VIEW)


def test_personal_data_is_dropped_at_once() -> None:
    """Nothing of recipient, addresses, items' persons or audit logs is in what is returned."""
    for status in (200, 404, 500):
        shown = repr(read(json.dumps([FULL]), status)) + repr(read(json.dumps(FULL), status))
        assert not any(word in shown for word in PRIVATE)


@pytest.mark.parametrize("count", [0, 2, 3, 1000])
def test_an_array_of_none_or_several_says_how_many(count: int) -> None:
    """No element of several is taken for the answer."""
    assert read(json.dumps([FULL] * count if count < 9 else ["x"] * count)) == SeveralAllocations(
        count=count
    )


@pytest.mark.parametrize(
    ("version", "shown"),
    [
        ("2", 2),
        ("0", 0),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("9223372036854775808", None),
        ("1" * 400, None),
        ("2.0", None),
        ("1e2", None),
        ("1e400", None),
        ('"2"', None),
        ("true", None),
        ("null", None),
        ("[2]", None),
        ("{}", None),
    ],
)
def test_a_version_is_an_integer_of_64_bits_or_nothing(version: str, shown: int | None) -> None:
    """A version of any other kind is `None`, and costs no other field."""
    body = read(f'{{"version":{version},"allocationId":"{ID}","statusCode":"CANCELLED"}}')
    assert body == OneAllocation(
        view=AllocationView(allocation_id=ID, status="CANCELLED", version=shown)
    )


@pytest.mark.parametrize("status", ["CANCELLED", "cancelled ", " CANCELLED", "NEW_ONE", "", "É\n"])
def test_a_status_is_shown_exactly(status: str) -> None:
    """Neither trimmed nor folded: only the very word may count as proof."""
    assert view_of(statusCode=status).status == status


@pytest.mark.parametrize("wrong", [None, 7, 1.5, True, [], {}, ["CANCELLED"], {"a": "CANCELLED"}])
def test_a_field_of_the_wrong_type_is_none_alone(wrong: object) -> None:
    """One bad field leaves the others as they are."""
    names = ["statusCode", "poNumber", "vendorId", "locationNum", "items"]
    view = view_of(allocationId=ID, version=3, **dict.fromkeys(names, wrong))
    assert view == AllocationView(allocation_id=ID, status=None, version=3)
    assert view_of(allocationId=wrong, statusCode="CANCELLED").allocation_id is None


@pytest.mark.parametrize("field", ["allocationId", "statusCode", "poNumber", "vendorId"])
@pytest.mark.parametrize("value", ["x" * 201, f"echo {TOKEN} echo"])
def test_a_text_that_is_no_value_is_none(field: str, value: str) -> None:
    """A text without end, or one that repeats our token, is no value of an allocation."""
    shown = repr(view_of(**({"allocationId": ID, "statusCode": "OK"} | {field: value})))
    assert value not in shown
    assert TOKEN not in shown


def test_no_more_than_50_orders_are_kept() -> None:
    """A huge allocation stays a small row."""
    view = view_of(allocationId=ID, items=[{"orderId": f"o{n}"} for n in range(900)])
    assert view.order_ids == tuple(f"o{n}" for n in range(50))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('"AllocationRequestId Not Found/Valid"', ("AllocationRequestId Not Found/Valid", None)),
        ('{"message":"no"}', ("no", None)),
        ('{"message":"no","errorCode":"ALLOCATION-2005"}', ("no", "ALLOCATION-2005")),
        ('{"message":"no","code":"NOT_FOUND"}', ("no", "NOT_FOUND")),
        ('{"message":"no","code":404,"errorCode":null}', ("no", None)),
        ('{"message":"ALLOCATION-2003: shipped"}', ("ALLOCATION-2003: shipped", "ALLOCATION-2003")),
        ('"see ISO-8601, RFC-9110"', ("see ISO-8601, RFC-9110", None)),
        (
            (
                '{"type":"CLIENT_ERROR","message":"Bad","code":"BAD_REQUEST","errors":'
                '[{"type":"x","message":"Already cancelled","code":"ALLOCATION-2005","context":'
                '{"email":"jane@sentinel.example"}},{"message":"Bad"},"more",7,{"x":1}]}'
            ),
            ("Bad; Already cancelled; more", "ALLOCATION-2005"),
        ),
        ('{"message":"","errorCode":"SERVICE-4006"}', ("", "SERVICE-4006")),
        ('{"message":"no","errors":"jane"}', ("no", None)),
        (f'{{"message":"no","code":"{TOKEN}"}}', ("no", None)),
        (f'{{"message":"role for {TOKEN} missing"}}', ("role for [redacted] missing", None)),
        ('{"message":"no","statusCode":404}', ("no", None)),
        (f'{{"message":"no","allocationId":"{ID}","statusCode":"SHIPPED"}}', ("no", None)),
    ],
)
def test_the_apis_own_words_are_a_message(body: str, message: tuple[str, str | None]) -> None:
    """Every error shape of the family gives its text and its own code."""
    assert read(body, 409) == ApiMessage(text=message[0], code=message[1])


def test_an_object_that_could_be_both_is_an_allocation_in_a_success_only() -> None:
    """The status decides: an error that repeats the id is no proof of its state."""
    both = json.dumps({"allocationId": ID, "statusCode": "CANCELLED", "message": "m"})
    assert isinstance(read(both, 200), OneAllocation)
    assert read(both, 409) == ApiMessage(text="m")
    no_text = json.dumps({"statusCode": "CANCELLED", "message": ["m"]})
    assert isinstance(read(no_text, 409), OneAllocation)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"<!doctype html><p>x", "html"),
        (b"\xef\xbb\xbf \n<html>", "html"),
        (b"<?xml version='1.0'?>", "html"),
        (b"{}", "json"),
        (b"[{}]", "json"),
        (b"[[]]", "json"),
        (b"[null]", "json"),
        (b'["x"]', "json"),
        (b'[{"message":"x"}]', "json"),
        (b'{"data":{"allocationId":"x","statusCode":"CANCELLED"}}', "json"),
        (b'{"message":7}', "json"),
        (b'{"message":" "}', "json"),
        (b'""', "json"),
        (b'"\\u200b"', "json"),
        (b"7", "json"),
        (b"null", "json"),
        (b"true", "json"),
        (b"NaN", "text"),
        (b"Not Found", "text"),
        (b'{"statusCode":"CANCELLED"', "text"),
        (b'{"statusCode":"CANCELLED"} x', "text"),
        (b'{"x":NaN,"statusCode":"CANCELLED"}', "text"),
        (b"\xff\xfe{\x00", "text"),
        (b'"\xff"', "text"),
        (b'"\\ud800"', "text"),
        (b"[" * 100_000, "text"),
        (b"[" * 100_000 + b"]" * 100_000, "text"),
        (b'{"x":' * 50_000 + b"1" + b"}" * 50_000, "text"),
        (b'{"allocationId":' + b"[" * 100_000, "text"),
    ],
)
def test_anything_else_is_foreign(body: bytes, kind: str) -> None:
    """No other body is taken for the API's, and none breaks the reader."""
    assert read(body) == Foreign(kind=kind)


def test_html_and_compression_are_told_by_the_headers() -> None:
    """What is labelled as a page, or comes compressed, is not the API's answer."""
    good = json.dumps(FULL)
    assert read(good, kind="text/HTML; charset=utf-8") == Foreign(kind="html")
    assert read(good, enc="gzip") == Foreign(kind="encoded")
    assert read(good, enc="gzip, identity") == Foreign(kind="encoded")
    assert isinstance(read(good, enc=" Identity"), OneAllocation)


def test_bad_bytes_in_an_unread_field_cost_nothing() -> None:
    """A name in a wrong encoding, or an absurd number, must not hide a cancellation."""
    body = f'{{"recipient":"\u0001","n":1e999,"allocationId":"{ID}","statusCode":"CANCELLED"}}'
    raw = body.encode().replace(b"\x01", b"\xff\xfe")
    view = AllocationView(allocation_id=ID, status="CANCELLED", version=None)
    assert read(raw) == OneAllocation(view=view)


def test_a_repeated_key_counts_by_its_last_value() -> None:
    """The usual reading of JSON, and no error."""
    view = AllocationView(allocation_id=None, status="SHIPPED", version=None)
    body = '{"statusCode":"CANCELLED","statusCode":"SHIPPED"}'
    assert read(body) == OneAllocation(view=view)


def test_a_large_body_is_read() -> None:
    """292 kB of JSON are no trouble (the wire's limit is set elsewhere)."""
    body = json.dumps({**FULL, "auditLogs": ["x" * 1000] * 292})
    assert read(body) == OneAllocation(view=VIEW)


@given(body=st.binary(), status=st.integers(0, 999))
def test_no_bytes_break_it(body: bytes, status: int) -> None:
    """Any bytes give a shape."""
    assert isinstance(read(body, status), OneAllocation | SeveralAllocations | ApiMessage | Foreign)


@given(value=JSON_VALUES, status=st.sampled_from([200, 404]))
def test_no_json_breaks_it(value: object, status: int) -> None:
    """Any JSON value gives a shape, and only an exact status is ever shown as CANCELLED."""
    body = read(json.dumps(value), status)
    if isinstance(body, OneAllocation) and body.view.status == "CANCELLED":
        inner = value[0] if isinstance(value, list) else value
        assert isinstance(inner, dict)
        assert inner["statusCode"] == "CANCELLED"


@given(version=JSON_VALUES)
def test_no_version_is_ever_invented(version: object) -> None:
    """Whatever stands for the version: an integer within 64 bits comes out, or nothing."""
    body = read(json.dumps({"version": version, "statusCode": "x"}))
    if isinstance(body, OneAllocation):
        is_int = type(version) is int and -(2**63) <= version < 2**63
        assert body.view.version == (version if is_int else None)
