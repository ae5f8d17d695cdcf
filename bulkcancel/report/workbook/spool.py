"""Cells kept aside until a sheet is written, in files that have no name and take no memory."""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from bulkcancel.report.workbook.columns import Cell

Block = Sequence[Sequence[Cell]]
"""The cells of some rows, column by column."""

_LENGTH = 4
_FASTEST = 1


class Spool:
    """Takes blocks of cells and gives them back in their order.

    The system's errors come through as `OSError`. Nothing is left of it in the folder, whatever
    becomes of the process.
    """

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - close closes it
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(list[list[Cell]])

    def close(self) -> None:
        """Let go of the file."""
        # Closing the raw file drops what a full disk would not take: it is no longer needed.
        self._file.raw.close()

    def add(self, block: Block) -> int:
        """Keep a block; return the bytes of its cells."""
        plain = self._encoder.encode(block)
        packed = zlib.compress(plain, _FASTEST)
        self._file.write(len(packed).to_bytes(_LENGTH, "big") + packed)
        return len(plain)

    def blocks(self) -> Iterator[Block]:
        """Yield all blocks; no more may be added then."""
        self._file.seek(0)
        while length := self._file.read(_LENGTH):
            packed = self._file.read(int.from_bytes(length, "big"))
            yield self._decoder.decode(zlib.decompress(packed))
