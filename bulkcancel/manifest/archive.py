"""The one text in a ZIP archive: where it lies, and what its list of contents says of it."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from bulkcancel.errors import InputRefusedError
from bulkcancel.manifest.unpack import Unpacker

_LONGEST_LIST = 1 << 20
_HEAD = struct.Struct("<4s2xHH16xHH")  # of a member: sign, flags, method, lengths of name and extra
_SIGN = b"PK\x03\x04"
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_NAMED_IN_UTF8 = 0x800
_IS_FOLDER = 0x10
# Errors of zipfile at a list of contents that makes no sense; OSError is for one that points to
# before the beginning of the file.
_BROKEN = (
    zipfile.BadZipFile,
    EOFError,
    IndexError,
    OSError,
    OverflowError,
    ValueError,
    struct.error,
)
_BESIDE = frozenset({".ds_store", "thumbs.db", "desktop.ini"})


class _OverlongError(Exception):
    """The list of contents is longer than that of any archive with one text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """The packed text: ``start`` and ``packed`` say where it lies, the rest what must come of it.

    ``start`` is the offset of its first byte, ``packed`` and ``unpacked`` are numbers of bytes.
    """

    start: int
    packed: int
    unpacked: int
    crc: int
    is_deflated: bool


def names_inside(file: io.FileIO) -> frozenset[str] | None:
    """Return the names of an archive's members, or ``None`` if its list of contents is broken."""
    try:
        return frozenset(info.filename for info in _contents(file))
    except (*_BROKEN, NotImplementedError, _OverlongError):
        return None


def only_member(file: io.FileIO, name: str) -> Member:
    """Return the one text in an archive. ``name`` is what sentences call the input.

    Raises:
        InputRefusedError: the archive is damaged, has a password or is packed in a way that is
            not read, or does not hold exactly one file.
    """
    try:
        contents = _contents(file)
    except _OverlongError as problem:
        raise InputRefusedError(
            f"{name}: is a ZIP archive of very many files; give one of them, unpacked"
        ) from problem
    except NotImplementedError as problem:
        raise _not_read(name) from problem
    except _BROKEN as problem:
        raise Unpacker(file, name).damaged() from problem
    members = [info for info in contents if not _is_beside(info)]
    if not members:
        raise InputRefusedError(f"{name}: is a ZIP archive without a file in it")
    if len(members) > 1:
        raise InputRefusedError(
            f"{name}: is a ZIP archive of {len(members):,} files; give one of them, unpacked"
        )
    (info,) = members
    if info.flag_bits & _ENCRYPTED:
        raise InputRefusedError(
            f"{name}: is a ZIP archive with a password; unpack it and give the file inside"
        )
    if stat.S_ISLNK(info.external_attr >> 16):
        raise InputRefusedError(
            f"{name}: is a ZIP archive of a link to a file; pack the file itself"
        )
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise _not_read(name)
    return Member(
        start=_start(file, info, name),
        packed=info.compress_size,
        unpacked=info.file_size,
        crc=info.CRC,
        is_deflated=info.compress_type == zipfile.ZIP_DEFLATED,
    )


def unpacked(file: io.FileIO, member: Member, name: str) -> Iterator[bytes]:
    """Give the bytes of a member as blocks.

    Raises:
        InputRefusedError: they are not what the archive says, or a bomb.
    """
    file.seek(member.start)
    unpacker = Unpacker(file, name)
    unpack = unpacker.deflated if member.is_deflated else unpacker.stored
    size, crc = 0, 0
    for block in unpack(member.packed):
        size += len(block)
        crc = zlib.crc32(block, crc)
        if size > member.unpacked:
            raise unpacker.damaged()
        yield block
    if (size, crc) != (member.unpacked, member.crc):
        raise unpacker.damaged()


class _ShortReads:
    """A file of which no long part is read at once: zipfile reads a list of contents whole."""

    def __init__(self, file: io.FileIO) -> None:
        self._file = file
        self.seek = file.seek
        self.tell = file.tell

    def read(self, size: int = -1, /) -> bytes:
        """Read some bytes, or all that are left where they are few."""
        if size > _LONGEST_LIST:
            raise _OverlongError
        return self._file.read(size if size >= 0 else _LONGEST_LIST)


def _contents(file: io.FileIO) -> list[zipfile.ZipInfo]:
    return zipfile.ZipFile(_ShortReads(file)).infolist()


def _is_beside(info: zipfile.ZipInfo) -> bool:
    """Return whether a member is a folder, or what a system puts beside the files of a person."""
    name = info.filename.replace("\\", "/")
    if name.endswith("/") or info.external_attr & _IS_FOLDER:
        return True
    base = name.rpartition("/")[2]
    return name.startswith("__MACOSX/") or base.lower() in _BESIDE


def _start(file: io.FileIO, info: zipfile.ZipInfo, name: str) -> int:
    """Return where a member's bytes begin: its head stands before them, and must agree."""
    damaged = Unpacker(file, name).damaged()
    try:
        file.seek(info.header_offset)
        sign, flags, method, name_length, extra_length = _HEAD.unpack(file.read(_HEAD.size))
        coding = "utf-8" if flags & _NAMED_IN_UTF8 else "cp437"
        expected = info.orig_filename.encode(coding)
    except (OSError, OverflowError, ValueError, struct.error) as problem:
        raise damaged from problem
    if sign != _SIGN or flags & _ENCRYPTED or method != info.compress_type:
        raise damaged
    if not info.filename or file.read(name_length) != expected:
        raise damaged
    start: int = info.header_offset + _HEAD.size + name_length + extra_length
    return start


def _not_read(name: str) -> InputRefusedError:
    return InputRefusedError(
        f"{name}: is compressed in a way that is not read; unpack it and give the file inside"
    )
