"""Entries on their way into the tables: each kind in one statement for all of a commit."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from bulkcancel.journal.entries import (
    AttemptEntry,
    Entry,
    Intent,
    OutcomeEntry,
    PaceEntry,
    ReadEntry,
    WaitEntry,
)
from bulkcancel.model import Outcome

_encode = msgspec.json.Encoder().encode


def write_entries(connection: sqlite3.Connection, entries: Iterable[Entry]) -> None:
    """Write entries, those of one kind in the order in which they come.

    An allocation that is put back and settled in the same commit is settled: outcomes come last.
    """
    found: dict[type, list[tuple[Any, ...]]] = {kind: [] for kind in _STATEMENTS}
    waited: list[tuple[int]] = []
    for entry in entries:
        found[type(entry)].append(_VALUES[type(entry)](entry))
        if isinstance(entry, OutcomeEntry) and entry.waited:
            waited.append((entry.row,))
    for kind, rows in found.items():
        if rows:
            connection.executemany(_STATEMENTS[kind], rows)
    connection.executemany("DELETE FROM waiting WHERE row = ?", waited)


def _intent(entry: Intent) -> tuple[Any, ...]:
    return entry.row, entry.number, entry.at


def _attempt(entry: AttemptEntry) -> tuple[Any, ...]:
    return (
        entry.row, entry.number, entry.at, entry.elapsed, entry.sent, entry.kind.value,
        entry.reason, entry.cause, entry.http_status, entry.status, entry.version,
        entry.row if entry.lead is None else entry.lead,
    )  # fmt: skip


def _read(entry: ReadEntry) -> tuple[Any, ...]:
    return (
        entry.row, entry.at, entry.elapsed, entry.kind.value, entry.reason, entry.http_status,
        entry.status, entry.version,
    )  # fmt: skip


def _wait(entry: WaitEntry) -> tuple[Any, ...]:
    return entry.row, entry.what.value, entry.due, _encode(entry.history).decode()


def _pace(entry: PaceEntry) -> tuple[Any, ...]:
    return entry.at, entry.limit


def _outcome(entry: OutcomeEntry) -> tuple[Any, ...]:
    settled, history = entry.settlement, entry.history
    return (
        entry.row, settled.outcome.value, settled.reason, settled.status, history.version_before,
        settled.version, history.sends, history.http_status, settled.verified,
        history.first_sent_at, entry.settled_at, settled.po_number, settled.vendor_id,
        settled.location, _encode(settled.order_ids).decode() if settled.order_ids else None,
        settled.cancelled_by,
        # Only an unknown outcome is taken back, and then all that was known of it is needed.
        _encode(history).decode() if settled.outcome is Outcome.UNKNOWN else None,
    )  # fmt: skip


_STATEMENTS: dict[type, str] = {
    Intent: "INSERT INTO intent VALUES (?, ?, ?)",
    AttemptEntry: "INSERT INTO attempt VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    ReadEntry: "INSERT INTO read_back VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    WaitEntry: "INSERT OR REPLACE INTO waiting VALUES (?, ?, ?, ?)",
    PaceEntry: "INSERT INTO pace VALUES (?, ?)",
    OutcomeEntry: (
        "INSERT INTO outcome VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    ),
}
_VALUES: dict[type, Callable[[Any], tuple[Any, ...]]] = {
    Intent: _intent,
    AttemptEntry: _attempt,
    ReadEntry: _read,
    WaitEntry: _wait,
    PaceEntry: _pace,
    OutcomeEntry: _outcome,
}
