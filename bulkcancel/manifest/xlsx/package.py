"""The ZIP archive that a workbook is: checked before anything in it is unpacked."""

from __future__ import annotations

import errno
import io
import os
import posixpath
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from bulkcancel.manifest.wording import show
from bulkcancel.manifest.xlsx.unreadable import UnreadableError, damaged

_MIB = 1 << 20

MOST_UNPACKED = 4 << 30
"""All parts together may have this many bytes: 15 times a sheet of a million rows."""

MOST_RATIO = 200
"""A part of `_LARGE` bytes may be packed this tightly. Sheets are packed 7 to 40 times; a bomb
is, up to 1,000 times."""

_LARGE = 64 * _MIB
_LONGEST_LIST = 2 * _MIB  # the archive's list of contents, which is held in memory: 20,000 parts
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BROKEN: tuple[type[Exception], ...] = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    IndexError,
    NotImplementedError,
    UnicodeDecodeError,  # of the name of a part
)


class _Guarded(io.BufferedReader):
    """A file of which nobody reads much at once, whatever lengths the archive declares."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Read, but never more than the longest list of contents."""
        if size is not None and size > _LONGEST_LIST:
            raise UnreadableError(
                f"is a ZIP archive with a list of contents of {size // _MIB:,} MiB, which no "
                "workbook has"
            )
        return super().read(_LONGEST_LIST if size is None or size < 0 else size)


class Package:
    """The parts of a workbook by name.

    Raises:
        UnreadableError: the archive is damaged, has a password, or would unpack to too much.
    """

    def __init__(self, raw: io.FileIO) -> None:
        size = os.fstat(raw.fileno()).st_size
        with _unpacking("its ZIP archive is cut off or broken", ValueError, OverflowError):
            self._archive = zipfile.ZipFile(_Guarded(raw))
        self._parts: dict[str, zipfile.ZipInfo] = {}
        for info in self._archive.infolist():
            name = _key(info.filename)
            if name in self._parts:
                raise damaged(f"its ZIP archive holds {show(info.filename)} twice")
            self._parts[name] = info
        self._check(size)

    def has(self, part: str) -> bool:
        """Return whether there is a part of this name, in whatever case."""
        return _key(part) in self._parts

    @contextmanager
    def open(self, part: str, *, most: int = MOST_UNPACKED) -> Iterator[IO[bytes]]:
        """Open a part; reading it to its end checks its sum.

        Raises:
            UnreadableError: it is missing or damaged, or has more than ``most`` bytes.
        """
        info = self._parts.get(_key(part))
        if info is None:
            raise damaged(f"its part {show(part)} is missing")
        if info.compress_type not in _METHODS:
            raise UnreadableError(
                f"has its part {show(part)} compressed in a way that no workbook is; save it anew"
            )
        if info.file_size > most:
            raise UnreadableError(
                f"has a part {show(part)} of {info.file_size // _MIB:,} MiB, and more than "
                f"{most // _MIB:,} are not read; save the column of ids as a file of its own"
            )
        with (
            _unpacking(f"its part {show(part)} can't be unpacked"),
            self._archive.open(info) as file,
        ):
            yield file

    def _check(self, size: int) -> None:
        infos = self._parts.values()
        if any(info.flag_bits & _ENCRYPTED for info in infos):
            raise UnreadableError("is protected by a password; save it without one")
        if sum(info.compress_size for info in infos) > size:
            raise damaged("the parts of its ZIP archive overlap")
        whole = sum(info.file_size for info in infos)
        if whole > MOST_UNPACKED:
            raise UnreadableError(
                f"unpacks to {-(-whole // _MIB):,} MiB, and more than {MOST_UNPACKED // _MIB:,} "
                "are not read; save the column of ids as a file of its own"
            )
        for info in infos:
            if info.file_size > max(_LARGE, MOST_RATIO * info.compress_size):
                raise UnreadableError(
                    f"has a part {show(info.filename)} that unpacks from "
                    f"{info.compress_size // 1024:,} KiB to {info.file_size // _MIB:,} MiB, as no "
                    "sheet of data does; save the data as a new workbook"
                )


@contextmanager
def _unpacking(what: str, *also: type[Exception]) -> Iterator[None]:
    """Turn what is found to be wrong while unpacking into ``what``."""
    broken = (*_BROKEN, *also)
    try:
        yield
    except broken as problem:
        raise damaged(what) from problem
    except OSError as problem:
        if problem.errno != errno.EINVAL:
            raise
        raise damaged(what) from problem  # the archive points in front of the file


def resolve(part: str, target: str) -> str:
    """Return the name of the part that a relation of ``part`` points at."""
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(part), target)).lstrip("/")


def _key(name: str) -> str:
    # Names of parts have no case, and some writers put backslashes.
    return name.replace("\\", "/").lstrip("/").casefold()
