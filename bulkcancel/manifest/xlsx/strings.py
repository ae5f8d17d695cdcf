"""The texts that the cells of a workbook share."""

from __future__ import annotations

import re
from array import array

from bulkcancel.manifest.xlsx.markup import BLOCK, tags, walk
from bulkcancel.manifest.xlsx.package import Package
from bulkcancel.manifest.xlsx.unreadable import damaged

MOST_STRINGS = 512 << 20
"""The part with the shared texts may have this many bytes: unlike the rows, it is held whole."""

_TAGS = tags("si", "t", "rPh")
_LONGEST = 2 << 20  # bytes; a cell holds 32,767 characters, each of seven when it is escaped
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")


class SharedStrings:
    """Texts by their position, held as one block of UTF-8: a third of what a list would take."""

    def __init__(self) -> None:
        self._text = bytearray()
        self._ends = array("I", [0])

    def add(self, text: str) -> None:
        """Take the next text."""
        self._text += text.encode()
        self._ends.append(len(self._text))

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, place: int) -> str:
        """Return a text; ``place`` counts from 0.

        Raises:
            IndexError: there is none at this place.
        """
        return self._text[self._ends[place] : self._ends[place + 1]].decode()


def read_strings(package: Package, part: str | None) -> SharedStrings:
    """Read the shared texts of a workbook; ``None`` for one that has none.

    Runs of rich text are joined; hints on how to pronounce a text are left out. A part that is
    missing is no damage unless a cell needs it, and then the cell finds no text.

    Raises:
        UnreadableError: the part is damaged or too large.
    """
    taker = _Taker()
    if part is None or not package.has(part):
        return taker.strings
    with package.open(part, most=MOST_STRINGS) as file:
        known, pending = 0, 0
        for _ in walk(file, part, taker.start, taker.end, taker.text):
            pending = 0 if len(taker.strings) > known else pending + BLOCK
            known = len(taker.strings)
            if pending > _LONGEST:
                raise damaged("one of its texts has more than two megabytes")
    return taker.strings


def unescape(text: str) -> str:
    """Return a text with the characters that stand as ``_x000D_`` put back.

    A NUL stays as it stands, since no text may hold one; half a character becomes U+FFFD.
    """
    if "_x" not in text:
        return text
    return (
        _ESCAPE.sub(_character, text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    )


class _Taker:
    def __init__(self) -> None:
        self.strings = SharedStrings()
        self._pieces: list[str] = []
        self._is_text = False
        self._is_hint = False

    def start(self, name: str, _: dict[str, str]) -> None:
        match _TAGS.get(name):
            case "si":
                self._pieces.clear()
            case "t":
                self._is_text = not self._is_hint
            case "rPh":
                self._is_hint = True

    def text(self, piece: str) -> None:
        if self._is_text:
            self._pieces.append(piece)

    def end(self, name: str) -> None:
        match _TAGS.get(name):
            case "si":
                self.strings.add(unescape("".join(self._pieces)))
            case "t":
                self._is_text = False
            case "rPh":
                self._is_hint = False


def _character(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)) if int(found[1], 16) else found[0]
