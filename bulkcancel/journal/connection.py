"""One SQLite connection to a journal: exclusive, durable, its errors in words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bulkcancel.errors import JournalError, LockedError

_FULL = 2
_UNREADABLE = "a value in it can't be read"


@contextmanager
def in_words(path: Path) -> Iterator[None]:
    """Turn an SQLite error into a sentence."""
    try:
        yield
    except sqlite3.OperationalError as error:
        code: int | None = getattr(error, "sqlite_errorcode", None)
        if code is None:
            # Raised by Python over a text that is no UTF-8, which it quotes: a cell of the input.
            raise JournalError(f"The journal {path} is damaged: {_UNREADABLE}.") from None
        # The lower eight bits are the code, the rest says more about it.
        if code & 0xFF == sqlite3.SQLITE_BUSY:
            raise LockedError(
                f"The journal {path} is in use by another process; try again when it is done."
            ) from error
        raise JournalError(
            f"The journal {path} can't be read or written ({plain(error)}): mend that, then try "
            "again."
        ) from error
    except sqlite3.IntegrityError as error:
        raise JournalError(
            f"The journal {path} contradicts what was to be written ({plain(error)})."
        ) from error
    except sqlite3.DatabaseError as error:
        raise JournalError(
            f"The journal {path} is damaged or no journal ({plain(error)})."
        ) from error
    except UnicodeDecodeError as error:
        # SQLite quotes a damaged schema in its message, which Python then can't read.
        raise JournalError(f"The journal {path} is damaged: {_UNREADABLE}.") from error
    except (UnicodeEncodeError, OverflowError) as error:
        raise JournalError(f"The journal {path} can't hold a value ({error}).") from error


def plain(told: object) -> str:
    """Return what SQLite says on one printable line: it may quote bytes of a damaged file."""
    line = " ".join(str(told).replace("*** in database main ***", "").split())
    return "".join(one for one in line if one.isprintable())


@contextmanager
def decoding(path: Path) -> Iterator[None]:
    """Turn an error over a value that this program can't have written into a sentence."""
    try:
        yield
    except (ValueError, TypeError, OverflowError, OSError) as error:
        raise JournalError(
            f"The journal {path} is damaged: {_UNREADABLE}. Restore it from a backup, or look the "
            "allocations up by hand."
        ) from error


def _connection(uri: str) -> sqlite3.Connection:
    return sqlite3.connect(
        uri, uri=True, isolation_level=None, check_same_thread=False, timeout=0.0
    )


def connect_to_file(path: Path) -> sqlite3.Connection:
    """Return a connection that takes no lock and sees nothing of the log beside the file."""
    return _connection(uri_of(path, "mode=ro&immutable=1"))


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection that has not looked at the file yet, and will hold it alone."""
    connection = _connection(uri_of(path))
    try:
        # Exclusive: the journal is this process's alone, and no shared-memory file is needed.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    except BaseException:  # whatever it is, Ctrl-C included: nobody else would close it
        connection.close()
        raise
    return connection


def take_over(connection: sqlite3.Connection) -> None:
    """Lock the journal and see to it that a commit is on the disk when it returns."""
    connection.execute("PRAGMA journal_mode = WAL")
    # FULL: no intent is lost with the power.
    connection.execute(f"PRAGMA synchronous = {_FULL}")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("COMMIT")


def empty_log(connection: sqlite3.Connection) -> bool:
    """Carry all that the log holds over into the file; say whether that went."""
    try:
        (busy, left, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.OperationalError:
        return False  # no room, perhaps: to be read it needs none
    return (busy, left) == (0, 0)


def uri_of(path: Path, how: str = "mode=rw") -> str:
    """Return the URI by which SQLite opens an existing file, for writing by default."""
    escaped = str(path.absolute()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return f"file:{escaped if escaped.startswith('/') else f'/{escaped}'}?{how}"
