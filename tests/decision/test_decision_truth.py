"""A truthful server behind a bad line: what is reported never contradicts its ledger."""

from __future__ import annotations

from dataclasses import dataclass, field

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
    open_settlement,
)
from bulkcancel.model import (
    AllocationView,
    Answer,
    ApiMessage,
    Body,
    Foreign,
    NoAnswer,
    NoAnswerCause,
    NotSent,
    NotSentCause,
    Observation,
    OneAllocation,
    Outcome,
    Settlement,
    SeveralAllocations,
)

ASKED = "62ff5c0bec0aed3c86202c32"
LATEST = 50.0
"""No send takes effect later than that, in seconds."""
ACTIVE = ("ALLOCATED", "PENDING_DROP", "PENDING_PICK")
NEVER_OF_OURS = {
    Outcome.FAILED,
    Outcome.NOT_FOUND,
    Outcome.REJECTED,
    Outcome.NOT_CANCELLED,
    Outcome.NOT_ATTEMPTED,
}


def said(http_status: int, text: str, code: str | None = None) -> Answer:
    """Return an answer in the API's own error shape."""
    return Answer(http_status=http_status, body=ApiMessage(text=text, code=code))


def other(http_status: int, body: Body, retry_after: float | None = None) -> Answer:
    """Return any answer."""
    return Answer(http_status=http_status, body=body, retry_after=retry_after)


def one(status: str, version: int | None = 1, shown_id: str = ASKED) -> OneAllocation:
    """Return a body that shows one allocation."""
    shown = AllocationView(allocation_id=shown_id, status=status, version=version)
    return OneAllocation(view=shown)


HTML = Foreign(kind="html")
EITHER_WAY: list[Observation] = [
    *(NoAnswer(cause=cause) for cause in NoAnswerCause),
    *(other(status, HTML) for status in (408, 500, 502, 503, 504, 524)),
    said(500, "Internal Server Error"),
    other(200, HTML),
    other(200, SeveralAllocations(count=0)),
    other(200, SeveralAllocations(count=2)),
    other(200, one("CANCELLED", version=None)),
    other(200, one("CANCELLED", shown_id="b" * 24)),
    other(200, one("ALLOCATED")),
    other(404, HTML),
]
"""What may come back whether the send took effect or not."""
NOT_TAKEN: list[Observation] = [
    *(NotSent(cause=cause) for cause in NotSentCause),
    other(429, HTML),
    other(429, HTML, 5.0),
    other(503, HTML, 5.0),
    said(401, "token expired"),
    said(403, "token expired"),
    said(403, "not yours"),
    said(400, "bad"),
    other(421, HTML),
    said(409, "modified by another request", "SERVICE-4006"),
    said(500, "please resubmit", "SERVICE-4006"),
    other(302, HTML),
]
"""What comes back only if the send took no effect."""
PASSING_READS: list[Observation] = [
    NoAnswer(cause=NoAnswerCause.TIMEOUT),
    NotSent(cause=NotSentCause.REFUSED),
    other(500, HTML),
    other(429, HTML, 3.0),
    other(200, HTML),
    other(200, one("ALLOCATED", version=None)),
]
FAILED_READS: list[Observation] = [
    *PASSING_READS,
    said(401, "token expired"),
    said(403, "not for you"),
    said(400, "Invalid x-site-context: account not found"),
    other(404, HTML),
    other(200, one("ALLOCATED", shown_id="b" * 24)),
]
"""How a read fails: it never lies."""


@dataclass(slots=True, kw_only=True)
class World:
    """One allocation at the server, and the ledger. ``status`` is ``None`` if it is not there.

    ``events`` are the changes to come, (time, status, whether it is by a send of ours); a
    cancellation takes effect only on an active allocation.
    """

    status: str | None
    events: list[tuple[float, str, bool]] = field(default_factory=list)
    version: int = 1
    by_us: bool = False
    puts: int = 0

    def go_to(self, now: float) -> None:
        """Let everything happen that is due."""
        for event in sorted(one for one in self.events if one[0] <= now):
            self.events.remove(event)
            _, status, ours = event
            if self.status in ACTIVE:
                self.status, self.version = status, self.version + 1
                self.by_us |= ours and status == "CANCELLED"

    def put(self, draw: st.DataObject, now: float, *, faulty: bool) -> Observation:
        """Take a PUT; all that is uncertain about it is drawn."""
        self.go_to(now)
        if faulty and draw.draw(st.booleans(), label="not taken"):
            seen = draw.draw(st.sampled_from(NOT_TAKEN), label="answer")
            self.puts += not isinstance(seen, NotSent)
            return seen
        self.puts += 1
        if self.status in ACTIVE:
            late = draw.draw(st.sampled_from([0.0, 0.0, 1.0, 20.0, LATEST])) if faulty else 0.0
            self.events.append((now + late, "CANCELLED", True))
            before = self.status
            self.go_to(now)
            truth = other(200, one(self.status or before, self.version))
        elif self.status is None:
            truth = said(404, "AllocationRequestId Not Found/Valid")
        elif self.status == "CANCELLED":
            truths = [said(status, "already cancelled") for status in (400, 409, 500)]
            truth = draw.draw(st.sampled_from([*truths, other(200, one("CANCELLED"))]))
        else:
            truth = said(409, f"it is {self.status}", "ALLOCATION-2003")
        if faulty and draw.draw(st.booleans(), label="garbled"):
            return draw.draw(st.sampled_from(EITHER_WAY), label="answer")
        return truth

    def get(self, now: float) -> Observation:
        """Return the truth."""
        self.go_to(now)
        if self.status is None:
            return said(400, "AllocationRequestId Not Found/Valid")
        return other(200, one(self.status, self.version))


