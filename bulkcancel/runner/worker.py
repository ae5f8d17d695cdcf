"""One allocation's way through: intent, gate, send, decision, journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import assert_never

from msgspec.structs import replace
from structlog.typing import FilteringBoundLogger

from bulkcancel.breaker import RetryQuota
from bulkcancel.client import Exchange
from bulkcancel.decision import (
    Finding,
    Halt,
    Read,
    Send,
    Settle,
    Step,
    after_read,
    after_send,
)
from bulkcancel.errors import BulkcancelError
from bulkcancel.journal import (
    Case,
    Entry,
    Intent,
    OutcomeEntry,
    WaitEntry,
    What,
)
from bulkcancel.model import (
    BREAKS,
    Answer,
    Kind,
    NotSent,
    Outcome,
    Settlement,
)
from bulkcancel.runner.api import Api
from bulkcancel.runner.backlog import Backlog
from bulkcancel.runner.clock import Clock
from bulkcancel.runner.desk import Desk
from bulkcancel.runner.gate import Gate
from bulkcancel.runner.halting import halt, where, without_token
from bulkcancel.runner.noted import attempt_entry, read_entry, withdrawal
from bulkcancel.runner.options import PoolOptions
from bulkcancel.runner.stop import Stop, StopKind

_A_MOMENT = 0.02
"""So many seconds after a look at the token no second one is needed."""
_LOUD = 20
"""So many breaks of one outcome are logged as warnings; a flood of them says nothing more."""


class Worker:
    """Takes cases from the backlog and carries each one step further; `run` is one worker's life.

    The pool runs it many times over at once; the counters are common to all.
    """

    def __init__(
        self,
        *,
        api: Api,
        desk: Desk,
        gate: Gate,
        backlog: Backlog,
        options: PoolOptions,
        clock: Clock,
        chance: Callable[[], float],
        log: FilteringBoundLogger,
        stop: Callable[[Stop], None],
        settled: Mapping[Outcome, int],
    ) -> None:
        self._api = api
        self._desk = desk
        self._gate = gate
        self._backlog = backlog
        self._policy = options.policy
        self._clock = clock
        self._chance = chance
        self._log = log
        self._stop = stop
        self._max_failures = options.max_failures
        self._quota = RetryQuota()
        self.settled: dict[Outcome, int] = dict(settled)
        self.sent = 0
        self.reads = 0

    async def run(self) -> None:
        """Work until there is nothing left or the run stops."""
        while True:
            try:
                if (case := await self._backlog.next()) is None:
                    return
            except BulkcancelError as error:
                self._stop(Stop(kind=StopKind.JOURNAL, sentence=str(error)))
                return
            try:
                match case.what:
                    case What.SEND:
                        await self._send(case)
                    case What.READ:
                        await self._read(case)
                    case _:
                        assert_never(case.what)
            except BulkcancelError as error:
                self._stop(Stop(kind=StopKind.JOURNAL, sentence=str(error)))
            finally:
                self._backlog.done()

    async def _send(self, case: Case) -> None:
        at, number = self._clock.steady(), case.intents + 1
        if not self._api.tokens.is_at_hand(at) and not await self._has_token():
            self._backlog.later(self._clock.steady(), case)
            return
        case = replace(case, intents=number)
        await self._desk.write(Intent(row=case.row, number=number, at=self._clock.utc()))
        if not await self._may_go(case.row, What.SEND, at):
            self._withdraw(case)
            return
        sent_at = self._clock.utc()
        exchange = await self._api.cancel(case.allocation_id)
        now = self._clock.utc()
        step = after_send(
            case.history,
            case.allocation_id,
            exchange.observation,
            policy=self._policy,
            sent_at=sent_at,
            now=self._clock.steady(),
            chance=self._chance(),
        )
        self.sent += not isinstance(exchange.observation, NotSent)
        entry = attempt_entry(case, exchange, step, now)
        self._follow(case, exchange, step, entry, now)

    async def _read(self, case: Case) -> None:
        at = self._clock.steady()
        if not await self._has_token() or not await self._may_go(case.row, What.READ, at):
            self._backlog.later(self._clock.steady(), case)
            return
        exchange = await self._api.read(case.allocation_id)
        now = self._clock.utc()
        step = after_read(
            case.history,
            case.allocation_id,
            exchange.observation,
            policy=self._policy,
            now=self._clock.steady(),
            chance=self._chance(),
        )
        self.reads += 1
        entry = read_entry(case.row, step.finding, at=now, elapsed=exchange.elapsed)
        self._follow(case, exchange, step, entry, now)

    async def _has_token(self) -> bool:
        """Return true when there is a token to send with; else the run stops."""
        if await self._api.tokens.ready():
            return True
        self._stop(without_token(self._api.tokens))
        return False

    async def _may_go(self, row: int, what: What, at: float) -> bool:
        """Return true when a send may go now, with a token that was good at ``at``, in time.

        A wait at the gate may outlast the token.
        """
        if (passes := self._gate.passes(row, what)) is None:
            passes = await self._gate.enter(row, what)
        if not passes:
            return False
        if self._clock.steady() - at < _A_MOMENT or await self._has_token():
            return True
        self._gate.left(row)
        return False

    def _follow(self, case: Case, exchange: Exchange, step: Step, entry: Entry, now: float) -> None:
        """Note what was learned and what follows, then do it.

        Nobody waits until that is on the disk: what is lost with the process is an attempt without
        an answer, which is read back. Only an intent has to be there before its send.
        """
        finding = step.finding
        self._take_in(case, exchange, finding, step)
        match step.next:
            case Settle(settlement=settled):
                done = OutcomeEntry(
                    row=case.row,
                    settled_at=now,
                    settlement=settled,
                    history=step.history,
                    waited=case.waited,
                )
                self._desk.put(entry, done)
                self._count_settled(case, step, settled)
            case Send(after=wait) | Read(after=wait):
                what = What.SEND if isinstance(step.next, Send) else What.READ
                if not self._quota.spend(finding.kind):
                    wait = max(wait, self._policy.wait_max)
                self._put_back(case, step, entry, what, wait)
            case Halt(then=then):
                what = What.SEND if isinstance(then, Send) else What.READ
                self._put_back(case, step, entry, what, then.after)
            case _:
                assert_never(step.next)

    def _take_in(self, case: Case, exchange: Exchange, finding: Finding, step: Step) -> None:
        """Let the gate and the token's keeper know of an answer; the run stops if it has to."""
        seen = exchange.observation
        allowance = seen.allowance if isinstance(seen, Answer) else None
        stop = self._gate.note(case.row, case.what, finding, allowance)
        if finding.kind is Kind.UNAUTHORIZED:
            # From here on nobody sends with this token; whoever is next sees to a newer one.
            if not self._api.tokens.refused(exchange.token_number, where(case, finding.reason)):
                stop = without_token(self._api.tokens)
        elif (
            isinstance(seen, Answer)
            and HTTPStatus.OK <= seen.http_status < HTTPStatus.MULTIPLE_CHOICES
        ):
            self._api.tokens.accepted(exchange.token_number)
        if isinstance(step.next, Halt):
            stop = stop or halt(step.next.kind, step.next.reason, case)
        if stop is not None:
            # At once: while this is written down others must not pass the gate.
            self._stop(stop)

    def _count_settled(self, case: Case, step: Step, settled: Settlement) -> None:
        """Count an outcome that was written down; the run stops if there are too many bad ones."""
        self.settled[settled.outcome] = self.settled.get(settled.outcome, 0) + 1
        self._quota.earn()
        stop = self._gate.settled(settled.outcome, settled.reason)
        if (words := self._max_failures.passed(self.settled)) is not None:
            stop = stop or Stop(kind=StopKind.FAILURES, sentence=words)
        if stop is not None:
            self._stop(stop)
        self._say_settled(case, step, settled.outcome, settled.reason)

    def _put_back(self, case: Case, step: Step, entry: Entry, what: What, wait: float) -> None:
        due = self._clock.utc() + wait
        waits = WaitEntry(row=case.row, what=what, due=due, history=step.history)
        self._desk.put(entry, waits)
        self._requeue(case, step, waits, wait)

    def _requeue(self, case: Case, step: Step, waits: WaitEntry, wait: float) -> None:
        what = waits.what
        later = replace(case, history=step.history, what=what, due=waits.due, waited=True)
        self._backlog.later(self._clock.steady() + wait, later)
        self._log.debug(
            "retry.scheduled" if what is What.SEND else "read_back.scheduled",
            allocation_id=case.allocation_id,
            row=case.row,
            after=round(wait, 3),
            reason=step.finding.reason,
        )

    def _withdraw(self, case: Case) -> None:
        """Close an intent for which no byte left, and put the case back."""
        self._desk.put(*withdrawal(case, self._clock.utc()))
        self._backlog.later(self._clock.steady(), replace(case, waited=True))

    def _say_settled(self, case: Case, step: Step, outcome: Outcome, reason: str) -> None:
        loud = outcome in BREAKS and self.settled[outcome] <= _LOUD
        say = self._log.warning if loud else self._log.debug
        say(
            "allocation.settled",
            allocation_id=case.allocation_id,
            row=case.row,
            outcome=outcome.value,
            attempts=step.history.sends,
            reason=reason,
        )
        if loud and self.settled[outcome] == _LOUD:
            self._log.warning("allocation.more_to_come", outcome=outcome.value, see="breaks.csv")
