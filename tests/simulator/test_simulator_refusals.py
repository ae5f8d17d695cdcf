"""Faults that answer another HTTP status."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from bulkcancel.simulator import PERSONAL_SENTINELS

ID = "62ff5c0bec0aed3c86202c32"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A refusal: its fault, and what it answers."""

    fault: str
    status: int
    json: object = None
    headers: dict[str, str] = field(default_factory=dict)


UNKNOWN = "AllocationRequestId Not Found/Valid"
PHRASES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    412: "Precondition Failed",
    421: "Misdirected Request",
    422: "Unprocessable Entity",
    425: "Too Early",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
    520: "Error 520",
}
RESUBMIT = {
    "message": "Allocation was modified by another request, please resubmit",
    "errorCode": "SERVICE-4006",
}
REFUSALS = [
    *(Case(fault=f"{code}", status=code, json={"message": text}) for code, text in PHRASES.items()),
    Case(fault="404", status=404, json=UNKNOWN),
    Case(fault="410", status=410, json=UNKNOWN),
    Case(fault="429", status=429, json={"message": "Too many requests"}),
    Case(fault="429:7", status=429, headers={"retry-after": "7"}),
    Case(fault="429:-5", status=429, headers={"retry-after": "-5"}),
    Case(fault="429:1e9", status=429, headers={"retry-after": "1e9"}),
    Case(
        fault="429:Sat, 01 Aug 2026 00:00:00 GMT",
        status=429,
        headers={"retry-after": "Sat, 01 Aug 2026 00:00:00 GMT"},
    ),
    Case(fault="429:²", status=429, headers={"retry-after": "²"}),
    Case(fault="503:86400", status=503, headers={"retry-after": "86400"}),
    Case(fault="4006", status=409, json=RESUBMIT),
    Case(fault="4006:500", status=500, json=RESUBMIT),
    Case(
        fault="403-token",
        status=403,
        json={"message": "User of token simulator-token does not have the required role"},
    ),
    Case(fault="html-404", status=404, headers={"content-type": "text/html; charset=utf-8"}),
    Case(fault="html-502", status=502, headers={"content-type": "text/html; charset=utf-8"}),
    Case(fault="empty-404", status=404, headers={"content-length": "0"}),
    Case(
        fault="redirect",
        status=302,
        headers={"location": f"/api/v2/allocation/{ID}?redirected=1"},
    ),
    Case(
        fault="redirect:308",
        status=308,
        headers={"location": f"/api/v2/allocation/cancel/{ID}?redirected=1"},
    ),
    Case(
        fault="redirect:307,http://127.0.0.1:1/x",
        status=307,
        headers={"location": "http://127.0.0.1:1/x"},
    ),
    Case(fault="revoke", status=401, json={"message": "The token has expired"}),
]


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: case.fault)
def test_a_refusal_answers_and_has_no_effect(wire: Any, case: Case) -> None:
    """The status, the body and the headers it promises; the allocation stays as it is."""
    with wire.serving(case.fault) as simulator:
        seen = wire.meet(simulator)
        wire.check(simulator, applied=False, status=case.status, fault=case.fault.partition(":")[0])
    assert seen.status == case.status
    if case.json is not None:
        assert seen.json == case.json
    assert seen.headers.items() >= case.headers.items()
    assert ("retry-after" in seen.headers) == ("retry-after" in case.headers)


@pytest.mark.parametrize("code", [400, 408, 429, 500, 502, 503, 504])
def test_a_refusal_may_have_taken_effect_all_the_same(wire: Any, code: int) -> None:
    """``500-applied`` and its like: the answer of a refusal, the effect of a cancel."""
    with wire.serving(f"{code}-applied") as simulator:
        assert wire.meet(simulator).status == code
        wire.check(simulator, applied=True, status=code, fault=f"{code}-applied")


def test_a_message_with_personal_data_and_control_characters(wire: Any) -> None:
    """It holds a name, an address, a number, ESC, CR LF, bidi and a formula: nothing to print."""
    with wire.serving("pii-message") as simulator:
        seen = wire.meet(simulator)
        wire.check(simulator, applied=False, status=400, fault="pii-message")
    text = seen.json["message"]
    assert all(sentinel in text for sentinel in PERSONAL_SENTINELS[:3])
    assert text.startswith("=cmd|")
    assert all(mark in text for mark in ("\x1b", "\r\n", "\u202e", "\x07"))


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_that_is_followed_shows_something_plausible(wire: Any, code: int) -> None:
    """The trap it is: the address it leads to answers 200, and the ledger shows who went there."""
    with wire.serving(f"redirect:{code}") as simulator:
        where = wire.meet(simulator).headers["location"]
        with wire.connect(simulator) as connection:
            wire.send(connection, "GET" if code <= 303 else "PUT", where)
            seen = wire.receive(connection, enough=wire.one_answer)
        entry = simulator.ledger.entries()[1]
    assert seen.status == 200
    assert (entry.path, entry.token, entry.fault) == (where, "accepted", None)
