"""The runs of a reports folder: what became of each, told from outside and without a lock."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import msgspec

from bulkcancel.errors import BulkcancelError, ExitCode, LockedError, RefusedError
from bulkcancel.execution.runfiles import JOURNAL_FILES, SUMMARY_NAME, UNBALANCED_NAME, is_ours
from bulkcancel.journal import JOURNAL_NAME, utc
from bulkcancel.journal.glance import Glance, glance, in_use
from bulkcancel.model import BREAKS, Outcome

_STAMP = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})Z(?:-.*)?")
_WAL = JOURNAL_FILES[1]
_LEFT = frozenset({Outcome.UNKNOWN, Outcome.NOT_ATTEMPTED, Outcome.FAILED})


class RunState(StrEnum):
    """How a run stands, in a word."""

    OK = "ok"
    BREAKS = "breaks"
    UNKNOWNS = "unknowns"
    STOPPED = "stopped"
    AUTHENTICATION = "authentication"
    UNSOUND = "unsound"
    """Its control totals contradict each other."""
    INTERRUPTED = "interrupted"
    TERMINATED = "terminated"
    RUNNING = "running"
    """A process works on it, or reads its journal."""
    KILLED = "killed"
    """Its process ended before it did."""
    UNREPORTED = "unreported"
    """It came to its end, and its reports were never written."""
    UNBEGUN = "unbegun"
    """It ended before anything was sent: there is nothing to go on with."""
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryTarget:
    """The part of a summary that says where a run sent to."""

    base_url: str
    account: str
    stage: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastShardRun:
    """The part of a merge's summary that names one of the runs that it joined."""

    run_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PastMerge:
    """The part of a summary that says which runs were merged, and when (UTC, ISO 8601)."""

    merged_at: str
    runs: tuple[PastShardRun, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PastShard:
    """The part of a shard's summary that says which share it was."""

    index: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PastInput:
    """The part of a summary that says which ids the whole input held, in their order."""

    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastSummary:
    """The parts of a ``summary.json`` that later runs go by; its names are those of the file."""

    run_id: str
    started_at: str | None
    finished_at: str | None
    stop: str | None
    target: SummaryTarget
    rows: Mapping[str, int]
    outcomes: Mapping[str, int]
    files: Mapping[str, str]
    verdict: str
    exit_code: int
    input: PastInput = PastInput()
    shard: PastShard | None = None
    merged: PastMerge | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLine:
    """One run in the list.

    Times are UTC, ISO 8601. ``allocations``, ``cancelled`` (before the run included) and
    ``unknowns`` count allocations, ``breaks`` the allocations that are breaks and the invalid
    rows; all are ``None`` where nobody can tell. ``exit_code`` is that of the published report.
    ``resumable`` says that a resume has something to do. ``sentence`` is the verdict, or why
    there is none.
    """

    run_id: str
    path: Path
    state: RunState
    started_at: str | None = None
    finished_at: str | None = None
    exit_code: int | None = None
    target: SummaryTarget | None = None
    rows: int | None = None
    allocations: int | None = None
    cancelled: int | None = None
    breaks: int | None = None
    unknowns: int | None = None
    resumable: bool = False
    sentence: str = ""

    @property
    def order(self) -> tuple[str, str]:
        """Return what runs are sorted by: when they began, then their names."""
        return self.started_at or "", self.run_id


def list_runs(reports: Path) -> list[RunLine]:
    """Return the runs of a reports folder, the oldest first; none if there is no such folder.

    No lock is taken: a run that is working is not disturbed, and may begin or end meanwhile.

    Raises:
        RefusedError: The folder can't be read.
    """
    return sorted((look_at(path) for path in run_folders(reports)), key=lambda run: run.order)


def run_folders(reports: Path) -> Iterator[Path]:
    """Yield the run folders: real folders, no links, that hold what a run makes, or nothing yet.

    Raises:
        RefusedError: The reports folder can't be read.
    """
    try:
        with os.scandir(reports) as found:
            names = [one.name for one in found if one.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return
    except OSError as error:
        raise RefusedError(
            f"The folder {reports} can't be read ({error.strerror}); give another one by --reports."
        ) from error
    for name in names:
        path = reports / name
        if not name.startswith(".") and _is_run(path):
            yield path


def look_at(path: Path) -> RunLine:
    """Return how a run stands. What can't be read is said in the line, and never raised."""
    line = RunLine(run_id=path.name, path=path, state=RunState.UNREADABLE)
    try:
        line = replace(line, started_at=_made(path))
        running = _is_running(path)
        summary = read_summary(path)
        if summary is not None:
            line = _from_summary(line, summary)
        if running:
            return replace(
                line, state=RunState.RUNNING, resumable=False, sentence="A process works on it."
            )
        if summary is None or _was_killed_since(path):
            line = _from_journal(line)
    except LockedError:
        return replace(
            line, state=RunState.RUNNING, resumable=False, sentence="A process works on it."
        )
    except BulkcancelError as error:
        return replace(line, state=RunState.UNREADABLE, sentence=str(error))
    except OSError as error:
        sentence = f"{path} can't be read ({error.strerror})."
        return replace(line, state=RunState.UNREADABLE, sentence=sentence)
    return line


def read_summary(path: Path) -> PastSummary | None:
    """Return the summary that a run folder holds, ``None`` if it holds none.

    Raises:
        RefusedError: It is none that this program wrote.
        OSError: It can't be read.
    """
    file = path / SUMMARY_NAME
    try:
        raw = file.read_bytes()
    except FileNotFoundError:
        return None
    try:
        return _decode(raw)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise RefusedError(
            f"{file} is not as a run writes it; `bulkcancel report {path.name}` writes it again."
        ) from error


_decode = msgspec.json.Decoder(PastSummary).decode


def _is_run(path: Path) -> bool:
    """Say whether a folder is a run's; one that can't be read may be one."""
    try:
        with os.scandir(path) as found:
            names = [one.name for one in found]
    except FileNotFoundError:  # it is gone by now
        return False
    except OSError:
        return True
    return any(map(is_ours, names)) if names else _STAMP.fullmatch(path.name) is not None


def _is_running(path: Path) -> bool:
    try:
        return in_use(path / JOURNAL_NAME)
    except FileNotFoundError:
        return False


def _was_killed_since(path: Path) -> bool:
    """Say whether a process died on the journal: one that ends in good order leaves no log."""
    try:
        return (path / _WAL).stat().st_size > 0
    except FileNotFoundError:
        return False


def _from_summary(line: RunLine, summary: PastSummary) -> RunLine:
    outcomes = summary.outcomes
    left = outcomes.get(Outcome.UNKNOWN, 0)
    if summary.stop is not None:
        left += outcomes.get(Outcome.NOT_ATTEMPTED, 0) + outcomes.get(Outcome.FAILED, 0)
    return replace(
        _counted(line, summary.rows, outcomes),
        state=_STATES.get(summary.exit_code, RunState.STOPPED),
        started_at=summary.started_at or line.started_at,
        finished_at=summary.finished_at,
        exit_code=summary.exit_code,
        target=summary.target,
        resumable=left > 0 and summary.merged is None and (line.path / JOURNAL_NAME).exists(),
        sentence=summary.verdict,
    )


def _from_journal(line: RunLine) -> RunLine:
    """Return how a run stands by its journal: its reports were never written, or are older."""
    if not (line.path / JOURNAL_NAME).exists():
        return replace(line, state=RunState.UNBEGUN, sentence="It holds no journal.")
    seen = glance(line.path / JOURNAL_NAME)
    if seen is None:
        sentence = "Its process ended before anything was sent."
        return replace(line, state=RunState.UNBEGUN, sentence=sentence)
    lived = seen.segments
    state, sentence = _unpublished(line, seen)
    return replace(
        _counted(line, seen.counts, seen.outcomes),
        state=state,
        started_at=(utc(lived[0].started_at) if lived else None) or line.started_at,
        finished_at=utc(lived[-1].finished_at) if lived else None,
        target=SummaryTarget(
            base_url=seen.target.base_url, account=seen.target.account, stage=seen.target.stage
        ),
        resumable=not seen.merged and any(seen.outcomes[outcome] for outcome in _LEFT),
        sentence=sentence,
    )


def _unpublished(line: RunLine, seen: Glance) -> tuple[RunState, str]:
    if (line.path / UNBALANCED_NAME).exists():
        return RunState.UNSOUND, "Its control totals do not balance."
    if seen.segments and seen.segments[-1].finished_at is not None:
        sentence = f"Its reports were not written: `bulkcancel report {line.run_id}` does."
        return RunState.UNREPORTED, sentence
    return RunState.KILLED, "Its process ended before the run did."


def _counted(line: RunLine, rows: Mapping[str, int], outcomes: Mapping[str, int]) -> RunLine:
    cancelled = (Outcome.CANCELLED, Outcome.ALREADY_CANCELLED)
    return replace(
        line,
        rows=rows.get("read", 0),
        allocations=rows.get("unique", 0),
        cancelled=sum(outcomes.get(outcome, 0) for outcome in cancelled),
        breaks=sum(outcomes.get(outcome, 0) for outcome in BREAKS) + rows.get("invalid", 0),
        unknowns=outcomes.get(Outcome.UNKNOWN, 0),
    )


def _made(path: Path) -> str | None:
    """Return when a run folder was made, by its name, else by when files last came into it."""
    if found := _STAMP.fullmatch(path.name):
        return "{}-{}-{}T{}:{}:{}.000Z".format(*found.groups())
    return utc(path.stat().st_mtime)


_STATES: Mapping[int, RunState] = {
    ExitCode.OK: RunState.OK,
    ExitCode.BREAKS: RunState.BREAKS,
    ExitCode.UNKNOWNS: RunState.UNKNOWNS,
    ExitCode.STOPPED: RunState.STOPPED,
    ExitCode.AUTHENTICATION: RunState.AUTHENTICATION,
    ExitCode.UNSOUND: RunState.UNSOUND,
    ExitCode.INTERRUPTED: RunState.INTERRUPTED,
    ExitCode.TERMINATED: RunState.TERMINATED,
}
"""The states of a run whose report was published, by its exit code."""
