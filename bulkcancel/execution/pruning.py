"""Remove run folders that ended long ago: those only, and of them only what a run made."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bulkcancel.errors import RefusedError
from bulkcancel.execution.catalogue import RunLine, RunState, list_runs, look_at
from bulkcancel.execution.runfiles import JOURNAL_FILES, is_ours
from bulkcancel.journal import JOURNAL_NAME
from bulkcancel.journal.glance import take_lock

_ASIDE = ".pruned-"
"""How a run folder is called from the moment on at which its removal is decided."""

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_AGE = re.compile(r"([1-9][0-9]{0,5})\s*([hdwy])")
_SECONDS = {"h": 3600.0, "d": 86_400.0, "w": 7 * 86_400.0, "y": 365 * 86_400.0}
_UNFINISHED = frozenset({RunState.KILLED, RunState.UNREPORTED, RunState.UNSOUND})


class _SparedError(Exception):
    """A folder is left as it is; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prunable:
    """A run folder that may go.

    ``ended`` is in seconds since the epoch, ``size`` in bytes; ``written`` is when its journal was
    last written to, in nanoseconds, ``None`` if it has none.
    """

    run: RunLine
    ended: float
    size: int
    written: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spared:
    """A folder that is old enough and stays; ``failed`` if it could not be removed, though."""

    name: str
    reason: str
    failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PruningPlan:
    """What a pruning would do. ``unfinished`` are the names that an earlier one left half-way."""

    remove: tuple[Prunable, ...]
    spared: tuple[Spared, ...]
    unfinished: tuple[str, ...]


def parse_age(text: str) -> float:
    """Return the seconds that an age such as ``90d`` stands for: hours, days, weeks or years.

    Raises:
        RefusedError: It is none.
    """
    found = _AGE.fullmatch(text.strip().lower())
    if not found:
        raise RefusedError(
            f"--older-than {text}: give a number with h, d, w or y (hours, days, weeks, years), "
            "such as 90d."
        )
    return int(found[1]) * _SECONDS[found[2]]


def plan_pruning(
    reports: Path, *, older_than: float, keep: int, resumable: bool, now: float
) -> PruningPlan:
    """Return which runs of a reports folder may go; nothing is removed.

    Those ended more than ``older_than`` seconds before ``now`` (since the epoch). The ``keep``
    newest runs stay, whatever their age, and so do those that are at work, that can't be read,
    that hold what no run made, and, unless ``resumable``, those that could be gone on with or
    were never reported.

    Raises:
        RefusedError: The folder can't be read.
    """
    runs = list_runs(reports)
    old = runs[: len(runs) - keep] if keep else runs
    remove, spared = [], []
    for run in old:
        try:
            ended = _ended(run)
            if now - ended <= older_than:
                continue
            _check_state(run, resumable=resumable)
            size, written = _measure(run.path)
            remove.append(Prunable(run=run, ended=ended, size=size, written=written))
        except _SparedError as error:
            spared.append(Spared(name=run.run_id, reason=str(error)))
        except OSError as error:
            spared.append(Spared(name=run.run_id, reason=_why(error)))
    return PruningPlan(
        remove=tuple(remove), spared=tuple(spared), unfinished=tuple(_left_half_way(reports))
    )


def prune(reports: Path, plan: PruningPlan) -> Iterator[Prunable | Spared]:
    """Carry a plan out; yield each run when it is gone, or why it is not.

    First what an earlier pruning left half-way is finished. A run folder gets another name before
    anything in it is touched, with its journal locked: it is a whole run, or none any more. Links
    are never followed.

    Raises:
        RefusedError: The folder can't be opened.
    """
    if not plan.remove and not plan.unfinished:
        return
    with _opened(reports) as top:
        for name in plan.unfinished:
            try:
                _empty(top, name)
            except (_SparedError, OSError) as error:
                yield Spared(name=name, reason=_why(error), failed=True)
        for one in plan.remove:
            try:
                _remove(top, one)
            except _SparedError as error:
                yield Spared(name=one.run.run_id, reason=str(error))
            except OSError as error:
                yield Spared(name=one.run.run_id, reason=_why(error), failed=True)
            else:
                yield one


