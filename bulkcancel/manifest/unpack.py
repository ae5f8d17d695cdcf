"""DEFLATE data unpacked as it is read, with a watch on how much comes out of how little."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Protocol

from bulkcancel.errors import InputRefusedError

_PACKED = 1 << 16
_BLOCK = 1 << 18
_GZIP_BITS = 31  # zlib's way to say: with the head and the sums of gzip, and check them
_RAW_BITS = -15

_FREE = 1 << 19
"""So many bytes may come out of however few: 20,000 rows that are all the same."""

MOST_TIMES = 200
"""How many times its packed size a text may have. Ids alone are packed 2 times, beside columns that
never change 30, counted up one by one 60; a bomb is packed up to 1,000 times. There is no other
limit: a text that is not packed has none either."""


class _Reads(Protocol):
    def read(self, size: int, /) -> bytes | None: ...


class Unpacker:
    """Unpacks what ``packed`` gives, as blocks; never more than a block is held.

    ``name`` is what sentences call the input.
    """

    def __init__(self, packed: _Reads, name: str) -> None:
        self._packed = packed
        self._name = name
        self._taken = 0
        self._made = 0

    def gzip(self) -> Iterator[bytes]:
        """Give the bytes of a gzip file, of all its parts where it has several.

        Raises:
            InputRefusedError: it is damaged, cut off, or a bomb; or something follows it.
        """
        rest = self._more()
        while True:
            part = zlib.decompressobj(_GZIP_BITS)
            while not part.eof:
                block, rest = self._inflate(part, rest)
                yield block
                if not rest and not part.eof:
                    rest = self._more()
                    if not (rest or block):
                        raise self.damaged()
            rest = part.unused_data
            # Zeros may fill the file up behind its end, as on tapes.
            while not rest.strip(b"\0"):
                rest = self._more()
                if not rest:
                    return
            rest = rest.lstrip(b"\0")

    def deflated(self, size: int) -> Iterator[bytes]:
        """Give what the next ``size`` packed bytes hold.

        Raises:
            InputRefusedError: they are damaged, fewer or more than needed, or a bomb.
        """
        part = zlib.decompressobj(_RAW_BITS)
        left = size
        rest = b""
        while not part.eof:
            if not rest and left:
                rest = self._more(left)
                if not rest:
                    raise self.damaged()
                left -= len(rest)
            is_last = not rest
            block, rest = self._inflate(part, rest)
            if is_last and not block and not part.eof:
                raise self.damaged()
            yield block
        if left or part.unused_data:
            raise self.damaged()

    def stored(self, size: int) -> Iterator[bytes]:
        """Give the next ``size`` bytes as they are.

        Raises:
            InputRefusedError: there are fewer.
        """
        while size:
            block = self._more(size)
            if not block:
                raise self.damaged()
            size -= len(block)
            yield block

    def damaged(self) -> InputRefusedError:
        """Return the error to raise for what can't be unpacked."""
        return InputRefusedError(f"{self._name}: is damaged or cut off; pack or copy it again")

    def _more(self, most: int = _PACKED) -> bytes:
        block = self._packed.read(min(_PACKED, most)) or b""
        self._taken += len(block)
        return block

    def _inflate(self, part: zlib._Decompress, packed: bytes) -> tuple[bytes, bytes]:
        """Return the next unpacked bytes, and the packed ones that are left."""
        try:
            block = part.decompress(packed, _BLOCK)
        except zlib.error as problem:
            raise self.damaged() from problem
        rest = part.unconsumed_tail
        self._made += len(block)
        taken = self._taken - len(rest) - len(part.unused_data)
        if self._made > _FREE and self._made > MOST_TIMES * taken:
            raise InputRefusedError(
                f"{self._name}: unpacks to more than {MOST_TIMES} times its size, as no list of "
                "ids does; if it is one, unpack it and give the file inside"
            )
        return block, rest
