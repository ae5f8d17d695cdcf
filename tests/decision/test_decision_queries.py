"""What the answer to a query means: a page, a reason to ask again, or a reason not to."""

from __future__ import annotations

import pytest

from bulkcancel.decision.listing import classify_query
from bulkcancel.model import (
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
    SeveralAllocations,
)
from bulkcancel.model.listing import Listed, Listing

SAID = ApiMessage(text="words")
HTML = Foreign(kind="html")


@pytest.mark.parametrize(
    "seen",
    [
        Listing(http_status=200, allocations=(Listed(allocation_id="x"),)),
        Listing(http_status=200),
        Listing(http_status=404, words="No allocations found"),
    ],
)
def test_a_page_is_shown(seen: Listing) -> None:
    """Also an empty one."""
    assert classify_query(seen).kind is Kind.SHOWN


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, HTML, Kind.READ_FAILED),
        (200, SAID, Kind.READ_FAILED),
        (200, SeveralAllocations(count=3), Kind.READ_FAILED),
        (204, Foreign(kind="empty"), Kind.READ_FAILED),
        (302, HTML, Kind.MISCONFIGURED),
        (400, SAID, Kind.READ_UNAVAILABLE),
        (400, ApiMessage(text="Allocation id not found"), Kind.READ_UNAVAILABLE),
        (401, SAID, Kind.UNAUTHORIZED),
        (403, SAID, Kind.READ_UNAVAILABLE),
        (403, ApiMessage(text="the token lacks the role"), Kind.UNAUTHORIZED),
        (404, HTML, Kind.READ_UNAVAILABLE),
        (404, ApiMessage(text="Not Found"), Kind.READ_UNAVAILABLE),
        (405, HTML, Kind.READ_UNAVAILABLE),
        (407, HTML, Kind.MISCONFIGURED),
        (408, SAID, Kind.READ_FAILED),
        (409, SAID, Kind.READ_UNAVAILABLE),
        (410, SAID, Kind.READ_UNAVAILABLE),
        (415, SAID, Kind.READ_UNAVAILABLE),
        (422, SAID, Kind.READ_UNAVAILABLE),
        (425, SAID, Kind.READ_FAILED),
        (429, SAID, Kind.THROTTLED),
        (500, SAID, Kind.READ_FAILED),
        (502, HTML, Kind.READ_FAILED),
        (503, SAID, Kind.READ_FAILED),
    ],
)
def test_every_other_answer_has_its_class(status: int, body: Body, kind: Kind) -> None:
    """A refusal of the question is not asked again, what may pass is; the status is named."""
    finding = classify_query(Answer(http_status=status, body=body))
    assert finding.kind is kind
    assert finding.reason.count(f"HTTP {status}") == 1


def test_a_wait_that_is_asked_for_is_kept() -> None:
    """A 503 with a Retry-After is a refusal for the moment."""
    finding = classify_query(Answer(http_status=503, body=SAID, retry_after=7.0))
    assert (finding.kind, finding.retry_after) == (Kind.THROTTLED, 7.0)


@pytest.mark.parametrize("words", ["no Route matched with those values", "Cannot POST /x"])
def test_a_gateway_without_the_route_is_not_taken_for_none(words: str) -> None:
    """Its 404 says nothing of allocations, even as a bare string."""
    assert classify_query(Listing(http_status=404, words=words)).kind is Kind.READ_UNAVAILABLE


@pytest.mark.parametrize(
    ("seen", "kind"),
    [
        (NotSent(cause=NotSentCause.REFUSED), Kind.NOT_SENT),
        (NotSent(cause=NotSentCause.CERTIFICATE), Kind.UNTRUSTED),
        *[(NoAnswer(cause=cause), Kind.READ_FAILED) for cause in NoAnswerCause],
    ],
)
def test_no_answer_is_no_page(seen: Observation, kind: Kind) -> None:
    """What did not come may come the next time."""
    assert classify_query(seen).kind is kind