def clear_unbegun(reports: Path, run_id: str) -> bool:
    """Remove the folder of a run that ended before anything was sent; say whether it is gone.

    One at work, one that was begun and one that holds what no run made are left alone.

    Raises:
        OSError: It can't be looked at or removed.
    """
    run = look_at(reports / run_id)
    if run.state is not RunState.UNBEGUN:
        return False
    size, written = _measure(run.path)
    one = Prunable(run=run, ended=0.0, size=size, written=written)
    with _opened(reports) as top:
        try:
            _remove(top, one)
        except _SparedError:
            return False
    return True


def _check_state(run: RunLine, *, resumable: bool) -> None:
    if run.state is RunState.RUNNING:
        raise _SparedError("a process works on it")
    if run.state is RunState.UNREADABLE:
        raise _SparedError(run.sentence)
    if resumable:
        return
    if run.resumable:
        raise _SparedError("it can be resumed (--resumable removes such runs too)")
    if run.state in _UNFINISHED:
        raise _SparedError("it was never reported (--resumable removes such runs too)")


def _ended(run: RunLine) -> float:
    """Return when a run ended; where it says nothing, when its folder was last written to."""
    if run.finished_at is not None:
        with suppress(ValueError):
            moment = datetime.fromisoformat(run.finished_at)
            return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
    paths = [run.path, *run.path.iterdir()]
    return max(path.lstat().st_mtime for path in paths)


def _measure(path: Path) -> tuple[int, int | None]:
    """Return the size of a run folder's files, and when its journal was last written to."""
    found = {one.name: one.lstat() for one in path.iterdir()}
    journal = found.get(JOURNAL_NAME)
    size = sum(one.st_size for one in found.values())
    return size, None if journal is None else journal.st_mtime_ns


def _left_half_way(reports: Path) -> Iterator[str]:
    try:
        with os.scandir(reports) as found:
            names = [one.name for one in found if one.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return
    yield from sorted(name for name in names if name.startswith(_ASIDE))


@contextmanager
def _opened(reports: Path) -> Iterator[int]:
    try:
        # The reports folder itself may well be a link: it is what the operator named.
        descriptor = os.open(reports, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise RefusedError(f"The folder {reports} can't be opened ({error.strerror}).") from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _remove(top: int, one: Prunable) -> None:
    name = one.run.run_id
    folder = os.open(name, _DIRECTORY, dir_fd=top)
    try:
        _check_content(folder)
        with _locked(folder, one):
            os.rename(name, _ASIDE + name, src_dir_fd=top, dst_dir_fd=top)
            # On the disk first: after a power cut no run folder may lack a part of its files.
            os.fsync(top)
    finally:
        os.close(folder)
    _empty(top, _ASIDE + name)


@contextmanager
def _locked(folder: int, one: Prunable) -> Iterator[None]:
    """Hold a run's journal, so that nobody goes on with it meanwhile."""
    try:
        journal = os.open(JOURNAL_NAME, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    except FileNotFoundError:
        yield
        return
    try:
        if not take_lock(journal):
            raise _SparedError("a process works on it")
        if os.fstat(journal).st_mtime_ns != one.written:
            raise _SparedError("a process worked on it just now")
        yield
    finally:
        os.close(journal)


def _empty(top: int, name: str) -> None:
    """Remove a folder that was set aside: its files, the journal last, then itself."""
    folder = os.open(name, _DIRECTORY, dir_fd=top)
    try:
        for file in sorted(_check_content(folder), key=_last_the_journal):
            os.unlink(file, dir_fd=folder)
    finally:
        os.close(folder)
    os.rmdir(name, dir_fd=top)


def _check_content(folder: int) -> Sequence[str]:
    """Return the names in a folder if each is a plain file that a run makes."""
    names = os.listdir(folder)
    for name in names:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if not is_ours(name) or not stat.S_ISREG(found.st_mode):
            raise _SparedError(f"it holds {name!r}, which no run made")
    return names


def _last_the_journal(name: str) -> tuple[bool, bool]:
    return name in JOURNAL_FILES, name == JOURNAL_NAME


def _why(error: Exception) -> str:
    return (error.strerror or "input/output error") if isinstance(error, OSError) else str(error)
