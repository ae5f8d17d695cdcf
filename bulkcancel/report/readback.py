"""``reconciliation.csv`` read back: what the file itself says, counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

from bulkcancel.model import Outcome, RowKind
from bulkcancel.reconcile import Tally
from bulkcancel.report.atomic import telling

_COLUMNS = {
    "row": pa.int64(),
    "allocation_id": pa.large_string(),
    "outcome": pa.large_string(),
    "attempts": pa.int64(),
    "duplicate_of": pa.large_string(),
}
_LEAST_BLOCK = 1 << 20
_NO_REQUEST = {kind.value: kind for kind in (RowKind.BLANK, RowKind.INVALID)}


def read_back(path: Path, tally: Tally, *, longest_line: int, portion: int) -> None:
    """Tally the rows of a file, read by another hand than the one that wrote it.

    ``longest_line`` (bytes) is how much has to be held at once. The rows are counted ``portion``
    at a time, as they were when they were written. What can't be read is not counted, so a
    damaged file does not balance.

    Raises:
        ReportError: The file can't be read at all.
    """
    with (
        telling(path, "read back"),
        # The tally falls short where the file can't be read on: that is the finding.
        suppress(pa.ArrowInvalid, pa.ArrowKeyError, ValueError),
        _open(path, longest_line) as batches,
    ):
        for rows in _portions(_readable(batches), portion):
            _add(tally, rows)


def _readable(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield the batches before the first one that can't be read."""
    with suppress(pa.ArrowInvalid):
        yield from batches


def _portions(batches: Iterable[pa.RecordBatch], size: int) -> Iterator[pa.RecordBatch]:
    """Cut batches anew."""
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        held.append(batch)
        count += batch.num_rows
        if count >= size:
            whole = pa.concat_batches(held)
            for start in range(0, count - size + 1, size):
                yield whole.slice(start, size)
            rest = count % size
            held, count = [whole.slice(count - rest)], rest
    if count:
        yield pa.concat_batches(held)


def _open(path: Path, longest_line: int) -> Any:
    return pcsv.open_csv(
        path,
        read_options=pcsv.ReadOptions(
            use_threads=False, block_size=max(_LEAST_BLOCK, longest_line)
        ),
        parse_options=pcsv.ParseOptions(newlines_in_values=True),
        convert_options=pcsv.ConvertOptions(
            include_columns=[*_COLUMNS], column_types=_COLUMNS, null_values=[""]
        ),
    )


def _add(tally: Tally, batch: pa.RecordBatch) -> None:
    if batch["row"].null_count:
        raise ValueError("a row has no number")
    words = batch["outcome"].dictionary_encode()
    ends = [_end(word) for word in words.dictionary.to_pylist()]
    places = words.indices.to_pylist()
    kinds = [ends[place][0] for place in places]
    repeats = pc.not_equal(batch["duplicate_of"], "")
    for place in pc.indices_nonzero(repeats).to_pylist():
        if kinds[place] is RowKind.ALLOCATION:
            kinds[place] = RowKind.DUPLICATE
    tally.add_columns(
        rows=batch["row"].to_pylist(),
        kinds=kinds,
        outcomes=[ends[place][1] for place in places],
        ids=[text or None for text in _as_written(batch["allocation_id"]).to_pylist()],
        attempts=batch["attempts"].to_pylist(),
    )


def _end(word: str) -> tuple[RowKind, Outcome | None]:
    """Return what the word of an outcome says, for a row that repeats no other."""
    kind = _NO_REQUEST.get(word)
    return (RowKind.ALLOCATION, Outcome(word)) if kind is None else (kind, None)


def _as_written(ids: Any) -> Any:
    """Return ids without the apostrophe that was put there for the spreadsheet: no id holds one."""
    guarded = pc.starts_with(ids, "'")
    if not pc.any(guarded).as_py():
        return ids
    return pc.if_else(guarded, pc.utf8_slice_codeunits(ids, 1), ids)
