"""What one read means, and what follows from it: limits, tokens, reads before the first send."""

from __future__ import annotations

import pytest

from bulkcancel.decision import (
    Halt,
    History,
    Policy,
    Read,
    Send,
    Settle,
    after_read,
    after_send,
    classify_read,
    open_settlement,
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
HTML = Foreign(kind="html")
EMPTY = Foreign(kind="empty")


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


def answer(http_status: int, body: Body, retry_after: float | None = None) -> Answer:
    """Return a whole answer."""
    return Answer(http_status=http_status, body=body, retry_after=retry_after)


@pytest.mark.parametrize(
    ("seen", "kind"),
    [
        (answer(200, shown("ALLOCATED")), Kind.SHOWN),
        (answer(200, shown(shown_id="x")), Kind.CONTRADICTION),
        (answer(200, SeveralAllocations(count=3)), Kind.CONTRADICTION),
        (answer(200, shown(version=None)), Kind.READ_FAILED),
        (answer(200, HTML), Kind.READ_FAILED),
        (answer(204, EMPTY), Kind.READ_FAILED),
        (answer(400, said("AllocationRequestId Not Found/Valid")), Kind.UNKNOWN_ID),
        (answer(400, said("No such allocation")), Kind.UNKNOWN_ID),
        (answer(400, said("Invalid allocation id")), Kind.UNKNOWN_ID),
        (answer(400, said("Invalid x-site-context: account not found")), Kind.READ_UNAVAILABLE),
        (answer(400, said("Validation failed")), Kind.READ_UNAVAILABLE),
        (answer(400, HTML), Kind.READ_UNAVAILABLE),
        (answer(404, said("Not Found")), Kind.UNKNOWN_ID),
        (answer(404, said("Cannot GET /allocation/1")), Kind.READ_UNAVAILABLE),
        (answer(404, HTML), Kind.READ_UNAVAILABLE),
        (answer(403, said("no")), Kind.READ_UNAVAILABLE),
        (answer(405, HTML), Kind.READ_UNAVAILABLE),
        (answer(501, HTML), Kind.READ_UNAVAILABLE),
        (answer(401, said("expired")), Kind.UNAUTHORIZED),
        (answer(429, EMPTY), Kind.THROTTLED),
        (answer(503, EMPTY, 3.0), Kind.THROTTLED),
        (answer(503, EMPTY), Kind.READ_FAILED),
        (answer(500, said("already cancelled")), Kind.READ_FAILED),
        (answer(409, said("already cancelled")), Kind.READ_FAILED),
        (answer(302, EMPTY), Kind.MISCONFIGURED),
        (answer(102, EMPTY), Kind.READ_FAILED),
        (NoAnswer(cause=NoAnswerCause.TIMEOUT), Kind.READ_FAILED),
        (NotSent(cause=NotSentCause.DNS), Kind.NOT_SENT),
        (NotSent(cause=NotSentCause.CERTIFICATE), Kind.UNTRUSTED),
    ],
)
def test_what_one_read_means(seen: Observation, kind: Kind) -> None:
    """Each answer to a read has its class; "not known" needs the API's words about the id."""
    assert classify_read(ASKED, seen).kind is kind
    step = after_read(History(), ASKED, seen, policy=POLICY, now=100.0, chance=CHANCE)
    assert step.finding.kind is kind


def test_a_refused_token_counts_in_a_row_only() -> None:
    """A token that expires twice in the life of an allocation does not stop the run.

    Only two refusals in a row do: each send and read that the server answered otherwise proves
    that the token was good.
    """
    refused, lost = answer(401, said("expired")), NoAnswer(cause=NoAnswerCause.RESET)
    history = History()
    for seen in (refused, lost):
        step = after_send(history, ASKED, seen, policy=POLICY, sent_at=1.0, now=2.0, chance=CHANCE)
        history = step.history
    step = after_read(history, ASKED, refused, policy=POLICY, now=700.0, chance=CHANCE)
    assert step.next == Read(after=0.0)
    step = after_read(step.history, ASKED, refused, policy=POLICY, now=701.0, chance=CHANCE)
    assert isinstance(step.next, Halt)
    assert step.next.kind is Kind.UNAUTHORIZED


def test_a_throttled_answer_between_refusals_does_not_clear_a_token() -> None:
    """401, 429, 401 are two refusals in a row: a 429 does not say that the token is good."""
    history = History()
    for seen in (answer(401, EMPTY), answer(429, EMPTY), answer(401, EMPTY)):
        step = after_send(history, ASKED, seen, policy=POLICY, sent_at=1.0, now=2.0, chance=CHANCE)
        history = step.history
    assert isinstance(step.next, Halt)


def test_a_read_before_the_first_send_settles_or_lets_it_be_sent() -> None:
    """A read-first run skips what is cancelled or unknown, and notes the version of the rest."""

    def read(seen: Observation) -> tuple[History, object]:
        step = after_read(History(), ASKED, seen, policy=POLICY, now=5.0, chance=CHANCE)
        return step.history, step.next

    outcomes = {
        Outcome.ALREADY_CANCELLED: answer(200, shown()),
        Outcome.PARTIALLY_CANCELLED: answer(200, shown("PARTIALLY_CANCELLED")),
        Outcome.NOT_FOUND: answer(404, said("unknown")),
    }
    for outcome, seen in outcomes.items():
        _, following = read(seen)
        assert isinstance(following, Settle)
        assert following.settlement.outcome is outcome
    history, following = read(answer(200, shown("ALLOCATED", version=41)))
    assert following == Send(after=0.0)
    assert history.version_before == 41
    _, following = read(answer(404, HTML))
    assert following == Send(after=0.0)


def test_a_read_before_the_first_send_that_always_fails_ends() -> None:
    """An allocation that can never be read first does not wait for ever: it ends unsent."""
    history, now = History(), 1000.0
    for _ in range(1000):
        step = after_read(history, ASKED, answer(500, HTML), policy=POLICY, now=now, chance=CHANCE)
        if isinstance(step.next, Settle):
            break
        assert isinstance(step.next, Read)
        history, now = step.history, now + step.next.after + 1.0
    assert isinstance(step.next, Settle)
    assert step.next.settlement.outcome is Outcome.FAILED
    assert step.history.sends == 0


REFUSAL = answer(400, said("bad input"))


def looked_at(*seen: Observation, history: History | None = None) -> tuple[Outcome, str]:
    """Return what a refusal without a known reason comes to after such reads."""
    step = after_send(
        history or History(), ASKED, REFUSAL, policy=POLICY, sent_at=1.0, now=1.0, chance=CHANCE
    )
    assert step.next == Read(after=0.0)
    for count, one in enumerate(seen, start=1):
        step = after_read(step.history, ASKED, one, policy=POLICY, now=1.0 + count, chance=CHANCE)
    assert isinstance(step.next, Settle)
    return step.next.settlement.outcome, step.next.settlement.reason


@pytest.mark.parametrize(
    ("seen", "outcome"),
    [
        (answer(200, shown("CANCELLED")), Outcome.ALREADY_CANCELLED),
        (answer(200, shown("PARTIALLY_CANCELLED")), Outcome.PARTIALLY_CANCELLED),
        (answer(200, shown("SHIPPED")), Outcome.NOT_CANCELLED),
        (answer(200, shown("ALLOCATED")), Outcome.REJECTED),
        (answer(400, said("AllocationRequestId Not Found/Valid")), Outcome.NOT_FOUND),
        (answer(405, HTML), Outcome.REJECTED),
        (answer(400, said("Invalid x-site-context")), Outcome.REJECTED),
    ],
)
def test_an_unclear_refusal_is_looked_at_once(seen: Observation, outcome: Outcome) -> None:
    """A 400 without a known reason may hide what is cancelled already: one read tells."""
    found, reason = looked_at(seen)
    assert found is outcome
    if outcome in {Outcome.REJECTED, Outcome.NOT_CANCELLED}:
        assert "bad input" in reason


def test_an_unclear_refusal_is_looked_at_again_after_a_failed_read() -> None:
    """A read that fails is repeated, and a look that never succeeds leaves it rejected."""
    broken = NoAnswer(cause=NoAnswerCause.TIMEOUT)
    assert looked_at(broken, broken, answer(200, shown()))[0] is Outcome.ALREADY_CANCELLED
    history = History(began=1.0 - POLICY.max_time)
    found, reason = looked_at(broken, history=history)
    assert found is Outcome.REJECTED
    assert "bad input" in reason


def test_an_unclear_refusal_after_a_doubtful_send_is_read_back_in_full() -> None:
    """When a send of ours may have taken effect, one read is not enough."""
    history = History(sends=1, spent=1, ours_possible=True)
    step = after_send(history, ASKED, REFUSAL, policy=POLICY, sent_at=1.0, now=1.0, chance=CHANCE)
    step = after_read(
        step.history, ASKED, answer(200, shown("ALLOCATED")), policy=POLICY, now=2.0, chance=CHANCE
    )
    assert isinstance(step.next, Read)


def test_a_run_stopped_before_that_look_says_rejected() -> None:
    """The provisional word is the refusal: it is certain that nothing took effect."""
    step = after_send(History(), ASKED, REFUSAL, policy=POLICY, sent_at=1.0, now=1.0, chance=CHANCE)
    word = open_settlement(step.history)
    assert (word.outcome, word.reason) == (
        Outcome.REJECTED, "HTTP 400: bad input; not read back",
    )  # fmt: skip
