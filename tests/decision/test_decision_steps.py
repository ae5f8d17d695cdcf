"""Corners of what follows: waits that grow, answers that contradict reads, provisional words."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from bulkcancel.decision import (
    Doubt,
    Halt,
    History,
    Next,
    Policy,
    Read,
    Send,
    Settle,
    Step,
    after_read,
    after_send,
    backoff,
    open_settlement,
)
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
    Settlement,
)

ASKED = "62ff5c0bec0aed3c86202c32"
POLICY = Policy()
HTML = Foreign(kind="html")
THROTTLED = Answer(http_status=429, body=HTML)
REFUSED_TOKEN = Answer(http_status=401, body=HTML)
BROKEN = Answer(http_status=500, body=HTML)
UNSENT = NotSent(cause=NotSentCause.REFUSED)
NO_GET = Answer(http_status=404, body=HTML)
NOT_KNOWN = Answer(http_status=404, body=ApiMessage(text="not found"))
IN_DOUBT = History(
    sends=1, spent=1, first_sent_at=0.0, began=0.0, doubt=Doubt.PERHAPS, ours_possible=True
)
ACCEPTED = replace(IN_DOUBT, doubt=Doubt.ACCEPTED, http_status=200)
CLAIMED = replace(IN_DOUBT, doubt=Doubt.CLAIMED, ours_possible=False)
CLAIMED_AFTER_OURS = replace(IN_DOUBT, doubt=Doubt.CLAIMED)


def shows(status: str, version: int = 1) -> Answer:
    """Return an answer that shows the allocation."""
    view = AllocationView(allocation_id=ASKED, status=status, version=version)
    return Answer(http_status=200, body=OneAllocation(view=view))


def send(history: History, seen: Observation, *, now: float = 1.0) -> Step:
    """Return what follows from a send."""
    return after_send(history, ASKED, seen, policy=POLICY, sent_at=now, now=now, chance=0.5)


def read(history: History, seen: Observation, *, now: float = 1.0) -> Step:
    """Return what follows from a read."""
    return after_read(history, ASKED, seen, policy=POLICY, now=now, chance=0.5)


def reads(history: History, *seen: Observation) -> tuple[Next, History]:
    """Return what follows from reads, one after the other; the last one repeats to the end."""
    now = 1.0
    script = list(seen)
    for _ in range(2000):
        step = read(history, script.pop(0) if len(script) > 1 else script[0], now=now)
        history = step.history
        if not isinstance(step.next, Read):
            return step.next, history
        now += step.next.after + 1.0
    raise AssertionError("it never ends")


def settled(following: Next) -> Settlement:
    """Return the settlement."""
    assert isinstance(following, Settle)
    return following.settlement


def test_the_defaults_are_the_documented_ones() -> None:
    """Four attempts, 0.5 s to 30 s of backoff, reads after 5 s and 60 s, fifteen minutes."""
    assert Policy() == Policy(
        max_attempts=4, wait_initial=0.5, wait_max=30.0, verify_after=(5.0, 60.0), max_time=900.0
    )


def test_backoff_doubles_up_to_its_most_and_is_spread() -> None:
    """The wait is a uniform draw below a bound that doubles, and that wait_max ends."""
    bounds = [backoff(POLICY, failures, 1.0) for failures in range(1, 9)]
    assert bounds == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    assert backoff(POLICY, 0, 1.0) == 0.5
    assert backoff(POLICY, 10**9, 1.0) == 30.0
    assert backoff(POLICY, 3, 0.0) == 0.0
    assert backoff(POLICY, 3, 0.25) == 0.5


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (NotSent(cause=NotSentCause.DNS, detail="no such host"), "not sent (dns: no such host)"),
        (NotSent(cause=NotSentCause.DNS), "not sent (dns)"),
        (
            NoAnswer(cause=NoAnswerCause.TIMEOUT, detail="30 s"),
            "sent, no trustworthy answer (timeout: 30 s)",
        ),
        (
            Answer(http_status=400, body=ApiMessage(text="no", code="ORDER-1001")),
            "HTTP 400: ORDER-1001: no",
        ),
        (
            Answer(http_status=400, body=ApiMessage(text="ORDER-1001 no", code="ORDER-1001")),
            "HTTP 400: ORDER-1001 no",
        ),
        (BROKEN, "HTTP 500 with a body that is not the API's (html)"),
    ],
)
def test_the_reason_says_what_came_back(seen: Observation, reason: str) -> None:
    """A person reads the cause, the status and the API's own words."""
    assert send(History(), seen).finding.reason == reason


