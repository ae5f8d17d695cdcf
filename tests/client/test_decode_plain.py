"""The quick way through an answer of the documented form finds what the careful way finds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bulkcancel.client import Secret, decode
from bulkcancel.client.decode import read_body
from bulkcancel.model import Body, OneAllocation

ID = "62ff5c0bec0aed3c86202c32"
TOKEN = Secret("SENTINEL-TOKEN-0123456789")

ODD: Any = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(), st.just([])
)
TEXTS = st.sampled_from([ID, "", "CANCELLED", "é", "x" * 200, "x" * 201, f"a {TOKEN.reveal()} b"])
VERSIONS = st.integers() | st.sampled_from([2**63 - 1, 2**63, -(2**63), -(2**63) - 1])
ITEMS = st.lists(
    st.fixed_dictionaries({}, optional={"orderId": TEXTS | st.text(), "quantity": ODD})
) | st.integers(49, 52).map(lambda many: [{"orderId": f"o{one}"} for one in range(many)])
ALLOCATIONS = st.fixed_dictionaries(
    {"allocationId": TEXTS | ODD, "statusCode": TEXTS | ODD, "version": VERSIONS | ODD},
    optional={
        "poNumber": TEXTS | ODD,
        "vendorId": TEXTS | ODD,
        "locationNum": TEXTS | ODD,
        "items": ITEMS | ODD,
        "message": TEXTS | ODD,
        "errors": ODD,
        "other": ODD,
    },
)


def read(body: bytes, *, status: int = 200) -> Body:
    """Return the shape of a body as the client reads it."""
    return read_body(
        body, http_status=status, content_type="application/json", content_encoding="", token=TOKEN
    )


@given(
    allocations=st.lists(ALLOCATIONS, min_size=1, max_size=2) | ALLOCATIONS,
    escaped=st.booleans(),
    status=st.sampled_from([200, 201, 400, 404, 500]),
)
@example(allocations=[], escaped=False, status=200)
def test_both_ways_agree(allocations: Any, escaped: bool, status: int) -> None:  # noqa: FBT001 - drawn
    """For whatever fields and values, and however they are written."""
    body = json.dumps(allocations, ensure_ascii=escaped).encode("utf-8", "surrogatepass")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decode, "_plain_view", lambda *_: None)
        careful = read(body, status=status)
    assert read(body, status=status) == careful


@pytest.mark.parametrize("cut", [0, 1, 40, -1])
def test_a_documented_answer_goes_the_quick_way(cut: int) -> None:
    """It is what nearly all answers are; one that is cut off is no allocation."""
    shown = {"allocationId": ID, "statusCode": "CANCELLED", "version": 3, "items": []}
    body = json.dumps([shown]).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decode, "_shape", lambda *_, **__: pytest.fail("the careful way"))
        found = read(body)
    assert isinstance(found, OneAllocation)
    assert (found.view.allocation_id, found.view.status, found.view.version) == (ID, "CANCELLED", 3)
    if cut:
        assert not isinstance(read(body[:cut]), OneAllocation)
