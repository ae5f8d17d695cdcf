"""A disk that forgets: SQLite's files, with a tape of all that was done to them.

SQLite writes through to real files. What a power loss at any point of the tape leaves of them is
for `platter` to say. The connection is apsw's, in place of the standard library's.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count, islice
from pathlib import Path
from threading import Lock
from typing import Any

import apsw
import pytest
from platter import Event, FolderSynced, Named, Platter, Synced, Truncated, Written, platter_after

_LOGS = apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_SUPER_JOURNAL
"""The files with whose first sync SQLite's own unix layer syncs their folder too."""
_OPTIONS = {"uri": True, "isolation_level": None, "check_same_thread": False, "timeout": 0.0}
"""What the journal asks of `sqlite3.connect`, and a connection of apsw does in any case."""


class ForgetfulDisk:
    """A folder in which SQLite's files are recorded; what it holds to begin with is synced.

    The log is carried over to the main file whenever it has ``checkpoint_every`` pages.
    """

    def __init__(self, folder: Path, *, checkpoint_every: int = 1000) -> None:
        self.tape: list[Event] = []
        self._folder = folder
        self._checkpoint_every = checkpoint_every
        self._lock = Lock()
        self._left: int | None = None
        self._numbers = count(1)
        self._files: dict[str, int] = {}
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            file = self.opened(path.name)
            self.record(Written(file, 0, path.read_bytes()))
            self.record(Synced(file))
        self.record(FolderSynced())

    @contextmanager
    def mounted(self) -> Iterator[None]:
        """Let `sqlite3.connect` use this disk for what lies in its folder."""
        vfs = _Files(self)
        plain: Any = sqlite3.connect

        def connect(database: str, **options: Any) -> Any:
            if not database.startswith(f"file:{self._folder}/"):
                return plain(database, **options)
            assert options == _OPTIONS, "the stand-in connection keeps to these options"
            return _Connection(database, vfs.name, self._checkpoint_every)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sqlite3, "connect", connect)
            try:
                yield
            finally:
                vfs.unregister()

    def cut_after(self, events: int) -> None:
        """Let the power fail when so many more things have happened.

        The process does not notice: it goes on, but nothing that it does is recorded any more.
        """
        with self._lock:
            self._left = events

    def record(self, event: Event) -> bool:
        """Put a thing on the tape; say whether the power was still there for it."""
        with self._lock:
            if self._left is not None:
                if self._left <= 0:
                    return False
                self._left -= 1
            self.tape.append(event)
            return True

    @property
    def has_power(self) -> bool:
        """Say whether the power has not failed yet."""
        with self._lock:
            return self._left is None or self._left > 0

    def opened(self, name: str) -> int:
        """Return the number of the file of a name; one not seen before has just been made."""
        if name not in self._files:
            self._files[name] = next(self._numbers)
            self.record(Named(name, self._files[name]))
        return self._files[name]

    def deleted(self, name: str) -> None:
        """Forget the file of a name."""
        del self._files[name]
        self.record(Named(name, None))

    def platter(self) -> Platter:
        """Return the disk at the end of the tape."""
        return platter_after(list(self.tape))


class _Files(apsw.VFS):
    """The system's files, recorded."""

    def __init__(self, disk: ForgetfulDisk) -> None:
        self.name = f"forgetful-{id(disk)}"
        self._disk = disk
        super().__init__(self.name, base="")

    def xOpen(  # noqa: N802 - SQLite's name
        self, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> apsw.VFSFile:
        """Open a file; temporary ones, which no power loss is to keep, are not recorded."""
        if name is None or flags[0] & apsw.SQLITE_OPEN_DELETEONCLOSE:
            return apsw.VFSFile("", name, flags)
        return _File(self._disk, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: FBT001, N802 - SQLite's
        """Delete a file."""
        super().xDelete(filename, syncdir)
        self._disk.deleted(Path(filename).name)
        if syncdir:
            self._disk.record(FolderSynced())


class _File(apsw.VFSFile):
    """One of the system's files, recorded."""

    def __init__(self, disk: ForgetfulDisk, name: str | apsw.URIFilename, flags: list[int]) -> None:
        super().__init__("", name, flags)
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._disk = disk
        self._file = disk.opened(Path(path).name)
        self._folder_too = bool(flags[0] & apsw.SQLITE_OPEN_CREATE and flags[0] & _LOGS)

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802 - SQLite's name
        """Write bytes."""
        super().xWrite(data, offset)
        self._disk.record(Written(self._file, offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - SQLite's name
        """Set the length."""
        super().xTruncate(newsize)
        self._disk.record(Truncated(self._file, newsize))

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        """Bring all that was written to the disk, and a new log's name the first time."""
        super().xSync(flags)
        self._disk.record(Synced(self._file))
        if self._folder_too:
            self._folder_too = False
            self._disk.record(FolderSynced())


class _Connection:
    """As much of `sqlite3.Connection` as the journal uses. Errors are apsw's: none is expected."""

    def __init__(self, database: str, vfs: str, checkpoint_every: int) -> None:
        flags = apsw.SQLITE_OPEN_URI | apsw.SQLITE_OPEN_READWRITE
        self._connection = apsw.Connection(database, flags=flags, vfs=vfs)
        self._connection.wal_autocheckpoint(checkpoint_every)
        self.close = self._connection.close

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    def execute(self, statement: str, values: Sequence[Any] = ()) -> _Cursor:
        return _Cursor(self._connection, self._connection.execute(statement, tuple(values)))

    def executemany(self, statement: str, values: Iterable[Sequence[Any]]) -> None:
        self._connection.executemany(statement, values)

    def executescript(self, statements: str) -> None:
        self._connection.execute(statements)


class _Cursor:
    """As much of `sqlite3.Cursor` as the journal uses."""

    def __init__(self, connection: apsw.Connection, cursor: apsw.Cursor) -> None:
        self._cursor = cursor
        self.lastrowid = connection.last_insert_rowid()
        self.fetchone = cursor.fetchone
        self.fetchall = cursor.fetchall

    def __iter__(self) -> Iterator[Any]:
        return iter(self._cursor)

    def fetchmany(self, size: int) -> list[Any]:
        return list(islice(self._cursor, size))


def lay_down(files: Mapping[str, bytes], folder: Path) -> None:
    """Let a folder hold these files and no others."""
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)
