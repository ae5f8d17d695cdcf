"""Read an answer's body as one of the API's shapes, keeping only what a report may hold."""

from __future__ import annotations

import re
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Raw, field
from msgspec.json import Decoder

from bulkcancel.client.clean import clean_text, holds_token, printable
from bulkcancel.client.secret import Secret
from bulkcancel.model import (
    AllocationView,
    ApiMessage,
    Body,
    Foreign,
    OneAllocation,
    SeveralAllocations,
)

_ABSENT: Final = Raw(b"")
_BOM: Final = b"\xef\xbb\xbf"
_BLANKS: Final = b" \t\r\n"
_LONGEST_FIELD: Final = 200
_MOST_ORDERS: Final = 50
_MOST_ERRORS: Final = 10
_INT64: Final = (-(1 << 63), (1 << 63) - 1)
# Four letters at least, so that ISO-8601 or RFC-9110 in a text is no error code.
_CODE: Final = re.compile(r"(?<![0-9A-Za-z_-])[A-Z][A-Z_]{3,30}-[0-9]{3,6}(?![0-9A-Za-z_-])")
_OTHER_CODE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{1,63}")
# What msgspec raises on foreign bytes: DecodeError and UnicodeDecodeError are ValueErrors, and
# too deep a nesting is a RecursionError.
_UNREADABLE: Final = (ValueError, RecursionError)

T = TypeVar("T")


class _Object(msgspec.Struct):
    """The fields of interest, each as raw JSON: a wrong type in one must not cost the others.

    The rest (recipient, addresses, audit logs) is skipped by the parser and never becomes an
    object.
    """

    allocation_id: Raw = field(name="allocationId", default=_ABSENT)
    status: Raw = field(name="statusCode", default=_ABSENT)
    version: Raw = _ABSENT
    po_number: Raw = field(name="poNumber", default=_ABSENT)
    vendor_id: Raw = field(name="vendorId", default=_ABSENT)
    location: Raw = field(name="locationNum", default=_ABSENT)
    items: Raw = _ABSENT
    message: Raw = _ABSENT
    error_code: Raw = field(name="errorCode", default=_ABSENT)
    code: Raw = _ABSENT
    errors: Raw = _ABSENT


class _Item(msgspec.Struct):
    order_id: Raw = field(name="orderId", default=_ABSENT)


class _PlainItem(msgspec.Struct, gc=False):
    order_id: str | None = field(name="orderId", default=None)


class _Plain(msgspec.Struct):
    """An allocation whose fields are all of their documented types: nearly every answer.

    Decoded in one go, for a fifth of what it costs field by field.
    """

    allocation_id: str = field(name="allocationId")
    status: str = field(name="statusCode")
    version: int
    po_number: str | None = field(name="poNumber", default=None)
    vendor_id: str | None = field(name="vendorId", default=None)
    location: str | None = field(name="locationNum", default=None)
    items: list[_PlainItem] | None = None


_OBJECT: Final = Decoder(_Object)
_ITEM: Final = Decoder(_Item)
_PLAIN: Final = Decoder(_Plain)
_PLAIN_LIST: Final = Decoder(list[_Plain])
_LIST: Final = Decoder(list[Raw])
_STRING: Final = Decoder(str)
_INTEGER: Final = Decoder(int)
_ANYTHING: Final[Decoder[Any]] = Decoder()


def read_body(
    body: bytes, *, http_status: int, content_type: str, content_encoding: str, token: Secret
) -> Body:
    """Return the shape of a whole body; total, whatever the bytes are.

    ``content_type`` and ``content_encoding`` are the answer's headers, empty if absent. An object
    that could be an allocation as well as a message is an allocation with a 2xx status only.
    Texts of an allocation that are longer than 200 characters, or hold the token, are ``None``.
    """
    if not body.strip(_BLANKS):
        return Foreign(kind="empty")
    if content_encoding.strip().lower() not in {"", "identity"}:
        return Foreign(kind="encoded")
    text = body.removeprefix(_BOM).lstrip(_BLANKS)
    if "html" in content_type.lower() or text.startswith(b"<"):
        return Foreign(kind="html")
    is_success = 200 <= http_status < 300  # noqa: PLR2004 - the 2xx statuses
    if is_success and (plain := _plain_view(text, token)) is not None:
        return OneAllocation(view=plain)
    try:
        return _shape(text, token, is_success=is_success)
    except _UNREADABLE:
        return Foreign(kind="text")


