"""A look at a journal from outside: who works on it, and what it says; nothing of it is touched."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import stat
import struct
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bulkcancel.errors import JournalError, LockedError
from bulkcancel.journal.connection import decoding, in_words
from bulkcancel.journal.provisional import open_outcomes
from bulkcancel.journal.schema import APPLICATION_ID, VERSION
from bulkcancel.journal.segments import Segment, segments
from bulkcancel.journal.store import Journal
from bulkcancel.journal.work import outcome_counts
from bulkcancel.model import Outcome, Target

_LOCKED_FROM, _LOCKED_BYTES = 0x40000000, 512
"""Where SQLite locks a file: the lock-byte page of its file format."""

# `struct flock`: Linux says type and whence first, the BSDs last.
_LINUX = sys.platform == "linux"
_FLOCK = struct.Struct("hhqqi4x" if _LINUX else "qqihh")


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """What a journal says of its run.

    ``counts`` are the rows by kind, named as in ``summary.json``. ``outcomes`` counts every
    allocation once; one that was touched and is not settled has its provisional word. ``merged``
    says that it joins the runs of shards, and can't be resumed itself.
    """

    target: Target
    counts: dict[str, int]
    outcomes: dict[str, int]
    segments: tuple[Segment, ...]
    merged: bool = False


def in_use(path: Path) -> bool:
    """Say whether a process works on a journal. Its lock is asked after, and not taken.

    Raises:
        OSError: There is no such file, or it can't be opened for reading.
    """
    if _is_open_here(path):
        return True
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return _is_locked(descriptor)
    finally:
        os.close(descriptor)


def take_lock(descriptor: int) -> bool:
    """Lock a journal that is open for writing, until it is closed; say whether that went.

    As long as it is held no run can open the journal.
    """
    try:
        fcntl.lockf(
            descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, _LOCKED_BYTES, _LOCKED_FROM, os.SEEK_SET
        )
    except (BlockingIOError, PermissionError):
        return False
    return True


def glance(path: Path) -> Glance | None:
    """Return what a journal says, without a lock and without changing anything beside it.

    ``None`` if it was never finished: its run ended before anything was sent.

    Raises:
        LockedError: A process works on it.
        JournalError: It can't be read, or is no journal of this version.
    """
    try:
        before = _stamp(path)
        with _readable(path) as connection, in_words(path):
            found = _read(Journal(path, connection))
        if in_use(path) or _stamp(path) != before:
            raise LockedError(f"The journal {path} is in use by another process.")
    except OSError as error:
        raise JournalError(f"The journal {path} can't be read ({error.strerror}).") from error
    return found


def _read(journal: Journal) -> Glance | None:
    ((application,),) = journal.select("PRAGMA application_id")
    ((version,),) = journal.select("PRAGMA user_version")
    ((tables,),) = journal.select("SELECT COUNT(*) FROM sqlite_schema")
    if not tables:
        return None
    if (application, version) != (APPLICATION_ID, VERSION):
        raise JournalError(
            f"{journal.path} is no journal of bulkcancel that this program reads (version "
            f"{version}, and it reads version {VERSION})."
        )
    if journal.fact("loaded") is None:
        return None
    settled = outcome_counts(journal)
    for outcome in open_outcomes(journal).values():
        settled[outcome] = settled.get(outcome, 0) + 1
    untouched = journal.unique() - sum(settled.values())
    settled[Outcome.NOT_ATTEMPTED] = settled.get(Outcome.NOT_ATTEMPTED, 0) + untouched
    with decoding(journal.path):
        return Glance(
            target=msgspec.convert(journal.fact("settings")["target"], Target),
            counts=msgspec.convert(journal.fact("counts"), dict[str, int]),
            outcomes={outcome.value: settled.get(outcome, 0) for outcome in Outcome},
            segments=tuple(segments(journal)),
            merged=journal.fact("merged") is not None,
        )


@contextmanager
def _readable(path: Path) -> Iterator[sqlite3.Connection]:
    """Give a connection that reads a journal without SQLite's locks.

    A journal that was closed in good order is one file, and is read as it lies. One whose process
    was killed has a log beside it, which SQLite would lock and then work into the file: of such a
    one a copy is read.
    """
    log = path.with_name(f"{path.name}-wal")
    if in_use(path):
        raise LockedError(f"The journal {path} is in use by another process.")
    if not _has_content(log):
        with in_words(path), closing(_connect(path, "mode=ro&immutable=1")) as connection:
            yield connection
        return
    with tempfile.TemporaryDirectory(prefix="bulkcancel-") as folder:
        copy = Path(folder) / path.name
        shutil.copyfile(path, copy, follow_symlinks=False)
        shutil.copyfile(log, copy.with_name(log.name), follow_symlinks=False)
        with in_words(path), closing(_connect(copy, "mode=rw")) as connection:
            yield connection


def _connect(path: Path, how: str) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?{how}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=0.0)
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")  # no shared-memory file
    return connection


def _is_locked(descriptor: int) -> bool:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        return False
    kind = fcntl.F_WRLCK
    if _LINUX:
        question = _FLOCK.pack(kind, os.SEEK_SET, _LOCKED_FROM, _LOCKED_BYTES, 0)
        answer = _FLOCK.unpack(fcntl.fcntl(descriptor, fcntl.F_GETLK, question))[0]
    else:
        question = _FLOCK.pack(_LOCKED_FROM, _LOCKED_BYTES, 0, kind, os.SEEK_SET)
        answer = _FLOCK.unpack(fcntl.fcntl(descriptor, fcntl.F_GETLK, question))[3]
    return bool(answer != fcntl.F_UNLCK)


def _is_open_here(path: Path) -> bool:
    """Say whether this very process has the file open.

    It must not be opened a second time then: closing it would drop the locks of the first.
    """
    wanted = os.stat(path, follow_symlinks=False)  # noqa: PTH116 - the others are numbers
    for name in os.listdir("/dev/fd"):  # noqa: PTH208 - only the numbers are wanted
        try:
            one = os.fstat(int(name))
        except OSError:  # the listing's own, closed by now
            continue
        if (one.st_dev, one.st_ino) == (wanted.st_dev, wanted.st_ino):
            return True
    return False


def _has_content(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except FileNotFoundError:
        return False


def _stamp(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns
