"""Bytes on their way to the decoder, checked to be lines of UTF-8 text."""

from __future__ import annotations

import codecs
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

LONGEST_LINE = 1 << 23
"""A line of more bytes than this is refused: it is no row, and would have to fit in memory."""

_BUFFER = 1 << 18


class BadByteError(Exception):
    """A byte that no text of its encoding can hold. ``offset`` counts from 0."""

    def __init__(self, offset: int, value: int) -> None:
        super().__init__(f"byte 0x{value:02X} at offset {offset}")
        self.offset = offset
        self.value = value


class NulError(Exception):
    """A NUL character, which no text holds. ``offset`` counts from 0."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"NUL at offset {offset}")
        self.offset = offset


class LongLineError(Exception):
    """A line has more than `LONGEST_LINE` bytes."""


class CheckedBytes(io.RawIOBase):
    """A raw stream that passes another one on up to the first byte that is no text.

    What stands before a bad byte is given first and the error raised by the read after it, so
    that a parser meets the error in the row that holds the byte.

    Attributes:
        size: how many bytes were passed on.
    """

    def __init__(self, file: io.RawIOBase) -> None:
        self._file = file
        self.size = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._bad: BadByteError | NulError | None = None
        self._unended = 0

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Read some bytes.

        Raises:
            BadByteError: the next one is not UTF-8.
            NulError: the next one is NUL.
            LongLineError: no line has ended for too long.
        """
        if self._bad is not None:
            raise self._bad
        view = memoryview(buffer)
        number = self._file.readinto(view) or 0
        block = bytes(view[:number])
        self._bad = self._first_bad(block)
        if self._bad is not None:
            number = self._bad.offset - self.size
            if number <= 0:
                raise self._bad
        self.size += number
        last_end = max(block.rfind(b"\n"), block.rfind(b"\r"))
        self._unended = len(block) - last_end - 1 + (self._unended if last_end < 0 else 0)
        if self._unended > LONGEST_LINE:
            raise LongLineError
        return number

    def _first_bad(self, block: bytes) -> BadByteError | NulError | None:
        nul = block.find(b"\x00")
        sound = block if nul < 0 else block[:nul]
        try:
            self._decoder.decode(sound, not block)
        except UnicodeDecodeError as problem:
            # The decoder puts the unfinished character of the block before in front of this one.
            carried = len(problem.object) - len(sound)
            offset = self.size - carried + problem.start
            return BadByteError(offset, problem.object[problem.start])
        return None if nul < 0 else NulError(self.size + nul)


def decoded(raw: io.RawIOBase, encoding: str) -> io.TextIOWrapper:
    """Return a text stream over raw bytes that ends lines at LF, CRLF and CR, and keeps them."""
    return io.TextIOWrapper(io.BufferedReader(raw, _BUFFER), encoding=encoding, newline="")
