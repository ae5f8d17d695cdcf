"""What the precheck of a run foretold, beside what became of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from bulkcancel.decision import Finding, Guard, foretell
from bulkcancel.journal.connection import decoding
from bulkcancel.journal.provisional import open_outcomes
from bulkcancel.journal.store import Journal
from bulkcancel.model import AllocationView, ForecastCell, Kind, Outcome

_MOST_CELLS = 50
_OTHERS = "(other statuses)"

# The last word of the reads of an allocation from before its first intent.
_LOOKS = """
    SELECT b.row AS row, b.kind AS kind, b.status AS status FROM read_back b JOIN (
        SELECT r.row, MAX(r.rowid) AS last FROM read_back r
        LEFT JOIN intent i ON i.row = r.row AND i.number = 1
        WHERE i.row IS NULL OR r.at <= i.at GROUP BY r.row
    ) l ON b.rowid = l.last
"""

_SETTLED = f"""
    SELECT l.kind, l.status, o.outcome, o.attempts = 0, COUNT(*)
    FROM ({_LOOKS}) l JOIN outcome o ON o.row = l.row GROUP BY 1, 2, 3, 4
"""  # noqa: S608 - made of our own words


def forecast_cells(journal: Journal, guard: Guard) -> tuple[ForecastCell, ...]:
    """Return what was foretold and what became of it, the largest groups first.

    Only allocations that were read before their first send are counted: those of a run with a
    precheck. What the look itself settled is counted as foretold. Beyond fifty groups, statuses
    are put together.
    """
    by_status = replace(guard, purchase_orders=frozenset(), vendors=frozenset())
    counts: Counter[tuple[str | None, Outcome | None, Outcome]] = Counter()
    settled = journal.select(_SETTLED)
    unsettled = journal.select(
        f"SELECT l.kind, l.status, l.row FROM ({_LOOKS}) l"  # noqa: S608 - our words
        " LEFT JOIN outcome o ON o.row = l.row WHERE o.row IS NULL"
    )
    provisional = open_outcomes(journal)
    with decoding(journal.path):
        for kind, status, word, unsent, count in settled:
            outcome = Outcome(word)
            foretold = outcome if unsent else _foretold(kind, status, by_status)
            counts[status, foretold, outcome] += count
        for kind, status, row in unsettled:
            outcome = provisional.get(row, Outcome.NOT_ATTEMPTED)
            counts[status, _foretold(kind, status, by_status), outcome] += 1
    return _cells(counts)


def _foretold(kind: str, status: str | None, guard: Guard) -> Outcome | None:
    view = AllocationView(allocation_id=None, status=status, version=None)
    return foretell(Finding(kind=Kind(kind), reason="", view=view), guard)


def _cells(
    counts: Counter[tuple[str | None, Outcome | None, Outcome]],
) -> tuple[ForecastCell, ...]:
    largest = sorted(counts.items(), key=lambda pair: (-pair[1], str(pair[0])))
    kept = Counter(dict(largest[:_MOST_CELLS]))
    for (_, foretold, outcome), count in largest[_MOST_CELLS:]:
        kept[_OTHERS, foretold, outcome] += count
    return tuple(
        ForecastCell(status_before=status, foretold=foretold, outcome=outcome, allocations=count)
        for (status, foretold, outcome), count in kept.items()
    )
