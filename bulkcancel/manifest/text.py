"""Delimited text as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from itertools import islice

from bulkcancel.errors import InputRefusedError
from bulkcancel.manifest.columns import find_id_column
from bulkcancel.manifest.header import NO_DELIMITER, find_header
from bulkcancel.manifest.ids import Grammar
from bulkcancel.manifest.options import InputFormat
from bulkcancel.manifest.source import Source, reading
from bulkcancel.manifest.table import BATCH_ROWS, Cells, Fingerprint, Layout
from bulkcancel.manifest.utf8 import (
    BOM,
    LONGEST_LINE,
    BadByteError,
    CheckedBytes,
    LongLineError,
    decoded,
)

_EXPORT = 'export it as "CSV UTF-8"'


class TextTable:
    """A file of delimited text: UTF-8, with a header, quoted as RFC 4180 says.

    Raises:
        InputRefusedError: it holds no header, or no single column of ids.
    """

    def __init__(self, source: Source, *, id_column: str | None, grammar: Grammar) -> None:
        self._source = source
        self._encoding = "utf-8-sig" if source.head().startswith(BOM) else "utf-8"
        with self._refusing(lambda: "the header"):
            header = find_header(
                self._open_lines, wanted=id_column, grammar=grammar, source=source.name
            )
        self._header_row = header.row
        self.layout = Layout(
            format=InputFormat.TEXT,
            columns=header.names,
            id_index=find_id_column(header.names, id_column, source.name),
            first_row=header.row + 1,
            delimiter=header.delimiter,
            encoding=self._encoding,
        )

    def batches(self) -> Generator[list[Cells], None, Fingerprint]:
        """Read the rows after the header; see `Table.batches`."""
        with self._open() as (checked, text):
            delimiter = self.layout.delimiter or NO_DELIMITER
            reader = csv.reader(text, delimiter=delimiter, strict=True)
            row = 0
            batch: list[Cells] = []
            with self._refusing(lambda: f"row {row + len(batch) + 1}"):
                for _ in range(self._header_row):
                    next(reader, None)
                    row += 1
                while True:
                    # Filled in place: what was read before an error stays in, and is counted.
                    batch.extend(islice(reader, BATCH_ROWS))
                    if not batch:
                        break
                    yield batch
                    row += len(batch)
                    batch = []
            return checked.fingerprint()

    @contextmanager
    def _open(self) -> Iterator[tuple[CheckedBytes, io.TextIOWrapper]]:
        with self._source.open() as file:
            checked = CheckedBytes(file)
            with decoded(checked, self._encoding) as text:
                yield checked, text

    @contextmanager
    def _open_lines(self) -> Iterator[Iterator[str]]:
        with self._open() as (_, text):
            yield text

    @contextmanager
    def _refusing(self, where: Callable[[], str]) -> Iterator[None]:
        """Turn what a reader stumbles over into a sentence; ``where`` gives the row it is at."""
        name = self._source.name
        try:
            with reading(name):
                yield
        except BadByteError as problem:
            raise InputRefusedError(f"{name}: {where()}: {_bad_byte(problem)}") from problem
        except LongLineError as problem:
            raise InputRefusedError(
                f"{name}: {where()}: a line of more than {LONGEST_LINE:,} bytes is no row; "
                "does the file have line ends?"
            ) from problem
        except csv.Error as problem:
            raise InputRefusedError(f"{name}: {where()}: {_bad_quotes(problem)}") from problem


def _bad_byte(problem: BadByteError) -> str:
    place = f"at byte offset {problem.offset:,}"
    if problem.value == 0:
        return (
            f"there is a NUL byte {place}: the file is binary, or UTF-16 text without a mark; "
            f"{_EXPORT}"
        )
    return (
        f"the byte 0x{problem.value:02X} {place} is not UTF-8: the file has another encoding "
        f"(often Windows-1252), or is cut off or binary; {_EXPORT}"
    )


def _bad_quotes(problem: csv.Error) -> str:
    """Return a sentence for what the csv module found; it has no codes, only its own texts."""
    text = str(problem)
    if "unexpected end of data" in text:
        return "a quote is opened here and never closed before the end of the file"
    if "field limit" in text:
        limit = csv.field_size_limit()
        return f"a cell has more than {limit:,} characters; is a quote opened and never closed?"
    if "expected after" in text:
        return (
            "text follows a closing quote; a quote inside a quoted cell must be doubled, "
            "or a quote is missing in this row or above"
        )
    return f"can't be read as delimited text; {_EXPORT}"
