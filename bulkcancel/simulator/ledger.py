"""The ledger: every request that reached the simulator, and what took effect."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from bulkcancel.simulator.allocations import Allocation, Allocations
from bulkcancel.simulator.ledger_file import LedgerFile
from bulkcancel.simulator.truth import (
    AllocationTruth,
    LedgerEntry,
    LedgerSnapshot,
    LedgerSummary,
)

TOKEN_PATH = "/v1/token"  # noqa: S105 - an address, no secret


@dataclass(slots=True)
class Arrival:
    """A request whose fate is not decided yet."""

    sequence: int
    monotonic: float
    wall: float
    method: str
    path: str
    ids: tuple[str, ...]
    token: str


class Ledger:
    """Every request that reached the simulator.

    With a ``path`` each request is appended there as one line of JSON at the moment in which it
    takes effect, before any answer; one whose effect comes later than its arrival has a line for
    each. `read_ledger` reads them.

    Raises:
        RefusedError: the file can't be opened.
    """

    def __init__(self, allocations: Allocations, path: Path | None = None) -> None:
        self.allocations = allocations
        self._file = None if path is None else LedgerFile(path)
        self._entries: dict[int, LedgerEntry] = {}
        self._sequence = 0
        self._in_flight = 0
        self._peak = 0

    def entered(self) -> None:
        """Note that one more request is being worked on."""
        self._in_flight += 1
        self._peak = max(self._peak, self._in_flight)

    def left(self) -> None:
        """Note that a request is not worked on any more."""
        self._in_flight -= 1

    def arrive(
        self, method: str, path: str, ids: tuple[str, ...], token: str, now: float, wall: float
    ) -> Arrival:
        """Give a request its number and count it; it must be recorded afterwards."""
        self._sequence += 1
        return Arrival(self._sequence, now, wall, method, path, ids, token)

    def record(
        self,
        arrival: Arrival,
        *,
        changed: tuple[str, ...] = (),
        status: int | None = None,
        fault: str | None = None,
        pending: bool = False,
    ) -> None:
        """Write down a request and what became of it, or that this is still to come.

        Raises:
            ReportError: the ledger's file can't be written.
        """
        entry = LedgerEntry(
            sequence=arrival.sequence,
            monotonic=arrival.monotonic,
            utc=utc_text(arrival.wall),
            method=arrival.method,
            path=arrival.path,
            ids=arrival.ids,
            token=arrival.token,
            applied=bool(changed),
            changed=changed,
            states=self._states(arrival.ids),
            status=status,
            fault=fault,
            pending=pending,
        )
        self._entries[entry.sequence] = entry
        if self._file is not None:
            self._file.request(entry)

    def settle(self, sequence: int, *, changed: tuple[str, ...], status: int | None) -> None:
        """Write down what became of a request that was recorded as pending.

        Raises:
            ReportError: the ledger's file can't be written.
        """
        entry = self._entries[sequence]
        entry = replace(
            entry,
            applied=bool(changed),
            changed=changed,
            status=status,
            states=self._states(entry.ids),
            pending=False,
        )
        self._entries[sequence] = entry
        if self._file is not None:
            self._file.effect(entry)

    def entries(self) -> tuple[LedgerEntry, ...]:
        """Return every request recorded so far, in the order of arrival."""
        entries = self._entries
        return tuple(entries[sequence] for sequence in sorted(entries))

    def summary(self) -> LedgerSummary:
        """Return the figures so far."""
        entries = tuple(self._entries.values())
        routes = Counter(_route(entry) for entry in entries)
        return LedgerSummary(
            requests=len(entries),
            puts=routes["PUT"],
            gets=routes["GET"],
            tokens=routes["POST"],
            others=routes["other"],
            effects=sum(entry.applied for entry in entries),
            changes=sum(len(entry.changed) for entry in entries),
            peak_in_flight=self._peak,
            by_status=dict(Counter(str(entry.status or "none") for entry in entries)),
            by_fault=dict(Counter(entry.fault for entry in entries if entry.fault)),
            allocations={known.allocation_id: _truth(known) for known in self._named()},
        )

    def snapshot(self) -> LedgerSnapshot:
        """Return the ledger as it is now."""
        return LedgerSnapshot(all_entries=self.entries(), in_figures=self.summary())

    def close(self) -> None:
        """Close the file; the ledger itself can still be read."""
        if self._file is not None:
            self._file.close()

    def _named(self) -> tuple[Allocation, ...]:
        return tuple(self.allocations.known.values())

    def _states(self, ids: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(self.allocations.get(one).status for one in ids)


def utc_text(wall: float) -> str:
    """Return Unix seconds as ISO 8601 with milliseconds and a trailing ``Z``."""
    moment = datetime.fromtimestamp(wall, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _route(entry: LedgerEntry) -> str:
    if entry.ids:
        return entry.method
    is_token = entry.method == "POST" and entry.path.partition("?")[0] == TOKEN_PATH
    return "POST" if is_token else "other"


def _truth(known: Allocation) -> AllocationTruth:
    return AllocationTruth(
        allocation_id=known.allocation_id,
        exists=known.exists,
        puts=known.puts,
        gets=known.gets,
        effects=known.effects,
        first_status=known.first_status,
        first_version=known.first_version,
        status=known.status,
        version=known.version,
        effect_sequence=known.effect_sequence,
        effect_at=None if known.effect_at is None else utc_text(known.effect_at),
    )
