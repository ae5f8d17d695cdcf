"""``reconciliation.csv`` read back: what the file itself says, counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pcsv

from bulkcancel.model import Outcome, RowKind
from bulkcancel.reconcile import Tally
from bulkcancel.report.atomic import telling

_COLUMNS = ("row", "allocation_id", "outcome", "attempts", "duplicate_of")
_LEAST_BLOCK = 1 << 20
_NO_REQUEST = {kind.value: kind for kind in (RowKind.BLANK, RowKind.INVALID)}


def read_back(path: Path, *, longest_line: int) -> Tally:
    """Return the tally of a file, read by another hand than the one that wrote it.

    ``longest_line`` (bytes) is how much has to be held at once. What can't be read is not
    counted, so a damaged file does not balance.

    Raises:
        ReportError: The file can't be read at all.
    """
    tally = Tally()
    with telling(path, "read back"):
        try:
            with _open(path, longest_line) as batches:
                for batch in batches:
                    _add(tally, batch.to_pydict())
        except (pa.ArrowInvalid, pa.ArrowKeyError, ValueError):
            # The tally falls short from here on: that is the finding.
            return tally
    return tally


def _open(path: Path, longest_line: int) -> Any:
    return pcsv.open_csv(
        path,
        read_options=pcsv.ReadOptions(
            use_threads=False, block_size=max(_LEAST_BLOCK, longest_line)
        ),
        parse_options=pcsv.ParseOptions(newlines_in_values=True),
        convert_options=pcsv.ConvertOptions(
            include_columns=_COLUMNS, column_types=dict.fromkeys(_COLUMNS, pa.string())
        ),
    )


def _add(tally: Tally, columns: dict[str, list[str]]) -> None:
    kinds = [
        _NO_REQUEST.get(word) or (RowKind.DUPLICATE if first else RowKind.ALLOCATION)
        for word, first in zip(columns["outcome"], columns["duplicate_of"], strict=True)
    ]
    outcomes = {word: Outcome(word) for word in {*columns["outcome"]} - _NO_REQUEST.keys()}
    tally.add_columns(
        rows=[int(row) for row in columns["row"]],
        kinds=kinds,
        outcomes=[outcomes.get(word) for word in columns["outcome"]],
        # An apostrophe before an id was put there for the spreadsheet: no id holds one.
        ids=[text.removeprefix("'") or None for text in columns["allocation_id"]],
        attempts=[int(count) if count else None for count in columns["attempts"]],
    )
