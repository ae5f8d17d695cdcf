"""Several allocations in one cancel: one intent and one attempt each, one request for all."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from bulkcancel.breaker import Batches
from bulkcancel.client import Exchange
from bulkcancel.client.several import LONGEST_LIST
from bulkcancel.decision import BatchStep, Doubt, Halt, Read, Send, Settle, Step, after_batch
from bulkcancel.journal import Case, Entry, Intent, OutcomeEntry, WaitEntry, What
from bulkcancel.model import NotSent
from bulkcancel.runner.noted import attempt_entry, withdrawal
from bulkcancel.runner.worker import Worker


class BatchWorker(Worker):
    """A worker that sends what was never sent together, and all else alone.

    It takes up to ``ids_per_request`` cases that are due at the moment, and never waits for more.
    The gate lets them through as one request, and is told of one answer.
    """

    def __init__(self, *, ids_per_request: int, **others: Any) -> None:
        super().__init__(**others)
        self._batches = Batches(ids_per_request)

    async def _send(self, case: Case) -> None:
        companions = self._companions(case)
        if not companions:
            await super()._send(case)
            return
        self._batches.begun()
        try:
            await self._send_together([case, *companions])
        finally:
            self._batches.ended()
            for _ in companions:
                self._backlog.done()

    def _companions(self, case: Case) -> list[Case]:
        """Return what goes with a case; nothing if that has to go alone."""
        most = self._batches.size - 1
        if most < 1 or not _is_untouched(case):
            return []
        room = LONGEST_LIST - len(case.allocation_id)

        def fits(other: Case) -> bool:
            nonlocal room
            needed = 1 + len(other.allocation_id)
            if not _is_untouched(other) or needed > room:
                return False
            room -= needed
            return True

        return self._backlog.take_along(most, fits)

    async def _send_together(self, cases: list[Case]) -> None:
        began = self._clock.steady()
        if not await self._has_token():
            for case in cases:
                self._backlog.later(self._clock.steady(), case)
            return
        cases = [replace(case, intents=case.intents + 1) for case in cases]
        lead, at = cases[0], self._clock.utc()
        await self._desk.write(
            *(Intent(row=case.row, number=case.intents, at=at) for case in cases)
        )
        if not await self._may_go(lead.row, What.SEND, began):
            self._withdraw_all(cases)
            return
        sent_at = self._clock.utc()
        exchange = await self._api.cancel_several([case.allocation_id for case in cases])
        now = self._clock.utc()
        found = after_batch(
            [(case.allocation_id, case.history) for case in cases],
            exchange.observation,
            policy=self._policy,
            sent_at=sent_at,
            now=self._clock.steady(),
            chance=self._chance(),
        )
        self.sent += not isinstance(exchange.observation, NotSent)
        # If the run has to stop, all steps say so, and for the same reason.
        self._take_in(lead, exchange, found.finding, found.steps[0])
        self._judge(found, len(cases))
        self._follow_all(cases, exchange, found, now)

    def _judge(self, found: BatchStep, asked: int) -> None:
        """Give batches up if this was one too many that was of no use, and say so."""
        if self._batches.note(found.finding.kind, asked=asked, shown=found.shown):
            self._log.warning("batches.given_up", reason=found.finding.reason)

    def _follow_all(
        self, cases: list[Case], exchange: Exchange, found: BatchStep, now: float
    ) -> None:
        """Note what was learned of each and what follows, together, then do it."""
        # One answer, however many it concerned, is one failure.
        is_paid = self._quota.spend(found.finding.kind)
        entries: list[Entry] = []
        waiting: list[tuple[Case, Step, WaitEntry, float]] = []
        for case, step in zip(cases, found.steps, strict=True):
            entries.append(attempt_entry(case, exchange, step, now, lead=cases[0].row))
            match step.next:
                case Settle(settlement=settled):
                    done = OutcomeEntry(
                        row=case.row,
                        settled_at=now,
                        settlement=settled,
                        history=step.history,
                        waited=case.waited,
                    )
                    entries.append(done)
                case Send() | Read() | Halt():
                    what, wait = _following(step.next)
                    if not is_paid and not isinstance(step.next, Halt):
                        wait = max(wait, self._policy.wait_max)
                    waits = WaitEntry(row=case.row, what=what, due=now + wait, history=step.history)
                    entries.append(waits)
                    waiting.append((case, step, waits, wait))
        self._desk.put(*entries)
        for case, step in zip(cases, found.steps, strict=True):
            if isinstance(step.next, Settle):
                self._count_settled(case, step, step.next.settlement)
        for case, step, waits, wait in waiting:
            self._requeue(case, step, waits, wait)

    def _withdraw_all(self, cases: list[Case]) -> None:
        now = self._clock.utc()
        closed = [entry for case in cases for entry in withdrawal(case, now, cases[0].row)]
        self._desk.put(*closed)
        for case in cases:
            self._backlog.later(self._clock.steady(), replace(case, waited=True))


def _is_untouched(case: Case) -> bool:
    """Say whether nothing was ever sent for a case, and nothing is in doubt."""
    history = case.history
    return case.what is What.SEND and history.sends == 0 and history.doubt is Doubt.NONE


def _following(following: Send | Read | Halt) -> tuple[What, float]:
    then = following.then if isinstance(following, Halt) else following
    return (What.SEND if isinstance(then, Send) else What.READ), then.after
