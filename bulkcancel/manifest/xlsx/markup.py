"""XML taken in pieces: no document type, no entities, and no piece that fills the memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO
from xml.parsers import expat

from bulkcancel.manifest.wording import show
from bulkcancel.manifest.xlsx.unreadable import UnreadableError, damaged

BLOCK = 1 << 16
_LONGEST_TAG = 1 << 20
_DEEPEST = 100
_NAMESPACES = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",  # "strict"
)

Start = Callable[[str, dict[str, str]], object]
"""Takes an element's name and attributes; names with a namespace read ``namespace}name``."""

End = Callable[[str], object]
"""Takes the name of an element that ends."""


@dataclass(slots=True)
class Depth:
    """How many elements are open; those that can't be within themselves need not be counted."""

    now: int = 0


def tags(*names: str) -> dict[str, str]:
    """Return the short names of a workbook's elements by their full ones."""
    return {f"{namespace}}}{name}": name for namespace in _NAMESPACES for name in names}


def local(name: str) -> str:
    """Return a name without its namespace."""
    return name.rpartition("}")[2]


def walk(
    file: IO[bytes],
    part: str,
    start: Start,
    end: End | None = None,
    text: Callable[[str], object] | None = None,
) -> Iterator[None]:
    """Give a part's elements to the callbacks; yields after every block of bytes.

    A text may come in several pieces. ``part`` names it in sentences.

    Raises:
        UnreadableError: it is no sound XML, declares a document type, or is nested too deep.
    """
    depth = Depth()

    def count_start(name: str, attributes: dict[str, str]) -> None:
        depth.now += 1
        start(name, attributes)

    def count_end(name: str) -> None:
        depth.now -= 1
        if end is not None:
            end(name)

    return walk_counted(file, part, depth, count_start, count_end, text)


def walk_counted(
    file: IO[bytes],
    part: str,
    depth: Depth,
    start: Start,
    end: End,
    text: Callable[[str], object] | None,
) -> Iterator[None]:
    """Do the same for callbacks that count in ``depth`` how deep the elements are nested.

    Raises:
        UnreadableError: it is no sound XML, declares a document type, or is nested too deep.
    """
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    # Entities, and with them everything that XML can be made to fetch or to swell up by, need one.
    parser.StartDoctypeDeclHandler = _refuse_doctype
    taken = 0
    try:
        while block := file.read(BLOCK):
            parser.Parse(block, False)  # noqa: FBT003 - takes no keywords
            taken += len(block)
            # The parser holds a tag until it is whole, and each element until it ends.
            if taken - parser.CurrentByteIndex > _LONGEST_TAG:
                raise damaged(f"its part {show(part)} has a tag of more than a megabyte")
            if depth.now > _DEEPEST:
                raise damaged(f"its part {show(part)} is nested more than {_DEEPEST} levels deep")
            yield
        parser.Parse(b"", True)  # noqa: FBT003 - the same
    except expat.ExpatError as problem:
        raise damaged(f"its part {show(part)} is broken in line {problem.lineno:,}") from problem
    except LookupError as problem:
        raise damaged(f"its part {show(part)} has an unknown encoding") from problem
    yield


def _refuse_doctype(*_: object) -> None:
    raise UnreadableError(
        "holds a document type declaration, which no spreadsheet program writes and which can "
        "do harm; save the data as a new workbook"
    )
