"""The worker pool of one run: start, watch, drain, end."""

from __future__ import annotations

import signal
from collections.abc import Callable
from functools import partial

import anyio
from msgspec.structs import replace
from structlog.typing import FilteringBoundLogger

from bulkcancel.errors import BulkcancelError
from bulkcancel.journal import (
    Case,
    Entry,
    Journal,
    PaceEntry,
    What,
    fresh_cases,
    open_cases,
    outcome_counts,
)
from bulkcancel.pacing import Pacer
from bulkcancel.runner.api import Api
from bulkcancel.runner.backlog import Backlog
from bulkcancel.runner.batchworker import BatchWorker
from bulkcancel.runner.clock import Clock
from bulkcancel.runner.desk import Desk
from bulkcancel.runner.gate import Gate
from bulkcancel.runner.noted import close_cut_off
from bulkcancel.runner.options import PoolOptions
from bulkcancel.runner.sharedpace import SharedPace
from bulkcancel.runner.snapshot import Snapshot
from bulkcancel.runner.stop import Stop, StopKind, StopSign
from bulkcancel.runner.worker import Worker

_CHUNK = 500
_TICK = 0.2
_PACE_EVERY = 1.0


class Pool:
    """Works off what a journal holds open, until all is settled or the run stops.

    ``chance`` returns numbers in [0, 1), for the jitter. ``on_tick`` is called five times a
    second with a `Snapshot`. With ``shared`` all sends keep to a rate that other processes share.
    """

    def __init__(
        self,
        *,
        journal: Journal,
        api: Api,
        options: PoolOptions,
        chance: Callable[[], float],
        log: FilteringBoundLogger,
        clock: Clock | None = None,
        on_tick: Callable[[Snapshot], None] | None = None,
        shared: SharedPace | None = None,
    ) -> None:
        self._journal = journal
        self._api = api
        self._options = options
        self._chance = chance
        self._log = log
        self._clock = clock or Clock()
        self._on_tick = on_tick
        self._sign = StopSign()
        self._desk = Desk(journal, enough=max(1, options.concurrency // 2))
        self._pacer = Pacer(options.pacer)
        self._shared = shared
        self._gate = Gate(
            self._pacer,
            options.breaker,
            concurrency=options.concurrency,
            clock=self._clock,
            sign=self._sign,
            shared=shared,
        )
        self._last_fresh = 0
        self._begun = 0
        self._held_back = False
        self._began = self._clock.steady()
        self._total = 0
        self._worker: Worker | None = None
        self._backlog: Backlog | None = None
        self._signalled = False
        self._stopping = anyio.Event()

    async def run(self, *, handle_signals: bool = True) -> Stop | None:
        """Work until all is settled; return the `Stop` that ended it before, else ``None``.

        The first SIGINT or SIGTERM lets what is in flight come to its end, the second does not
        wait for it: those allocations stay open in the journal, as in doubt.
        """
        self._began = self._clock.steady()
        async with anyio.create_task_group() as helpers:
            helpers.start_soon(self._desk.run)
            try:
                await self._set_out()
            except BulkcancelError as error:
                self.stop(Stop(kind=StopKind.JOURNAL, sentence=str(error)))
            with anyio.CancelScope() as hard:
                if handle_signals:
                    helpers.start_soon(self._watch_signals, hard)
                helpers.start_soon(self._bound_drain, hard)
                helpers.start_soon(self._tell_pace)
                helpers.start_soon(self._note_limit)
                if self._shared is not None:
                    helpers.start_soon(self._shared.run, self._pacer, self._gate.wake, self.stop)
                if self._options.deadline is not None:
                    helpers.start_soon(self._stop_in_time, self._options.deadline)
                if self._on_tick is not None:
                    helpers.start_soon(self._tick, self._on_tick)
                async with anyio.create_task_group() as workers:
                    for _ in range(self._options.concurrency):
                        workers.start_soon(self._work)
            self._desk.close()
            with anyio.CancelScope(shield=True):
                await self._desk.drained.wait()
            helpers.cancel_scope.cancel()
        if self._on_tick is not None:
            self._on_tick(self.snapshot())
        if self._desk.failure is not None:
            # Whatever else stopped the run: not all that it knows is on the disk.
            return Stop(kind=StopKind.JOURNAL, sentence=str(self._desk.failure))
        if self._sign.stop is None and self._held_back:
            words = f"{self._options.limit:,} allocations were begun, as many as were allowed"
            return Stop(kind=StopKind.LIMIT, sentence=words)
        return self._sign.stop

    def stop(self, stop: Stop) -> None:
        """Let nothing more be sent; what is in flight comes to its end."""
        if self._sign.put_up(stop):
            self._log.warning("run.stopping", kind=stop.kind.value, reason=stop.sentence)
            self._stopping.set()
            self._gate.wake()
            self._api.tokens.stop()
            if self._shared is not None:
                self._shared.stop()
            if self._backlog is not None:
                self._backlog.wake()

    def snapshot(self) -> Snapshot:
        """Return what the run looks like now."""
        worker, backlog = self._worker, self._backlog
        if worker is None or backlog is None:
            return Snapshot(total=self._total)
        self._gate.tick()
        waits_for = ""
        if self._sign.stop is not None:
            waits_for = f"stopping: {self._sign.stop.sentence}"
        elif reason := self._gate.breaker_reason:
            waits_for = f"breaker: {reason}"
        else:
            waits_for = self._api.tokens.waits_for
            if not waits_for and self._shared is not None:
                waits_for = self._shared.waits_for
        return Snapshot(
            total=self._total,
            settled=dict(worker.settled),
            in_flight=self._gate.in_flight,
            waiting=backlog.waiting,
            sent=worker.sent,
            reads=worker.reads,
            throttled=self._gate.throttled,
            elapsed=self._clock.steady() - self._began,
            waits_for=waits_for,
            pace=self._gate.pace(),
            limit=self._gate.limit,
            limit_used=self._gate.limit_used,
            held=self._gate.waits.seconds(),
        )

    async def _set_out(self) -> None:
        """Bring the journal's open cases into the backlog; close the intents a crash left."""
        journal, clock = self._journal, self._clock
        settled = await self._desk.call(lambda: outcome_counts(journal))
        self._total = await self._desk.call(journal.unique)
        waiting: list[tuple[float, Case]] = []
        closed: list[Entry] = []
        for case in await self._desk.call(lambda: open_cases(journal)):
            now = clock.utc()
            known = case
            if case.cut_off:
                known, entries = close_cut_off(
                    case,
                    policy=self._options.policy,
                    now=now,
                    steady=clock.steady(),
                    chance=self._chance(),
                )
                closed += entries
            waiting.append((clock.steady() + self._rest(known, now), known))
        if closed:
            await self._desk.write(*closed)
        self._backlog = Backlog(
            self._more_fresh,
            fresh=What.READ if self._options.precheck else What.SEND,
            waiting=waiting,
            gate=self._gate,
            clock=clock,
            sign=self._sign,
        )
        several = self._options.ids_per_request
        worker = Worker if several == 1 else partial(BatchWorker, ids_per_request=several)
        self._worker = worker(
            api=self._api,
            desk=self._desk,
            gate=self._gate,
            backlog=self._backlog,
            options=self._options,
            clock=clock,
            chance=self._chance,
            log=self._log,
            stop=self.stop,
            settled=settled,
        )

    def _rest(self, case: Case, now: float) -> float:
        """Return how long an open case has to wait still.

        A `Retry-After` that has not passed yet holds all sending, as before the stop. One that
        the run was not to wait for is asked about anew: whoever resumes wants to know.
        """
        rest = max(0.0, case.due - now)
        if rest > self._options.breaker.patience:
            return 0.0
        if case.history.throttled:
            self._gate.hold(rest)
        return rest

    async def _more_fresh(self) -> list[Case]:
        journal, after, most = self._journal, self._last_fresh, self._options.limit
        cases = await self._desk.call(lambda: fresh_cases(journal, after=after, limit=_CHUNK))
        if most is not None and len(cases) > most - self._begun:
            cases = cases[: most - self._begun]
            self._held_back = True
        if cases:
            self._last_fresh = cases[-1].row
            self._begun += len(cases)
        if self._options.precheck:
            return [replace(case, what=What.READ) for case in cases]
        return cases

    async def _work(self) -> None:
        if self._shared is not None and not await self._shared.ready():
            return  # nothing is begun, not even an intent written
        if self._worker is not None:
            await self._worker.run()

    async def _watch_signals(self, hard: anyio.CancelScope) -> None:
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            async for number in signals:
                if self._sign.is_up and self._signalled:
                    self._log.warning("run.stopped_at_once", signal=signal.Signals(number).name)
                    hard.cancel()
                    return
                self._signalled = True
                kind = StopKind.INTERRUPTED if number == signal.SIGINT else StopKind.TERMINATED
                self.stop(Stop(kind=kind, sentence=f"{signal.Signals(number).name} received"))

    async def _bound_drain(self, hard: anyio.CancelScope) -> None:
        """Let a stop wait for what is in flight, but not for ever."""
        await self._stopping.wait()
        await anyio.sleep(self._options.drain)
        self._log.warning("run.drain_ended", after=self._options.drain)
        hard.cancel()

    async def _stop_in_time(self, seconds: float) -> None:
        """Let nothing be begun any more when the time is up; what is in flight ends."""
        await anyio.sleep(max(0.0, self._began + seconds - self._clock.steady()))
        self.stop(Stop(kind=StopKind.DEADLINE, sentence="The deadline is near."))

    async def _tell_pace(self) -> None:
        """Log what holds the sends back whenever that becomes another reason."""
        told = None
        while True:
            await anyio.sleep(_PACE_EVERY)
            self._gate.tick()
            main = self._gate.waits.main
            if main is None or main is told:
                continue
            told = main
            self._log.info("pace.held", by=self._gate.pace(), limit=_rounded(self._gate.limit))

    async def _note_limit(self) -> None:
        """Keep the learned limit in the journal whenever it moved, for the report's chart."""
        noted: float | None = None
        while True:
            await anyio.sleep(_PACE_EVERY)
            limit = self._gate.limit
            if _rounded(limit) == _rounded(noted):
                continue
            noted = limit
            try:
                await self._desk.write(PaceEntry(at=self._clock.utc(), limit=limit))
            except BulkcancelError:
                return  # the journal fails: whichever worker writes next says so and stops the run

    async def _tick(self, on_tick: Callable[[Snapshot], None]) -> None:
        while True:
            on_tick(self.snapshot())
            await anyio.sleep(_TICK)


def _rounded(rate: float | None) -> float | None:
    return None if rate is None else round(rate, 1)
