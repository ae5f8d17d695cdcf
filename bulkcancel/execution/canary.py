"""The first few allocations of a run, looked at before the others are begun."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from bulkcancel.decision import Agreement, Finding, hold_against
from bulkcancel.execution.settings import RunSettings
from bulkcancel.journal import Journal, ReadEntry, detail_rows
from bulkcancel.model import DetailRow, Outcome, RowKind
from bulkcancel.runner import Api, Clock, SharedPace, Verifier, read_entry

_GOOD = frozenset({Outcome.CANCELLED, Outcome.ALREADY_CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Canaries:
    """What a look at the canaries showed; ``problem`` is a sentence, empty if all is well.

    ``allocations`` counts them, ``cancelled`` those that this run cancelled; ``rest`` are the
    allocations still to be begun.
    """

    allocations: int
    cancelled: int
    rest: int
    problem: str = ""

    @property
    def words(self) -> str:
        """Return in words how many there were."""
        return f"{self.allocations:,} canar{'y' if self.allocations == 1 else 'ies'}"


async def look_at(
    journal: Journal,
    api: Api,
    settings: RunSettings,
    clock: Clock,
    shared: SharedPace | None = None,
) -> Canaries:
    """Read back what was begun so far, and hold it against its outcomes; sends no cancel."""
    begun = list(_begun(journal))
    cancelled = sum(row.outcome is Outcome.CANCELLED for row in begun)
    problem = _problem_of_outcomes(begun)
    reads: list[ReadEntry] = []

    def note(row: DetailRow, found: Finding, elapsed: float) -> None:
        reads.append(read_entry(row.row, found, at=clock.utc(), elapsed=elapsed))

    if not problem:
        verifier = Verifier(
            api=api,
            options=settings.pool(),
            chance=random.random,
            clock=clock,
            on_read=note,
            shared=shared,
        )
        async for chunk in verifier.findings(begun):
            for row, found in chunk:
                problem = problem or _problem_of_read(row, found)
    journal.write(reads)
    return Canaries(
        allocations=len(begun),
        cancelled=cancelled,
        rest=journal.unique() - len(begun),
        problem=problem,
    )


def _begun(journal: Journal) -> Iterator[DetailRow]:
    for chunk in detail_rows(journal):
        for row in chunk:
            if row.kind is RowKind.ALLOCATION and row.outcome is not Outcome.NOT_ATTEMPTED:
                yield row


def _problem_of_outcomes(begun: list[DetailRow]) -> str:
    bad = [row for row in begun if row.outcome not in _GOOD]
    if not bad:
        return ""
    first = bad[0]
    return (
        f"{len(bad):,} of {len(begun):,} canaries did not end cancelled; the first is "
        f"{first.allocation_id} (row {first.row}), {first.outcome}: {first.reason}."
    )


def _problem_of_read(row: DetailRow, found: Finding | None) -> str:
    held = hold_against(row.outcome or Outcome.NOT_ATTEMPTED, found)
    if held.agreement is Agreement.AGREES:
        return ""
    return f"The canary {row.allocation_id} (row {row.row}) was read back: {held.note}."
