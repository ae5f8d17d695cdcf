"""What the caller may choose about reading an input."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

DEFAULT_ID_PATTERN = "[0-9a-fA-F]{24}"
"""The grammar of an allocation id: 24 hexadecimal characters."""


class InputFormat(StrEnum):
    """The kinds of input that can be read."""

    TEXT = "csv"
    """Delimited text, whatever its delimiter."""
    PARQUET = "parquet"
    XLSX = "xlsx"


@dataclass(frozen=True, slots=True, kw_only=True)
class InputOptions:
    """How to read an input.

    ``path`` is a file or ``-`` for standard input. ``id_column`` names the column of the ids (the
    usual spellings of ``allocation_id`` are found without it). ``id_pattern`` is a regular
    expression that an id must match from end to end; characters that have a meaning in a URL are
    refused whatever it says. ``format`` is found by content when it is ``None``. ``encoding`` is
    the one of a text that is neither UTF-8 nor UTF-16 with a mark. ``sheet`` names the sheet of a
    workbook, and ``include_hidden`` says that hidden and filtered rows count as well.
    """

    path: str
    id_column: str | None = None
    id_pattern: str = DEFAULT_ID_PATTERN
    format: InputFormat | None = None
    encoding: str | None = None
    sheet: str | None = None
    include_hidden: bool = False
