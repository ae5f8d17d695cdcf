"""The file read back: the proof is about what lies on the disk."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from changing import replace

from bulkcancel.errors import ReportError
from bulkcancel.model import DetailColumns, DetailRow, Outcome
from bulkcancel.reconcile import Tally
from bulkcancel.report.detail import DetailFiles
from bulkcancel.report.readback import read_back


def write(path: Path, rows: Sequence[DetailRow], columns: Sequence[str] = ("a", "b")) -> int:
    """Write rows as a reconciliation and return the longest line."""
    with (
        path.open("wb") as csv_file,
        path.with_suffix(".parquet").open("wb") as parquet_file,
        DetailFiles(csv_file, parquet_file, columns) as detail,
    ):
        if rows:
            detail.add(DetailColumns.of(rows))
    return detail.longest_line


def read(path: Path, longest_line: int) -> Tally:
    """Return the tally of a file that is read back, seven rows at a time."""
    tally = Tally()
    read_back(path, tally, longest_line=longest_line, portion=7)
    return tally


def same(found: Tally, rows: Sequence[DetailRow]) -> bool:
    """Say whether a tally is that of some rows."""
    wanted = Tally()
    wanted.add_many(rows)
    return (
        found.fingerprint == wanted.fingerprint
        and found.hash_total == wanted.hash_total
        and found.kinds == wanted.kinds
        and found.outcomes == wanted.outcomes
        and found.attempts == wanted.attempts
        and found.rows == wanted.rows
        and found.disorder == wanted.disorder
    )


def test_the_file_holds_what_was_written(
    tmp_path: Path, every_outcome: tuple[DetailRow, ...]
) -> None:
    """Every kind and outcome, read from the file alone, gives the tally of the rows."""
    path = tmp_path / "r.csv"
    longest = write(path, every_outcome)
    assert same(read(path, longest), every_outcome)


def test_the_other_columns_do_not_matter(
    tmp_path: Path, every_outcome: tuple[DetailRow, ...]
) -> None:
    """Cells with quotes, commas and line breaks, ids with an apostrophe before them, long cells."""
    path = tmp_path / "r.csv"
    rows = [
        replace(row, extras=('x,"y"\r\n\n7,8', "é" * 1_500_000 if row.row == 9 else "\r"))
        for row in every_outcome
    ]
    rows[0] = replace(rows[0], allocation_id="-A1")
    longest = write(path, rows, ("row", "attempts"))
    assert same(read(path, longest), rows)


def test_a_file_without_rows(tmp_path: Path) -> None:
    """A header alone is a file of no rows."""
    path = tmp_path / "r.csv"
    longest = write(path, ())
    assert same(read(path, longest), ())


@pytest.mark.parametrize(
    ("pattern", "change"),
    [
        (rb"\n5,.*", b""),
        (rb"(\n5,.*)", rb"\1\1"),
        (rb"\n5,", b"\n6,"),
        (rb"\n5,", b"\nfive,"),
        (rb"62ff5c0b0000000000000005", b"62ff5c0b0000000000000006"),
        (rb"not_cancelled", b"cancelled"),
        (rb"not_cancelled", b"forgotten"),
        (rb",blank,", b",,"),
        (rb",invalid,", b",blank,"),
        (rb"(because of unknown),9,", rb"\1,,"),
        (rb",2,200,", b",1,200,"),
        (rb",2,200,", b",two,200,"),
        (rb"note 5", b'"note 5'),
        (rb"note 5", b"note,5"),
        (rb"(?s)\n20,.*", b""),
        (rb"(?s).*", b""),
        (rb"^row,", b"line,"),
    ],
)
def test_whatever_is_off_in_the_file_shows(
    tmp_path: Path, every_outcome: tuple[DetailRow, ...], pattern: bytes, change: bytes
) -> None:
    """A line lost, doubled, renumbered or relabelled, a damaged cell, a file cut off."""
    path = tmp_path / "r.csv"
    longest = write(path, every_outcome)
    content = path.read_bytes()
    damaged = re.sub(pattern, change, content, count=1)
    assert damaged != content
    path.write_bytes(damaged)
    assert not same(read(path, longest), every_outcome)


def test_lines_that_trade_places_show(tmp_path: Path, every_outcome: tuple[DetailRow, ...]) -> None:
    """Two rows that trade their outcomes leave all counts as they were, and still show."""
    path = tmp_path / "r.csv"
    rows = list(every_outcome)
    rows[0] = replace(rows[0], outcome=Outcome.NOT_FOUND)
    rows[4] = replace(rows[4], outcome=Outcome.CANCELLED)
    assert every_outcome[4].outcome is Outcome.NOT_FOUND
    longest = write(path, rows)
    found = read(path, longest)
    assert not same(found, every_outcome)
    assert same(found, rows)


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    """A file that can't be opened is no finding about its rows: it is said."""
    with pytest.raises(ReportError, match="can't be read back"):
        read(tmp_path / "gone.csv", 10)
