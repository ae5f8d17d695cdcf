"""Where the bytes come from: a file, or a pipe that is kept in a private file while it is read."""

from __future__ import annotations

import io
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from bulkcancel.errors import InputRefusedError
from bulkcancel.manifest.table import Fingerprint
from bulkcancel.manifest.wording import show

_BLOCK = 1 << 20
_HEAD = 4096
_LONGEST_NAME = 500


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An input that can be read more than once.

    ``name`` is what sentences call it. ``spooled`` says that ``path`` is our own private copy of
    a pipe, to be removed by `discard`.
    """

    name: str
    path: Path
    spooled: bool

    def open(self) -> io.FileIO:
        """Open the bytes for one pass.

        Raises:
            InputRefusedError: it is gone, or may not be read.
        """
        with reading(self.name):
            if not stat.S_ISREG(self.path.stat().st_mode):
                raise InputRefusedError(f"{self.name}: is no longer a file")
            return io.FileIO(self.path)

    def head(self) -> bytes:
        """Return the first 4096 bytes (fewer if there are no more)."""
        with reading(self.name), io.BufferedReader(self.open()) as file:
            return file.read(_HEAD)

    def fingerprint(self) -> Fingerprint:
        """Read all the bytes, and return which they are."""
        digest = sha256()
        size = 0
        with reading(self.name), self.open() as file:
            while block := file.read(_BLOCK):
                digest.update(block)
                size += len(block)
        return Fingerprint(sha256=digest.hexdigest(), size=size)

    def discard(self) -> None:
        """Remove our own copy of a pipe; a file of the caller's is left alone."""
        if self.spooled:
            self.path.unlink(missing_ok=True)


def open_source(path: str, spool_folder: Path | None) -> Source:
    """Find an input; ``-`` is standard input.

    What can't be read twice (standard input, a named pipe) is copied first, into a file of mode
    0600 in ``spool_folder`` (the system's folder for temporary files where that is ``None``).

    Raises:
        InputRefusedError: there is no such file, it may not be read, or it is a folder.
    """
    if path == "-":
        if sys.stdin is None:
            raise InputRefusedError("standard input is closed: give a file, or pipe one in")
        name = "standard input"
        return Source(name=name, path=_spool(name, sys.stdin.buffer, spool_folder), spooled=True)
    if not path:
        raise InputRefusedError("no input was named: give a file, or - for standard input")
    name = show(path, limit=_LONGEST_NAME)
    with reading(name):
        try:
            mode = Path(path).stat().st_mode
        except ValueError as problem:
            raise InputRefusedError(f"{name}: is no name that a file can have") from problem
        if stat.S_ISDIR(mode):
            raise InputRefusedError(f"{name}: is a folder; give one file")
        if stat.S_ISREG(mode):
            return Source(name=name, path=Path(path), spooled=False)
        with io.FileIO(path) as pipe:
            return Source(name=name, path=_spool(name, pipe, spool_folder), spooled=True)


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn what the operating system says about an input into a sentence.

    Raises:
        InputRefusedError: the body of the ``with`` raised an `OSError`.
    """
    try:
        yield
    except FileNotFoundError as problem:
        raise InputRefusedError(f"{name}: there is no such file") from problem
    except PermissionError as problem:
        raise InputRefusedError(f"{name}: you have no permission to read it") from problem
    except OSError as problem:
        raise InputRefusedError(f"{name}: can't be read ({_reason(problem)})") from problem


def _spool(name: str, pipe: _Readable, folder: Path | None) -> Path:
    try:
        number, copy = tempfile.mkstemp(prefix="bulkcancel-input-", dir=folder)
    except OSError as problem:
        raise _not_kept(name, problem) from problem
    try:
        with io.FileIO(number, "wb") as file:
            _copy(name, pipe, file)
    except BaseException:
        Path(copy).unlink(missing_ok=True)
        raise
    return Path(copy)


def _copy(name: str, pipe: _Readable, file: io.FileIO) -> None:
    while True:
        with reading(name):
            block = pipe.read(_BLOCK)
        if block is None:
            # The end of the data and "nothing there yet" must not be taken for each other.
            raise InputRefusedError(f"{name}: is a non-blocking pipe; give a file instead")
        if not block:
            return
        view = memoryview(block)
        try:
            while view:
                view = view[os.write(file.fileno(), view) :]
        except OSError as problem:
            raise _not_kept(name, problem) from problem


def _not_kept(name: str, problem: OSError) -> InputRefusedError:
    return InputRefusedError(f"{name}: no copy of it could be kept on disk ({_reason(problem)})")


def _reason(problem: OSError) -> str:
    return problem.strerror or "input/output error"
