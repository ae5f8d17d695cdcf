"""The table "what one attempt means", row by row, from a fresh history."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bulkcancel.decision import (
    Halt,
    History,
    Policy,
    Read,
    Send,
    Settle,
    after_send,
    classify_cancel,
)
from bulkcancel.model import (
    AllocationView,
    Answer,
    ApiMessage,
    Body,
    Foreign,
    Kind,
    NoAnswer,
    NoAnswerCause,
    NotSent,
    NotSentCause,
    Observation,
    OneAllocation,
    Outcome,
    SeveralAllocations,
)

ASKED = "62ff5c0bec0aed3c86202c32"
POLICY = Policy()
CHANCE = 0.5
BACKOFF = CHANCE * POLICY.wait_initial
FIRST_READ = POLICY.verify_after[0]


def shown(
    status: str | None = "CANCELLED", *, version: int | None = 7, shown_id: str | None = ASKED
) -> OneAllocation:
    """Return a body that shows one allocation."""
    return OneAllocation(
        view=AllocationView(allocation_id=shown_id, status=status, version=version)
    )


def said(text: str, code: str | None = None) -> ApiMessage:
    """Return a body in the API's own error shape."""
    return ApiMessage(text=text, code=code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the table: what was seen, its class, whether it may have taken effect, and then.

    ``then`` is "send", "read", "halt" or an outcome; ``after`` the wait in seconds.
    """

    seen: Observation
    kind: Kind
    then: str
    after: float | None = None
    perhaps: bool = False
    spent: int = 1


def answer(http_status: int, body: Body, retry_after: float | None = None) -> Answer:
    """Return a whole answer."""
    return Answer(http_status=http_status, body=body, retry_after=retry_after)


HTML = Foreign(kind="html")
EMPTY = Foreign(kind="empty")
UNSENT = [cause for cause in NotSentCause if cause is not NotSentCause.CERTIFICATE]
ROWS: dict[str, Row] = {
    **{
        f"not sent: {cause}": Row(
            seen=NotSent(cause=cause), kind=Kind.NOT_SENT, then="send", after=BACKOFF, spent=0
        )
        for cause in UNSENT
    },
    "a certificate that is not trusted stops the run": Row(
        seen=NotSent(cause=NotSentCause.CERTIFICATE), kind=Kind.UNTRUSTED, then="halt", spent=0
    ),
    **{
        f"sent, no answer: {cause}": Row(
            seen=NoAnswer(cause=cause),
            kind=Kind.IN_DOUBT,
            then="read",
            after=FIRST_READ,
            perhaps=True,
        )
        for cause in NoAnswerCause
    },
    "429": Row(
        seen=answer(429, said("slow down")),
        kind=Kind.THROTTLED,
        then="send",
        after=BACKOFF,
        spent=0,
    ),
    "429 with Retry-After": Row(
        seen=answer(429, EMPTY, 7.0), kind=Kind.THROTTLED, then="send", after=7.0, spent=0
    ),
    "429 with Retry-After: 0 is no licence to repeat at once": Row(
        seen=answer(429, EMPTY, 0.0), kind=Kind.THROTTLED, then="send", after=BACKOFF, spent=0
    ),
    "503 with Retry-After": Row(
        seen=answer(503, HTML, 2.0), kind=Kind.THROTTLED, then="send", after=2.0, spent=0
    ),
    **{
        f"{status} is in doubt": Row(
            seen=answer(status, body),
            kind=Kind.IN_DOUBT,
            then="read",
            after=FIRST_READ,
            perhaps=True,
        )
        for status in (408, 500, 502, 503, 504, 520, 522, 524, 599)
        for body in (said("upstream failed"), HTML, shown())
    },
    **{
        f"{status} was not applied": Row(
            seen=answer(status, HTML), kind=Kind.NOT_APPLIED, then="send", after=BACKOFF
        )
        for status in (421, 425)
    },
    **{
        f"{status} modified meanwhile was not applied": Row(
            seen=answer(status, said("Modified by another request, please resubmit", code)),
            kind=Kind.NOT_APPLIED,
            then="send",
            after=BACKOFF,
        )
        for status, code in ((409, None), (500, "SERVICE-4006"))
    },
    "401 goes back once": Row(
        seen=answer(401, said("expired")), kind=Kind.UNAUTHORIZED, then="send", after=0.0, spent=0
    ),
    "403 about the token is a 401": Row(
        seen=answer(403, said("The token lacks the role")),
        kind=Kind.UNAUTHORIZED,
        then="send",
        after=0.0,
        spent=0,
    ),
    "403 otherwise": Row(
        seen=answer(403, said("not your vendor")), kind=Kind.FORBIDDEN, then=Outcome.REJECTED
    ),
    "403 as HTML": Row(seen=answer(403, HTML), kind=Kind.FORBIDDEN, then=Outcome.REJECTED),
    **{
        f"{status} in the API's own shape": Row(
            seen=answer(status, said("AllocationRequestId Not Found/Valid")),
            kind=Kind.UNKNOWN_ID,
            then=Outcome.NOT_FOUND,
        )
        for status in (404, 410)
    },
    **{
        f"{status} that is not the API's: {body}": Row(
            seen=answer(status, body), kind=Kind.MISROUTED, then="halt", perhaps=True
        )
        for status in (404, 410)
        for body in (HTML, EMPTY, Foreign(kind="json"), said("no Route matched"), shown())
    },
    **{
        f"{status}: no such method here": Row(
            seen=answer(status, said("no")), kind=Kind.MISROUTED, then="halt", perhaps=True
        )
        for status in (405, 501)
    },
    **{
        f"{status} refused": Row(
            seen=answer(status, said("bad input")), kind=Kind.REFUSED, then="read", after=0.0
        )
        for status in (400, 402, 409, 412, 418, 422, 451)
    },
    **{
        f"{status} shipped": Row(
            seen=answer(status, said("can't be cancelled", "ALLOCATION-2003")),
            kind=Kind.WRONG_STATE,
            then=Outcome.NOT_CANCELLED,
        )
        for status in (400, 409, 412, 422)
    },
    **{
        f"{status} already cancelled: {text}": Row(
            seen=answer(status, said(text, code)), kind=Kind.ALREADY, then="read", after=0.0
        )
        for status in (400, 404, 409, 412, 422, 500)
        for text, code in (
            ("no", "ALLOCATION-2005"),
            ("Allocation is already cancelled", None),
            ("already been canceled", None),
            ("It was ALREADY SCRATCHED", None),
        )
    },
    **{
        f"{status} is a redirect": Row(
            seen=answer(status, EMPTY), kind=Kind.MISCONFIGURED, then="halt", spent=0
        )
        for status in (300, 301, 302, 303, 304, 307, 308)
    },
    "407 is a proxy's": Row(seen=answer(407, HTML), kind=Kind.MISCONFIGURED, then="halt", spent=0),
    "200 that shows CANCELLED": Row(
        seen=answer(200, shown()), kind=Kind.SHOWN, then=Outcome.CANCELLED
    ),
    "200 that shows PARTIALLY_CANCELLED": Row(
        seen=answer(200, shown("PARTIALLY_CANCELLED")),
        kind=Kind.SHOWN,
        then=Outcome.PARTIALLY_CANCELLED,
    ),
    **{
        f"200 that shows {status!r} proves nothing": Row(
            seen=answer(200, shown(status)),
            kind=Kind.SHOWN,
            then="read",
            after=FIRST_READ,
            perhaps=True,
        )
        for status in ("ALLOCATED", "PENDING_PICK", "SHIPPED", "cancelled", "CANCELLED ", "", "NEW")
    },
    **{
        f"200 with {body}": Row(
            seen=answer(200, body), kind=Kind.PROTOCOL, then="read", after=FIRST_READ, perhaps=True
        )
        for body in (
            EMPTY,
            HTML,
            Foreign(kind="json"),
            Foreign(kind="text"),
            Foreign(kind="encoded"),
            said("already cancelled"),
            SeveralAllocations(count=0),
            shown(version=None),
            shown(status=None),
            shown(shown_id=None),
        )
    },
    **{
        f"200 with {body} stops at once": Row(
            seen=answer(200, body), kind=Kind.CONTRADICTION, then="halt", perhaps=True
        )
        for body in (
            shown(shown_id=ASKED[::-1]),
            shown(shown_id=ASKED.upper()),
            SeveralAllocations(count=2),
        )
    },
    "an HTTP status that ends nothing": Row(
        seen=answer(102, shown()), kind=Kind.PROTOCOL, then="read", after=FIRST_READ, perhaps=True
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_what_one_attempt_means(row: Row) -> None:
    """Each observation has its class, and from a fresh history what the table says follows."""
    assert classify_cancel(ASKED, row.seen).kind is row.kind
    step = after_send(
        History(), ASKED, row.seen, policy=POLICY, sent_at=100.0, now=101.0, chance=CHANCE
    )
    assert step.finding.kind is row.kind
    match step.next:
        case Send(after=after):
            assert (row.then, row.after) == ("send", after)
        case Read(after=after):
            assert (row.then, row.after) == ("read", after)
        case Halt(kind=kind, then=then):
            assert row.then == "halt"
            assert kind is row.kind
            assert then == (Read(after=0.0) if row.perhaps else Send(after=0.0))
        case Settle(settlement=settled):
            assert row.then == settled.outcome
            assert not settled.verified
    unsent = isinstance(row.seen, NotSent)
    assert step.history.sends == (0 if unsent else 1)
    assert step.history.first_sent_at == (None if unsent else 100.0)
    assert step.history.spent == row.spent
    assert step.history.ours_possible is row.perhaps
    if isinstance(row.seen, Answer):
        assert step.history.http_status == row.seen.http_status
