"""Whatever a server answers: it ends within the limits, and nothing is claimed without a proof."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bulkcancel.decision import (
    Halt,
    History,
    Policy,
    Read,
    Send,
    Settle,
    Step,
    after_read,
    after_send,
    classify_cancel,
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
PERHAPS_APPLIED = {
    Kind.IN_DOUBT,
    Kind.PROTOCOL,
    Kind.CONTRADICTION,
    Kind.MISROUTED,
    Kind.SHOWN,
}
SILENCE = NoAnswer(cause=NoAnswerCause.TIMEOUT)
BIT = 1.0
"""What each request takes, in seconds: time goes on even where no wait is asked for."""

ids = st.sampled_from([ASKED, ASKED, ASKED, ASKED.upper(), f"{ASKED} ", "b" * 24, "", None])
statuses = st.sampled_from(
    ["CANCELLED", "PARTIALLY_CANCELLED", "ALLOCATED", "PENDING_PICK", "SHIPPED", "cancelled", None]
) | st.text(max_size=12)
views = st.builds(
    AllocationView,
    allocation_id=ids,
    status=statuses,
    version=st.none() | st.integers(-(2**63), 2**63 - 1),
)
texts = st.sampled_from(
    [
        "already cancelled",
        "it has already been canceled",
        "shipped",
        "not found",
        "AllocationRequestId Not Found/Valid",
        "token expired",
        "no Route matched",
        "modified by another request",
        "",
    ]
) | st.text(max_size=30)
codes = st.sampled_from([None, "ALLOCATION-2005", "ALLOCATION-2003", "SERVICE-4006", "X-1"])
bodies: st.SearchStrategy[Body] = st.one_of(
    st.builds(OneAllocation, view=views),
    st.builds(SeveralAllocations, count=st.sampled_from([0, 2, 50])),
    st.builds(ApiMessage, text=texts, code=codes),
    st.builds(Foreign, kind=st.sampled_from(["empty", "html", "json", "text", "encoded"])),
)
http_statuses = st.sampled_from(
    [200, 200, 200, 202, 204, 302, 400, 401, 403, 404, 408, 409, 410, 421, 422, 429, 500, 503]
) | st.integers(0, 999)
waits = st.none() | st.floats(0.0, 1e6)
observations: st.SearchStrategy[Observation] = st.one_of(
    st.builds(Answer, http_status=http_statuses, body=bodies, retry_after=waits),
    st.builds(
        NoAnswer,
        cause=st.sampled_from(NoAnswerCause),
        http_status=st.none() | http_statuses,
        detail=st.text(max_size=5),
    ),
    st.builds(NotSent, cause=st.sampled_from(NotSentCause)),
)
policies = st.builds(
    Policy,
    max_attempts=st.integers(1, 5),
    verify_after=st.sampled_from([(5.0, 60.0), (0.0,), (1.0,), (1.0, 2.0, 4.0)]),
    max_time=st.just(150.0),
)


def follow(
    seen: Sequence[Observation], policy: Policy, chance: float, *, read_first: bool
) -> Iterator[tuple[Send | Read, Observation, Step]]:
    """Yield what was done, what was seen, and the step, until an outcome; then silence for ever.

    A halted run is resumed at once.
    """
    history, now = History(), 1000.0
    what: Send | Read = Read(after=0.0) if read_first else Send(after=0.0)
    script = iter(seen)
    while True:
        now += what.after
        observation = next(script, SILENCE)
        if isinstance(what, Send):
            step = after_send(
                history,
                ASKED,
                observation,
                policy=policy,
                sent_at=now,
                now=now + BIT,
                chance=chance,
            )
        else:
            step = after_read(
                history, ASKED, observation, policy=policy, now=now + BIT, chance=chance
            )
        now += BIT
        history = step.history
        yield what, observation, step
        match step.next:
            case Settle():
                return
            case Halt(then=then):
                what = then
            case Send() | Read() as what:
                pass


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seen=st.lists(observations, max_size=25),
    policy=policies,
    chance=st.floats(0.0, 1.0, exclude_max=True),
    read_first=st.booleans(),
)
def test_any_answers_end_within_the_limits_and_claim_nothing_unproven(
    seen: list[Observation], policy: Policy, chance: float, *, read_first: bool
) -> None:
    """Any answers in any order lead to an outcome, in bounded steps, that they bear out."""
    sends = 0
    shown_cancelled = already_to_our_repeat = ours_possible = False
    played = follow(seen, policy, chance, read_first=read_first)
    for steps, (what, observation, step) in enumerate(played, start=1):
        assert steps <= len(seen) + 2 * policy.max_time
        if not isinstance(step.next, Settle):
            wait = step.next.then.after if isinstance(step.next, Halt) else step.next.after
            assert wait >= 0.0
        if isinstance(what, Send):
            kind = classify_cancel(ASKED, observation).kind
            sends += not isinstance(observation, NotSent)
            already_to_our_repeat |= kind is Kind.ALREADY and ours_possible
            ours_possible |= kind in PERHAPS_APPLIED
        shown_cancelled |= shows_cancelled(observation)
        assert step.history.sends == sends
        assert step.history.spent <= policy.max_attempts
        assert step.history.ours_possible == ours_possible or isinstance(step.next, Settle)
        now = (
            step.next.settlement if isinstance(step.next, Settle) else open_settlement(step.history)
        )
        match now.outcome:
            case Outcome.CANCELLED:
                assert shown_cancelled or already_to_our_repeat
            case Outcome.ALREADY_CANCELLED:
                assert not ours_possible
            case Outcome.FAILED:
                assert not ours_possible
            case Outcome.NOT_ATTEMPTED:
                assert sends == 0
            case Outcome.REJECTED:
                assert isinstance(step.next, Settle) or not ours_possible
            case Outcome.NOT_FOUND | Outcome.NOT_CANCELLED:
                assert isinstance(step.next, Settle)
            case Outcome.UNKNOWN:
                assert sends > 0
            case Outcome.PARTIALLY_CANCELLED:
                assert now.status == "PARTIALLY_CANCELLED"
        assert now.reason


def shows_cancelled(seen: Observation) -> bool:
    """Say whether an answer proves that the allocation asked for is cancelled."""
    match seen:
        case Answer(
            http_status=status,
            body=OneAllocation(
                view=AllocationView(allocation_id=shown_id, status="CANCELLED", version=int())
            ),
        ):
            return shown_id == ASKED and 200 <= status < 300
        case _:
            return False


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seen=st.lists(observations, max_size=25),
    policy=policies,
    chance=st.floats(0.0, 1.0, exclude_max=True),
)
def test_a_doubtful_send_is_never_repeated_unread_where_reads_work(
    seen: list[Observation], policy: Policy, chance: float
) -> None:
    """Between a doubtful send and the next one lie two reads, and as many as the policy asks for.

    Only where the API offers no read is a doubtful send repeated without one.
    """
    doubtful, since_send = False, list[Kind]()
    for what, _, step in follow(seen, policy, chance, read_first=False):
        kind = step.finding.kind
        if isinstance(what, Read):
            since_send.append(kind)
            continue
        if doubtful and step.history.readable:
            assert since_send.count(Kind.SHOWN) >= 2
            told = [one for one in since_send if one in {Kind.SHOWN, Kind.UNKNOWN_ID}]
            assert len(told) >= len(policy.verify_after)
        if kind is not Kind.NOT_SENT:
            doubtful, since_send = kind in PERHAPS_APPLIED, []
