"""A run under way: its journal opened, its pool at work, its end noted."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from structlog.typing import FilteringBoundLogger

from bulkcancel.client import Client, Secret, check_target
from bulkcancel.errors import JournalError, LockedError
from bulkcancel.execution.descriptors import affordable
from bulkcancel.execution.ending import Finished, write_reports_of
from bulkcancel.execution.folder import RunFolder
from bulkcancel.execution.lock import holder_of, lock_folder, one_at_a_time
from bulkcancel.execution.pacing import pacing_facts
from bulkcancel.execution.remembered import limits_folder, recall_limit, remember_limit
from bulkcancel.execution.settings import RunSettings, settings_from_json
from bulkcancel.journal import Journal, reopen_unknown, utc
from bulkcancel.manifest import Manifest
from bulkcancel.runner import Clock, Pool, Snapshot, Stop, StopKind
from bulkcancel.version import __version__


class RunSession:
    """One start or resume of a run; `work` once, then `finish`.

    Use it as a context manager: leaving it closes the journal, whatever happened.
    """

    def __init__(
        self,
        folder: RunFolder,
        journal: Journal,
        settings: RunSettings,
        log: FilteringBoundLogger,
    ) -> None:
        self.folder = folder
        self._log = log.bind(run_id=folder.run_id)
        self.settings = settings
        self._journal = journal
        self._clock = Clock()
        self._segment = 0
        self._held = ExitStack()
        self.pool: Pool | None = None

    @classmethod
    def begin(
        cls,
        folder: RunFolder,
        manifest: Manifest,
        settings: RunSettings,
        log: FilteringBoundLogger,
    ) -> Self:
        """Write the manifest into a new journal. Nothing is sent yet.

        Raises:
            InputRefusedError: The input changed since it was read.
            JournalError: The journal can't be written.
            LockedError: Another run works on the same input for the same account.
        """
        check_target(settings.target, settings.client())
        with ExitStack() as stack:
            # Until the journal is whole there is no run: nothing of it stays behind.
            stack.callback(folder.discard)
            held = stack.enter_context(ExitStack())
            held.enter_context(_lock(settings, manifest.facts.digest, folder))
            journal = Journal.create(folder.journal)
            held.callback(journal.close)
            try:
                journal.load(
                    manifest.rows(),
                    {
                        "run_id": folder.run_id,
                        "tool_version": __version__,
                        "settings": settings.as_json(),
                        "input": msgspec.to_builtins(manifest.facts),
                        "counts": msgspec.to_builtins(manifest.counts),
                    },
                )
            except JournalError as error:
                raise JournalError(
                    f"{error} Nothing was sent: make room, or give --reports another folder."
                ) from error
            folder.settle()
            session = cls(folder, journal, settings, log)
            session._held = held.pop_all()
            stack.pop_all()
        return session

    @classmethod
    def reopen(
        cls,
        folder: RunFolder,
        log: FilteringBoundLogger,
        change: Callable[[RunSettings], RunSettings] | None = None,
    ) -> Self:
        """Open the journal of a run to go on with it; outcomes `unknown` are looked at anew.

        ``change`` may return other settings than those the run was started with; the target
        stays.

        Raises:
            JournalError: The journal can't be opened or trusted.
            LockedError: Another process works on this run, or on the same input.
        """
        with ExitStack() as held:
            try:
                journal = Journal.open(folder.journal)
            except LockedError as error:
                words = holder_of(lock_folder(), folder.run_id)
                raise LockedError(f"{error} It is {words}." if words else str(error)) from error
            held.callback(journal.close)
            settings = settings_from_json(journal.fact("settings"))
            if change is not None:
                settings = change(settings).checked()
            held.enter_context(_lock(settings, journal.fact("input")["digest"], folder))
            session = cls(folder, journal, settings, log)
            reopened = reopen_unknown(journal, at=session._clock.utc())
            session._log.info("run.resumed", reopened=reopened)
            session._held = held.pop_all()
        return session

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._held.close()

    async def work(
        self,
        token: Secret,
        *,
        newer_token: Callable[[], Secret | None] | None = None,
        on_tick: Callable[[Snapshot], None] | None = None,
        handle_signals: bool = True,
    ) -> Stop | None:
        """Cancel what is open until all is settled or the run stops, and note how it ended.

        ``newer_token`` is asked when the API refuses the token; without another one the run stops.
        """
        settings, clock = self.settings, self._clock
        if (concurrency := affordable(settings.concurrency)) < settings.concurrency:
            self._log.warning(
                "run.concurrency_lowered",
                concurrency=concurrency,
                wanted=settings.concurrency,
                reason="the limit on open files (ulimit -n)",
            )
            settings = replace(settings, concurrency=concurrency)
        known = None
        if not settings.fixed_rate:
            known = recall_limit(limits_folder(), settings.target, now=clock.utc())
        self._segment = self._journal.start_segment(clock.utc())
        self._log.info(
            "run.started",
            base_url=settings.target.base_url,
            rate=settings.rate,
            concurrency=settings.concurrency,
            known_limit=known,
        )
        async with Client(
            settings.target, token, settings.client(), newer_token=newer_token
        ) as client:
            self.pool = Pool(
                journal=self._journal,
                api=client,
                options=settings.pool(known),
                # Jitter needs spreading, not secrecy.
                chance=random.random,
                log=self._log,
                clock=clock,
                on_tick=on_tick,
            )
            stop = await self.pool.run(handle_signals=handle_signals)
        seen = self.pool.snapshot()
        facts = pacing_facts(seen, settings)
        if seen.limit is not None and (
            flaw := remember_limit(limits_folder(), settings.target, seen.limit, now=clock.utc())
        ):
            self._log.warning("limit.not_kept", reason=flaw)
        plain = None
        if stop is not None:
            plain = {
                "kind": stop.kind.value,
                "sentence": stop.sentence,
                "exit_code": stop.exit_code,
            }
        if stop is not None and stop.kind is StopKind.JOURNAL:
            raise JournalError(f"{stop.sentence} Nothing more was sent; resume when it is mended.")
        self._journal.end_segment(self._segment, clock.utc(), plain, facts)
        self._log.info("run.ended", stop=stop.sentence if stop else None)
        return stop

    def finish(self) -> Finished:
        """Reconcile and write the reports.

        Raises:
            OutOfBalanceError: The totals contradict each other.
            ReportError: A report can't be written.
        """
        return write_reports_of(self.folder, self._journal)

    @property
    def path(self) -> Path:
        """Return the run folder."""
        return self.folder.path


def _lock(settings: RunSettings, digest: str, folder: RunFolder) -> AbstractContextManager[None]:
    since = utc(Clock().utc()) or ""
    return one_at_a_time(lock_folder(), settings.target, digest, run_id=folder.run_id, since=since)
