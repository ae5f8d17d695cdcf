"""What the answer to a query means."""

from __future__ import annotations

import re
from http import HTTPStatus

from bulkcancel.decision.classify import Finding, classify_read
from bulkcancel.model import Answer, ApiMessage, Foreign, Kind, Observation, OneAllocation
from bulkcancel.model.listing import Listing

_PASSING = frozenset({408, 421, 425, 444, 460, 499})
"""Refusals that say nothing of the question: too late, too early, or a client that seems gone."""
# A gateway's words for a route that it does not have, which say nothing of allocations.
_NO_ROUTE = re.compile(r"\bno route\b|\bcannot post\b|\bno static resource\b", re.IGNORECASE)


def classify_query(seen: Listing | Observation) -> Finding:
    """Return what the answer to a query means. Total: every observation has a class.

    SHOWN is a page of allocations, or the documented word that there are none; READ_UNAVAILABLE a
    refusal of the query itself, which asking again does not change.
    """
    match seen:
        case Listing(words=words) if _NO_ROUTE.search(words):
            return _found(Kind.READ_UNAVAILABLE, seen.http_status, words)
        case Listing():
            return Finding(
                kind=Kind.SHOWN,
                reason=f"{len(seen.allocations):,} allocations",
                http_status=seen.http_status,
                retry_after=seen.retry_after,
            )
        case Answer(http_status=status) if 200 <= status < 300:  # noqa: PLR2004 - the 2xx statuses
            return _found(Kind.READ_FAILED, status, f"no list of allocations ({_shape(seen)})")
        case Answer(http_status=HTTPStatus.NOT_FOUND as status, body=body):
            words = body.text if isinstance(body, ApiMessage) else _shape(seen)
            more = "which is not how the API says that there are none; is the base URL right?"
            return _found(Kind.READ_UNAVAILABLE, status, f"{words}, {more}")
        case _:
            finding = classify_read("", seen)
            if finding.kind is Kind.UNKNOWN_ID or _is_refusal(seen, finding):
                return _found(Kind.READ_UNAVAILABLE, finding.http_status, finding.reason)
            return finding


def _is_refusal(seen: Observation, finding: Finding) -> bool:
    """Say whether an answer refuses the question, where a read would be tried again."""
    if finding.kind is not Kind.READ_FAILED or not isinstance(seen, Answer):
        return False
    return 400 <= seen.http_status < 500 and seen.http_status not in _PASSING  # noqa: PLR2004 - the 4xx statuses


def _found(kind: Kind, status: int | None, words: str) -> Finding:
    prefix = f"HTTP {status}: "
    return Finding(kind=kind, reason=prefix + words.removeprefix(prefix), http_status=status)


def _shape(seen: Answer) -> str:
    match seen.body:
        case Foreign(kind=kind):
            return f"{kind} in its place"
        case ApiMessage(text=text):
            return f"a message in its place: {text}"
        case OneAllocation():
            return "one allocation outside of a list"
        case _:
            return "something in it is no allocation with an id"
