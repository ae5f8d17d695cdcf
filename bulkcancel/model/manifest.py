"""The words for an input: rows, their kinds and counts, and the facts about the file."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

Extras = tuple[str | None, ...]
"""The cells of a row's other columns, in the order of `InputFacts.other_columns`."""


class RowKind(StrEnum):
    """What a row of the input is."""

    ALLOCATION = "allocation"
    """The first row of its allocation: a request of its own."""
    DUPLICATE = "duplicate"
    """Repeats an allocation of an earlier row and shares its outcome."""
    INVALID = "invalid"
    """Its id does not match the grammar; nothing is ever sent for it."""
    BLANK = "blank"
    """Holds no id and no other cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestRow:
    """One row of the input.

    ``row`` is the physical row number that a person sees in the file (a text file's header is
    row 1; Parquet has no header row, its first row is 1). ``allocation_id`` is set for the kinds
    ALLOCATION and DUPLICATE. ``text`` is the id cell as found, cut to 200 characters, for the
    kind INVALID (else empty) and ``reason`` says in words what is wrong with it. ``duplicate_of``
    is the row that a DUPLICATE repeats.
    """

    row: int
    kind: RowKind
    allocation_id: str | None = None
    text: str = ""
    reason: str = ""
    duplicate_of: int | None = None
    extras: Extras = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCounts:
    """How many rows of each kind; ``read`` is counted on its own, not summed."""

    read: int
    blank: int
    invalid: int
    duplicate: int
    unique: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFacts:
    """Where a manifest came from and how it was read; part of ``summary.json``.

    ``path`` is as given (``-`` for standard input), ``sha256`` and ``bytes`` are of the file as
    it lies on disk, ``digest`` (hex SHA-256) is of the ids in their order, whatever the format,
    and ``hash_total`` (hex, 16 characters) of the unique ids, whatever their order. ``container``
    names what a text was unpacked from, ``hidden`` counts hidden rows of a sheet that were read
    along, ``trimmed`` the ids that had spaces or invisible characters at their ends.
    """

    path: str
    sha256: str
    bytes: int
    format: str
    id_column: str
    delimiter: str | None
    encoding: str | None
    sheet: str | None
    other_columns: tuple[str, ...]
    id_pattern: str
    digest: str
    hash_total: str
    container: str | None = None
    hidden: int = 0
    trimmed: int = 0
