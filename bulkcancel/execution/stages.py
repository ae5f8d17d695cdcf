"""The stages of one start of a run: the canary, if there is one, then all the rest."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable
from dataclasses import replace

import anyio
from structlog.typing import FilteringBoundLogger

from bulkcancel.errors import JournalError
from bulkcancel.execution.canary import Canaries, look_at
from bulkcancel.execution.deadline import sending_seconds
from bulkcancel.execution.pacing import pacing_facts
from bulkcancel.execution.remembered import known_limit, limits_folder, remember_limit
from bulkcancel.execution.settings import RunSettings
from bulkcancel.journal import Journal
from bulkcancel.runner import Api, Clock, Pool, SharedPace, Snapshot, Stop, StopKind


class Stages:
    """Works a journal off, stage by stage; each is noted in the journal as a start of its own."""

    def __init__(
        self,
        *,
        journal: Journal,
        api: Api,
        settings: RunSettings,
        log: FilteringBoundLogger,
        clock: Clock,
        on_tick: Callable[[Snapshot], None] | None,
        handle_signals: bool,
        ends_at: float | None,
        shared: SharedPace | None,
    ) -> None:
        self._journal = journal
        self._api = api
        self._settings = settings
        self._log = log
        self._clock = clock
        self._on_tick = on_tick
        self._handle_signals = handle_signals
        self._ends_at = ends_at
        self._shared = shared
        self._interrupted: Stop | None = None

    async def canary(self) -> Canaries | Stop | None:
        """Let the canaries be cancelled and look at them.

        Returns what the look showed if all is well, the stop if not, and ``None`` if there is
        nothing left to begin.

        Raises:
            JournalError: The journal can't be written any more.
        """
        canary, limit = self._settings.canary, self._settings.limit
        if canary is None or (limit is not None and limit <= canary):
            return await self._stage(limit)
        stop = await self._stage(canary)
        if stop is None or stop.kind is not StopKind.LIMIT:
            return stop
        return await self._look()

    async def rest(self) -> Stop | None:
        """Work until all is settled or something stops the run; return the stop.

        Raises:
            JournalError: The journal can't be written any more.
        """
        canary, limit = self._settings.canary, self._settings.limit
        return await self._stage(None if limit is None else limit - (canary or 0))

    async def _stage(self, limit: int | None) -> Stop | None:
        """Let one pool work; note its start, its pace and its end."""
        settings, clock = self._settings, self._clock
        known = known_limit(settings, now=clock.utc())
        segment = self._journal.start_segment(clock.utc())
        self._log.info(
            "run.started",
            base_url=settings.target.base_url,
            rate=settings.rate,
            concurrency=settings.concurrency,
            known_limit=known,
            limit=limit,
            shared_rate=settings.shared_rate,
        )
        options = replace(settings.pool(known), limit=limit)
        if self._ends_at is not None:
            left = max(0.0, self._ends_at - clock.steady())
            rows = self._journal.unique()
            sending = sending_seconds(left, timeout=settings.timeout, rows=rows)
            drain = min(settings.drain, left - sending)
            options = replace(options, deadline=sending, drain=drain)
        pool = Pool(
            journal=self._journal,
            api=self._api,
            options=options,
            # Jitter needs spreading, not secrecy.
            chance=random.random,
            log=self._log,
            clock=clock,
            on_tick=self._on_tick,
            shared=self._shared,
        )
        stop = await pool.run(handle_signals=self._handle_signals)
        seen = pool.snapshot()
        # A limit that was learned beside others is only this process' part of it.
        if (
            seen.limit is not None
            and self._shared is None
            and (
                flaw := remember_limit(
                    limits_folder(), settings.target, seen.limit, now=clock.utc()
                )
            )
        ):
            self._log.warning("limit.not_kept", reason=flaw)
        if stop is not None and stop.kind is StopKind.JOURNAL:
            raise JournalError(f"{stop.sentence} Nothing more was sent; resume when it is mended.")
        facts = pacing_facts(seen, settings)
        self._journal.end_segment(segment, clock.utc(), plain_stop(stop), facts)
        self._log.info("run.ended", stop=stop.sentence if stop else None)
        return stop

    async def _look(self) -> Canaries | Stop:
        """Read the canaries back; return the stop if they are not as they should be."""
        seen: Canaries | None = None
        async with anyio.create_task_group() as group:
            if self._handle_signals:
                group.start_soon(self._watch_signals, group.cancel_scope)
            seen = await look_at(
                self._journal, self._api, self._settings, self._clock, self._shared
            )
            group.cancel_scope.cancel()
        stop = self._interrupted
        if stop is None and seen is not None and seen.problem:
            stop = Stop(kind=StopKind.CANARY, sentence=seen.problem)
        if stop is None and seen is not None:
            self._log.info("canary.passed", allocations=seen.allocations, left=seen.rest)
            return seen
        if stop is None:
            raise AssertionError("a look that nothing interrupted shows something")
        self._log.warning("canary.failed", reason=stop.sentence)
        self._journal.restate_stop(plain_stop(stop))
        return stop

    async def _watch_signals(self, scope: anyio.CancelScope) -> None:
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            async for number in signals:
                kind = StopKind.INTERRUPTED if number == signal.SIGINT else StopKind.TERMINATED
                words = f"{signal.Signals(number).name} received"
                self._interrupted = Stop(kind=kind, sentence=words)
                scope.cancel()


def plain_stop(stop: Stop | None) -> dict[str, object] | None:
    """Return a stop as the journal keeps it."""
    if stop is None:
        return None
    return {"kind": stop.kind.value, "sentence": stop.sentence, "exit_code": stop.exit_code}
