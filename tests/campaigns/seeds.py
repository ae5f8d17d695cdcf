"""Whole runs in virtual time: seeded mixes of faults over the pure core, held against a ledger."""

from __future__ import annotations

import argparse
import heapq
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import assert_never

from changing import replace

if __name__ == "__main__":  # as a script it has no pytest that finds what is shared
    sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from truthful import ACTIVE, NEVER_OF_OURS, OURS, Allocation, Line

from bulkcancel.breaker import Breaker, BreakerOptions, BreakerState, RetryQuota
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
from bulkcancel.journal import Case, What
from bulkcancel.model import Kind, Observation, Outcome, Settlement
from bulkcancel.pacing import Pacer, PacerOptions
from bulkcancel.runner.gate import verdict_of
from bulkcancel.runner.noted import close_cut_off

_LATENESS = 0.011
"""A late send may be made up for by so much: the pacer's own allowance, and rounding."""
_MOST_SEGMENTS = 400
_MOST_EVENTS = 50_000


class Violation(Exception):  # noqa: N818 - it is a finding, not a programming error
    """An invariant does not hold."""


@dataclass(slots=True, kw_only=True)
class Plan:
    """What a seed stands for."""

    policy: Policy
    pacer: PacerOptions
    breaker: BreakerOptions
    concurrency: int
    precheck: bool
    crash_share: float
    line: Line
    allocations: list[Allocation]


def draw_plan(seed: int) -> Plan:
    """Return the plan of a seed; the same seed gives the same plan and the same run."""
    chance = Random(seed)
    first = chance.choice((0.5, 2.0, 5.0))
    policy = Policy(
        max_attempts=chance.randrange(1, 6),
        wait_initial=chance.choice((0.1, 0.5, 2.0)),
        wait_max=chance.choice((2.0, 30.0)),
        verify_after=(first, first * chance.choice((2.0, 12.0))),
        max_time=chance.choice((60.0, 900.0)),
    )
    heals = chance.choice((0.0, 20.0, 300.0, 1500.0))
    begins = chance.uniform(0.0, 60.0)
    lasts = chance.choice((0.0, 0.0, 0.0, 15.0, 200.0, 1200.0))
    line = Line(
        chance=chance,
        bad=chance.choice((0.0, 0.05, 0.3, 0.7)),
        heals=heals,
        outage=(begins, begins + lasts),
        # A later effect than that can't be told from none: the schedule of reads says how patient
        # the operator wants the program to be.
        latest=policy.verify_after[-1] * 0.8,
        readable=chance.random() < 0.85,
    )
    return Plan(
        policy=policy,
        pacer=PacerOptions(
            rate=chance.choice((0.5, 5.0, 50.0)),
            fixed=chance.random() < 0.2,
            known=chance.choice((None, 20.0)),
        ),
        breaker=BreakerOptions(),
        concurrency=chance.randrange(1, 9),
        precheck=chance.random() < 0.3,
        crash_share=chance.choice((0.0, 0.0, 0.01, 0.1)),
        line=line,
        allocations=[_allocation(number, chance) for number in range(1, chance.randrange(2, 30))],
    )


def _allocation(number: int, chance: Random) -> Allocation:
    rare = ("SHIPPED", "CANCELLED", "PARTIALLY_CANCELLED", None)
    status = chance.choice(ACTIVE if chance.random() < 0.8 else rare)
    one = Allocation(allocation_id=f"{number:024x}", status=status)
    if chance.random() < 0.1:
        at, becomes = chance.uniform(0.0, 300.0), chance.choice(("SHIPPED", "CANCELLED"))
        one.events.append((at, becomes, False))
        one.muddied = one.blurred = True
    return one


@dataclass(slots=True, kw_only=True)
class Record:
    """What the journal would hold of an allocation."""

    case: Case
    cut_off_at: float | None = None
    settled: Settlement | None = None
    crashes: int = 0


@dataclass(slots=True, kw_only=True)
class Result:
    """What a run came to."""

    seconds: float
    segments: int
    crashes: int
    requests: int
    outcomes: Counter[Outcome] = field(default_factory=Counter)


@dataclass(order=True, slots=True)
class _Flight:
    """A request under way."""

    answered_at: float
    number: int
    row: int = field(compare=False)
    sent_at: float = field(compare=False)
    what: What = field(compare=False)
    seen: Observation = field(compare=False)


def _breakers(options: BreakerOptions) -> dict[What, Breaker]:
    return {what: Breaker(options) for what in What}


