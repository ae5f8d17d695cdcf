"""A Parquet file as a table."""

from __future__ import annotations

import io
import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bulkcancel.errors import InputRefusedError
from bulkcancel.manifest.columns import find_id_column
from bulkcancel.manifest.options import InputFormat
from bulkcancel.manifest.plain import as_text, is_text
from bulkcancel.manifest.source import Source, reading
from bulkcancel.manifest.table import Cells, Fingerprint, Layout, rows_at_once
from bulkcancel.manifest.wording import show

_BUFFER = 1 << 18
_FREE_BYTES = 1 << 26
_FREE_ROWS = 1 << 20
_MOST_TIMES = 200
"""How many times its packed size the data may have."""
_MOST_ROWS = 100
"""How many rows a byte may stand for. What is "the same once more" is written in no bytes; ids that
come a thousand times each, one after another, are 80 rows a byte."""


class ParquetTable:
    """A Parquet file whose column of ids is text or whole numbers; its first row is row 1.

    Raises:
        InputRefusedError: it is damaged, or holds no single column of ids, or one in which an id
            may have lost digits.
    """

    def __init__(self, source: Source, *, id_column: str | None) -> None:
        self._source = source
        with self._open() as (raw, file):
            schema = file.schema_arrow
            self._check_size(file.metadata, _state(raw)[0])
        names = tuple(schema.names)
        index = find_id_column(names, id_column, source.name)
        kind = schema.field(index).type
        if not _is_exact(kind):
            raise InputRefusedError(
                f"{source.name}: column {show(names[index])} is of type {show(str(kind))}, and ids "
                "must be text or whole numbers: anything else may already have lost digits; write "
                "the column as a string, from where the ids come from"
            )
        self.layout = Layout(format=InputFormat.PARQUET, columns=names, id_index=index, first_row=1)

    def batches(self) -> Generator[list[Cells], None, Fingerprint]:
        """Read the rows; see `Table.batches`."""
        # Parquet is not read from front to back, so the bytes are hashed on their own, and the
        # file's time of change says whether the rows came from the same ones.
        before = self._source.fingerprint()
        row = 1
        with self._open() as (raw, file):
            state = _state(raw)
            if state[0] != before.size:
                raise self._changed()
            most = rows_at_once(len(self.layout.columns))
            for batch in file.iter_batches(batch_size=most, use_threads=False):
                yield self._rows(batch, row)
                row += batch.num_rows
            if _state(raw) != state:
                raise self._changed()
        return before

    def _rows(self, batch: Any, row: int) -> list[Cells]:
        columns = [self._texts(column, row) for column in batch.columns]
        return list(zip(*columns, strict=True))

    def _texts(self, column: Any, row: int) -> list[str | None]:
        try:
            return as_text(column)
        except UnicodeDecodeError as problem:
            raise InputRefusedError(
                f"{self._source.name}: rows {row} to {row + len(column) - 1}: a text is not "
                "UTF-8; write the file again"
            ) from problem

    @contextmanager
    def _open(self) -> Iterator[tuple[io.FileIO, Any]]:
        with reading(self._source.name), self._source.open() as raw:
            try:
                # Without these two, whole column chunks are held: 120 MiB more for 5 million rows.
                yield (
                    raw,
                    pq.ParquetFile(
                        raw,
                        pre_buffer=False,
                        buffer_size=_BUFFER,
                        page_checksum_verification=True,
                    ),
                )
            except (pa.ArrowException, UnicodeDecodeError) as problem:
                raise self._damaged() from problem
            except OSError as problem:
                if problem.errno is not None:
                    raise
                # Arrow's word for bytes that make no sense, and for those that it has no key to.
                if "decrypt" in str(problem):
                    raise InputRefusedError(
                        f"{self._source.name}: has encrypted columns, which are not read; write "
                        "it without encryption"
                    ) from problem
                raise self._damaged() from problem

    def _check_size(self, metadata: Any, size: int) -> None:
        """Raise if far more would come out of the file than any list of ids holds."""
        groups = (metadata.row_group(number) for number in range(metadata.num_row_groups))
        unpacked = sum(group.total_byte_size for group in groups)
        if unpacked > max(_FREE_BYTES, _MOST_TIMES * size):
            what = f"unpacks to more than {_MOST_TIMES} times its size"
        elif metadata.num_rows > max(_FREE_ROWS, _MOST_ROWS * size):
            what = f"has more than {_MOST_ROWS} rows for each of its bytes"
        else:
            return
        raise InputRefusedError(
            f"{self._source.name}: {what}, as no list of ids does; write it again without what "
            "repeats"
        )

    def _damaged(self) -> InputRefusedError:
        return InputRefusedError(
            f"{self._source.name}: is a damaged or unfinished Parquet file; write or copy it again"
        )

    def _changed(self) -> InputRefusedError:
        return InputRefusedError(f"{self._source.name}: changed while it was read; start again")


def _is_exact(kind: Any) -> bool:
    """Return whether a type of Arrow holds text, or whole numbers as they were written."""
    if pa.types.is_dictionary(kind):
        return _is_exact(kind.value_type)
    whole = pa.types.is_integer(kind) or (pa.types.is_decimal(kind) and kind.scale == 0)
    return whole or is_text(kind)


def _state(file: io.FileIO) -> tuple[int, int]:
    facts = os.fstat(file.fileno())
    return facts.st_size, facts.st_mtime_ns
