"""The runs of all shards of an input joined into one run."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import msgspec

from bulkcancel.errors import (
    BulkcancelError,
    JournalError,
    LockedError,
    OutOfBalanceError,
    RefusedError,
    ReportError,
)
from bulkcancel.execution.ending import Finished, write_reports_of
from bulkcancel.execution.folder import RunFolder
from bulkcancel.execution.joint import merge_fact
from bulkcancel.execution.newrun import named_run
from bulkcancel.execution.runfiles import is_ours
from bulkcancel.execution.shards import ShardRun, check_joint, named_in, read_shard
from bulkcancel.journal import Journal, absorb, order_segments, segments
from bulkcancel.report import sync_folder
from bulkcancel.version import __version__

_ASIDE = ".merging-"
"""How the folder of a merge is called until it is whole: no run, to all other commands."""


def merge_runs(
    runs: Sequence[RunFolder], reports: Path, run_id: str | None, *, now: float
) -> Finished:
    """Join the runs of all shards of an input into a new run, and write its reports.

    The new run appears whole or not at all; the shards' own are not changed. ``now`` is in
    seconds since the epoch and gives the run its name if it has none.

    Raises:
        RefusedError: The runs are not those of all shards of one input, or there is such a run.
        LockedError: A process works on a shard's run, or makes the same merge.
        JournalError: A journal can't be trusted, or the new one can't be written.
        ReportError: A report can't be written, or the totals contradict each other.
    """
    found = [read_shard(folder) for folder in runs]
    check_joint(found)
    found.sort(key=lambda run: run.shard.index)
    folder = named_run(reports, run_id, now=now)
    if os.path.lexists(folder.path):
        raise RefusedError(
            f"There is a run {folder.run_id} in {reports} already: a merge needs another "
            "--run-id. Nothing was merged."
        )
    with _aside(folder) as aside:
        try:
            finished = _write(aside, found, now=now)
        except OutOfBalanceError as error:
            # What shows the contradiction is kept, under the name that the sentence has to give.
            _publish(aside, folder)
            raise OutOfBalanceError(_elsewhere(error, aside, folder)) from error
        except JournalError as error:
            raise JournalError(
                f"{_elsewhere(error, aside, folder)} Nothing was merged, and the shards are as "
                "they were: mend that, and merge again."
            ) from error
        except ReportError as error:
            raise ReportError(
                f"The reports of the merge can't be written ({_why(error)}); the shards are as "
                "they were: make room, or give --reports another folder, and merge again."
            ) from error
        _publish(aside, folder)
    return replace(finished, folder=folder)


def _write(aside: RunFolder, runs: Sequence[ShardRun], *, now: float) -> Finished:
    """Write the journal of a merge, and its reports."""
    with Journal.create(aside.journal) as journal:
        _fill(journal, runs, aside, now=now)
        return write_reports_of(aside, journal)


def _fill(journal: Journal, runs: Sequence[ShardRun], folder: RunFolder, *, now: float) -> None:
    """Write all that the shards' journals hold into the new one."""
    left = [absorb(journal, run.folder.journal, run.shard.index) for run in runs]
    order_segments(journal)
    first = runs[0]
    settings = replace(
        first.settings,
        shard=None,
        precheck=any(run.settings.looks_first for run in runs),
    )
    names = [named_in(folder.path.parent, run) for run in runs]
    journal.load(
        (),
        {
            "run_id": folder.run_id,
            "tool_version": __version__,
            "settings": settings.as_json(),
            "input": first.input,
            "counts": msgspec.to_builtins(first.whole),
            "merged": merge_fact(runs, left, segments(journal), names, at=now),
        },
    )


@contextmanager
def _aside(folder: RunFolder) -> Iterator[RunFolder]:
    """Make a folder beside the one to come, and remove what is left of it in the end.

    It is locked meanwhile; what merges left whose process was killed is removed.
    """
    reports = folder.path.parent
    aside = RunFolder(run_id=folder.run_id, path=reports / f"{_ASIDE}{folder.run_id}")
    try:
        reports.mkdir(parents=True, exist_ok=True)
        for left in reports.glob(f"{_ASIDE}*"):
            _clear(left)
        aside.path.mkdir(mode=0o700)
        held = os.open(aside.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileExistsError as error:
        raise LockedError(
            f"Another process merges into {folder.path} just now: try again when it is done."
        ) from error
    except OSError as error:
        raise ReportError(
            f"The run folder {folder.path} can't be made ({error.strerror}); nothing was merged."
        ) from error
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield aside
    finally:
        os.close(held)
        with suppress(OSError):
            _clear(aside.path)


def _clear(path: Path) -> None:
    """Remove the folder of a merge that came to nothing, unless a process is at it."""
    try:
        held = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for name in filter(is_ours, os.listdir(held)):  # noqa: PTH208 - of the folder held
            os.unlink(name, dir_fd=held)
        path.rmdir()
    except BlockingIOError:
        return
    finally:
        os.close(held)


def _publish(aside: RunFolder, folder: RunFolder) -> None:
    """Give a whole folder its name."""
    try:
        sync_folder(aside.path)
        aside.path.rename(folder.path)
        sync_folder(folder.path.absolute().parent)
    except OSError as error:
        raise JournalError(
            f"The run folder {folder.path} can't be made ({error.strerror}); the shards are as "
            "they were: merge again."
        ) from error


def _elsewhere(error: BulkcancelError, aside: RunFolder, folder: RunFolder) -> str:
    """Return what an error says, with the name that the folder has in the end."""
    return str(error).replace(str(aside.path), str(folder.path))


def _why(error: BulkcancelError) -> str:
    cause = error.__cause__
    return (cause.strerror or str(error)) if isinstance(cause, OSError) else str(error)