class Simulation:
    """One seed's run, resumed until all is settled."""

    def __init__(self, plan: Plan, *, verbose: bool = False) -> None:
        self._plan = plan
        self._chance = plan.line.chance
        self._verbose = verbose
        self._now = 0.0
        self._requests = 0
        self._crashes = 0
        self._pacer, self._breakers = Pacer(plan.pacer), _breakers(plan.breaker)
        self._probes: dict[What, int] = {}
        self._fresh_probe = True
        self._quota = RetryQuota()
        self._last_request = self._hold_until = float("-inf")
        self._flying: list[_Flight] = []
        self._stopping = self._died = False
        self._truth = dict(enumerate(plan.allocations, start=2))
        self._records = {
            row: Record(case=self._fresh(row, one.allocation_id))
            for row, one in self._truth.items()
        }

    def _fresh(self, row: int, allocation_id: str) -> Case:
        what = What.READ if self._plan.precheck else What.SEND
        return Case(row=row, allocation_id=allocation_id, history=History(), what=what)

    def run(self) -> Result:
        """Run to the end.

        Raises:
            Violation: An invariant does not hold.
        """
        segments = 0
        while any(record.settled is None for record in self._records.values()):
            segments += 1
            if segments > _MOST_SEGMENTS:
                raise Violation(f"not settled after {_MOST_SEGMENTS} resumes")
            self._segment()
            self._hold_provisional()
            # The next night, or a moment later.
            self._now += self._chance.choice((1.0, 60.0, 3600.0))
        self._hold_final()
        self._hold_time(segments)
        outcomes = Counter(
            record.settled.outcome for record in self._records.values() if record.settled
        )
        return Result(
            seconds=self._now,
            segments=segments,
            crashes=self._crashes,
            requests=self._requests,
            outcomes=outcomes,
        )

    def _segment(self) -> None:
        """Start or resume, and work until all is settled, the run stops, or the process dies."""
        self._pacer, self._breakers = Pacer(self._plan.pacer), _breakers(self._plan.breaker)
        self._probes = {}
        self._quota = RetryQuota()
        self._last_request = float("-inf")
        # A resume is another process, which nobody told to wait.
        self._hold_until = float("-inf")
        self._died = False
        self._flying = []
        self._stopping = False
        for record in self._records.values():
            self._take_up(record)
        for _ in range(_MOST_EVENTS):
            if self._start_one():
                if self._dies():
                    return
                continue
            moment = self._next_moment()
            if moment is None:
                return
            self._now = max(self._now, moment)
            if self._flying and self._flying[0].answered_at <= self._now:
                flight = heapq.heappop(self._flying)
                if self._dies(flight):
                    return
                self._land(flight)
        raise Violation("it goes round in circles")

    def _take_up(self, record: Record) -> None:
        """Do what a resume does with an open case."""
        if record.settled is not None:
            return
        record.case = replace(record.case, history=replace(record.case.history, began=None))
        if record.cut_off_at is not None:
            case = replace(record.case, due=record.cut_off_at, cut_off=True)
            record.case, _ = close_cut_off(
                case,
                policy=self._plan.policy,
                now=self._now,
                steady=self._now,
                chance=self._chance.random(),
            )
            record.cut_off_at = None
            self._say(record, "was cut off")

    def _idle(self) -> list[Case]:
        flying = {flight.row for flight in self._flying}
        return [
            record.case
            for row, record in self._records.items()
            if record.settled is None and row not in flying
        ]

    def _start_one(self) -> bool:
        """Send what is due if gate and pool let it; say whether one went."""
        full = len(self._flying) >= self._plan.concurrency
        if self._stopping or full:
            return False
        open_to = {what for what, one in self._breakers.items() if one.wait(self._now) == 0.0}
        due = [one for one in self._idle() if one.due <= self._now and one.what in open_to]
        if not due or self._pacer.hold(self._now, len(self._flying)).seconds > 0.0:
            return False
        case = min(due, key=self._turn)
        if self._breakers[case.what].state is BreakerState.OPEN:
            self._breakers[case.what].passed()
            self._probes[case.what] = case.row
            self._fresh_probe = not self._fresh_probe
        self._pacer.sent(self._now)
        self._hold_pace()
        self._fly(case)
        return True

    def _turn(self, case: Case) -> tuple[bool, bool, float, int]:
        """Return when it is a case's turn: reads, then sends; every other probe is a fresh one."""
        fresh = case.history == History() and case.intents == 0
        probe = self._breakers[case.what].state is BreakerState.OPEN
        return (
            not (fresh and probe and self._fresh_probe),
            case.what is What.SEND,
            case.due,
            case.row,
        )

    def _fly(self, case: Case) -> None:
        one, line = self._truth[case.row], self._plan.line
        record = self._records[case.row]
        self._requests += 1
        if case.what is What.SEND:
            # The intent is on the disk; what dies from here on is cut off.
            record.case = replace(case, intents=case.intents + 1)
            record.cut_off_at = self._now
            if self._plan.crash_share and self._chance.random() < self._plan.crash_share / 4:
                self._crash()
                return
        seen = line.put(one, self._now) if case.what is What.SEND else line.get(one, self._now)
        flight = _Flight(
            self._now + line.took(self._now),
            self._requests,
            row=case.row,
            sent_at=self._now,
            what=case.what,
            seen=seen,
        )
        heapq.heappush(self._flying, flight)

    def _next_moment(self) -> float | None:
        moments = [self._flying[0].answered_at] if self._flying else []
        if not self._stopping and len(self._flying) < self._plan.concurrency:
            for what, breaker in self._breakers.items():
                shut = breaker.wait(self._now)
                dues = [case.due for case in self._idle() if case.what is what]
                if dues and shut is not None:
                    pace = self._pacer.hold(self._now, len(self._flying)).seconds
                    rest = max(shut, pace)
                    # A hair later: a wait added to a time may round down to just before it.
                    moments.append(max(min(dues), self._now + rest) + 1e-6)
        return min(moments) if moments else None

    def _dies(self, flight: _Flight | None = None) -> bool:
        """Say whether the process has died; an answer that just came is then lost with it."""
        if flight is not None and self._chance.random() < self._plan.crash_share:
            self._crash()
        return self._died

    def _crash(self) -> None:
        self._crashes += 1
        self._died = True
        for row, record in self._records.items():
            if record.cut_off_at is not None:
                record.crashes += 1
                self._truth[row].muddied = True
        self._flying = []

    def _land(self, flight: _Flight) -> None:
        """Decide on an answer, and write it down."""
        record, one = self._records[flight.row], self._truth[flight.row]
        one.go_to(self._now)
        step = self._step(record.case, flight)
        finding, history = step.finding, step.history
        self._pacer.answered(
            verdict_of(finding),
            sent_at=flight.sent_at,
            now=self._now,
            retry_after=finding.retry_after,
        )
        if finding.retry_after is not None:
            self._hold_until = max(self._hold_until, self._now + finding.retry_after)
        self._note(flight, finding.kind, finding.reason)
        if finding.kind is Kind.UNAUTHORIZED and self._chance.random() < 0.5:
            self._stopping = True
        record.cut_off_at = None
        self._hold_limits(history, one, flight)
        self._follow(record, step)
        self._say(record, f"{flight.what} -> {finding.kind}: {finding.reason}; {step.next}")

    def _note(self, flight: _Flight, kind: Kind, reason: str) -> None:
        """Tell the breaker of the flight's sort, as the gate does."""
        breaker = self._breakers[flight.what]
        of_probe = self._probes.get(flight.what) == flight.row
        if breaker.note(kind, reason, self._now, of_probe=of_probe) is not None:
            self._stopping = True
        if of_probe:
            del self._probes[flight.what]
        for other in self._breakers.values():
            other.reached |= breaker.reached

    def _step(self, case: Case, flight: _Flight) -> Step:
        policy, chance = self._plan.policy, self._chance.random()
        if flight.what is What.READ:
            return after_read(
                case.history, case.allocation_id, flight.seen,
                policy=policy, now=self._now, chance=chance,
            )  # fmt: skip
        return after_send(
            case.history, case.allocation_id, flight.seen,
            policy=policy, sent_at=flight.sent_at, now=self._now, chance=chance,
        )  # fmt: skip

    def _follow(self, record: Record, step: Step) -> None:
        following = step.next
        match following:
            case Settle(settlement=settled):
                record.case = replace(record.case, history=step.history)
                record.settled = settled
                if self._breakers[What.SEND].settled(settled.outcome, settled.reason) is not None:
                    self._stopping = True
                self._quota.earn()
                self._hold_outcome(record, settled)
                return
            case Halt(then=then):
                self._stopping = True
            case Send() | Read():
                then = following
            case _:
                assert_never(following)
        wait = then.after
        if not self._quota.spend(step.finding.kind):
            wait = max(wait, self._plan.policy.wait_max)
        what = What.SEND if isinstance(then, Send) else What.READ
        record.case = replace(record.case, history=step.history, what=what, due=self._now + wait)

    def _hold_pace(self) -> None:
        gap = self._now - self._last_request
        self._last_request = self._now
        if gap < 1.0 / self._plan.pacer.rate - _LATENESS:
            raise Violation(f"two requests {gap:.4f} s apart, the ceiling is {self._plan.pacer}")
        if self._now < self._hold_until:
            raise Violation("I9: a request within a Retry-After")

    def _hold_limits(self, history: History, one: Allocation, flight: _Flight) -> None:
        if flight.what is What.SEND and history.spent > self._plan.policy.max_attempts:
            raise Violation(f"{history.spent} sends spent of {self._plan.policy.max_attempts}")
        if one.costly > self._plan.policy.max_attempts:
            raise Violation(f"{one.costly} PUTs of {self._plan.policy.max_attempts}")
        crashes = self._records[flight.row].crashes
        if not one.puts <= history.sends <= one.puts + crashes:
            raise Violation(f"I5: {history.sends} sends noted, {one.puts} PUTs, {crashes} crashes")

    def _hold_outcome(self, record: Record, settled: Settlement) -> None:
        one, history = self._truth[record.case.row], record.case.history
        words = f"{settled.outcome} ({settled.reason}), but at the server {one}"
        if settled.outcome in OURS and one.status != "CANCELLED":
            raise Violation(f"I2: {words}")
        if settled.outcome in NEVER_OF_OURS and one.in_the_end().by_us:
            raise Violation(f"I3: {words}")
        if settled.outcome is Outcome.NOT_ATTEMPTED:
            raise Violation(f"I4: settled as {words}")
        if settled.outcome is not Outcome.UNKNOWN:
            return
        policy = self._plan.policy
        used_up = history.spent >= policy.max_attempts or not history.may_resend
        late = history.began is not None and self._now - history.began >= policy.max_time
        if not one.muddied or not (one.blurred or used_up or late):
            raise Violation(f"unknown without need: {words}")

    def _hold_provisional(self) -> None:
        """Hold the word that a report would have now on each open allocation."""
        for row, record in self._records.items():
            if record.settled is not None or record.cut_off_at is not None:
                continue
            word = open_settlement(record.case.history)
            one = self._truth[row]
            if word.outcome is Outcome.NOT_ATTEMPTED and one.puts:
                raise Violation(f"I4: {word}, but {one}")
            if word.outcome in NEVER_OF_OURS and one.in_the_end().by_us:
                raise Violation(f"I3: {word}, but {one}")

    def _hold_final(self) -> None:
        for row, record in self._records.items():
            one = self._truth[row].in_the_end()
            settled = record.settled
            if settled is None:
                raise Violation(f"I1: {one} has no outcome")
            if settled.outcome in NEVER_OF_OURS and one.by_us:
                raise Violation(f"I3: {settled}, but in the end {one}")

    def _hold_time(self, segments: int) -> None:
        """Hold the time against a generous bound: nothing may wait for ever."""
        plan, policy = self._plan, self._plan.policy
        line = max(plan.line.heals, plan.line.outage[1])
        one_send = sum(policy.verify_after) + 8 * policy.verify_after[0] + policy.wait_max + 60.0
        queue = self._requests / plan.pacer.rate
        stopped = segments * (3600.0 + policy.max_time + plan.breaker.probe_most + 60.0)
        bound = line + queue + stopped + (policy.max_attempts + self._crashes + 2) * one_send
        if self._now > bound:
            raise Violation(f"it took {self._now:.0f} s of virtual time, more than {bound:.0f}")

    def _say(self, record: Record, words: str) -> None:
        if self._verbose:
            sys.stdout.write(f"{self._now:10.3f} row {record.case.row}: {words}\n")


