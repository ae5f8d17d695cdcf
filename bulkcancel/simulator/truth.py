"""What the ledger tells: entries, the truth about an allocation, and figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One request that reached the simulator.

    ``sequence`` counts arrivals from 1; ``monotonic`` is the machine's monotonic clock at the
    arrival (seconds; one clock for all processes), ``utc`` the time of day. ``path`` is the raw
    one, ``ids`` are the allocations it names. ``token`` is ``accepted``, ``refused``, ``expired``
    or ``none``. ``applied`` says that this request changed an allocation, ``changed`` are the ids
    of those, ``states`` the statuses of all its ids once it had done what it does. ``status`` is
    the HTTP status that it was answered, ``None`` for none at all, or none yet (``pending``).
    ``fault`` is the kind it met.
    """

    sequence: int
    monotonic: float
    utc: str
    method: str
    path: str
    ids: tuple[str, ...]
    token: str
    applied: bool = False
    changed: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    status: int | None = None
    fault: str | None = None
    pending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationTruth:
    """What reached one allocation, and its state.

    ``effects`` is how many requests changed it, ``effect_sequence`` the last that did and
    ``effect_at`` when (UTC). An allocation that somebody else cancelled has status CANCELLED and no
    effects.
    """

    allocation_id: str
    exists: bool
    puts: int
    gets: int
    effects: int
    first_status: str
    first_version: int
    status: str
    version: int
    effect_sequence: int | None
    effect_at: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerSummary:
    """The ledger in figures; ``by_status`` counts answers, with ``none`` for no answer.

    ``puts`` and ``gets`` are the cancels and reads that reached their route (a malformed id
    included), ``tokens`` the token requests, ``others`` the rest. ``effects`` counts requests
    that changed an allocation, ``changes`` the allocations that they changed, one by one.
    ``peak_in_flight`` is the most requests worked on at once.
    """

    requests: int
    puts: int
    gets: int
    tokens: int
    others: int
    effects: int
    changes: int
    peak_in_flight: int
    by_status: Mapping[str, int]
    by_fault: Mapping[str, int]
    allocations: Mapping[str, AllocationTruth]

    def as_json(self) -> dict[str, Any]:
        """Return it as the admin address shows it."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerSnapshot:
    """The ledger at one moment; it does not change any more."""

    all_entries: tuple[LedgerEntry, ...]
    in_figures: LedgerSummary

    def entries(self) -> tuple[LedgerEntry, ...]:
        """Return every request in the order of arrival."""
        return self.all_entries

    def summary(self) -> LedgerSummary:
        """Return the figures."""
        return self.in_figures

    def __getitem__(self, allocation_id: str) -> AllocationTruth:
        """Return the truth about an allocation that was named; KeyError if it never was."""
        return self.in_figures.allocations[allocation_id]
