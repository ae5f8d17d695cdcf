"""Bytes on their way to the decoder: hashed, counted, and checked to be lines of UTF-8 text."""

from __future__ import annotations

import codecs
import io
from hashlib import sha256
from typing import TYPE_CHECKING

from bulkcancel.manifest.table import Fingerprint

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BOM = codecs.BOM_UTF8

LONGEST_LINE = 1 << 23
"""A line of more bytes than this is refused: it is no row, and would have to fit in memory."""

_BUFFER = 1 << 18


class BadByteError(Exception):
    """A byte that UTF-8 text can't hold. ``offset`` counts from 0."""

    def __init__(self, offset: int, value: int) -> None:
        super().__init__(f"byte 0x{value:02X} at offset {offset}")
        self.offset = offset
        self.value = value


class LongLineError(Exception):
    """A line has more than `LONGEST_LINE` bytes."""


class CheckedBytes(io.RawIOBase):
    """A raw stream that passes another one on up to the first byte that is no text.

    What stands before a bad byte is given first and the error raised by the read after it, so
    that a parser meets the error in the row that holds the byte.
    """

    def __init__(self, file: io.FileIO) -> None:
        self._file = file
        self._digest = sha256()
        self._size = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._bad: BadByteError | None = None
        self._unended = 0

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Read some bytes.

        Raises:
            BadByteError: the next one is NUL, or is not UTF-8.
            LongLineError: no line has ended for too long.
        """
        if self._bad is not None:
            raise self._bad
        view = memoryview(buffer)
        number = self._file.readinto(view) or 0
        block = bytes(view[:number])
        self._bad = self._first_bad(block)
        if self._bad is not None:
            number = self._bad.offset - self._size
            if number <= 0:
                raise self._bad
        self._digest.update(block)
        self._size += len(block)
        last_end = max(block.rfind(b"\n"), block.rfind(b"\r"))
        self._unended = len(block) - last_end - 1 + (self._unended if last_end < 0 else 0)
        if self._unended > LONGEST_LINE:
            raise LongLineError
        return number

    def fingerprint(self) -> Fingerprint:
        """Return which bytes were read, once all of them were."""
        return Fingerprint(sha256=self._digest.hexdigest(), size=self._size)

    def _first_bad(self, block: bytes) -> BadByteError | None:
        nul = block.find(b"\x00")
        sound = block if nul < 0 else block[:nul]
        try:
            self._decoder.decode(sound, not block)
        except UnicodeDecodeError as problem:
            # The decoder puts the unfinished character of the block before in front of this one.
            carried = len(problem.object) - len(sound)
            offset = self._size - carried + problem.start
            return BadByteError(offset, problem.object[problem.start])
        return None if nul < 0 else BadByteError(self._size + nul, 0)


def decoded(raw: io.RawIOBase, encoding: str) -> io.TextIOWrapper:
    """Return a text stream over raw bytes that ends lines at LF, CRLF and CR, and keeps them."""
    return io.TextIOWrapper(io.BufferedReader(raw, _BUFFER), encoding=encoding, newline="")
