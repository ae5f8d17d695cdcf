"""Limits to the letter: attempts, time, when it is read back and how often, and rows of failures.

A count too many sends twice or asks for ever; one too few gives up an allocation for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

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
)
from bulkcancel.model import (
    AllocationView,
    Answer,
    ApiMessage,
    Foreign,
    Kind,
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
BROKEN = Answer(http_status=500, body=HTML)
THROTTLED = Answer(http_status=429, body=HTML)
REFUSED_TOKEN = Answer(http_status=401, body=HTML)
REDIRECT = Answer(http_status=302, body=HTML)
NOT_APPLIED = Answer(http_status=425, body=HTML)
NO_GET = Answer(http_status=405, body=HTML)
NOT_KNOWN = Answer(http_status=404, body=ApiMessage(text="not found"))
REFUSED = Answer(http_status=400, body=ApiMessage(text="bad input"))
UNSENT = NotSent(cause=NotSentCause.REFUSED)
UNTRUSTED = NotSent(cause=NotSentCause.CERTIFICATE)
IN_DOUBT = History(sends=1, spent=1, began=0.0, doubt=Doubt.PERHAPS, ours_possible=True)


def shows(status: str, version: int = 7) -> Answer:
    """Return an answer that shows the allocation."""
    view = AllocationView(allocation_id=ASKED, status=status, version=version)
    return Answer(http_status=200, body=OneAllocation(view=view))


ALLOCATED = shows("ALLOCATED")


def send(history: History, seen: Observation, *, now: float = 1.0, policy: Policy = POLICY) -> Step:
    """Return what follows from a send."""
    return after_send(history, ASKED, seen, policy=policy, sent_at=now, now=now, chance=0.5)


def read(history: History, seen: Observation, *, now: float = 1.0, policy: Policy = POLICY) -> Step:
    """Return what follows from a read."""
    return after_read(history, ASKED, seen, policy=policy, now=now, chance=0.5)


def settled(step: Step) -> Settlement:
    """Return the settlement."""
    assert isinstance(step.next, Settle)
    return step.next.settlement


def follow(
    turn: Callable[[History, Observation], Step], history: History, seen: Sequence[Observation]
) -> list[Next]:
    """Return what follows from each of some answers to sends, or to reads."""
    found = []
    for one in seen:
        step = turn(history, one)
        history = step.history
        found.append(step.next)
    return found


def read_back(
    policy: Policy, first: Observation, seen: Callable[[int], Observation]
) -> tuple[list[float], Next]:
    """Return the waits before each read of what a send left open, and what follows at the end."""
    step = send(History(), first, policy=policy)
    waits = list[float]()
    while isinstance(step.next, Read):
        waits.append(step.next.after)
        step = read(step.history, seen(len(waits)), policy=policy)
    return waits, step.next


@pytest.mark.parametrize(
    ("verify_after", "waits"),
    [
        ((5.0, 60.0), [5.0, 55.0]),
        ((5.0, 5.5), [5.0, 0.5]),
        ((1.0, 2.0, 4.0, 10.0), [1.0, 1.0, 2.0, 6.0]),
        ((3.0, 3.0), [3.0, 0.0]),
        ((5.0, 2.0), [5.0, 0.0]),
        ((8.0,), [8.0, 8.0]),
        ((0.0,), [0.0, 0.0]),
    ],
)
@pytest.mark.parametrize("first", [BROKEN, ALLOCATED])
@pytest.mark.parametrize("seen", [ALLOCATED, NOT_KNOWN])
def test_it_is_read_back_when_the_schedule_says_so(
    verify_after: tuple[float, ...], waits: list[float], first: Answer, seen: Answer
) -> None:
    """The times count from the send; two equal reads are the least, and no wait is negative."""
    policy = Policy(verify_after=verify_after)
    found, _ = read_back(policy, first, lambda _: seen)
    assert found == waits


def test_what_keeps_changing_is_read_eight_times_and_not_sent_again() -> None:
    """After the schedule each further read comes after its first time; then it is unknown."""
    waits, end = read_back(POLICY, BROKEN, lambda count: shows("ALLOCATED", count))
    assert waits == [5.0, 55.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0]
    assert isinstance(end, Settle)
    assert end.settlement.outcome is Outcome.UNKNOWN
    assert end.settlement.reason == (
        "read back 8 times, and it kept changing; last status ALLOCATED"
    )


@pytest.mark.parametrize("changes", range(7))
def test_two_equal_reads_end_the_changes(changes: int) -> None:
    """As soon as a read says what the one before it said, it is sent again."""
    waits, end = read_back(POLICY, BROKEN, lambda count: shows("ALLOCATED", min(count, changes)))
    assert len(waits) == max(2, changes + 1)
    assert end == Send(after=0.0)


def test_equal_reads_are_equal_in_status_and_in_version() -> None:
    """A status that changed and changed back is no equal read, nor is "not known" after one."""
    back_and_forth = [shows("PENDING_PICK", 7), ALLOCATED, NOT_KNOWN, ALLOCATED, ALLOCATED]
    waits, end = read_back(POLICY, BROKEN, lambda count: back_and_forth[count - 1])
    assert (len(waits), end) == (5, Send(after=0.0))


@pytest.mark.parametrize("status", ["ALLOCATED", "PENDING_DROP", "PENDING_PICK"])
@pytest.mark.parametrize("doubt", [Doubt.PERHAPS, Doubt.NONE])
def test_only_what_can_be_cancelled_is_sent_again(status: str, doubt: Doubt) -> None:
    """Each of the three active statuses is sent again; any other is for a person to look at."""
    in_doubt = replace(IN_DOUBT, doubt=doubt)
    assert follow(read, in_doubt, [shows(status)] * 2)[1] == Send(after=0.0)
    for other in (status.lower(), f"{status} ", "SHIPPED", "NEW"):
        end = follow(read, in_doubt, [shows(other)] * 2)[1]
        assert isinstance(end, Settle)
        assert end.settlement.outcome is Outcome.NOT_CANCELLED
        assert end.settlement.reason == f"read back 2 times: status stayed {other}"
    refused = send(History(), REFUSED).history
    assert settled(read(refused, shows(status))).outcome is Outcome.REJECTED


@pytest.mark.parametrize("spent", range(POLICY.max_attempts))
def test_the_last_attempt_is_the_last(spent: int) -> None:
    """It is sent as often as `max_attempts` says, whatever became of the sends, and no more."""
    last = spent + 1 == POLICY.max_attempts
    certain = History(sends=spent, spent=spent, began=0.0)
    assert isinstance(send(certain, NOT_APPLIED).next, Settle if last else Send)
    in_doubt = send(replace(certain, ours_possible=spent > 0), BROKEN).history
    end = follow(read, in_doubt, [ALLOCATED, ALLOCATED])[1]
    assert isinstance(end, Settle if last else Send)
    unread = read(in_doubt, NO_GET)
    assert isinstance(unread.next, Settle if last else Send)


def test_when_the_time_is_over_nothing_is_sent_again() -> None:
    """A moment before `max_time` it still is, at `max_time` it is not."""
    over = POLICY.max_time
    certain = History(sends=1, spent=1, began=0.0)
    once = read(IN_DOUBT, ALLOCATED).history
    assert isinstance(send(certain, NOT_APPLIED, now=over - 0.1).next, Send)
    assert isinstance(read(once, ALLOCATED, now=over - 0.1).next, Send)
    assert isinstance(read(IN_DOUBT, NO_GET, now=over - 0.1).next, Send)
    assert settled(send(certain, NOT_APPLIED, now=over)).outcome is Outcome.FAILED
    assert settled(read(once, ALLOCATED, now=over)).outcome is Outcome.UNKNOWN
    assert settled(read(IN_DOUBT, NO_GET, now=over)).outcome is Outcome.UNKNOWN


def test_the_look_before_it_is_called_unknown_opens_no_way_to_another_send() -> None:
    """The time is over, and a run that is resumed has it anew: it is looked at, not sent."""
    earlier = replace(IN_DOUBT, doubt=Doubt.NONE)
    step = send(earlier, NOT_APPLIED, now=POLICY.max_time)
    assert step.next == Read(after=POLICY.verify_after[0])
    resumed = replace(step.history, began=None)
    end = follow(read, resumed, [ALLOCATED, ALLOCATED])[1]
    assert isinstance(end, Settle)
    assert end.settlement.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("seen", [shows("ALLOCATED", 1), NOT_KNOWN])
def test_failed_reads_wait_anew_after_one_that_succeeds(seen: Answer) -> None:
    """The wait doubles with each failure in a row; a read that tells something ends the row."""
    policy = Policy(verify_after=(1.0, 2.0, 3.0))

    def turn(history: History, seen: Observation) -> Step:
        return read(history, seen, policy=policy)

    row = [BROKEN, BROKEN, BROKEN, seen, BROKEN, BROKEN, BROKEN]
    grows = [Read(after=0.25), Read(after=0.5), Read(after=1.0)]
    assert follow(turn, IN_DOUBT, row) == [*grows, Read(after=1.0), *grows]


def test_reads_start_anew_with_each_send() -> None:
    """What was read of an earlier doubt counts for nothing: neither failures nor equal reads."""
    once = read(read(IN_DOUBT, BROKEN).history, ALLOCATED).history
    in_doubt = send(read(once, BROKEN).history, BROKEN).history
    assert follow(read, in_doubt, [BROKEN, BROKEN]) == [Read(after=0.25), Read(after=0.5)]
    assert follow(read, in_doubt, [ALLOCATED, ALLOCATED]) == [Read(after=55.0), Send(after=0.0)]


@pytest.mark.parametrize(
    ("turn", "then", "seen"),
    [(send, Send, THROTTLED), (send, Send, UNSENT), (read, Read, THROTTLED)],
)
def test_waits_in_a_row_start_anew_after_an_answer(
    turn: Callable[[History, Observation], Step], then: type[Send | Read], seen: Observation
) -> None:
    """Another answer ends the row: the next one begins with the first wait, and grows again."""
    grows = [then(after=0.25), then(after=0.5), then(after=1.0)]
    row = follow(turn, IN_DOUBT, [seen, seen, seen, BROKEN, seen, seen, seen])
    assert row[:3] == row[4:] == grows


TURNS = pytest.mark.parametrize(
    ("turn", "at_once"), [(send, Send(after=0.0)), (read, Read(after=0.0))]
)


@TURNS
def test_a_refused_token_is_tried_once_more_at_once(
    turn: Callable[[History, Observation], Step], at_once: Send | Read
) -> None:
    """The second refusal in a row stops the run, and so do the next two of a resumed one."""
    row = follow(turn, IN_DOUBT, [REFUSED_TOKEN] * 4)
    halt = Halt(
        kind=Kind.UNAUTHORIZED,
        reason="HTTP 401 with a body that is not the API's (html)",
        then=at_once,
    )
    assert row == [at_once, halt, at_once, halt]


@TURNS
@pytest.mark.parametrize("between", [UNSENT, UNTRUSTED, THROTTLED, REDIRECT])
def test_what_says_nothing_of_the_token_does_not_clear_it(
    turn: Callable[[History, Observation], Step], at_once: Send | Read, between: Observation
) -> None:
    """A refusal, something that never reached the API's door, a refusal: two in a row."""
    first, _, last = follow(turn, IN_DOUBT, [REFUSED_TOKEN, between, REFUSED_TOKEN])
    assert first == at_once
    assert isinstance(last, Halt)


