"""Several ids in one cancel: one request, each id checked, each shown allocation kept."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkcancel.client import Client, Secret
from bulkcancel.client.several import LONGEST_LIST, MOST_IDS, read_several
from bulkcancel.errors import RefusedError
from bulkcancel.model import (
    AllocationView,
    Answer,
    ApiMessage,
    Body,
    Foreign,
    NoAnswer,
    NoAnswerCause,
    OneAllocation,
    SeveralAllocations,
)

IDS = [f"62ff5c0b{number:012x}aaaa" for number in range(1, 51)]
TOKEN = "SENTINEL-TOKEN-0123456789"
PRIVATE = ["Jane Sentinel", "jane@sentinel.example"]


def shown(allocation_id: str, **more: object) -> dict[str, object]:
    """Return an allocation as the API writes it, with personal data."""
    return {
        "allocationId": allocation_id,
        "statusCode": "CANCELLED",
        "version": 3,
        "recipient": [{"name": PRIVATE[0], "email": PRIVATE[1]}],
        **more,
    }


def view(allocation_id: str) -> AllocationView:
    """Return what is kept of it."""
    return AllocationView(allocation_id=allocation_id, status="CANCELLED", version=3)


def read(body: bytes, http_status: int = 200, content_type: str = "application/json") -> Body:
    """Return the shape of a body."""
    return read_several(
        body,
        http_status=http_status,
        content_type=content_type,
        content_encoding="",
        token=Secret(TOKEN),
    )


def test_one_request_holds_all_ids(serve: Any, steps: Any, call: Any) -> None:
    """The ids stand in their order, joined by commas, in one PUT that counts as one send."""
    ids = IDS[:3]
    peer = serve(steps.answer(json.dumps([shown(one) for one in reversed(ids)]).encode()))

    async def use(client: Client) -> tuple[Any, int]:
        return await client.cancel_several(ids), client.cancels_sent

    exchange, sent = call(peer.base_url, use)
    (request,) = peer.requests
    assert request.startswith(
        f"PUT /api/v2/allocation/cancel/{ids[0]},{ids[1]},{ids[2]} HTTP/1.1\r\n".encode()
    )
    assert sent == 1
    views = tuple(view(one) for one in reversed(ids))
    body = SeveralAllocations(count=3, shown=views)
    assert exchange.observation == Answer(http_status=200, body=body)


def test_a_path_is_never_longer_than_two_thousand_characters(
    serve: Any, steps: Any, call: Any
) -> None:
    """Fifty ids of the usual length fit; a list of longer ones that does not is not sent."""
    peer = serve(steps.answer(b"[]"))
    call(peer.base_url, lambda client: client.cancel_several(IDS))
    assert len(IDS) == MOST_IDS
    path = peer.requests[0].split(b" ")[1].decode()
    assert path == "/api/v2/allocation/cancel/" + ",".join(IDS)
    long = [f"{number:0199d}" for number in range(10)]
    call(peer.base_url, lambda client: client.cancel_several(long))
    assert len(",".join(long)) == LONGEST_LIST - 1
    with pytest.raises(RefusedError, match="2,000 characters together"):
        call(peer.base_url, lambda client: client.cancel_several([*long, "1"]))
    assert len(peer.requests) == 2


@pytest.mark.parametrize(
    "ids",
    [
        [],
        [IDS[0], IDS[0]],
        [*IDS, "62ff5c0b0000000000ffaaaa"],
        [IDS[0], ""],
        [IDS[0], "a,b"],
        [IDS[0], "a/b"],
        [IDS[0], ".."],
        [IDS[0], "a%2cb"],
        [IDS[0], "a b"],
        [IDS[0], "a?b"],
        [IDS[0], "x" * 201],
    ],
)
def test_a_list_that_could_be_another_is_never_sent(
    serve: Any, steps: Any, call: Any, ids: list[str]
) -> None:
    """Each id has to pass alone, none may come twice, and there are fifty at most."""
    peer = serve(steps.answer(b"[]"))
    with pytest.raises(RefusedError):
        call(peer.base_url, lambda client: client.cancel_several(ids))
    assert (peer.connections, peer.requests) == (0, [])


def test_the_answer_may_be_as_long_as_its_allocations(serve: Any, steps: Any, call: Any) -> None:
    """The bound of one body counts for each id that was asked."""
    body = json.dumps([shown(one, note="x" * 900) for one in IDS[:4]]).encode()
    peer = serve(steps.answer(body))

    def ask(count: int) -> Any:
        return call(
            peer.base_url, lambda client: client.cancel_several(IDS[:count]), max_body=1100
        ).observation

    assert isinstance(ask(4), Answer)
    cut = ask(3)
    assert isinstance(cut, NoAnswer)
    assert cut.cause is NoAnswerCause.OVERSIZED


def test_of_a_list_the_allocations_are_kept_and_all_elements_counted() -> None:
    """What is no allocation object shows nothing; neither does one within a list of its own."""
    elements = [shown(IDS[0]), None, "x", 7, [shown(IDS[1])], {"message": "no"}, shown(IDS[2])]
    seen = read(json.dumps(elements).encode())
    assert seen == SeveralAllocations(count=7, shown=(view(IDS[0]), view(IDS[2])))
    assert not any(private in repr(seen) for private in PRIVATE)


def test_spaces_and_a_mark_around_a_list_change_nothing() -> None:
    """As with a single allocation."""
    body = b"\xef\xbb\xbf \r\n[ " + b"\n,\t".join(
        json.dumps(shown(one)).encode() for one in IDS[:2]
    )
    seen = read(body + b" ]\n")
    assert seen == SeveralAllocations(count=2, shown=(view(IDS[0]), view(IDS[1])))


@pytest.mark.parametrize(
    ("body", "http_status", "expected"),
    [
        (json.dumps([shown(IDS[0])]).encode(), 200, OneAllocation(view=view(IDS[0]))),
        (json.dumps(shown(IDS[0])).encode(), 200, OneAllocation(view=view(IDS[0]))),
        (b"[]", 200, SeveralAllocations(count=0)),
        (json.dumps([shown(one) for one in IDS[:2]]).encode(), 404, SeveralAllocations(count=2)),
        (b'"Not Found/Valid"', 404, ApiMessage(text="Not Found/Valid")),
        (b"<html>", 200, Foreign(kind="html")),
        (b"", 200, Foreign(kind="empty")),
        (b"[{}, ", 200, Foreign(kind="text")),
    ],
)
def test_every_other_body_is_what_it_is_for_one(
    body: bytes, http_status: int, expected: Body
) -> None:
    """A single object, an empty list, a message, a refusal that shows allocations, no JSON."""
    assert read(body, http_status) == expected


@settings(deadline=None)
@given(body=st.binary(max_size=60) | st.binary(max_size=60).map(lambda part: b"[" + part + b"]"))
def test_no_bytes_are_too_odd(body: bytes) -> None:
    """Whatever comes has a shape."""
    read(body)
    read(body, 404)