def agrees(settled: Settlement, world: World, now: float) -> None:
    """Hold a settlement against the ledger (I2, I3, I4), late effects included."""
    if settled.outcome in {Outcome.CANCELLED, Outcome.ALREADY_CANCELLED}:
        assert world.status == "CANCELLED"
    if settled.outcome is Outcome.NOT_ATTEMPTED:
        assert world.puts == 0
    world.go_to(now + LATEST)
    assert not (world.by_us and settled.outcome in NEVER_OF_OURS), settled


def turn(
    what: Send | Read,
    history: History,
    seen: Observation,
    *,
    policy: Policy,
    sent_at: float,
    now: float,
    chance: float,
) -> Step:
    """Return the step after a send or a read."""
    if isinstance(what, Send):
        return after_send(
            history, ASKED, seen, policy=policy, sent_at=sent_at, now=now, chance=chance
        )
    return after_read(history, ASKED, seen, policy=policy, now=now, chance=chance)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    draw=st.data(),
    status=st.sampled_from([*ACTIVE, "SHIPPED", "CANCELLED", "PARTIALLY_CANCELLED", None]),
    meanwhile=st.none()
    | st.tuples(
        st.floats(0.0, 300.0), st.sampled_from(["SHIPPED", "CANCELLED"]), st.just(value=False)
    ),
    faults=st.integers(0, 8),
    chance=st.floats(0.0, 1.0, exclude_max=True),
    read_first=st.booleans(),
)
def test_no_word_ever_contradicts_the_ledger(
    draw: st.DataObject,
    status: str | None,
    meanwhile: tuple[float, str, bool] | None,
    faults: int,
    chance: float,
    *,
    read_first: bool,
) -> None:
    """Replies lost or garbled, effects up to 50 s late, others at work: I2, I3 and I4 hold.

    They hold for the outcome, and for the provisional word at any moment where the run stops.
    """
    world = World(status=status, events=[] if meanwhile is None else [meanwhile])
    policy, history, now = Policy(), History(), 0.0
    what: Send | Read = Read(after=0.0) if read_first else Send(after=0.0)
    for turns in range(300):
        now += what.after
        sent_at, faulty = now, turns < faults
        if isinstance(what, Send):
            seen = world.put(draw, now, faulty=faulty)
        elif faulty and draw.draw(st.booleans(), label="read fails"):
            seen = draw.draw(st.sampled_from(FAILED_READS), label="read")
        else:
            seen = world.get(now)
        now += draw.draw(st.sampled_from([0.0, 0.1, 5.0, 30.0]), label="took") if faulty else 0.1
        world.go_to(now)
        step = turn(what, history, seen, policy=policy, sent_at=sent_at, now=now, chance=chance)
        history = step.history
        match step.next:
            case Settle(settlement=settled):
                agrees(settled, world, now)
                return
            case Halt(then=then):
                what = then
            case Send() | Read() as what:
                pass
        if draw.draw(st.integers(0, 19), label="the run stops") == 0:
            agrees(open_settlement(history), world, now)
            return
    raise AssertionError("it never ends")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(draw=st.data(), chance=st.floats(0.0, 1.0, exclude_max=True))
def test_it_ends_cancelled_where_the_server_heals_in_time(
    draw: st.DataObject, chance: float
) -> None:
    """With at most three bad sends and five passing bad reads, it ends cancelled, not unknown."""
    world = World(status="ALLOCATED")
    policy, history, now = Policy(), History(), 0.0
    what: Send | Read = Send(after=0.0)
    lost: list[Observation] = [
        NoAnswer(cause=NoAnswerCause.TIMEOUT),
        other(502, HTML),
        said(500, "broken"),
    ]
    bad_sends, bad_reads = 3, 5
    while True:
        now += what.after
        sent_at = now
        if isinstance(what, Read):
            seen = world.get(now)
            if bad_reads and draw.draw(st.booleans()):
                seen, bad_reads = draw.draw(st.sampled_from(PASSING_READS)), bad_reads - 1
        elif bad_sends and draw.draw(st.booleans()):
            bad_sends -= 1
            seen = draw.draw(st.sampled_from(lost))
            if draw.draw(st.booleans(), label="takes effect all the same"):
                world.put(draw, now, faulty=False)
            else:
                world.puts += 1
        else:
            seen = world.put(draw, now, faulty=False)
        now += 0.5
        step = turn(what, history, seen, policy=policy, sent_at=sent_at, now=now, chance=chance)
        history = step.history
        assert not isinstance(step.next, Halt)
        if isinstance(step.next, Settle):
            break
        what = step.next
    assert step.next.settlement.outcome is Outcome.CANCELLED
    assert world.status == "CANCELLED"
    assert world.by_us
    assert history.sends == world.puts
