"""Delimited text as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

from bulkcancel.errors import InputRefusedError
from bulkcancel.manifest.columns import find_id_column
from bulkcancel.manifest.container import Container, Opened, opened
from bulkcancel.manifest.encodings import TextEncoding, find_encoding
from bulkcancel.manifest.header import NO_DELIMITER, find_header
from bulkcancel.manifest.ids import Grammar
from bulkcancel.manifest.options import InputFormat
from bulkcancel.manifest.source import Source, reading
from bulkcancel.manifest.streams import Joined, as_utf8
from bulkcancel.manifest.table import Cells, Fingerprint, Layout, rows_at_once
from bulkcancel.manifest.utf8 import (
    LONGEST_LINE,
    BadByteError,
    CheckedBytes,
    LongLineError,
    NulError,
    decoded,
)

_EXPORT = 'export it as "CSV UTF-8"'
_FIRST_ROWS = 16
_MOST_BYTES = 1 << 23
"""A batch takes no further rows once so many bytes were read for it: rows can be very long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    inside: Opened
    checked: CheckedBytes
    text: io.TextIOWrapper


class TextTable:
    """A file of delimited text, perhaps packed, with a header, quoted as RFC 4180 says.

    ``encoding`` is what the caller says of it (``None``: nothing), ``head`` its first bytes,
    unpacked.

    Raises:
        InputRefusedError: it holds no header, or no single column of ids.
    """

    def __init__(
        self,
        source: Source,
        *,
        id_column: str | None,
        grammar: Grammar,
        head: bytes,
        container: Container | None = None,
        encoding: str | None = None,
    ) -> None:
        self._source = source
        self._container = container
        self._encoding = find_encoding(head, encoding, source.name)
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
            encoding=self._encoding.name,
            container=None if container is None else container.value,
        )

    def batches(self) -> Generator[list[Cells], None, Fingerprint]:
        """Read the rows after the header; see `Table.batches`."""
        with self._open() as opened_text:
            delimiter = self.layout.delimiter or NO_DELIMITER
            reader = csv.reader(opened_text.text, delimiter=delimiter, strict=True)
            row = 0
            batch: list[Cells] = []
            with self._refusing(lambda: f"row {row + len(batch) + 1}"):
                for _ in range(self._header_row):
                    next(reader, None)
                    row += 1
                while True:
                    # Filled in place: what was read before an error stays in, and is counted.
                    self._fill(batch, reader, opened_text.checked)
                    if not batch:
                        break
                    yield batch
                    row += len(batch)
                    batch = []
            return opened_text.inside.fingerprint()

    def _fill(self, batch: list[Cells], reader: Iterator[list[str]], checked: CheckedBytes) -> None:
        most = rows_at_once(len(self.layout.columns))
        last_byte = checked.size + _MOST_BYTES
        rows = _FIRST_ROWS
        while len(batch) < most and checked.size < last_byte:
            before = len(batch)
            batch.extend(islice(reader, min(rows, most - before)))
            if len(batch) == before:
                return
            rows *= 2  # so few bytes for so many rows: as many again are no harm

    @contextmanager
    def _open(self) -> Iterator[_Reading]:
        with opened(self._source, self._container) as inside:
            stream = inside.stream
            if not self._encoding.is_utf8:
                stream = Joined(as_utf8(stream, self._encoding))
            checked = CheckedBytes(stream)
            with decoded(checked, "utf-8-sig" if self._encoding.mark else "utf-8") as text:
                yield _Reading(inside=inside, checked=checked, text=text)

    @contextmanager
    def _open_lines(self) -> Iterator[Iterator[str]]:
        with self._open() as opened_text:
            yield opened_text.text

    @contextmanager
    def _refusing(self, where: Callable[[], str]) -> Iterator[None]:
        """Turn what a reader stumbles over into a sentence; ``where`` gives the row it is at."""
        name = self._source.name
        try:
            with reading(name):
                yield
        except BadByteError as problem:
            words = _bad_byte(problem, self._encoding)
            raise InputRefusedError(f"{name}: {where()}: {words}") from problem
        except NulError as problem:
            words = _nul(problem, self._encoding)
            raise InputRefusedError(f"{name}: {where()}: {words}") from problem
        except LongLineError as problem:
            raise InputRefusedError(
                f"{name}: {where()}: a line of more than {LONGEST_LINE:,} bytes is no row; "
                "does the file have line ends?"
            ) from problem
        except csv.Error as problem:
            raise InputRefusedError(f"{name}: {where()}: {_bad_quotes(problem)}") from problem


def _bad_byte(problem: BadByteError, encoding: TextEncoding) -> str:
    found = f"the byte 0x{problem.value:02X} at byte offset {problem.offset:,} is not"
    if encoding.is_utf8:
        return (
            f"{found} UTF-8: the file has another encoding (often Windows-1252: then say "
            f"--encoding cp1252), or is cut off or binary; {_EXPORT}"
        )
    return f"{found} {encoding.name}: the file has another encoding, or is cut off or binary"


def _nul(problem: NulError, encoding: TextEncoding) -> str:
    place = f"at byte offset {problem.offset:,}"
    if not encoding.is_utf8:
        return f"there is a NUL character {place}: the file is binary, or not in {encoding.name}"
    # Of UTF-16 the first character is one of ASCII, and half of it is zero: which half tells.
    likely = "utf-16-be" if problem.offset == 0 else "utf-16-le"
    return (
        f"there is a NUL byte {place}: the file is binary, or UTF-16 text without a mark (then "
        f"say --encoding {likely}); {_EXPORT}"
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
