"""An input opened for one pass: as it lies, or a text that is packed in gzip or a ZIP archive."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from bulkcancel.errors import InputRefusedError
from bulkcancel.manifest.archive import only_member, unpacked
from bulkcancel.manifest.source import Source, reading
from bulkcancel.manifest.streams import Hashed, Joined
from bulkcancel.manifest.table import Fingerprint
from bulkcancel.manifest.unpack import Unpacker

_HEAD = 4096
_GZIP = b"\x1f\x8b"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")


class Container(StrEnum):
    """What a text is packed into."""

    GZIP = "gzip"
    ZIP = "zip"


def container_of(head: bytes) -> Container | None:
    """Return what an input is packed into, by its first bytes."""
    if head.startswith(_GZIP):
        return Container.GZIP
    return Container.ZIP if head.startswith(_ZIP) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An input opened for one pass.

    ``stream`` gives its bytes, unpacked. ``fingerprint`` tells which bytes lie on the disk, once
    the stream was read to its end.
    """

    stream: io.RawIOBase
    fingerprint: Callable[[], Fingerprint]


@contextmanager
def opened(source: Source, container: Container | None) -> Iterator[Opened]:
    """Open an input for one pass; nothing of it is ever unpacked to the disk.

    Raises:
        InputRefusedError: the archive does not hold one text that can be read. While the stream
            is read: what is packed is damaged, cut off, or a bomb.
    """
    with source.open() as file:
        match container:
            case None:
                hashed = Hashed(file)
                yield Opened(stream=hashed, fingerprint=hashed.fingerprint)
            case Container.GZIP:
                hashed = Hashed(file)
                stream = Joined(Unpacker(hashed, source.name).gzip())
                yield Opened(stream=stream, fingerprint=hashed.fingerprint)
            case Container.ZIP:
                state = _state(file)
                with reading(source.name):
                    member = only_member(file, source.name)
                yield Opened(
                    stream=Joined(unpacked(file, member, source.name)),
                    fingerprint=lambda: _unchanged(file, state, source.name),
                )


def head_inside(source: Source, container: Container) -> bytes:
    """Return the first 4096 unpacked bytes (fewer if there are no more)."""
    with reading(source.name), opened(source, container) as inside:
        return io.BufferedReader(inside.stream).read(_HEAD)


def _unchanged(file: io.FileIO, state: tuple[int, int], name: str) -> Fingerprint:
    """Return the fingerprint of a file that was not read from front to back.

    Raises:
        InputRefusedError: the file changed since it was in ``state``.
    """
    file.seek(0)
    hashed = Hashed(file)
    buffer = bytearray(1 << 20)
    while hashed.readinto(buffer):
        pass
    found = hashed.fingerprint()
    if _state(file) != state or found.size != state[0]:
        raise InputRefusedError(f"{name}: changed while it was read; start again")
    return found


def _state(file: io.FileIO) -> tuple[int, int]:
    facts = os.fstat(file.fileno())
    return facts.st_size, facts.st_mtime_ns