@pytest.mark.parametrize("seen", [THROTTLED, UNSENT])
def test_waits_grow_in_a_row_and_start_anew_after_an_answer(seen: Observation) -> None:
    """Throttled or unsent again and again, it waits twice as long each time."""
    history = History()
    waits = []
    for _ in range(4):
        step = send(history, seen)
        assert isinstance(step.next, Send)
        waits.append(step.next.after)
        history = step.history
    assert waits == [0.25, 0.5, 1.0, 2.0]
    history = send(history, BROKEN).history
    assert send(history, seen).next == Send(after=0.25)


def test_throttled_reads_wait_longer_in_a_row() -> None:
    """So do reads, and a `Retry-After` is obeyed."""
    history = IN_DOUBT
    for expected in (0.25, 0.5, 1.0):
        step = read(history, THROTTLED)
        assert step.next == Read(after=expected)
        history = step.history
    assert read(history, replace(THROTTLED, retry_after=7.0)).next == Read(after=7.0)
    assert read(history, replace(THROTTLED, retry_after=0.0)).next == Read(after=2.0)
    history = read(history, BROKEN).history
    assert read(history, THROTTLED).next == Read(after=0.25)


def test_a_resumed_run_gets_a_new_chance_with_its_token() -> None:
    """The halt forgets the refusals: with a new token, one more refusal is none in a row."""
    for turn in (send, read):
        history = turn(turn(IN_DOUBT, REFUSED_TOKEN).history, REFUSED_TOKEN).history
        assert not isinstance(turn(history, REFUSED_TOKEN).next, Halt)


def test_in_doubt_and_then_shipped() -> None:
    """A send in doubt whose allocation stays in a final status is not cancelled, not repeated."""
    following, history = reads(IN_DOUBT, shows("SHIPPED"))
    assert (settled(following).outcome, history.reads) == (Outcome.NOT_CANCELLED, 2)


def test_in_doubt_and_ever_changing() -> None:
    """A status that changes at each read is read at most eight times, then it is unknown."""
    changing = [shows("ALLOCATED", version) for version in range(20)]
    following, history = reads(IN_DOUBT, *changing)
    assert (settled(following).outcome, history.reads) == (Outcome.UNKNOWN, 8)
    following, history = reads(IN_DOUBT, *changing[:4], changing[3])
    assert (following, history.reads) == (Send(after=0.0), 5)


@pytest.mark.parametrize(
    ("history", "outcome"),
    [
        (ACCEPTED, Outcome.NOT_CANCELLED),
        (CLAIMED, Outcome.NOT_CANCELLED),
        (CLAIMED_AFTER_OURS, Outcome.UNKNOWN),
    ],
)
def test_the_reads_contradict_the_answer(history: History, outcome: Outcome) -> None:
    """Accepted or "already cancelled", but the reads stay ALLOCATED: never sent again."""
    following, _ = reads(history, shows("ALLOCATED"))
    assert settled(following).outcome is outcome
    assert "ALLOCATED" in settled(following).reason


@pytest.mark.parametrize(
    ("history", "outcome"),
    [
        (IN_DOUBT, Outcome.NOT_FOUND),
        (replace(IN_DOUBT, doubt=Doubt.NONE), Outcome.NOT_FOUND),
        (ACCEPTED, Outcome.UNKNOWN),
        (CLAIMED, Outcome.UNKNOWN),
        (CLAIMED_AFTER_OURS, Outcome.UNKNOWN),
    ],
)
def test_the_read_does_not_know_the_id(history: History, outcome: Outcome) -> None:
    """Not known to a read: not found, unless the API answered to the cancel as if it knew it.

    One read is not enough: it is asked again as often as for a status.
    """
    following, known = reads(history, NOT_KNOWN)
    assert (settled(following).outcome, known.reads) == (outcome, 2)
    assert isinstance(reads(history, NOT_KNOWN, shows("CANCELLED"))[0], Settle)
    turned, _ = reads(history, NOT_KNOWN, shows("CANCELLED"))
    ours = history.ours_possible
    assert settled(turned).outcome is (Outcome.CANCELLED if ours else Outcome.ALREADY_CANCELLED)


@pytest.mark.parametrize(
    ("history", "outcome"),
    [
        (replace(IN_DOUBT, spent=POLICY.max_attempts), Outcome.UNKNOWN),
        (ACCEPTED, Outcome.UNKNOWN),
        (CLAIMED, Outcome.UNKNOWN),
        (replace(CLAIMED, firm_claim=True), Outcome.ALREADY_CANCELLED),
        (CLAIMED_AFTER_OURS, Outcome.CANCELLED),
    ],
)
@pytest.mark.parametrize("seen", [NO_GET, NoAnswer(cause=NoAnswerCause.TIMEOUT)])
def test_no_read_to_be_had(history: History, outcome: Outcome, seen: Observation) -> None:
    """Without a read, only the API's own firm words settle it; nothing is `verified`."""
    following, known = reads(history, seen)
    assert (settled(following).outcome, settled(following).verified) == (outcome, False)
    assert known.readable is (seen is not NO_GET)


