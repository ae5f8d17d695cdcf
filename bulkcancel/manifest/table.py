"""What every format gives: where the columns are, and the rows in batches of plain cells."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, Self, TypeAlias

from bulkcancel.manifest.options import InputFormat

BATCH_ROWS = 4096
"""How many rows a batch holds at most."""

_MOST_CELLS = 1 << 18


class Unfit(str):
    """A cell that holds no text as somebody entered it, and so never an id.

    It reads as a person sees it; ``why`` says in words what is wrong with it as an id.
    """

    __slots__ = ("why",)
    why: str

    def __new__(cls, text: str, why: str) -> Self:
        """Return the text with what is wrong with it."""
        cell = super().__new__(cls, text)
        cell.why = why
        return cell


Cells: TypeAlias = Sequence[str | None]
"""The cells of one row, the id among them; as many as the row has, be it too few or too many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """Which bytes were read: their SHA-256 in hex, and how many they are."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How an input is laid out.

    ``columns`` are all names as found, ``id_index`` is the position of the ids among them (from
    0), ``first_row`` the number of the first row of data. ``container`` names what the file was
    unpacked from (``gzip`` or ``zip``), ``hidden`` counts hidden rows that were read along.
    """

    format: InputFormat
    columns: tuple[str, ...]
    id_index: int
    first_row: int
    delimiter: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    container: str | None = None
    hidden: int = 0

    @property
    def other_columns(self) -> tuple[str, ...]:
        """The names of the columns without that of the ids."""
        return self.columns[: self.id_index] + self.columns[self.id_index + 1 :]


def rows_at_once(columns: int) -> int:
    """Return how many rows a batch of a table with so many columns may hold."""
    return max(1, min(BATCH_ROWS, _MOST_CELLS // max(1, columns)))


class Table(Protocol):
    """An input of some format. A new format is a new file with one of these."""

    @property
    def layout(self) -> Layout:
        """How the input is laid out; known before the first row is read."""

    def batches(self) -> Generator[list[Cells], None, Fingerprint]:
        """Read the rows from the first to the last; may be called again for another pass.

        Every record is given, blank ones too, so that a row's number is its place. Returns the
        fingerprint of the file that the rows came from.

        Raises:
            InputRefusedError: the input is damaged; the text says where.
        """


class OnePass:
    """Goes once over a table; ``fingerprint`` is there when the last batch was taken."""

    def __init__(self, table: Table) -> None:
        self._batches = table.batches()
        self.fingerprint = Fingerprint(sha256="", size=-1)

    def __iter__(self) -> Iterator[list[Cells]]:
        self.fingerprint = yield from self._batches
