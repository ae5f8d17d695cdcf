"""Opening, creating and writing a journal."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Self

import msgspec

from bulkcancel.errors import JournalError, UnbegunError
from bulkcancel.journal.connection import (
    connect,
    connect_to_file,
    decoding,
    empty_log,
    in_words,
    plain,
    take_over,
    uri_of,
)
from bulkcancel.journal.entries import Entry
from bulkcancel.journal.filesystem import refuse_network
from bulkcancel.journal.schema import APPLICATION_ID, TABLES, VERSION
from bulkcancel.journal.sealing import seal_in_file, seal_of, widest_cells
from bulkcancel.journal.writing import write_entries
from bulkcancel.model import ManifestRow

JOURNAL_NAME = "journal.sqlite"
SQLITE_VERSION = sqlite3.sqlite_version
"""The version of the SQLite library in use."""


class Journal:
    """A run's journal, held by this process alone while it is open.

    Every method may raise `JournalError`, whose text says which file and what to do. The one
    connection may be used from any thread, by one thread at a time; `select` by several at once,
    which take turns.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._turn = Lock()

    @classmethod
    def create(cls, path: Path) -> Self:
        """Create an empty journal (mode 0600); the file must not exist."""
        refuse_network(path)
        try:
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
            made = os.fstat(descriptor)
            os.close(descriptor)
        except OSError as error:
            raise JournalError(
                f"The journal {path} can't be created ({error.strerror}); nothing was sent."
            ) from error
        with in_words(path):
            connection = connect(path)
            try:
                take_over(connection)
                # Before it was locked another process may have taken it for one that was left.
                _check_is_there(path, made)
                connection.executescript(f"BEGIN IMMEDIATE; {TABLES}")
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {VERSION}")
                connection.execute("COMMIT")
            except BaseException:  # Ctrl-C included: nobody else would close it
                connection.close()
                raise
        return cls(path, connection)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open an existing journal and check that it is one, whole and of this version.

        Raises:
            LockedError: Another process has it open.
            JournalError: It is missing, foreign, damaged or of another version.
        """
        try:
            is_there = path.is_file()
        except OSError as error:
            raise JournalError(f"The journal {path} can't be read ({error.strerror}).") from error
        if not is_there:
            raise JournalError(f"There is no journal at {path}: name a run's id or its folder.")
        refuse_network(path)
        with in_words(path):
            journal = cls(path, connect(path))
            try:
                # Only then is anything changed: a foreign file is left as it was.
                journal._check_is_one()
                take_over(journal._connection)
                journal._check_is_whole()
            except BaseException:  # Ctrl-C included: nobody else would close it
                journal.close()
                raise
        return journal

    def _check_is_one(self) -> None:
        application = self._connection.execute("PRAGMA application_id").fetchone()[0]
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if application != APPLICATION_ID:
            raise JournalError(f"{self.path} is not a journal of bulkcancel.")
        if version != VERSION:
            raise JournalError(
                f"{self.path} is a journal of version {version}; this program reads version "
                f"{VERSION}. Use the program that wrote it."
            )

    def _check_is_whole(self) -> None:
        # With an empty log the file is what this connection sees, and may be read by another one:
        # each of the two takes SQLite as long as the other, and it holds no lock of Python.
        widest = self.fact("widest") if empty_log(self._connection) else None
        with ThreadPoolExecutor(1) as aside:
            in_file = aside.submit(seal_in_file, self.path, widest)
            flaw = plain(self._connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        if flaw == "ok" and self.fact("loaded") is None:
            raise UnbegunError(
                f"The journal {self.path} was never finished: its run ended before anything was "
                "sent. Start a new run; it may have the same --run-id."
            )
        # SQLite checks the structure only: one flipped bit in an id would cancel another one.
        if flaw == "ok":
            seal = self.fact("seal")
            is_sealed = seal is not None and (
                # Damage is not said lightly: this connection has the last word.
                in_file.result() == seal or seal_of(self._connection, self.widest) == seal
            )
            if not is_sealed:
                flaw = "its rows are not those that were written"
        if flaw != "ok":
            raise JournalError(
                f"The journal {self.path} is damaged ({flaw}); nothing was sent. Restore it from "
                "a backup, or look the allocations up by hand."
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the journal; what was written stays."""
        with in_words(self.path):
            self._connection.close()

    def load(
        self,
        chunks: Iterable[Sequence[ManifestRow]],
        facts: Mapping[str, Any],
        *,
        more: Callable[[Journal], None] | None = None,
    ) -> None:
        """Write the manifest's rows and the run's facts; only then can the journal be opened.

        ``more`` may write what else the run begins with, once the rows are in.
        """
        statement = "INSERT INTO row VALUES (?, ?, ?, ?, ?, ?, ?)"
        with in_words(self.path):
            for chunk in chunks:
                values = [_row_values(row) for row in chunk]
                with self._transaction() as connection:
                    connection.executemany(statement, values)
            if more is not None:
                more(self)
            with self._transaction() as connection:
                widest = widest_cells(connection)
                seal = seal_of(connection, widest)
                sealed = {"widest": widest, "seal": seal, "loaded": True}
                for name, value in {**facts, **sealed}.items():
                    _put_fact(connection, name, value)

    def fact(self, name: str) -> Any:
        """Return a fact about the run, or ``None``."""
        found = list(self.select("SELECT value FROM fact WHERE name = ?", (name,)))
        with decoding(self.path):
            return json.loads(found[0][0]) if found else None

    @property
    def widest(self) -> int:
        """Return the most characters that the other cells of a row have, as JSON."""
        with decoding(self.path):
            return int(self.fact("widest"))

    def unique(self) -> int:
        """Return how many allocations the manifest holds."""
        ((count,),) = self.select(
            "SELECT COUNT(*) - (SELECT COUNT(*) FROM row WHERE kind <> 'allocation') FROM row"
        )
        return int(count)

    def write(self, entries: Iterable[Entry]) -> None:
        """Write entries in one transaction; they are on the disk when this returns."""
        with in_words(self.path), self._transaction() as connection:
            write_entries(connection, entries)

    def start_segment(self, at: float) -> int:
        """Note that the run starts or goes on; returns the segment's number, from 1."""
        with in_words(self.path), self._transaction() as connection:
            cursor = connection.execute("INSERT INTO segment (started_at) VALUES (?)", (at,))
            return int(cursor.lastrowid or 0)

    def end_segment(
        self, segment: int, at: float, stop: Mapping[str, Any] | None, facts: Mapping[str, Any]
    ) -> None:
        """Note that the run ended, by which stop (``None``: it came to its end) and with what."""
        values = (at, None if stop is None else json.dumps(stop), json.dumps(facts), segment)
        statement = "UPDATE segment SET finished_at = ?, stop = ?, facts = ? WHERE segment = ?"
        with in_words(self.path), self._transaction() as connection:
            connection.execute(statement, values)

    def restate_stop(self, stop: Mapping[str, Any] | None) -> None:
        """Give the last segment, which has ended, another stop."""
        statement = "UPDATE segment SET stop = ? WHERE segment = (SELECT MAX(segment) FROM segment)"
        self.change([(statement, (None if stop is None else json.dumps(stop),))])

    def note_standing(self, marks: Iterable[tuple[int, int, str]]) -> None:
        """Note allocations that were breaks of earlier runs: row, in how many, since when."""
        with in_words(self.path), self._transaction() as connection:
            connection.executemany("INSERT INTO standing VALUES (?, ?, ?)", marks)

    def change(self, statements: Iterable[tuple[str, Sequence[Any]]]) -> None:
        """Run changing statements, with their values, in one transaction."""
        with in_words(self.path), self._transaction() as connection:
            for statement, values in statements:
                connection.execute(statement, values)

    def select(self, statement: str, values: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query."""
        with in_words(self.path):
            with self._turn:
                cursor = self._connection.execute(statement, values)
            # No `yield from`: a query left half read would close its cursor after the journal.
            while True:
                with self._turn:
                    found = cursor.fetchone()
                if found is None:
                    return
                yield found

    @contextmanager
    def beside(self) -> Iterator[Journal]:
        """Give the same journal to be read at the same time, as long as nobody writes it.

        It is this one, and takes turns, where the log can't be carried over into the file.
        """
        if not empty_log(self._connection):
            yield self
            return
        with in_words(self.path):
            other = Journal(self.path, connect_to_file(self.path))
        with other:
            yield other

    @contextmanager
    def attached(self, path: Path, name: str) -> Iterator[None]:
        """Let another journal, which is looked at by `open` first, be read under a name."""
        with in_words(path):
            self._connection.execute(f"ATTACH ? AS {name}", (uri_of(path),))
            try:
                # From the first look at it on it is this process's alone.
                self._connection.execute(f"SELECT COUNT(*) FROM {name}.fact").fetchone()  # noqa: S608 - our own word
                yield
            finally:
                self._connection.execute(f"DETACH {name}")

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
            self._connection.execute("COMMIT")
        except BaseException:  # whatever ends it, nothing half written may stay
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise


def _check_is_there(path: Path, made: os.stat_result) -> None:
    if not path.exists() or not os.path.samestat(made, path.stat()):
        raise JournalError(f"The journal {path} was removed by another process; nothing was sent.")


def _put_fact(connection: sqlite3.Connection, name: str, value: Any) -> None:
    connection.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, json.dumps(value)))


_encode = msgspec.json.Encoder().encode


def _row_values(row: ManifestRow) -> tuple[Any, ...]:
    first = row.duplicate_of is None
    return (
        row.row,
        row.kind.value,
        row.allocation_id if first else None,
        row.duplicate_of,
        row.text or None,
        row.reason or None,
        _encode(row.extras).decode() if row.extras else None,
    )
