"""Whose cancellation it was, and the words that claim it: no more than the answers tell."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from bulkcancel.decision import (
    Doubt,
    History,
    Policy,
    Settle,
    Step,
    after_read,
    after_send,
    open_settlement,
)
from bulkcancel.model import (
    AllocationView,
    Answer,
    ApiMessage,
    CancelledBy,
    Foreign,
    NoAnswer,
    NoAnswerCause,
    NotSent,
    NotSentCause,
    Observation,
    OneAllocation,
    Outcome,
    Settlement,
)

ASKED = "62ff5c0bec0aed3c86202c32"
POLICY = Policy()
HTML = Foreign(kind="html")
THROTTLED = Answer(http_status=429, body=HTML)
BROKEN = Answer(http_status=500, body=HTML)
NO_GET = Answer(http_status=405, body=HTML)
LOST = NoAnswer(cause=NoAnswerCause.RESET)
ALREADY = Answer(http_status=409, body=ApiMessage(text="already cancelled"))
REFUSED = Answer(http_status=400, body=ApiMessage(text="bad input"))


def shows(status: str, version: int = 7) -> Answer:
    """Return an answer that shows the allocation."""
    view = AllocationView(allocation_id=ASKED, status=status, version=version, po_number="PO1")
    return Answer(http_status=200, body=OneAllocation(view=view))


def send(history: History, seen: Observation, *, now: float = 1.0) -> Step:
    """Return what follows from a send."""
    return after_send(history, ASKED, seen, policy=POLICY, sent_at=now, now=now, chance=0.5)


def read(history: History, seen: Observation, *, now: float = 1.0) -> Step:
    """Return what follows from a read."""
    return after_read(history, ASKED, seen, policy=POLICY, now=now, chance=0.5)


def settled(step: Step) -> Settlement:
    """Return the settlement."""
    assert isinstance(step.next, Settle)
    return step.next.settlement


LOOKED_AT = read(History(), shows("ALLOCATED", 7)).history
"""Seen active by this run, at version 7, before anything was sent."""


@pytest.mark.parametrize(
    ("version", "whose"),
    [(6, None), (7, None), (8, CancelledBy.THIS_RUN), (9, None), (100, None)],
)
def test_it_was_this_run_only_if_the_version_grew_by_exactly_one(
    version: int, whose: CancelledBy | None
) -> None:
    """With an update more, somebody else was at work: then nobody can say whose it was."""
    word = settled(send(LOOKED_AT, shows("CANCELLED", version)))
    assert (word.outcome, word.cancelled_by) == (Outcome.CANCELLED, whose)
    accepted = send(LOOKED_AT, shows("PENDING_PICK", 7)).history
    word = settled(read(accepted, shows("CANCELLED", version)))
    assert (word.outcome, word.cancelled_by) == (Outcome.CANCELLED, whose)


def test_without_a_look_before_nobody_knows_whose_it_was() -> None:
    """A read after the send is no look before it."""
    assert settled(send(History(), shows("CANCELLED", 8))).cancelled_by is None
    accepted = send(History(), shows("ALLOCATED", 7)).history
    looked = read(accepted, shows("ALLOCATED", 7)).history
    assert settled(read(looked, shows("CANCELLED", 8))).cancelled_by is None


@pytest.mark.parametrize("seen", [shows("CANCELLED", 8), shows("CANCELLED", 30), NO_GET])
def test_seen_active_and_cancelled_without_us_it_was_another(seen: Answer) -> None:
    """This run saw it active and none of its sends took effect: somebody else was faster."""
    claimed = send(LOOKED_AT, ALREADY).history
    word = settled(read(claimed, seen))
    assert (word.outcome, word.cancelled_by) == (Outcome.ALREADY_CANCELLED, CancelledBy.OTHER)


def test_cancelled_at_the_first_look_it_was_before_the_run() -> None:
    """So it is when the first answer to a cancel says that it was cancelled already."""
    for step in (
        read(History(), shows("CANCELLED")),
        read(send(History(), ALREADY).history, shows("CANCELLED")),
        read(send(History(), ALREADY).history, NO_GET),
    ):
        word = settled(step)
        assert word.outcome is Outcome.ALREADY_CANCELLED
        assert word.cancelled_by is CancelledBy.BEFORE_RUN


def test_what_is_not_cancelled_was_cancelled_by_nobody() -> None:
    """A version that grew by one attributes nothing while the status is not CANCELLED."""
    accepted = send(LOOKED_AT, shows("SHIPPED", 8)).history
    word = open_settlement(accepted)
    assert (word.outcome, word.version, word.cancelled_by) == (Outcome.UNKNOWN, 8, None)
    once = read(accepted, shows("SHIPPED", 8)).history
    word = settled(read(once, shows("SHIPPED", 8)))
    assert (word.outcome, word.version, word.cancelled_by) == (Outcome.NOT_CANCELLED, 8, None)
    word = settled(send(LOOKED_AT, shows("PARTIALLY_CANCELLED", 8)))
    assert (word.outcome, word.cancelled_by) == (Outcome.PARTIALLY_CANCELLED, None)


def test_it_is_said_to_be_cancelled_before_a_send_only_if_none_was_made() -> None:
    """After a send, all that is certain is that it took no effect."""
    assert settled(read(History(), shows("CANCELLED"))).reason == (
        "it was cancelled before this run sent anything"
    )
    for sends in ([ALREADY], [REFUSED], [THROTTLED, ALREADY]):
        history = History()
        for seen in sends:
            history = send(history, seen).history
        step = read(history, shows("CANCELLED"))
        assert settled(step).reason == "it is cancelled, and no send of this run took effect"
    unsent = send(History(), NotSent(cause=NotSentCause.DNS)).history
    assert settled(read(unsent, shows("CANCELLED"))).reason == (
        "it was cancelled before this run sent anything"
    )


def test_what_was_never_sent_is_said_to_be_so() -> None:
    """A read before the first send that fails until the time is over: nothing was sent."""
    first = read(History(), BROKEN, now=1.0).history
    word = settled(read(first, BROKEN, now=1.0 + POLICY.max_time))
    assert word == Settlement(
        outcome=Outcome.FAILED,
        reason="never sent: it could not be read first; "
        "last: HTTP 500 with a body that is not the API's (html)",
    )


def test_the_reply_that_shows_it_cancelled_is_what_the_settlement_shows() -> None:
    """Status, version and order come from the reply itself, not from the look before it."""
    expected = Settlement(
        outcome=Outcome.CANCELLED,
        reason="HTTP 200: status CANCELLED",
        status="CANCELLED",
        version=8,
        verified=False,
        po_number="PO1",
    )
    assert settled(send(History(), shows("CANCELLED", 8))) == expected
    assert settled(send(LOOKED_AT, shows("CANCELLED", 8))) == replace(
        expected, cancelled_by=CancelledBy.THIS_RUN
    )


def test_an_old_claim_does_not_settle_a_later_doubt() -> None:
    """Only the claim that is open now may stand without a read, not one before a doubtful send."""
    doubtful = History(
        sends=2,
        spent=POLICY.max_attempts,
        began=0.0,
        doubt=Doubt.PERHAPS,
        ours_possible=True,
        firm_claim=True,
    )
    assert settled(read(doubtful, NO_GET)).outcome is Outcome.UNKNOWN


def test_the_times_of_the_first_and_the_last_send_are_kept() -> None:
    """The first send stays the first one, however often it is sent again."""
    history = History()
    for now in (10.0, 20.0, 30.0):
        history = send(history, THROTTLED, now=now).history
    assert (history.first_sent_at, history.last_sent_at, history.began) == (10.0, 30.0, 10.0)
    unsent = send(history, NotSent(cause=NotSentCause.DNS), now=40.0).history
    assert (unsent.first_sent_at, unsent.last_sent_at) == (10.0, 30.0)


SENT = History(sends=1, spent=1, reason="HTTP 500", refusal="HTTP 400: bad input")
STOPPED = "the run stopped before it"


@pytest.mark.parametrize(
    ("history", "outcome", "reason"),
    [
        (None, Outcome.NOT_ATTEMPTED, "the run stopped first"),
        (History(), Outcome.NOT_ATTEMPTED, "the run stopped first"),
        (replace(LOOKED_AT, reason="seen"), Outcome.NOT_ATTEMPTED, "the run stopped first"),
        (
            History(unsent=1, reason="not sent (dns)"),
            Outcome.NOT_ATTEMPTED,
            "the run stopped first; last: not sent (dns)",
        ),
        (SENT, Outcome.FAILED, f"{STOPPED} could be sent again; last: HTTP 500"),
        (
            replace(SENT, ours_possible=True),
            Outcome.UNKNOWN,
            f"sent, and {STOPPED} was read back; last: HTTP 500",
        ),
        (
            replace(SENT, doubt=Doubt.PERHAPS, ours_possible=True),
            Outcome.UNKNOWN,
            f"sent, and {STOPPED} was read back; last: HTTP 500",
        ),
        (
            replace(SENT, doubt=Doubt.ACCEPTED, ours_possible=True),
            Outcome.UNKNOWN,
            f"accepted, and {STOPPED} was read back; HTTP 500",
        ),
        (
            replace(SENT, doubt=Doubt.CLAIMED),
            Outcome.UNKNOWN,
            "said to be cancelled already, not read back; HTTP 500",
        ),
        (
            replace(SENT, doubt=Doubt.REFUSED),
            Outcome.REJECTED,
            "HTTP 400: bad input; not read back",
        ),
    ],
)
def test_the_whole_provisional_sentence(
    history: History | None, outcome: Outcome, reason: str
) -> None:
    """A stopped run says whether it was sent, what is open, and what came back last."""
    assert open_settlement(history) == Settlement(outcome=outcome, reason=reason)


@pytest.mark.parametrize(
    ("answer", "by"),
    [(shows("ALLOCATED", 7), CancelledBy.THIS_RUN), (LOST, None), (BROKEN, None)],
)
def test_only_an_accepted_cancel_is_this_runs(answer: Observation, by: CancelledBy | None) -> None:
    """A send without an answer may have been overtaken by somebody else's: nobody can know."""
    found = settled(read(send(LOOKED_AT, answer).history, shows("CANCELLED", 8)))
    assert (found.outcome, found.cancelled_by) == (Outcome.CANCELLED, by)


def test_between_two_sends_somebody_else_may_have_come() -> None:
    """After a refusal for rate, "already cancelled" does not mean before the run."""
    for history, by in (
        (History(), CancelledBy.BEFORE_RUN),
        (send(History(), THROTTLED).history, None),
    ):
        found = settled(read(send(history, ALREADY).history, shows("CANCELLED", 8)))
        assert (found.outcome, found.cancelled_by) == (Outcome.ALREADY_CANCELLED, by)
