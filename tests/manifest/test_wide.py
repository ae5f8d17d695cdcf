"""Rows of many columns, and very long ones: read in batches that stay small."""

from __future__ import annotations

import io
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq

from bulkcancel.manifest import Manifest

COLUMNS = 10_000
ROWS = 60
MOST_CELLS = 1 << 18
MOST_CHARACTERS = 12_000_000


def wide() -> str:
    """Return a table of ten thousand columns, the ids in the last one."""
    names = [*(f"c{n}" for n in range(COLUMNS - 1)), "allocation_id"]
    note = ",".join("x" for _ in range(COLUMNS - 1))
    return "\n".join([",".join(names), *(f"{note},{n:024x}" for n in range(ROWS))])


def test_a_text_of_many_columns_is_read_in_small_batches(read: Callable[..., Manifest]) -> None:
    """All rows are there, and no list of them holds millions of cells."""
    manifest = read(wide())
    chunks = list(manifest.rows())
    assert [row.allocation_id for rows in chunks for row in rows] == [
        f"{n:024x}" for n in range(ROWS)
    ]
    assert max(len(rows) for rows in chunks) * COLUMNS <= MOST_CELLS
    assert len(manifest.facts.other_columns) == COLUMNS - 1


def test_parquet_of_many_columns_is_read_in_small_batches(read: Callable[..., Manifest]) -> None:
    """The same holds for a file whose row group has all rows."""
    columns = {f"c{n}": ["x"] * ROWS for n in range(3000)}
    table = pa.table({"allocation_id": [f"{n:024x}" for n in range(ROWS * 10)][:ROWS], **columns})
    file = io.BytesIO()
    pq.write_table(pa.concat_tables([table] * 3).combine_chunks(), file)
    manifest = read(file.getvalue(), "x.parquet")
    chunks = list(manifest.rows())
    assert sum(len(rows) for rows in chunks) == ROWS * 3
    assert max(len(rows) for rows in chunks) * 3001 <= MOST_CELLS


def test_long_rows_are_read_in_small_batches(read: Callable[..., Manifest]) -> None:
    """Rows of a hundred kilobytes are not collected by the thousand."""
    note = "x" * 100_000
    manifest = read("allocation_id,note\n" + "".join(f"{n:024x},{note}\n" for n in range(600)))
    chunks = list(manifest.rows())
    assert [row.row for rows in chunks for row in rows] == list(range(2, 602))
    assert max(sum(len(row.extras[0] or "") for row in rows) for rows in chunks) < MOST_CHARACTERS
