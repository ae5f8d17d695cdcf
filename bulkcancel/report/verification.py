"""``verification.csv``: each outcome beside what the API shows of it now."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from bulkcancel.decision import Agreement, Finding, hold_against
from bulkcancel.model import DetailRow, Outcome
from bulkcancel.report.atomic import atomic_text
from bulkcancel.report.cells import safe_cell

VERIFICATION_NAME = "verification.csv"
VERIFICATION_COLUMNS = (
    "row",
    "allocation_id",
    "outcome",
    "status",
    "version",
    "status_now",
    "version_now",
    "agreement",
    "note",
)


class _Writer(Protocol):
    def writerow(self, row: tuple[object, ...], /) -> object:
        """Write a line."""


class VerificationFile:
    """Takes the allocations one after another and counts how they agree."""

    def __init__(self, writer: _Writer) -> None:
        self._writer = writer
        self.counts: Counter[Agreement] = Counter()

    def add(self, row: DetailRow, found: Finding | None) -> None:
        """Write the line of one allocation; ``found`` is ``None`` if it was not read."""
        held = hold_against(row.outcome or Outcome.NOT_ATTEMPTED, found)
        view = found.view if found else None
        self._writer.writerow(
            (
                row.row,
                row.allocation_id,
                row.outcome,
                safe_cell(row.status or ""),
                row.version,
                safe_cell((view.status if view else None) or ""),
                view.version if view else None,
                held.agreement,
                safe_cell(held.note),
            )
        )
        self.counts[held.agreement] += 1


@contextmanager
def verification_file(folder: Path) -> Iterator[VerificationFile]:
    """Give the file to write a verification to; it appears when all is written.

    Raises:
        ReportError: It can't be written; an earlier one is untouched.
    """
    with atomic_text(folder / VERIFICATION_NAME) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(VERIFICATION_COLUMNS)
        yield VerificationFile(writer)
