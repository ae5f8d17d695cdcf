"""Where one class of answers ends and the next begins: HTTP statuses to the letter, and words."""

from __future__ import annotations

import pytest

from bulkcancel.decision import Finding, classify_cancel, classify_read
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
    SeveralAllocations,
)

ASKED = "62ff5c0bec0aed3c86202c32"
CANCELLED = OneAllocation(view=AllocationView(allocation_id=ASKED, status="CANCELLED", version=7))
NO = ApiMessage(text="no")
HTML = Foreign(kind="html")


def shown(
    shown_id: str | None = ASKED, *, status: str | None = "CANCELLED", version: int | None = 7
) -> OneAllocation:
    """Return a body that shows one allocation."""
    view = AllocationView(allocation_id=shown_id, status=status, version=version)
    return OneAllocation(view=view)


def to_cancel(http_status: int, text: str, code: str | None = None) -> Kind:
    """Return the class of a cancel's answer in the API's own error shape."""
    seen = Answer(http_status=http_status, body=ApiMessage(text=text, code=code))
    return classify_cancel(ASKED, seen).kind


def to_read(http_status: int, text: str) -> Kind:
    """Return the class of a read's answer in the API's own error shape."""
    return classify_read(ASKED, Answer(http_status=http_status, body=ApiMessage(text=text))).kind


NO_STATUS = "is no status that a final answer can have"


@pytest.mark.parametrize(
    ("http_status", "body", "cancel", "read", "words"),
    [
        (-1, CANCELLED, Kind.PROTOCOL, Kind.READ_FAILED, f" {NO_STATUS}"),
        (0, CANCELLED, Kind.PROTOCOL, Kind.READ_FAILED, f" {NO_STATUS}"),
        (199, CANCELLED, Kind.PROTOCOL, Kind.READ_FAILED, f" {NO_STATUS}"),
        (200, CANCELLED, Kind.SHOWN, Kind.SHOWN, ": status CANCELLED"),
        (299, CANCELLED, Kind.SHOWN, Kind.SHOWN, ": status CANCELLED"),
        (300, CANCELLED, Kind.MISCONFIGURED, Kind.MISCONFIGURED, ": a redirect, which is never"),
        (399, CANCELLED, Kind.MISCONFIGURED, Kind.MISCONFIGURED, ": a redirect, which is never"),
        (400, NO, Kind.REFUSED, Kind.READ_UNAVAILABLE, ": no"),
        (444, NO, Kind.IN_DOUBT, Kind.READ_FAILED, ": no"),
        (460, NO, Kind.IN_DOUBT, Kind.READ_FAILED, ": no"),
        (498, NO, Kind.REFUSED, Kind.READ_FAILED, ": no"),
        (498, HTML, Kind.PROTOCOL, Kind.READ_FAILED, " with a body that is not the API's"),
        (499, NO, Kind.IN_DOUBT, Kind.READ_FAILED, ": no"),
        (500, NO, Kind.IN_DOUBT, Kind.READ_FAILED, ": no"),
        (599, NO, Kind.IN_DOUBT, Kind.READ_FAILED, ": no"),
        (600, NO, Kind.PROTOCOL, Kind.READ_FAILED, f" {NO_STATUS}"),
        (999, CANCELLED, Kind.PROTOCOL, Kind.READ_FAILED, f" {NO_STATUS}"),
    ],
)
def test_the_hundreds_of_http_to_the_letter(
    http_status: int, body: Body, cancel: Kind, read: Kind, words: str
) -> None:
    """Only 200 to 299 can show anything; what no server may answer proves nothing."""
    seen = Answer(http_status=http_status, body=body)
    for finding, kind in (
        (classify_cancel(ASKED, seen), cancel),
        (classify_read(ASKED, seen), read),
    ):
        assert finding.kind is kind
        assert finding.http_status == http_status
        assert finding.reason.startswith(f"HTTP {http_status}{words}")
        assert (finding.view is not None) is (kind is Kind.SHOWN)


@pytest.mark.parametrize(
    ("http_status", "firm"), [(400, True), (404, True), (499, True), (500, False), (599, False)]
)
def test_only_a_refusal_is_a_firm_claim(http_status: int, *, firm: bool) -> None:
    """A server that breaks (5xx) saying "already cancelled" says it less firmly than a refusal."""
    seen = Answer(http_status=http_status, body=ApiMessage(text="already cancelled"))
    finding = classify_cancel(ASKED, seen)
    assert (finding.kind, finding.claim_is_firm) == (Kind.ALREADY, firm)


