"""What a later read says of a report: it agrees, differs, resolves a doubt, or tells nothing."""

from __future__ import annotations

from itertools import product

import pytest

from bulkcancel.decision import Agreement, Finding, Verification, classify_read, hold_against
from bulkcancel.model import (
    AllocationView,
    Answer,
    ApiMessage,
    Foreign,
    Kind,
    NoAnswer,
    NoAnswerCause,
    NotSent,
    NotSentCause,
    Observation,
    OneAllocation,
    Outcome,
)

ASKED = "62ff5c0bec0aed3c86202c32"
STATUSES = ("CANCELLED", "PARTIALLY_CANCELLED", "ALLOCATED", "SHIPPED", "cancelled", "")
ALL_BUT_CANCELLED = frozenset(STATUSES) - {"CANCELLED"}
BEAR_OUT = {
    Outcome.CANCELLED: frozenset({"CANCELLED"}),
    Outcome.ALREADY_CANCELLED: frozenset({"CANCELLED"}),
    Outcome.PARTIALLY_CANCELLED: frozenset({"PARTIALLY_CANCELLED"}),
    Outcome.NOT_CANCELLED: ALL_BUT_CANCELLED,
    Outcome.REJECTED: ALL_BUT_CANCELLED,
    Outcome.FAILED: ALL_BUT_CANCELLED,
    Outcome.NOT_ATTEMPTED: ALL_BUT_CANCELLED,
    Outcome.NOT_FOUND: frozenset[str](),
}
"""The statuses that bear out an outcome; `unknown` claims nothing that could be borne out."""


def shows(status: str, shown_id: str = ASKED) -> Answer:
    """Return an answer that shows an allocation."""
    view = AllocationView(allocation_id=shown_id, status=status, version=7)
    return Answer(http_status=200, body=OneAllocation(view=view))


def held(outcome: Outcome, seen: Observation) -> Verification:
    """Return what a read with this answer says of an outcome."""
    return hold_against(outcome, classify_read(ASKED, seen))


@pytest.mark.parametrize(("outcome", "status"), list(product(BEAR_OUT, STATUSES)))
def test_each_outcome_agrees_with_the_statuses_that_bear_it_out(
    outcome: Outcome, status: str
) -> None:
    """Cancelled agrees with CANCELLED alone, not cancelled with all else; the note names both."""
    agrees = status in BEAR_OUT[outcome]
    found = held(outcome, shows(status))
    assert found.agreement is (Agreement.AGREES if agrees else Agreement.DIFFERS)
    if outcome is not Outcome.NOT_FOUND:
        assert found.note == f"{outcome.value}, and its status now is {status}"


@pytest.mark.parametrize("status", STATUSES)
def test_what_was_unknown_is_resolved_by_any_status(status: str) -> None:
    """An unknown outcome claims nothing: whatever is shown now settles the question."""
    assert held(Outcome.UNKNOWN, shows(status)) == Verification(
        agreement=Agreement.RESOLVED, note=f"it was unknown; its status now is {status}"
    )


def test_what_was_not_found_and_is_shown_now_differs() -> None:
    """The note says that it was not found, and what it is now."""
    assert held(Outcome.NOT_FOUND, shows("ALLOCATED")) == Verification(
        agreement=Agreement.DIFFERS, note="it was not found; its status now is ALLOCATED"
    )


@pytest.mark.parametrize("outcome", Outcome)
def test_an_id_that_the_api_does_not_know_agrees_with_not_found_alone(outcome: Outcome) -> None:
    """Whatever else a report says of an allocation, that the API does not know it is a break."""
    found = held(outcome, Answer(http_status=404, body=ApiMessage(text="no such allocation")))
    if outcome is Outcome.NOT_FOUND:
        assert found == Verification(
            agreement=Agreement.AGREES, note="the API still does not know it"
        )
    else:
        assert found == Verification(
            agreement=Agreement.DIFFERS,
            note="the API does not know it any more: HTTP 404: no such allocation",
        )


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize(
    ("seen", "note"),
    [
        (
            NoAnswer(cause=NoAnswerCause.TIMEOUT),
            "sent, no trustworthy answer (timeout)",
        ),
        (NotSent(cause=NotSentCause.DNS), "not sent (dns)"),
        (
            Answer(http_status=500, body=Foreign(kind="html")),
            "HTTP 500 with a body that is not the API's (html)",
        ),
        (
            Answer(http_status=404, body=Foreign(kind="html")),
            "HTTP 404 with a body that is not the API's (html)",
        ),
        (Answer(http_status=401, body=ApiMessage(text="expired")), "HTTP 401: expired"),
        (
            shows("CANCELLED", shown_id="b" * 24),
            "HTTP 200: it shows another allocation than the one asked",
        ),
    ],
)
def test_a_read_that_shows_nothing_says_nothing(
    outcome: Outcome, seen: Observation, note: str
) -> None:
    """A read that failed neither agrees nor differs, whatever the report says; the note tells why.

    Nor does one that shows another allocation, though it is CANCELLED.
    """
    assert held(outcome, seen) == Verification(agreement=Agreement.UNREADABLE, note=note)


@pytest.mark.parametrize("outcome", Outcome)
def test_only_what_is_shown_of_the_one_asked_counts(outcome: Outcome) -> None:
    """A finding of another kind is no proof even with a view, nor is one without a view."""
    view = AllocationView(allocation_id="b" * 24, status="CANCELLED", version=7)
    for finding in (
        Finding(kind=Kind.CONTRADICTION, reason="not to be read", view=view),
        Finding(kind=Kind.SHOWN, reason="not to be read"),
    ):
        assert hold_against(outcome, finding) == Verification(
            agreement=Agreement.UNREADABLE, note="not to be read"
        )


@pytest.mark.parametrize("outcome", Outcome)
def test_what_was_not_read_is_said_to_be_unreadable(outcome: Outcome) -> None:
    """A verification that stopped claims nothing of the allocations it did not come to."""
    assert hold_against(outcome, None) == Verification(
        agreement=Agreement.UNREADABLE, note="not read: the verification stopped first"
    )
