"""The list of breaks: the most urgent first, each with its reason and next step."""

from __future__ import annotations

import csv
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

from changing import replace

from bulkcancel.model import BREAKS, DetailRow, Outcome, RowKind
from bulkcancel.reconcile import is_break, next_step
from bulkcancel.report import ReportSource, write_reports
from bulkcancel.report.breaks import BREAK_ORDER
from bulkcancel.report.columns import BREAK_COLUMNS


def breaks_of(folder: Path, source: ReportSource) -> list[dict[str, str]]:
    """Write the reports and return the list of breaks."""
    write_reports(folder, source)
    with (folder / "breaks.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def test_every_break_has_its_group() -> None:
    """No outcome can be forgotten in the order of the groups."""
    assert len(BREAK_ORDER) == len(set(BREAK_ORDER))
    assert set(BREAK_ORDER) == {None, *BREAKS}
    assert BREAK_ORDER[0] is Outcome.UNKNOWN


def test_the_breaks_by_urgency(
    tmp_path: Path,
    source_of: Callable[..., ReportSource],
    every_outcome: tuple[DetailRow, ...],
) -> None:
    """Unknown ones first, then group by group in row order, repeated and invalid rows included."""
    found = breaks_of(tmp_path, source_of(every_outcome, other_columns=("note", "empty")))
    wanted = [row for row in every_outcome if is_break(row.kind, row.outcome)]
    wanted.sort(key=lambda row: (BREAK_ORDER.index(row.outcome), row.row))
    assert [int(row["row"]) for row in found] == [row.row for row in wanted]
    assert len(found) == 3 * (7 + 1 + 1)
    assert [name for name, _ in groupby(row["outcome"] for row in found)] == [
        "unknown", "partially_cancelled", "not_cancelled", "rejected", "not_found", "failed",
        "not_attempted", "invalid",
    ]  # fmt: skip
    assert [row["next_step"] for row in found] == [next_step(row.outcome, "r1") for row in wanted]
    assert list(found[0]) == [*BREAK_COLUMNS, "note", "empty"]


def test_a_break_has_all_that_is_known(
    tmp_path: Path, source_of: Callable[..., ReportSource]
) -> None:
    """Figures, reason, step and other cells of one row, and of an invalid one what was found."""
    row = DetailRow(
        row=7,
        kind=RowKind.ALLOCATION,
        allocation_id="000000000000000000000012",
        outcome=Outcome.UNKNOWN,
        status="PENDING_PICK",
        version=3,
        attempts=4,
        http_status=500,
        reason="=1+1, said the server",
        runs_before=2,
        since="2026-11-20T01:00:00.000Z",
        extras=("@note", "PO"),
    )
    invalid = DetailRow(
        row=8,
        kind=RowKind.INVALID,
        allocation_id=None,
        outcome=None,
        reason="has 3 characters instead of 24",
        text="=1\t",
        extras=("", None),
    )
    source = source_of([row, invalid], other_columns=("next_step", "po_number"))
    first, second = breaks_of(tmp_path, source)
    assert first == {
        "row": "7",
        "allocation_id": "000000000000000000000012",
        "outcome": "unknown",
        "status": "PENDING_PICK",
        "version": "3",
        "attempts": "4",
        "http_status": "500",
        "reason": "'=1+1, said the server",
        "runs_in_a_row": "3",
        "since": "2026-11-20T01:00:00.000Z",
        "next_step": next_step(Outcome.UNKNOWN, "r1"),
        "input_next_step": "'@note",
        "input_po_number": "PO",
    }
    assert second["reason"] == "has 3 characters instead of 24 (found: =1\\t)"
    assert (second["allocation_id"], second["outcome"]) == ("", "invalid")
    assert (second["runs_in_a_row"], second["since"]) == ("", "")


def test_no_break_gives_a_header(tmp_path: Path, source_of: Callable[..., ReportSource]) -> None:
    """A run without breaks leaves both lists with their header and nothing else."""
    row = DetailRow(
        row=2, kind=RowKind.ALLOCATION, allocation_id="a" * 24, outcome=Outcome.CANCELLED
    )
    blank = replace(row, row=3, kind=RowKind.BLANK, allocation_id=None, outcome=None)
    write_reports(tmp_path, source_of([row, blank], id_column="Allocation ID"))
    assert (tmp_path / "breaks.csv").read_text() == ",".join(BREAK_COLUMNS) + "\n"
    assert (tmp_path / "retry.csv").read_text() == "Allocation ID\n"
