"""The pure rows of the fault matrix, each played to its end against a server with a ledger."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

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
    Observation,
    OneAllocation,
    Outcome,
    SeveralAllocations,
)

ASKED = "62ff5c0bec0aed3c86202c32"
POLICY = Policy()
LOST = NoAnswer(cause=NoAnswerCause.DISCONNECTED)
TIMEOUT = NoAnswer(cause=NoAnswerCause.TIMEOUT)
NO_GET = Answer(http_status=404, body=Foreign(kind="html"))


def view(status: str, *, version: int | None = 3, allocation_id: str = ASKED) -> OneAllocation:
    """Return a body that shows one allocation."""
    shown = AllocationView(allocation_id=allocation_id, status=status, version=version)
    return OneAllocation(view=shown)


def ok(body: Body) -> Answer:
    """Return a 200."""
    return Answer(http_status=200, body=body)


def said(http_status: int, text: str) -> Answer:
    """Return an answer in the API's own error shape."""
    return Answer(http_status=http_status, body=ApiMessage(text=text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """How the server treats one PUT: when it takes effect (``None``: never) and what it says.

    Without ``says`` it tells the truth. The answer comes ``takes`` seconds after the send.
    """

    effect: float | None = 0.0
    says: Observation | None = None
    takes: float = 0.1


FINE = Put()


@dataclass(slots=True, kw_only=True)
class Server:
    """A server with one allocation and a ledger; the last PUT and GET of a script repeat."""

    puts: Sequence[Put] = (FINE,)
    gets: Sequence[Observation | None] = (None,)
    status: str = "ALLOCATED"
    effects: list[float] = field(default_factory=list)
    put_times: list[float] = field(default_factory=list)
    get_times: list[float] = field(default_factory=list)

    def status_at(self, now: float) -> str:
        """Return the truth."""
        return "CANCELLED" if any(at <= now for at in self.effects) else self.status

    def put(self, now: float) -> tuple[Observation, float]:
        """Take a PUT; return the answer and the seconds it took."""
        put = self.puts[min(len(self.put_times), len(self.puts) - 1)]
        self.put_times.append(now)
        if put.says is None and self.status_at(now) == "CANCELLED":
            return said(409, "Allocation is already cancelled"), put.takes
        if put.effect is not None and self.status == "ALLOCATED":
            self.effects.append(now + put.effect)
        return put.says or ok(view(self.status_at(now + put.takes))), put.takes

    def get(self, now: float) -> tuple[Observation, float]:
        """Take a GET; return the answer and the seconds it took."""
        scripted = self.gets[min(len(self.get_times), len(self.gets) - 1)]
        self.get_times.append(now)
        return scripted or ok(view(self.status_at(now))), 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How it ended: by a settlement (the provisional one after a halt), after which sends."""

    outcome: Outcome
    verified: bool
    status: str | None
    halt: Kind | None
    history: History
    seconds: float


def play(server: Server, *, policy: Policy = POLICY, chance: float = 0.5) -> End:
    """Follow the steps in virtual time until one settles or halts."""
    history, now, began = History(), 1_700_000_000.0, 1_700_000_000.0
    what: Send | Read = Send(after=0.0)
    for _ in range(500):
        now += what.after
        if isinstance(what, Send):
            sent_at, (seen, took) = now, server.put(now)
            now += took
            step = after_send(
                history, ASKED, seen, policy=policy, sent_at=sent_at, now=now, chance=chance
            )
        else:
            seen, took = server.get(now)
            now += took
            step = after_read(history, ASKED, seen, policy=policy, now=now, chance=chance)
        history = step.history
        match step.next:
            case Settle(settlement=settled):
                halt: Kind | None = None
            case Halt():
                settled, halt = open_settlement(history), step.next.kind
            case Send() | Read() as what:
                continue
        assert history.sends == len(server.put_times)
        return End(
            outcome=settled.outcome,
            verified=settled.verified,
            status=settled.status,
            halt=halt,
            history=history,
            seconds=now - began,
        )
    raise AssertionError("it never ends")


def test_row_6_closed_after_the_effect() -> None:
    """The answer is lost after the effect: one PUT, and the read-back shows it.

    Without a GET it is repeated, and "already" to our own repeat counts as cancelled.
    """
    end = play(Server(puts=[Put(says=LOST)]))
    assert (end.outcome, end.verified, end.history.sends) == (Outcome.CANCELLED, True, 1)
    unread = play(Server(puts=[Put(says=LOST), FINE], gets=[NO_GET]))
    assert (unread.outcome, unread.verified, unread.history.sends) == (Outcome.CANCELLED, False, 2)


def test_row_7_closed_without_effect() -> None:
    """The request is lost: two equal reads over the gateway's time, then a second send."""
    server = Server(puts=[Put(effect=None, says=LOST), FINE])
    end = play(server)
    assert (end.outcome, end.history.sends) == (Outcome.CANCELLED, 2)
    first, second = server.put_times
    assert second - first >= POLICY.verify_after[-1]
    assert len(server.get_times) == 2


def test_row_9_never_an_answer() -> None:
    """One id never gets an answer, but is cancelled: the read-back shows it."""
    server = Server(puts=[Put(says=TIMEOUT, takes=30.0)])
    end = play(server)
    assert (end.outcome, end.verified, end.history.sends) == (Outcome.CANCELLED, True, 1)


def test_row_10_never_an_answer_nor_a_read() -> None:
    """The same without a GET: four sends, then it is said to be unknown."""
    server = Server(puts=[Put(says=TIMEOUT, takes=30.0)], gets=[NO_GET])
    end = play(server)
    assert (end.outcome, end.history.sends) == (Outcome.UNKNOWN, POLICY.max_attempts)


@pytest.mark.parametrize("late", [1.0, 20.0, 40.0, 50.0])
def test_row_11_a_late_effect(late: float) -> None:
    """An effect that comes after a timeout, or after a 200 that shows the old status, is seen."""
    for put in (Put(effect=late, says=TIMEOUT, takes=0.5), Put(effect=late)):
        end = play(Server(puts=[put]))
        assert (end.outcome, end.verified, end.history.sends) == (Outcome.CANCELLED, True, 1)


@pytest.mark.parametrize(
    "seen",
    [
        NoAnswer(cause=NoAnswerCause.TRUNCATED, http_status=200),
        ok(Foreign(kind="text")),
        ok(Foreign(kind="html")),
        ok(Foreign(kind="empty")),
        ok(SeveralAllocations(count=0)),
        ok(view("CANCELLED", version=None)),
    ],
)
@pytest.mark.parametrize("readable", [True, False])
def test_rows_13_14_17_an_answer_that_proves_nothing(seen: Observation, *, readable: bool) -> None:
    """A body that is cut, foreign or incomplete is no proof, whatever its status says."""
    untrue = Server(puts=[Put(effect=None, says=seen)], gets=[None if readable else NO_GET])
    end = play(untrue)
    assert end.outcome is Outcome.UNKNOWN
    true = Server(puts=[Put(says=seen)], gets=[None if readable else NO_GET])
    end = play(true)
    assert end.outcome is (Outcome.CANCELLED if readable else Outcome.UNKNOWN)
    assert end.verified is readable


@pytest.mark.parametrize("status", ["PENDING_PICK", "ALLOCATED", "SHIPPED", "cancelled ", "NEWLY"])
def test_row_15_a_200_with_another_status(status: str) -> None:
    """Only a read-back that says CANCELLED makes it so; else that status is the outcome's."""
    stays = play(Server(puts=[Put(effect=None)], status=status))
    assert (stays.outcome, stays.status) == (Outcome.NOT_CANCELLED, status)
    assert stays.seconds >= POLICY.verify_after[-1]
    changes = play(Server(puts=[Put(says=ok(view(status)))]))
    assert (changes.outcome, changes.verified) == (Outcome.CANCELLED, True)
    partly = play(Server(puts=[Put(says=ok(view(status)))], status="PARTIALLY_CANCELLED"))
    assert partly.outcome is Outcome.PARTIALLY_CANCELLED
    unread = play(Server(puts=[Put(says=ok(view(status)))], gets=[NO_GET]))
    assert unread.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "seen", [ok(view("CANCELLED", allocation_id="b" * 24)), ok(SeveralAllocations(count=2))]
)
def test_row_16_another_allocation_halts_at_the_first(seen: Observation) -> None:
    """An answer about another allocation, or two, stops the run; ours stays in doubt."""
    end = play(Server(puts=[Put(says=seen)]))
    assert (end.halt, end.outcome) == (Kind.CONTRADICTION, Outcome.UNKNOWN)
    assert end.history.sends == 1
    in_a_read = play(Server(puts=[Put(says=LOST)], gets=[seen]))
    assert (in_a_read.halt, in_a_read.outcome) == (Kind.CONTRADICTION, Outcome.UNKNOWN)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_row_20_a_redirect_halts(status: int) -> None:
    """A redirect stops the run; nothing took effect and nothing counts against the row."""
    redirect = Answer(http_status=status, body=Foreign(kind="empty"))
    end = play(Server(puts=[Put(effect=None, says=redirect)]))
    assert (end.halt, end.history.spent) == (Kind.MISCONFIGURED, 0)
    assert end.outcome is Outcome.FAILED


def test_rows_21_22_a_refused_token() -> None:
    """The row goes back once, the second refusal stops the run; no attempt is spent."""
    once = play(Server(puts=[Put(effect=None, says=said(401, "expired")), FINE]))
    assert (once.outcome, once.history.sends) == (Outcome.CANCELLED, 2)
    end = play(Server(puts=[Put(effect=None, says=said(401, "expired"))]))
    assert (end.halt, end.history.sends, end.history.spent) == (Kind.UNAUTHORIZED, 2, 0)
    assert end.outcome is Outcome.FAILED


def test_rows_25_26_not_found_and_not_the_api() -> None:
    """A 404 in the API's own words settles; a proxy's halts, and the row is unknown."""
    end = play(Server(puts=[Put(effect=None, says=said(404, "Allocation not found"))]))
    assert (end.outcome, end.history.sends) == (Outcome.NOT_FOUND, 1)
    end = play(Server(puts=[Put(effect=None, says=NO_GET)]))
    assert (end.halt, end.outcome) == (Kind.MISROUTED, Outcome.UNKNOWN)


def test_row_33_some_requests_break() -> None:
    """With one request in twenty answered by 500, all end cancelled at 1.06 sends each."""
    dice = random.Random(33)
    broken = Put(effect=None, says=said(500, "Internal Server Error"))
    ends = []
    for _ in range(3000):
        puts = [broken if dice.random() < 0.05 else FINE for _ in range(6)]
        gets = [said(500, "no") if dice.random() < 0.05 else None for _ in range(20)]
        ends.append(play(Server(puts=puts, gets=gets), chance=dice.random()))
    assert {end.outcome for end in ends} == {Outcome.CANCELLED}
    assert sum(end.history.sends for end in ends) / len(ends) <= 1.06
    assert max(end.history.sends for end in ends) <= POLICY.max_attempts


def test_row_34_a_500_after_the_effect() -> None:
    """A 500 that took effect is found cancelled by the read-back, with one send."""
    end = play(Server(puts=[Put(says=said(500, "Internal Server Error"))]))
    assert (end.outcome, end.verified, end.history.sends) == (Outcome.CANCELLED, True, 1)


@pytest.mark.parametrize("status", [400, 409, 422, 500])
@pytest.mark.parametrize("readable", [True, False])
def test_row_35_already_cancelled_before_us(status: int, *, readable: bool) -> None:
    """The word "already" to the first send is `already_cancelled`, never `cancelled`.

    A 5xx says it less firmly: without a read-back it stays unknown.
    """
    already = Put(effect=None, says=said(status, "ALLOCATION-2005: already cancelled"))
    gets = [None if readable else NO_GET]
    end = play(Server(puts=[already], gets=gets, status="CANCELLED"))
    assert end.history.sends == 1
    if readable:
        assert (end.outcome, end.verified) == (Outcome.ALREADY_CANCELLED, True)
    elif status < 500:
        assert (end.outcome, end.verified) == (Outcome.ALREADY_CANCELLED, False)
    else:
        assert end.outcome is Outcome.UNKNOWN


def test_row_35_already_but_the_read_shows_another_status() -> None:
    """The API says "already cancelled or scratched", its read SHIPPED: it is not cancelled."""
    already = Put(effect=None, says=said(409, "already cancelled or scratched"))
    end = play(Server(puts=[already], status="SHIPPED"))
    assert (end.outcome, end.status) == (Outcome.NOT_CANCELLED, "SHIPPED")


def test_row_63_half_of_the_fleet_is_old() -> None:
    """Old servers show no version: their word is no proof, the next one's is."""
    old, new = ok(view("CANCELLED", version=None)), None
    end = play(Server(puts=[Put(says=old)], gets=[old, new]))
    assert (end.outcome, end.verified, end.history.sends) == (Outcome.CANCELLED, True, 1)
    all_old = play(Server(puts=[Put(says=old)], gets=[old]))
    assert all_old.outcome is Outcome.UNKNOWN


def test_nothing_is_sent_again_after_a_refusal_that_follows_a_doubt() -> None:
    """In doubt, then refused: the read-back decides, and there is no third send."""
    refused = Put(effect=None, says=said(400, "bad state"))
    end = play(Server(puts=[Put(says=LOST), refused], gets=[NO_GET, None]))
    assert (end.outcome, end.verified, end.history.sends) == (Outcome.CANCELLED, True, 2)
    never = play(Server(puts=[Put(effect=None, says=LOST), refused], gets=[NO_GET, None]))
    assert (never.outcome, never.history.sends) == (Outcome.UNKNOWN, 2)


def test_time_is_a_limit_too() -> None:
    """After `max_time` nothing is sent again, however many attempts are left."""
    policy = Policy(max_attempts=100, max_time=200.0)
    server = Server(puts=[Put(effect=None, says=TIMEOUT, takes=30.0)])
    end = play(server, policy=policy)
    assert end.outcome is Outcome.UNKNOWN
    assert server.put_times[-1] - (server.put_times[0] + 30.0) < policy.max_time
