"""The rows worth sending again, as an input."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from bulkcancel.manifest import InputOptions, read_manifest
from bulkcancel.model import DetailRow, ManifestRow, Outcome, RowKind
from bulkcancel.report import ReportSource, write_reports

IDS = (
    "000000000000000000000012",
    "123456789012345678901234",
    "62e500000000000000000005",
    "ABCDEFabcdef000000000007",
)
CELLS = ("=1+1", 'a "quoted", one', "two\nlines", "-5", None, " edge ", "é;x")


def failed(ids: Sequence[str], cells: Sequence[str | None]) -> list[DetailRow]:
    """Return one failed row for each id, with the same other cells."""
    return [
        DetailRow(
            row=number,
            kind=RowKind.ALLOCATION,
            allocation_id=allocation_id,
            outcome=Outcome.FAILED,
            extras=tuple(cells),
        )
        for number, allocation_id in enumerate(ids, 2)
    ]


def read(path: Path, **options: str) -> list[ManifestRow]:
    """Return the rows of a manifest."""
    with read_manifest(InputOptions(path=str(path), **options)) as manifest:  # type: ignore[arg-type] # only text is given
        return [row for rows in manifest.rows() for row in rows]


def test_only_what_is_worth_it(
    tmp_path: Path,
    source_of: Callable[..., ReportSource],
    every_outcome: tuple[DetailRow, ...],
) -> None:
    """Failed, unknown and not attempted ones, in row order, each once."""
    write_reports(tmp_path, source_of(every_outcome, other_columns=("note", "")))
    worth = {Outcome.FAILED, Outcome.UNKNOWN, Outcome.NOT_ATTEMPTED}
    wanted = [
        row for row in every_outcome if row.kind is RowKind.ALLOCATION and row.outcome in worth
    ]
    with (tmp_path / "retry.csv").open(encoding="utf-8", newline="") as file:
        head, *lines = csv.reader(file)
    assert head == ["allocation_id", "note", ""]
    assert lines == [[row.allocation_id, row.extras[0], ""] for row in wanted]
    assert len(lines) == 9


@pytest.mark.parametrize(
    ("id_column", "others"),
    [
        ("allocation_id", ()),
        ("Allocation ID", ("note",)),
        ("allocationId", ("status", "row", "status", "")),
        ("allocation_id", ("=name", "a;b", "a,b", "a\tb")),
    ],
)
def test_it_is_an_input_as_it_stands(
    tmp_path: Path,
    source_of: Callable[..., ReportSource],
    id_column: str,
    others: tuple[str, ...],
) -> None:
    """Read as a manifest without any option it gives the ids, all valid, in their order."""
    rows = failed(IDS, CELLS[: len(others)])
    write_reports(tmp_path, source_of(rows, other_columns=others, id_column=id_column))
    found = read(tmp_path / "retry.csv")
    assert [row.allocation_id for row in found] == list(IDS)
    assert {row.kind for row in found} == {RowKind.ALLOCATION}


@pytest.mark.parametrize("cell", CELLS)
def test_other_cells_do_not_damage_the_ids(
    tmp_path: Path, source_of: Callable[..., ReportSource], cell: str | None
) -> None:
    """Whatever stands beside them, ids come back as they were; other cells can't run."""
    rows = failed(IDS, (cell,))
    write_reports(tmp_path, source_of(rows, other_columns=("note",)))
    found = read(tmp_path / "retry.csv")
    assert [row.allocation_id for row in found] == list(IDS)
    shown = "'=1+1" if cell == "=1+1" else cell or ""
    assert [row.extras for row in found] == [(shown,)] * len(IDS)


def test_ids_of_another_grammar(tmp_path: Path, source_of: Callable[..., ReportSource]) -> None:
    """An id that begins with a minus gets no apostrophe here: it would be refused."""
    write_reports(tmp_path, source_of(failed(["-a.1", "~b"], ()), id_column="my id"))
    found = read(tmp_path / "retry.csv", id_column="my id", id_pattern=".+")
    assert [row.allocation_id for row in found] == ["-a.1", "~b"]