def run_seed(seed: int, *, verbose: bool = False) -> Result:
    """Run one seed.

    Raises:
        Violation: An invariant does not hold.
    """
    plan = draw_plan(seed)
    if verbose:
        sys.stdout.write(f"{plan}\n")
    return Simulation(plan, verbose=verbose).run()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run seeds from the command line; return 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=10_000)
    parser.add_argument("--verbose", action="store_true", help="every step of every run")
    given = parser.parse_args(arguments)
    failed, sums, outcomes = 0, Counter[str](), Counter[Outcome]()
    for seed in range(given.first, given.first + given.seeds):
        try:
            result = run_seed(seed, verbose=given.verbose)
        except (Violation, AssertionError) as error:
            failed += 1
            again = f"--first {seed} --seeds 1 --verbose"
            sys.stdout.write(f"seed {seed} ({again}): {error}\n")
            continue
        outcomes += result.outcomes
        sums.update(segments=result.segments, crashes=result.crashes, requests=result.requests)
    sys.stdout.write(
        f"{given.seeds} seeds from {given.first}: {failed} violations; {outcomes.total()} "
        f"allocations, {sums['requests']} requests, {sums['crashes']} crashes, "
        f"{sums['segments']} starts; "
        + ", ".join(f"{count} {outcome.value}" for outcome, count in outcomes.most_common())
        + "\n"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
