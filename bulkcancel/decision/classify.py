"""The class of one answer: the table "what one attempt means", for a cancel and for a read."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import assert_never

import msgspec

from bulkcancel.model import (
    AllocationView,
    Answer,
    ApiMessage,
    Foreign,
    Kind,
    NoAnswer,
    NotSent,
    NotSentCause,
    Observation,
    OneAllocation,
    SeveralAllocations,
)

CANCELLED = "CANCELLED"
PARTIALLY_CANCELLED = "PARTIALLY_CANCELLED"


class Finding(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The class of one observation, with what a report needs of it.

    ``reason`` is a sentence fragment for a person. ``view`` is set for SHOWN only.
    ``claim_is_firm`` says, for ALREADY, that the API refused in so many words (4xx) rather than
    by breaking (5xx). ``retry_after`` is in seconds.
    """

    kind: Kind
    reason: str
    http_status: int | None = None
    view: AllocationView | None = None
    retry_after: float | None = None
    claim_is_firm: bool = False


# The codes and texts are those of the vendor's public reference; the texts are the fallback for
# answers without a code.
_ALREADY = re.compile(
    r"\bALLOCATION-2005\b|\balready\s+(?:been\s+)?(?:cancell?ed|scratched)", re.IGNORECASE
)
_WRONG_STATE = re.compile(
    r"\bALLOCATION-2003\b|\b(?:already\s+(?:been\s+)?)?shipped\b", re.IGNORECASE
)
_RESUBMIT = re.compile(r"\bSERVICE-4006\b|modified by another request", re.IGNORECASE)
# It is written access_token and accessToken too.
_ABOUT_TOKEN = re.compile(
    r"(?<![a-z])(?:access|auth|bearer|id)?_?tokens?(?![a-z])"
    r"|\bjwt\b|\bunauthori[sz]ed\b|\bcredentials?\b",
    re.IGNORECASE,
)
_NO_ROUTE = re.compile(r"\bno route\b|\bcannot (?:put|get)\b|\bno static resource\b", re.IGNORECASE)
# It has to be the allocation, or its id, that is not known: not a vendor, and no error either.
_THE_ID = r"(?:allocation\s*(?:request)?\s*(?:ids?)?|ids?)"
_NOT_KNOWN = re.compile(
    rf"^\W*not\s+found\W*$|\b{_THE_ID}\b.{{0,40}}?\b(?:is\s+|does\s+)?"
    r"(?:not\s+(?:found|valid|known|exist)|invalid|unknown)\b"
    rf"|\b(?:no\s+such|unknown|invalid)\s+{_THE_ID}(?![\w])",
    re.IGNORECASE,
)
_OF_THE_REQUEST = re.compile(
    r"site.?context|\bheaders?\b|\baccounts?\b|\bchannels?\b|\bstages?\b", re.IGNORECASE
)


def classify_cancel(asked_id: str, seen: Observation) -> Finding:
    """Return what the answer to a cancel means. Total: every observation has a class."""
    match seen:
        case NotSent():
            return _not_sent(seen)
        case NoAnswer():
            return _no_answer(Kind.IN_DOUBT, seen)
        case Answer(http_status=status) if 200 <= status < 300:
            return _success(asked_id, seen)
        case Answer(http_status=status) if 400 <= status < 600:
            return _common_refusal(seen) or _cancel_refusal(seen)
        case Answer(http_status=status) if 300 <= status < 400:
            return _redirect(seen)
        case Answer():
            return _no_status(Kind.PROTOCOL, seen)
        case _:
            assert_never(seen)


def classify_read(asked_id: str, seen: Observation) -> Finding:
    """Return what the answer to a read means. Total: every observation has a class."""
    match seen:
        case NotSent():
            return _not_sent(seen)
        case NoAnswer():
            return _no_answer(Kind.READ_FAILED, seen)
        case Answer(http_status=status) if 200 <= status < 300:
            finding = _success(asked_id, seen)
            if finding.kind is Kind.PROTOCOL:
                return Finding(
                    kind=Kind.READ_FAILED,
                    reason=finding.reason,
                    http_status=finding.http_status,
                )
            return finding
        case Answer(http_status=status) if 400 <= status < 600:
            return _common_refusal(seen) or _read_refusal(seen)
        case Answer(http_status=status) if 300 <= status < 400:
            return _redirect(seen)
        case Answer():
            return _no_status(Kind.READ_FAILED, seen)
        case _:
            assert_never(seen)


def _not_sent(seen: NotSent) -> Finding:
    untrusted = seen.cause is NotSentCause.CERTIFICATE
    detail = f": {seen.detail}" if seen.detail else ""
    return Finding(
        kind=Kind.UNTRUSTED if untrusted else Kind.NOT_SENT,
        reason=f"not sent ({seen.cause}{detail})",
    )


def _no_answer(kind: Kind, seen: NoAnswer) -> Finding:
    detail = f": {seen.detail}" if seen.detail else ""
    return Finding(
        kind=kind,
        reason=f"sent, no trustworthy answer ({seen.cause}{detail})",
        http_status=seen.http_status,
    )


def _redirect(seen: Answer) -> Finding:
    return Finding(
        kind=Kind.MISCONFIGURED,
        reason=f"HTTP {seen.http_status}: a redirect, which is never followed",
        http_status=seen.http_status,
    )


def _no_status(kind: Kind, seen: Answer) -> Finding:
    words = f"HTTP {seen.http_status} is no status that a final answer can have"
    return Finding(kind=kind, reason=words, http_status=seen.http_status)