def test_failing_reads_are_repeated_for_as_long_as_there_is_time() -> None:
    """A read that fails is repeated with backoff until `max_time`, and not after it."""
    step = read(IN_DOUBT, BROKEN, now=POLICY.max_time - 0.1)
    assert isinstance(step.next, Read)
    assert step.history.failed_reads == 1
    assert isinstance(read(IN_DOUBT, BROKEN, now=POLICY.max_time).next, Settle)
    history = read(step.history, BROKEN, now=2.0).history
    assert read(history, BROKEN, now=3.0).next == Read(after=1.0)
    history = read(history, shows("ALLOCATED")).history
    assert read(history, BROKEN, now=4.0).next == Read(after=0.25)


def test_a_crash_long_ago_leaves_the_time_that_a_resume_gives() -> None:
    """A send that a killed run made yesterday is read back today, and may be repeated today."""
    crashed = NoAnswer(cause=NoAnswerCause.CRASHED)
    step = after_send(
        History(), ASKED, crashed, policy=POLICY, sent_at=0.0, now=86400.0, chance=0.5
    )
    assert (step.history.first_sent_at, step.history.began) == (0.0, 86400.0)
    history = read(step.history, shows("ALLOCATED"), now=86405.0).history
    assert isinstance(read(history, shows("ALLOCATED"), now=86460.0).next, Send)


def test_attempts_used_up() -> None:
    """Certain that none took effect: failed. Not certain: read once more, then unknown."""
    not_applied = Answer(http_status=425, body=HTML)
    last = History(sends=3, spent=3, first_sent_at=0.0, began=0.0)
    assert settled(send(last, not_applied).next).outcome is Outcome.FAILED
    assert isinstance(send(replace(last, spent=2), not_applied).next, Send)
    doubtful = replace(last, ours_possible=True)
    step = send(doubtful, not_applied)
    assert step.next == Read(after=POLICY.verify_after[0])
    following, _ = reads(step.history, shows("ALLOCATED"))
    assert settled(following).outcome is Outcome.UNKNOWN
    unreadable = replace(doubtful, readable=False)
    assert settled(send(unreadable, not_applied).next).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("history", "outcome", "words"),
    [
        (None, Outcome.NOT_ATTEMPTED, "the run stopped first"),
        (History(), Outcome.NOT_ATTEMPTED, "the run stopped first"),
        (History(unsent=2, reason="refused"), Outcome.NOT_ATTEMPTED, "last: refused"),
        (History(sends=1, reason="HTTP 429"), Outcome.FAILED, "before it could be sent again"),
        (
            replace(IN_DOUBT, doubt=Doubt.NONE, reason="HTTP 429"),
            Outcome.UNKNOWN,
            "sent, and the run stopped before it was read back; last: HTTP 429",
        ),
        (IN_DOUBT, Outcome.UNKNOWN, "sent, and the run stopped before it was read back"),
        (ACCEPTED, Outcome.UNKNOWN, "accepted, and the run stopped"),
        (CLAIMED, Outcome.UNKNOWN, "said to be cancelled already, not read back"),
    ],
)
def test_the_provisional_word(history: History | None, outcome: Outcome, words: str) -> None:
    """A stopped run says of each open allocation what is certain, and no more."""
    word = open_settlement(history)
    assert word.outcome is outcome
    assert words in word.reason
    assert not word.verified


def test_a_settlement_shows_what_the_api_showed_last() -> None:
    """Status, version, purchase order, vendor, location and orders are the last ones shown."""
    view = AllocationView(
        allocation_id=ASKED,
        status="CANCELLED",
        version=8,
        po_number="PO1",
        vendor_id="V1",
        location="L1",
        order_ids=("o1", "o2"),
    )
    seen = Answer(http_status=200, body=OneAllocation(view=view))
    first = read(IN_DOUBT, shows("ALLOCATED", 7)).history
    word = settled(read(first, seen).next)
    assert word == Settlement(
        outcome=Outcome.CANCELLED,
        reason="read back: status CANCELLED",
        status="CANCELLED",
        version=8,
        verified=True,
        po_number="PO1",
        vendor_id="V1",
        location="L1",
        order_ids=("o1", "o2"),
    )
    refused = send(first, Answer(http_status=500, body=HTML)).history
    assert refused.view == first.view, "an answer that shows nothing takes nothing away"


@pytest.mark.parametrize("status", [300, 302, 399])
def test_a_redirected_read_halts(status: int) -> None:
    """A redirect of a read stops the run, too, and the doubt stays."""
    step = read(IN_DOUBT, Answer(http_status=status, body=HTML))
    assert isinstance(step.next, Halt)
    assert (step.next.kind, step.next.then) == (Kind.MISCONFIGURED, Read(after=0.0))
    assert step.history.doubt is Doubt.PERHAPS
