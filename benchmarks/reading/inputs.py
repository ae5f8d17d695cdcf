"""Inputs of any size, made row by row: an id, a purchase order, a vendor and a note."""

from __future__ import annotations

import csv
import gzip
import random
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

NAMES = ("allocation_id", "po_number", "vendor_id", "note")
_PORTION = 100_000


def rows(count: int, *, repeats: float = 0.0, seed: int = 1) -> Iterator[tuple[str, str, str, str]]:
    """Yield so many rows; a share of ``repeats`` of them repeats an earlier id."""
    chance = random.Random(seed)  # noqa: S311 - test data
    for number in range(count):
        place = chance.randrange(number) if number and chance.random() < repeats else number
        # Multiplying by an odd number shuffles the ids without a collision.
        text = f"62ff5c0b{place * 0x9E3779B97F4A7C15 % (1 << 64):016x}"
        yield text, str(4500000000 + number % 40), str(50 + number % 8), f"line {number}"


def write_csv(path: Path, count: int, *, repeats: float = 0.0) -> None:
    """Write the rows as CSV, compressed if the name ends in ``.gz``."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(NAMES)
        writer.writerows(rows(count, repeats=repeats))


def write_parquet(path: Path, count: int, *, repeats: float = 0.0) -> None:
    """Write the rows as Parquet, in row groups of a hundred thousand."""
    schema = pa.schema([(name, pa.string()) for name in NAMES])
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        portion: list[tuple[str, str, str, str]] = []

        def flush() -> None:
            columns = list(zip(*portion, strict=True))
            writer.write_table(pa.table([pa.array(one) for one in columns], schema=schema))
            portion.clear()

        for row in rows(count, repeats=repeats):
            portion.append(row)
            if len(portion) == _PORTION:
                flush()
        if portion:
            flush()


def write_xlsx(path: Path, count: int) -> None:
    """Write the rows as a workbook of one sheet."""
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet("Allocations")
        for place, row in enumerate([NAMES, *rows(count)]):
            sheet.write_row(place, 0, row)
