"""The provisional word on allocations that were touched and have no outcome yet."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec.structs import replace

from bulkcancel.decision import History, open_settlement
from bulkcancel.journal.store import Journal
from bulkcancel.journal.work import open_cases
from bulkcancel.model import Outcome, Settlement


def open_outcomes(journal: Journal) -> dict[int, Outcome]:
    """Return the provisional word on allocations that were touched and are not settled, by row."""
    return {row: known.settlement.outcome for row, known in open_rows(journal).items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRow:
    """What is known of such an allocation; ``attempts`` counts its wire sends."""

    settlement: Settlement
    history: History | None
    attempts: int


def open_rows(journal: Journal) -> dict[int, OpenRow]:
    """Return what is known of every allocation that was touched and is not settled, by row."""
    rows = {}
    for case in open_cases(journal):
        history = case.history
        if case.cut_off:
            words = "the process ended before an answer was noted"
            settled = Settlement(
                outcome=Outcome.UNKNOWN, reason=f"sent perhaps, and {words}; not read back yet"
            )
            if history.first_sent_at is None:
                history = replace(history, first_sent_at=case.due)
        else:
            settled = open_settlement(history)
        rows[case.row] = OpenRow(
            settlement=settled, history=history, attempts=history.sends + case.cut_off
        )
    return rows