@pytest.mark.parametrize(
    ("text", "code", "kind"),
    [
        ("no", "ALLOCATION-2005", Kind.ALREADY),
        ("no", "allocation-2005", Kind.ALREADY),
        ("see ALLOCATION-2005.", None, Kind.ALREADY),
        ("already cancelled", None, Kind.ALREADY),
        ("already canceled", None, Kind.ALREADY),
        ("It had Already  Been\nCancelled", None, Kind.ALREADY),
        ("already scratched", None, Kind.ALREADY),
        ("already been scratched", "ALLOCATION-1", Kind.ALREADY),
        ("no", "ALLOCATION-20051", Kind.REFUSED),
        ("no", "MALLOCATION-2005", Kind.REFUSED),
        ("can't be cancelled", None, Kind.REFUSED),
        ("already there", None, Kind.REFUSED),
        ("been cancelled", None, Kind.REFUSED),
        ("was scratched", None, Kind.REFUSED),
        ("no", "ALLOCATION-2003", Kind.WRONG_STATE),
        ("see allocation-2003", None, Kind.WRONG_STATE),
        ("already shipped", None, Kind.WRONG_STATE),
        ("it has already been Shipped", None, Kind.WRONG_STATE),
        ("shipped", None, Kind.WRONG_STATE),
        ("no", "ALLOCATION-20031", Kind.REFUSED),
        ("no", "MALLOCATION-2003", Kind.REFUSED),
        ("unshipped", None, Kind.REFUSED),
        ("shippedQuantity is missing", None, Kind.REFUSED),
        ("no", "SERVICE-4006", Kind.NOT_APPLIED),
        ("see service-4006", None, Kind.NOT_APPLIED),
        ("Modified by another request", None, Kind.NOT_APPLIED),
        ("already cancelled", "SERVICE-4006", Kind.NOT_APPLIED),
        ("no", "SERVICE-40061", Kind.REFUSED),
        ("no", "MYSERVICE-4006", Kind.REFUSED),
        ("modified by a request", None, Kind.REFUSED),
    ],
)
def test_the_words_of_a_refused_cancel(text: str, code: str | None, kind: Kind) -> None:
    """Each code and each phrase has its class, in any case; what only looks like one has not.

    From HTML or an allocation no words are taken, nor is a state believed of a server that breaks.
    """
    assert to_cancel(409, text, code) is kind
    foreign = Answer(http_status=409, body=HTML)
    assert classify_cancel(ASKED, foreign).kind is Kind.PROTOCOL
    broken = to_cancel(500, text, code)
    assert broken is (kind if kind in {Kind.ALREADY, Kind.NOT_APPLIED} else Kind.IN_DOUBT)


@pytest.mark.parametrize(
    ("text", "about_token"),
    [
        ("token expired", True),
        ("Tokens are refused", True),
        ("bad JWT", True),
        ("unauthorized", True),
        ("Unauthorised", True),
        ("no credential", True),
        ("credentials missing", True),
        ("invalid access_token", True),
        ("accessToken expired", True),
        ("tokenized card", False),
        ("no betoken", False),
        ("jwtx", False),
        ("unauthorizedly", False),
        ("credentialed", False),
        ("not your allocation", False),
    ],
)
def test_a_403_is_the_tokens_only_if_it_speaks_of_it(text: str, *, about_token: bool) -> None:
    """A refusal for the allocation's sake settles it; one for the token's is tried again."""
    assert to_cancel(403, text) is (Kind.UNAUTHORIZED if about_token else Kind.FORBIDDEN)
    assert to_read(403, text) is (Kind.UNAUTHORIZED if about_token else Kind.READ_UNAVAILABLE)
    assert to_cancel(400, text) is Kind.REFUSED


@pytest.mark.parametrize(
    ("text", "of_the_id"),
    [
        ("Not Found", True),
        ("no such allocation", True),
        ("no Route matched with those values", False),
        ("Cannot PUT /allocation/1", False),
        ("Cannot GET /allocation/1", False),
        ("No static resource allocation.", False),
        ("cannot getaway", True),
        ("no router here", True),
        ("piano route", True),
    ],
)
@pytest.mark.parametrize("http_status", [404, 410])
def test_a_404_or_410_is_of_the_id_unless_it_is_of_the_address(
    http_status: int, text: str, *, of_the_id: bool
) -> None:
    """What a router says of its address is no word on the allocation."""
    assert to_cancel(http_status, text) is (Kind.UNKNOWN_ID if of_the_id else Kind.MISROUTED)
    assert to_read(http_status, text) is (Kind.UNKNOWN_ID if of_the_id else Kind.READ_UNAVAILABLE)


