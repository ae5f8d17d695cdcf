"""A query of the API: the question as it goes out, and a page of allocations as it comes back."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Raw, field
from msgspec.json import Decoder

from bulkcancel.client.allowance import allowance_in
from bulkcancel.client.clean import clean_text, holds_token
from bulkcancel.client.decode import read_body
from bulkcancel.client.http import Reply
from bulkcancel.client.retry_after import seconds_to_wait
from bulkcancel.client.secret import Secret
from bulkcancel.model import Observation, OneAllocation
from bulkcancel.model.listing import Listed, Listing

LARGEST_PAGE: Final = 8 << 20
"""The most bytes that a page may have: a hundred allocations of 80 kB each."""

_ABSENT: Final = Raw(b"")
_BOM: Final = b"\xef\xbb\xbf"
_BLANKS: Final = b" \t\r\n"
_LONGEST_FIELD: Final = 200
_MOST_PIECES: Final = 10**9
# What msgspec raises on foreign bytes; too deep a nesting is a RecursionError.
_UNREADABLE: Final = (ValueError, RecursionError)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which allocations to show, in which order, and which page of them.

    ``purchase_orders`` is what the API is asked to filter by (empty: by nothing). It may not heed
    that, since no filter on the purchase order is documented.
    """

    purchase_orders: tuple[str, ...] = ()
    limit: int
    offset: int
    sort_by: str
    descending: bool

    def as_json(self) -> bytes:
        """Return the body of the request; one purchase order is an equality, several any-of."""
        filters: dict[str, Any] = {}
        if self.purchase_orders:
            first, *more = self.purchase_orders
            filters["poNumber"] = [first, *more] if more else first
        return msgspec.json.encode(
            {
                "filters": filters,
                "limit": self.limit,
                "offset": self.offset,
                "sortBy": self.sort_by,
                "sortDirection": "desc" if self.descending else "asc",
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryExchange:
    """What one query gave, how many seconds it took, and the number of the token it carried."""

    observation: Listing | Observation
    elapsed: float
    token_number: int = 0


class _Object(msgspec.Struct):
    """The fields that stand beside those of an `AllocationView`, each as raw JSON."""

    status: Raw = field(name="statusCode", default=_ABSENT)
    po_number: Raw = field(name="poNumber", default=_ABSENT)
    vendor_id: Raw = field(name="vendorId", default=_ABSENT)
    allocation_num: Raw = field(name="allocationNum", default=_ABSENT)
    allocated_at: Raw = field(name="allocationDate", default=_ABSENT)
    updated_at: Raw = field(name="updatedAt", default=_ABSENT)
    items: Raw = _ABSENT


class _Item(msgspec.Struct):
    quantity: Raw = _ABSENT


_OBJECT: Final = Decoder(_Object)
_ITEM: Final = Decoder(_Item)
_LIST: Final = Decoder(list[Raw])
_STRING: Final = Decoder(str)
_INTEGER: Final = Decoder(int)


def listing_of(reply: Reply, token: Secret) -> Listing | None:
    """Return an answer as a page of allocations; ``None`` if it is none of the documented shapes.

    These are 200 with an array, each element of which is an allocation with an id, and 404 with a
    bare string for nothing at all. One element that is anything else makes the whole page none:
    what it stands for could be missed.
    """
    content_type = reply.headers.get("Content-Type", "").lower()
    encoding = reply.headers.get("Content-Encoding", "").strip().lower()
    if "html" in content_type or encoding not in {"", "identity"}:
        return None
    text = reply.body.removeprefix(_BOM).strip(_BLANKS)
    allocations: tuple[Listed, ...] | None = None
    words = ""
    match reply.http_status:
        case HTTPStatus.OK if text.startswith(b"["):
            allocations = _allocations(text, token)
        case HTTPStatus.NOT_FOUND if text.startswith(b'"'):
            words = clean_text(_tried(_STRING, Raw(text)) or "", token)
            allocations = () if words else None
    if allocations is None:
        return None
    return Listing(
        http_status=reply.http_status,
        allocations=allocations,
        words=words,
        retry_after=seconds_to_wait(reply.headers.get("Retry-After"), reply.headers.get("Date")),
        allowance=allowance_in(reply.headers),
    )


def _allocations(text: bytes, token: Secret) -> tuple[Listed, ...] | None:
    found: list[Listed] = []
    elements = _tried(_LIST, Raw(text))
    if elements is None:
        return None
    for raw in elements:
        listed = _listed(raw, token)
        if listed is None:
            return None
        found.append(listed)
    return tuple(found)


def _listed(raw: Raw, token: Secret) -> Listed | None:
    body = read_body(bytes(raw), http_status=200, content_type="", content_encoding="", token=token)
    beside = _tried(_OBJECT, raw)
    if not isinstance(body, OneAllocation) or body.view.allocation_id is None or beside is None:
        return None
    view = body.view
    told = (
        ("poNumber", beside.po_number, view.po_number),
        ("vendorId", beside.vendor_id, view.vendor_id),
        ("statusCode", beside.status, view.status),
    )
    return Listed(
        allocation_id=body.view.allocation_id,
        po_number=view.po_number,
        vendor_id=view.vendor_id,
        status=view.status,
        version=view.version,
        location=view.location,
        order_ids=view.order_ids,
        quantity=_quantity(beside.items),
        allocation_num=_text(beside.allocation_num, token),
        allocated_at=_text(beside.allocated_at, token),
        updated_at=_text(beside.updated_at, token),
        unreadable=frozenset(
            name
            for name, shown, text in told
            if text is None and bytes(shown).strip(_BLANKS) not in {b"", b"null"}
        ),
    )


def _quantity(items: Raw) -> int | None:
    total = 0
    pieces = _tried(_LIST, items)
    for raw in pieces or []:
        item = _tried(_ITEM, raw)
        quantity = _tried(_INTEGER, item.quantity) if item else None
        if quantity is None or not 0 <= quantity <= _MOST_PIECES:
            return None
        total += quantity
    return total if pieces else None


def _text(raw: Raw, token: Secret) -> str | None:
    text = _tried(_STRING, raw)
    if text is None or len(text) > _LONGEST_FIELD or holds_token(text, token):
        return None
    return text


def _tried(decoder: Decoder[T], raw: Raw) -> T | None:
    """Return the value of a part, or ``None`` if it is absent or of another type."""
    if not raw:
        return None
    try:
        return decoder.decode(raw)
    except _UNREADABLE:
        return None