def _plain_view(text: bytes, token: Secret) -> AllocationView | None:
    """Return what an answer of the documented form shows; ``None`` for any other.

    It is what `_shape` finds, or nothing: whatever is odd is left to it.
    """
    # The token, or an escape that may hide it: then each field is looked at.
    if b"\\" in text or token.reveal().encode() in text:
        return None
    try:
        if text.startswith(b"["):
            (seen,) = _PLAIN_LIST.decode(text)
        else:
            seen = _PLAIN.decode(text)
    except _UNREADABLE:
        return None
    orders = dict.fromkeys([item.order_id for item in seen.items or () if item.order_id])
    texts = (seen.allocation_id, seen.status, seen.po_number, seen.vendor_id, seen.location)
    longest = max([len(one) for one in (*texts, *orders) if one is not None], default=0)
    least, most = _INT64
    if longest > _LONGEST_FIELD or len(orders) > _MOST_ORDERS or not least <= seen.version <= most:
        return None
    return AllocationView(
        allocation_id=seen.allocation_id,
        status=seen.status,
        version=seen.version,
        po_number=seen.po_number,
        vendor_id=seen.vendor_id,
        location=seen.location,
        order_ids=tuple(orders),
    )


def _shape(text: bytes, token: Secret, *, is_success: bool) -> Body:
    match text[:1]:
        case b"{":
            return _object(_OBJECT.decode(text), token, is_success=is_success)
        case b"[":
            elements = _LIST.decode(text)
            if len(elements) != 1:
                return SeveralAllocations(count=len(elements))
            one = _tried(_OBJECT, elements[0])
            if one is None or not _is_allocation(one):
                return Foreign(kind="json")
            return OneAllocation(view=_view(one, token))
        case b'"':
            said = _STRING.decode(text)
            return _message([said], [], token)
        case _:
            _ANYTHING.decode(text)
            return Foreign(kind="json")


def _object(seen: _Object, token: Secret, *, is_success: bool) -> Body:
    said = _tried(_STRING, seen.message)
    if _is_allocation(seen) and (is_success or said is None):
        return OneAllocation(view=_view(seen, token))
    if said is None:
        return Foreign(kind="json")
    texts, codes = [said], [seen.error_code, seen.code]
    for raw in (_tried(_LIST, seen.errors) or [])[:_MOST_ERRORS]:
        nested = _tried(_OBJECT, raw)
        texts.append(_tried(_STRING, nested.message if nested else raw) or "")
        codes += [nested.error_code, nested.code] if nested else []
    return _message(texts, [_tried(_STRING, raw) or "" for raw in codes], token)


def _is_allocation(seen: _Object) -> bool:
    return bool(seen.allocation_id) or bool(seen.status)


def _message(texts: list[str], codes: list[str], token: Secret) -> Body:
    told = "; ".join(dict.fromkeys(text for text in texts if printable(text[:_LONGEST_FIELD])))
    code = _code(codes, told, token)
    if not told and code is None:
        return Foreign(kind="json")
    return ApiMessage(text=clean_text(told, token), code=code)


def _code(given: list[str], told: str, token: Secret) -> str | None:
    """Return the API's own code, wherever it stands, before a general one such as BAD_REQUEST."""
    for one in given:
        if _CODE.fullmatch(one):
            return one
    if found := _CODE.search(told):
        return found.group()
    for one in given:
        if _OTHER_CODE.fullmatch(one) and clean_text(one, token) == one:
            return one
    return None


def _view(seen: _Object, token: Secret) -> AllocationView:
    return AllocationView(
        allocation_id=_text(seen.allocation_id, token),
        status=_text(seen.status, token),
        version=_version(seen.version),
        po_number=_text(seen.po_number, token),
        vendor_id=_text(seen.vendor_id, token),
        location=_text(seen.location, token),
        order_ids=_orders(seen.items, token),
    )


def _version(raw: Raw) -> int | None:
    version = _tried(_INTEGER, raw)
    least, most = _INT64
    return version if version is not None and least <= version <= most else None


def _orders(items: Raw, token: Secret) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for raw in _tried(_LIST, items) or []:
        item = _tried(_ITEM, raw)
        order_id = _text(item.order_id, token) if item else None
        if order_id:
            found[order_id] = None
        if len(found) == _MOST_ORDERS:
            break
    return tuple(found)


def _text(raw: Raw, token: Secret) -> str | None:
    text = _tried(_STRING, raw)
    if text is None or len(text) > _LONGEST_FIELD:
        return None
    return None if holds_token(text, token) else text


def _tried(decoder: Decoder[T], raw: Raw) -> T | None:
    """Return the value of a part, or ``None`` if it is absent or of another type."""
    if not raw:
        return None
    try:
        return decoder.decode(raw)
    except _UNREADABLE:
        return None