@TURNS
@pytest.mark.parametrize("between", [BROKEN, shows("ALLOCATED", 1), NOT_KNOWN])
def test_an_answer_that_took_the_token_clears_it(
    turn: Callable[[History, Observation], Step], at_once: Send | Read, between: Observation
) -> None:
    """Neither one refusal too few nor one too many after it: the second one in a row halts."""
    row = follow(turn, IN_DOUBT, [REFUSED_TOKEN, between, REFUSED_TOKEN, REFUSED_TOKEN])
    assert (row[0], row[2]) == (at_once, at_once)
    assert isinstance(row[3], Halt)


def test_where_no_read_is_to_be_had_a_doubt_is_sent_again_without_one() -> None:
    """A send in doubt is repeated after its backoff, not read in vain, until the attempts end."""
    unreadable = replace(IN_DOUBT, readable=False)
    assert follow(send, unreadable, [BROKEN, BROKEN]) == [Send(after=0.5), Send(after=1.0)]
    last = replace(unreadable, sends=3, spent=3)
    assert settled(send(last, BROKEN)).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "seen",
    [
        REFUSED,
        Answer(http_status=403, body=HTML),
        Answer(http_status=409, body=ApiMessage(text="shipped")),
        NOT_KNOWN,
    ],
)
def test_a_refusal_for_good_after_a_doubt_is_looked_at_at_once(seen: Answer) -> None:
    """It ends the sends: only the read-back decides, and it need not wait."""
    step = send(replace(IN_DOUBT, doubt=Doubt.NONE), seen)
    assert (step.next, step.history.may_resend) == (Read(after=0.0), False)
    assert not send(History(), REFUSED).history.may_resend
    end = follow(read, step.history, [ALLOCATED, ALLOCATED])[1]
    assert isinstance(end, Settle)
    assert end.settlement.outcome is Outcome.UNKNOWN
