"""A run under way: its journal opened, its pool at work, its end noted."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from structlog.typing import FilteringBoundLogger

from bulkcancel.client import Secret, TokenSource, check_target
from bulkcancel.errors import ExitCode, JournalError, RefusedError
from bulkcancel.execution.canary import Canaries
from bulkcancel.execution.collecting import rare_collections
from bulkcancel.execution.deadline import seconds_until
from bulkcancel.execution.descriptors import affordable
from bulkcancel.execution.ending import Finished, write_reports_of
from bulkcancel.execution.folder import RunFolder
from bulkcancel.execution.lock import lock_folder, one_at_a_time
from bulkcancel.execution.opening import open_journal
from bulkcancel.execution.reach import reach
from bulkcancel.execution.settings import RunSettings, settings_from_json
from bulkcancel.execution.shardlock import one_of_each
from bulkcancel.execution.shards import refuse_merged, shard_fact
from bulkcancel.execution.stages import Stages, plain_stop
from bulkcancel.execution.usual import note_size, usual_folder
from bulkcancel.journal import Journal, reopen_unknown, utc
from bulkcancel.manifest import Manifest
from bulkcancel.reconcile.ages import PastRun
from bulkcancel.runner import Clock, Snapshot, Stop, StopKind
from bulkcancel.version import __version__

CAME_TO_ITS_END = frozenset({ExitCode.OK, ExitCode.BREAKS, ExitCode.UNKNOWNS})
"""The ends of a run whose work was done, however it came out."""


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
        self._held = ExitStack()
        self._has_canaries = settings.canary is not None
        self._ends_at: float | None = None
        if settings.deadline is not None:
            left = seconds_until(settings.deadline, datetime.now().astimezone())
            self._ends_at = self._clock.steady() + left

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
            ValueError: The manifest is not narrowed to the shard of the settings.
        """
        if manifest.shard != settings.share:
            raise ValueError("the manifest is not narrowed to the shard of the settings")
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
                        "shard": shard_fact(manifest),
                    },
                    more=lambda loaded: _note_standing(loaded, folder, settings, log),
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
        *,
        of_input: str | None = None,
        journal: Journal | None = None,
    ) -> Self:
        """Open the journal of a run to go on with it; outcomes `unknown` are looked at anew.

        ``change`` may return other settings than those the run was started with; the target
        stays. With ``of_input`` its input must have had that path. ``journal`` is the run's,
        if it was opened already; it is closed with the session, or if there is to be none.

        Raises:
            RefusedError: It had another one.
            JournalError: The journal can't be opened or trusted.
            LockedError: Another process works on this run, or on the same input.
            RefusedError: It is a merge of other runs.
        """
        with ExitStack() as held:
            if journal is None:
                journal = open_journal(folder)
            held.callback(journal.close)
            refuse_merged(journal)
            settings = settings_from_json(journal.fact("settings"))
            if change is not None:
                settings = change(settings).checked()
            facts = journal.fact("input")
            if of_input not in {None, facts["path"]}:
                raise RefusedError(
                    f"Run {folder.run_id} was begun with another input ({facts['path']}): it does "
                    "not go on with this one. Give this run another --run-id."
                )
            held.enter_context(_lock(settings, facts["digest"], folder))
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
        token: Secret | TokenSource,
        *,
        on_tick: Callable[[Snapshot], None] | None = None,
        handle_signals: bool = True,
        ask: bool = False,
        shared_password: Secret | None = None,
    ) -> Stop | Canaries | None:
        """Cancel what is open until all is settled or the run stops, and note how it ended.

        A token that is no plain one is fetched before the first send, and renewed when its time
        comes or the API refuses it; without another one the run stops.
        With ``ask``, and canaries that are as they should be, what they showed is returned: call
        this again to go on with the rest, or `decline`. ``shared_password`` is for the Redis of a
        shared rate.
        """
        settings = self._affordable()
        with rare_collections():
            async with reach(
                settings, token, shared_password=shared_password, log=self._log
            ) as api:
                stages = Stages(
                    journal=self._journal,
                    api=api,
                    settings=settings,
                    log=self._log,
                    clock=self._clock,
                    on_tick=on_tick,
                    handle_signals=handle_signals,
                    ends_at=self._ends_at,
                    shared=api.shared,
                )
                if self._has_canaries:
                    self._has_canaries = False
                    seen = await stages.canary()
                    if ask or not isinstance(seen, Canaries):
                        return seen
                return await stages.rest()

    def decline(self, sentence: str, kind: StopKind = StopKind.CANARY) -> None:
        """Note that the run does not go on after its canaries, and why."""
        self._journal.restate_stop(plain_stop(Stop(kind=kind, sentence=sentence)))

    def _affordable(self) -> RunSettings:
        """Return the settings with a concurrency that the system allows."""
        settings = self.settings
        if (concurrency := affordable(settings.concurrency)) < settings.concurrency:
            self._log.warning(
                "run.concurrency_lowered",
                concurrency=concurrency,
                wanted=settings.concurrency,
                reason="the limit on open files (ulimit -n)",
            )
            settings = replace(settings, concurrency=concurrency)
        return settings

    def finish(self) -> Finished:
        """Reconcile and write the reports.

        Raises:
            OutOfBalanceError: The totals contradict each other.
            ReportError: A report can't be written.
        """
        finished = write_reports_of(self.folder, self._journal)
        # What is usual is the size of whole inputs: a merge notes it for its shards.
        if finished.exit_code in CAME_TO_ITS_END and self.settings.shard is None:
            size = finished.summary["rows"]["unique"]
            if flaw := note_size(usual_folder(), self.settings.target, size):
                self._log.warning("size.not_kept", reason=flaw)
        return finished

    @property
    def path(self) -> Path:
        """Return the run folder."""
        return self.folder.path


def _note_standing(
    journal: Journal, folder: RunFolder, settings: RunSettings, log: FilteringBoundLogger
) -> None:
    """Note which allocations were breaks of earlier runs; log which runs could not be told from."""
    from bulkcancel.execution.standing import (  # noqa: PLC0415 - a resume begins without numpy
        note_standing,
    )

    run = PastRun(run_id=folder.run_id, started_at=utc(Clock().utc()) or "")
    for sentence in note_standing(journal, folder.path.parent, settings.target, run):
        log.warning("history.left_out", run_id=folder.run_id, reason=sentence)


def _lock(settings: RunSettings, digest: str, folder: RunFolder) -> AbstractContextManager[None]:
    since, run_id = utc(Clock().utc()) or "", folder.run_id
    if (shard := settings.share) is None:
        return one_at_a_time(lock_folder(), settings.target, digest, run_id=run_id, since=since)
    return one_of_each(lock_folder(), settings.target, digest, shard, run_id=run_id, since=since)
