"""Files that appear whole or not at all: temporary file, fsync, replace, fsync of the folder."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Self, TextIO

from bulkcancel.errors import ReportError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_BUFFER = 1 << 20


@contextmanager
def telling(path: Path, deed: str = "written") -> Iterator[None]:
    """Turn what the system says about a report's file into a `ReportError`."""
    try:
        yield
    except OSError as error:
        why = error.strerror or "input/output error"
        raise ReportError(
            f"{path} can't be {deed} ({why}); the journal is complete: "
            "`bulkcancel report RUN` writes the reports again."
        ) from error


@contextmanager
def atomic(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write to that takes the place of ``path`` when the block ends well.

    Raises:
        ReportError: It can't be written; what ``path`` was before is untouched.
    """
    with Staging(path.parent) as staging:
        file = staging.create(path.name)
        yield file
        staging.seal()
        staging.publish({path.name: path.name})


@contextmanager
def atomic_text(path: Path) -> Iterator[TextIO]:
    """Give a text file (UTF-8, line ends as written) that takes the place of ``path``.

    It is kept in memory until the block ends. The half of a character, which UTF-8 can't hold,
    is written as a backslash escape.

    Raises:
        ReportError: It can't be written; what ``path`` was before is untouched.
    """
    text = io.StringIO(newline="")
    yield text
    with atomic(path) as file:
        file.write(as_utf8(text.getvalue()))


def as_utf8(text: str) -> bytes:
    """Return text as UTF-8, with a backslash escape for the half of a character."""
    return text.encode("utf-8", "backslashreplace")


class _ReportFile(io.FileIO):
    """A new file, mode 0600, whose failing writes name the report that it is to become."""

    def __init__(self, path: Path, report: Path) -> None:
        super().__init__(path, "x", opener=_open_private)
        self._report = report

    def write(self, data: ReadableBuffer, /) -> int:
        with telling(self._report):
            return super().write(data)


class Staging:
    """Files of one folder that are written aside and then published together, mode 0600.

    Use it as a context manager: what was not published when it is left is removed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, io.BufferedWriter] = {}
        self._digests: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for name, file in self._files.items():
            # Closing the raw file first drops what a full disk would not take.
            with suppress(OSError):
                file.raw.close()
            # A file that can't be removed must not hide why it was to be.
            with suppress(OSError):
                self.path(name).unlink(missing_ok=True)
        self._files.clear()

    def path(self, name: str) -> Path:
        """Return where a file lies until it is published.

        The name is fixed, so that what a killed process left is taken away by the next one.
        """
        return self._folder / f".{name}.partial"

    def create(self, name: str) -> io.BufferedWriter:
        """Start a file that is to be published; close it by `seal` only.

        Raises:
            ReportError: It can't be made.
        """
        path = self.path(name)
        with telling(self._folder / name):
            path.unlink(missing_ok=True)
            raw = _ReportFile(path, self._folder / name)
        self._files[name] = io.BufferedWriter(raw, _BUFFER)
        return self._files[name]

    def seal(self, *names: str) -> dict[str, str]:
        """Bring files to the disk and close them; return the SHA-256 of all so far, in hex.

        Without ``names`` these are all that were not sealed yet.

        Raises:
            ReportError: One can't be written.
        """
        for name, file in self._files.items():
            if name in self._digests or (names and name not in names):
                continue
            with telling(self._folder / name):
                file.flush()
                os.fsync(file.fileno())
                file.close()
                with self.path(name).open("rb") as written:
                    self._digests[name] = hashlib.file_digest(written, "sha256").hexdigest()
        return dict(self._digests)

    def publish(self, names: dict[str, str]) -> None:
        """Let sealed files take their places, in the order given: ``{name: published name}``.

        Raises:
            ReportError: One can't be moved there.
        """
        for name, published in names.items():
            with telling(self._folder / published):
                self.path(name).replace(self._folder / published)
            del self._files[name]
        with telling(self._folder):
            sync_folder(self._folder)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)