def _success(asked_id: str, seen: Answer) -> Finding:
    def found(kind: Kind, reason: str, view: AllocationView | None = None) -> Finding:
        return Finding(
            kind=kind,
            reason=f"HTTP {seen.http_status}: {reason}",
            http_status=seen.http_status,
            view=view,
        )

    match seen.body:
        case OneAllocation(view=view):
            if view.allocation_id is None:
                return found(Kind.PROTOCOL, "an allocation without its id")
            if view.allocation_id != asked_id:
                return found(Kind.CONTRADICTION, "it shows another allocation than the one asked")
            if view.version is None:
                return found(Kind.PROTOCOL, "an allocation without an integer version")
            if view.status is None:
                return found(Kind.PROTOCOL, "an allocation without a status")
            return found(Kind.SHOWN, f"status {view.status}", view)
        case SeveralAllocations(count=0):
            return found(Kind.PROTOCOL, "an empty list of allocations")
        case SeveralAllocations(count=count):
            return found(Kind.CONTRADICTION, f"it shows {count} allocations where one was asked")
        case ApiMessage(text=text):
            return found(Kind.PROTOCOL, f"a message in place of an allocation: {text}")
        case Foreign(kind=shape):
            return found(Kind.PROTOCOL, f"no allocation in the answer ({shape})")
        case _:
            assert_never(seen.body)


def _common_refusal(seen: Answer) -> Finding | None:
    """Return what 4xx and 5xx answers mean for a cancel and a read alike, or ``None``."""
    status, words = seen.http_status, _words(seen)

    def found(kind: Kind, reason: str = words) -> Finding:
        return Finding(kind=kind, reason=reason, http_status=status, retry_after=seen.retry_after)

    about_token = isinstance(seen.body, ApiMessage) and _ABOUT_TOKEN.search(seen.body.text)
    match status:
        case HTTPStatus.TOO_MANY_REQUESTS:
            return found(Kind.THROTTLED)
        case HTTPStatus.SERVICE_UNAVAILABLE if seen.retry_after is not None:
            return found(Kind.THROTTLED)
        case HTTPStatus.UNAUTHORIZED:
            return found(Kind.UNAUTHORIZED)
        case HTTPStatus.FORBIDDEN if about_token:
            return found(Kind.UNAUTHORIZED)
        case HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
            return found(Kind.MISCONFIGURED, f"{words}: a proxy wants a log-in")
        case _:
            return None


def _cancel_refusal(seen: Answer) -> Finding:
    status, words = seen.http_status, _words(seen)

    def found(kind: Kind) -> Finding:
        return Finding(kind=kind, reason=words, http_status=status, claim_is_firm=status < 500)

    own = seen.body if isinstance(seen.body, ApiMessage) else None
    said = f"{own.code or ''} {own.text}" if own else ""
    if own and _RESUBMIT.search(said):
        return found(Kind.NOT_APPLIED)
    if own and _ALREADY.search(said):
        return found(Kind.ALREADY)
    match status:
        case HTTPStatus.MISDIRECTED_REQUEST | HTTPStatus.TOO_EARLY:
            return found(Kind.NOT_APPLIED)
        case HTTPStatus.FORBIDDEN:
            return found(Kind.FORBIDDEN)
        case HTTPStatus.METHOD_NOT_ALLOWED | HTTPStatus.NOT_IMPLEMENTED:
            return found(Kind.MISROUTED)
        case HTTPStatus.NOT_FOUND | HTTPStatus.GONE:
            speaks_of_id = own is not None and not _NO_ROUTE.search(own.text)
            return found(Kind.UNKNOWN_ID if speaks_of_id else Kind.MISROUTED)
        case HTTPStatus.REQUEST_TIMEOUT | 444 | 460 | 499:
            # The last three are proxies' words for a client that is gone: they may have passed it.
            return found(Kind.IN_DOUBT)
        case _ if status >= 500:
            return found(Kind.IN_DOUBT)
        case _ if own is None:
            # Not the API's own refusal: whether the API ever saw the cancel can't be told.
            return found(Kind.PROTOCOL)
        case _ if _WRONG_STATE.search(said):
            return found(Kind.WRONG_STATE)
        case _:
            return found(Kind.REFUSED)


def _read_refusal(seen: Answer) -> Finding:
    def found(kind: Kind) -> Finding:
        return Finding(kind=kind, reason=_words(seen), http_status=seen.http_status)

    own = seen.body if isinstance(seen.body, ApiMessage) else None
    match seen.http_status:
        # 400 is this API's documented answer for an id that it does not know, but also for a bad
        # header: only its words tell, and "not known" may become the outcome.
        case HTTPStatus.BAD_REQUEST:
            speaks_of_id = (
                own is not None
                and _NOT_KNOWN.search(own.text)
                and not _OF_THE_REQUEST.search(own.text)
            )
            return found(Kind.UNKNOWN_ID if speaks_of_id else Kind.READ_UNAVAILABLE)
        case HTTPStatus.NOT_FOUND | HTTPStatus.GONE:
            speaks_of_id = own is not None and not _NO_ROUTE.search(own.text)
            return found(Kind.UNKNOWN_ID if speaks_of_id else Kind.READ_UNAVAILABLE)
        case HTTPStatus.METHOD_NOT_ALLOWED | HTTPStatus.NOT_IMPLEMENTED | HTTPStatus.FORBIDDEN:
            return found(Kind.READ_UNAVAILABLE)
        case _:
            return found(Kind.READ_FAILED)


def _words(seen: Answer) -> str:
    match seen.body:
        case ApiMessage(text=text, code=code):
            label = f"{code}: " if code and code not in text else ""
            return f"HTTP {seen.http_status}: {label}{text}"
        case Foreign(kind=shape):
            return f"HTTP {seen.http_status} with a body that is not the API's ({shape})"
        case OneAllocation() | SeveralAllocations():
            return f"HTTP {seen.http_status} with an allocation in its body"
        case _:
            assert_never(seen.body)
