"""Bytes on their way from the disk to the parser, stage by stage: hashed, unpacked, as UTF-8."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from hashlib import sha256
from typing import TYPE_CHECKING

from bulkcancel.manifest.encodings import TextEncoding
from bulkcancel.manifest.table import Fingerprint
from bulkcancel.manifest.utf8 import BadByteError, NulError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_BLOCK = 1 << 18
_UNIT = {"utf-16-le": 2, "utf-16-be": 2, "utf-32-le": 4, "utf-32-be": 4}


class Hashed(io.RawIOBase):
    """Passes a file's bytes on, and knows which they were."""

    def __init__(self, file: io.FileIO) -> None:
        self._file = file
        self._digest = sha256()
        self._size = 0

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Read some bytes."""
        view = memoryview(buffer)
        number = self._file.readinto(view) or 0
        self._digest.update(view[:number])
        self._size += number
        return number

    def fingerprint(self) -> Fingerprint:
        """Return which bytes were read, once all of them were."""
        return Fingerprint(sha256=self._digest.hexdigest(), size=self._size)


class Joined(io.RawIOBase):
    """Blocks of bytes, made one after another, as one stream."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Read some bytes; what goes wrong where they are made is raised here."""
        while not self._ready:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._ready = memoryview(block)
        view = memoryview(buffer)
        number = min(len(view), len(self._ready))
        view[:number] = self._ready[:number]
        self._ready = self._ready[number:]
        return number


def as_utf8(raw: io.RawIOBase, encoding: TextEncoding) -> Iterator[bytes]:
    """Give text of another encoding as blocks of UTF-8, without its mark.

    What stands before a byte that can't be text is given before the error is raised. Offsets are
    those in ``raw``.

    Raises:
        BadByteError: a byte is none of the encoding.
        NulError: a character is NUL.
    """
    decoder = codecs.getincrementaldecoder(encoding.codec)()
    skip, offset, carried = encoding.mark, 0, 0
    while True:
        block = raw.read(_BLOCK) or b""
        is_end = not block
        skipped = min(skip, len(block))
        skip -= skipped
        offset += skipped
        block = block[skipped:]
        bad: BadByteError | None = None
        try:
            text = decoder.decode(block, is_end)
        except UnicodeDecodeError as problem:
            # The decoder puts the unfinished character of the block before in front of this one.
            start = offset - (len(problem.object) - len(block))
            bad = BadByteError(start + problem.start, problem.object[problem.start])
            text = _before(problem, encoding)
        nul = text.find("\0")
        if nul >= 0:
            yield _utf8(text[:nul])
            raise NulError(offset - carried + len(text[:nul].encode(encoding.codec)))
        yield _utf8(text)
        if bad is not None:
            raise bad
        if is_end:
            return
        offset += len(block)
        carried = len(decoder.getstate()[0])


def _utf8(text: str) -> bytes:
    # Half a pair of surrogates is passed on as it is, for the check of the UTF-8 to find it.
    return text.encode("utf-8", "surrogatepass")


def _before(problem: UnicodeDecodeError, encoding: TextEncoding) -> str:
    """Return what could be decoded before the bad byte."""
    unit = _UNIT.get(encoding.codec, 1)
    sound = problem.object[: problem.start - problem.start % unit]
    return sound.decode(encoding.codec)
