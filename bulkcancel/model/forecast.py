"""What was foretold of allocations, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass

from bulkcancel.model.outcome import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastCell:
    """So many ``allocations`` with the same forecast and the same end.

    ``status_before`` is the status that a look beforehand showed, ``None`` where it showed none.
    ``foretold`` is the outcome that this made likely, ``None`` where nobody could tell.
    """

    status_before: str | None
    foretold: Outcome | None
    outcome: Outcome
    allocations: int