@pytest.mark.parametrize(
    "words",
    [
        "AllocationRequestId Not Found/Valid",
        "Allocation NOT  VALID",
        "the id is not known",
        "unknown allocation",
        "unknown id",
        "no such allocation",
        "allocation 62ff does not exist",
        "invalid id",
        "id is invalid",
        "invalid allocation id",
        "invalid allocationRequestId",
        "allocationId unknown",
    ],
)
def test_a_400_to_a_read_is_of_the_id_if_its_words_are(words: str) -> None:
    """Of the id, but for the same words about what was sent along with it."""
    assert to_read(400, f"Error: {words}.") is Kind.UNKNOWN_ID
    for other in (
        "site context",
        "x-site-context",
        "SiteContext",
        "header",
        "Headers",
        "account",
        "accounts",
        "channel",
        "channels",
        "stage",
        "stages",
    ):
        assert to_read(400, f"{other}: {words}") is Kind.READ_UNAVAILABLE
    assert to_read(409, words) is Kind.READ_FAILED
    assert to_cancel(400, words) is Kind.REFUSED


def test_a_bare_not_found_is_of_the_id() -> None:
    """A 400 that says these two words and no more can speak of nothing else."""
    assert to_read(400, "Not Found") is Kind.UNKNOWN_ID
    assert to_read(400, "not found.") is Kind.UNKNOWN_ID


@pytest.mark.parametrize(
    "words",
    [
        "bad request",
        "knot found",
        "not validated",
        "unknowns",
        "no suchlike",
        "invalid idea",
        "An unknown error occurred",
        "Invalid vendorId",
        "vendor not found",
        "not valid",
        "unknown allocations table",
        "it does not exist",
    ],
)
def test_a_400_to_a_read_in_other_words_says_nothing_of_the_id(words: str) -> None:
    """What only looks like "not known" leaves the outcome open."""
    assert to_read(400, words) is Kind.READ_UNAVAILABLE


def ok(body: Body) -> Answer:
    """Return a 200."""
    return Answer(http_status=200, body=body)


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (NotSent(cause=NotSentCause.TLS), "not sent (tls)"),
        (NotSent(cause=NotSentCause.TLS, detail="eof"), "not sent (tls: eof)"),
        (NoAnswer(cause=NoAnswerCause.RESET), "sent, no trustworthy answer (reset)"),
        (
            NoAnswer(cause=NoAnswerCause.TRUNCATED, detail="9 of 10", http_status=200),
            "sent, no trustworthy answer (truncated: 9 of 10)",
        ),
        (ok(shown(None)), "HTTP 200: an allocation without its id"),
        (ok(shown("b")), "HTTP 200: it shows another allocation than the one asked"),
        (ok(shown(version=None)), "HTTP 200: an allocation without an integer version"),
        (ok(shown(status=None)), "HTTP 200: an allocation without a status"),
        (ok(SeveralAllocations(count=0)), "HTTP 200: an empty list of allocations"),
        (ok(SeveralAllocations(count=2)), "HTTP 200: it shows 2 allocations where one was asked"),
        (ok(NO), "HTTP 200: a message in place of an allocation: no"),
        (ok(HTML), "HTTP 200: no allocation in the answer (html)"),
        (Answer(http_status=500, body=HTML), "HTTP 500 with a body that is not the API's (html)"),
        (Answer(http_status=500, body=shown()), "HTTP 500 with an allocation in its body"),
        (
            Answer(http_status=500, body=SeveralAllocations(count=2)),
            "HTTP 500 with an allocation in its body",
        ),
        (Answer(http_status=500, body=NO), "HTTP 500: no"),
        (Answer(http_status=429, body=NO), "HTTP 429: no"),
        (Answer(http_status=407, body=NO), "HTTP 407: no: a proxy wants a log-in"),
        (Answer(http_status=307, body=NO), "HTTP 307: a redirect, which is never followed"),
    ],
)
def test_cancels_and_reads_say_alike_what_came_back(seen: Observation, reason: str) -> None:
    """The report's sentence and its HTTP status are those of the answer, whatever was asked."""
    http_status = None if isinstance(seen, NotSent) else seen.http_status
    findings: list[Finding] = [classify_cancel(ASKED, seen), classify_read(ASKED, seen)]
    for finding in findings:
        assert (finding.reason, finding.http_status) == (reason, http_status)
