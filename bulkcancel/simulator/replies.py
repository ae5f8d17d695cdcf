"""The answers of the API: those that are documented, refusals, and bodies that are none."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from bulkcancel.simulator.allocations import PERSONAL_SENTINELS, Allocation, Effect
from bulkcancel.simulator.faults import Fault
from bulkcancel.simulator.headers import retry_after
from bulkcancel.simulator.options import Already, Shipped

JSON_TYPE = "application/json"
HTML_TYPE = "text/html; charset=utf-8"

UNKNOWN_ID = "AllocationRequestId Not Found/Valid"
"""The documented words for an id that is not known, a bare JSON string."""

_CHUNK = b" " * (1 << 20)
_ENCODER = json.JSONEncoder(separators=(",", ":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An HTTP answer before it goes out."""

    status: int
    body: bytes
    content_type: str = JSON_TYPE
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """What a refusal may need of a request: its token, its raw path, the server's time."""

    token: str
    path: str
    wall: float


def encode(payload: object) -> bytes:
    """Return a value as JSON."""
    return _ENCODER.encode(payload).encode()


def message(status: int, text: str, code: str | None = None, **headers: str) -> Reply:
    """Return the API's error shape, ``{"message"}`` and perhaps ``errorCode``."""
    payload = {"message": text} if code is None else {"message": text, "errorCode": code}
    return Reply(status=status, body=encode(payload), headers=headers)


def page(status: int) -> Reply:
    """Return a page of HTML, such as a proxy writes."""
    words = f"{status} {_phrase(status)}"
    html = f"<!DOCTYPE html><html><head><title>{words}</title></head><body><h1>{words}</h1></body>"
    return Reply(status=status, body=f"{html}</html>\n".encode(), content_type=HTML_TYPE)


def unknown_id(status: int) -> Reply:
    """Return the documented words for an unknown id: 404 of a cancel, 400 of a read."""
    return Reply(status=status, body=encode(UNKNOWN_ID))


def cancel_refusal(
    asked: Sequence[Allocation], effects: Sequence[Effect], *, already: Already, shipped: Shipped
) -> Reply | None:
    """Return the refusal that an ordinary cancel meets, or ``None`` where it shows allocations."""
    if not any(one.exists for one in asked):
        return unknown_id(HTTPStatus.NOT_FOUND)
    if Effect.APPLIED in effects:
        return None
    for one, effect in zip(asked, effects, strict=True):
        if effect is Effect.ALREADY and already != "ok":
            text = f"Allocation {one.allocation_id} is already cancelled or scratched"
            return message(int(already), text, "ALLOCATION-2005")
        if effect is Effect.WRONG_STATE and shipped != "ok":
            if "SHIPPED" in one.status:
                return message(int(shipped), "Allocation is already shipped", "ALLOCATION-2003")
            text = f"An allocation in status {one.status} cannot be cancelled"
            return message(int(shipped), text)
    return None


def refusal(fault: Fault, caller: Caller) -> Reply:
    """Return the answer of a fault of the family REFUSAL."""
    match fault.base:
        case "429" | "503" as code:
            headers = {}
            if fault.argument:
                headers["Retry-After"] = retry_after(fault.argument, caller.wall)
            text = "Too many requests" if code == "429" else _phrase(503)
            return Reply(status=int(code), body=encode({"message": text}), headers=headers)
        case "404" | "410" as code:
            return unknown_id(int(code))
        case "4006":
            text = "Allocation was modified by another request, please resubmit"
            return message(int(fault.argument), text, "SERVICE-4006")
        case "403-token":
            return message(403, f"User of token {caller.token} does not have the required role")
        case "pii-message":
            return message(400, _personal_message())
        case "redirect":
            return _redirect(fault, caller)
        case "html-404":
            return page(404)
        case "empty-404":
            return Reply(status=404, body=b"")
        case "html-502":
            return page(502)
        case code:
            return message(int(code), _phrase(int(code)))


def other_body(fault: Fault, ordinary: Reply) -> Reply:
    """Return the answer of a fault of the family BODY."""
    match fault.base:
        case "html":
            return page(200)
        case "empty-200":
            return Reply(status=200, body=b"")
        case "garbage":
            return Reply(status=200, body=ordinary.body.replace(b":", b"=", 1) + b"]}")
        case "gzip-bomb":
            body = _bomb(ordinary.body, int(fault.number))
            return Reply(status=200, body=body, headers={"Content-Encoding": "gzip"})
        case "big-header":
            filler = {"X-Filler": "x" * int(fault.number)}
            return Reply(status=ordinary.status, body=ordinary.body, headers=filler)
        case base:
            raise AssertionError(base)


def _redirect(fault: Fault, caller: Caller) -> Reply:
    code, _, address = fault.argument.partition(",")
    if not address:
        # 301 to 303 turn a PUT into a GET: followed, it would show a plausible allocation.
        keeps_method = int(code) >= HTTPStatus.TEMPORARY_REDIRECT
        path = caller.path if keeps_method else caller.path.replace("/cancel/", "/", 1)
        address = f"{path}?redirected=1"
    return message(int(code), _phrase(int(code)), Location=address)


def _personal_message() -> str:
    name, mail, phone, _ = PERSONAL_SENTINELS
    return (
        f"=cmd|'/C calc'!A0 {name} <{mail}> {phone} \x1b[31mred\x1b[0m\r\n"
        "forged: second line \u202eexe.gnp\u202c\x07"
    )


@lru_cache(maxsize=8)
def _bomb(body: bytes, size: int) -> bytes:
    """Return gzip data that unpack to the body and so many bytes of nothing behind it.

    A chunk that is flushed whole packs to the same bytes every time, so it is packed once.
    """
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    head = packer.compress(body) + packer.flush(zlib.Z_FULL_FLUSH)
    once = packer.compress(_CHUNK) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(_CHUNK) + packer.flush(zlib.Z_FULL_FLUSH)
    count = max(2, -(-size // len(_CHUNK)))
    check = zlib.crc32(body)
    for _ in range(count):
        check = zlib.crc32(_CHUNK, check)
    total = (len(body) + count * len(_CHUNK)) % (1 << 32)
    ending = packer.flush(zlib.Z_FINISH)
    start = b"\x1f\x8b\x08" + bytes(6) + b"\xff"
    tail = check.to_bytes(4, "little") + total.to_bytes(4, "little")
    return start + head + once + again * (count - 1) + ending + tail


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Error {status}"


def as_documented(objects: Sequence[Mapping[str, Any]], *, in_array: bool) -> Reply:
    """Return 200 with allocation objects: an array for a cancel, one object for a read."""
    return Reply(status=200, body=encode(list(objects) if in_array else objects[0]))
