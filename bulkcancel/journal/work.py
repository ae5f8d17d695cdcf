"""What is left to do in a journal."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from bulkcancel.decision import Doubt, History
from bulkcancel.journal.connection import decoding
from bulkcancel.journal.entries import Case, What
from bulkcancel.journal.store import Journal
from bulkcancel.model import Outcome

_decode_history = msgspec.json.Decoder(History).decode


def fresh_cases(journal: Journal, *, after: int, limit: int) -> list[Case]:
    """Return up to ``limit`` allocations that were never touched, by row, after row ``after``."""
    found = journal.select(
        "SELECT r.row, r.allocation_id FROM row r"
        " LEFT JOIN outcome o ON o.row = r.row"
        " LEFT JOIN waiting w ON w.row = r.row"
        " LEFT JOIN intent i ON i.row = r.row AND i.number = 1"
        " WHERE r.row > ? AND r.kind = 'allocation'"
        " AND o.row IS NULL AND w.row IS NULL AND i.row IS NULL"
        " ORDER BY r.row LIMIT ?",
        (after, limit),
    )
    return [Case(row=row, allocation_id=text, history=History()) for row, text in found]


def open_cases(journal: Journal) -> list[Case]:
    """Return the allocations that were touched and have no outcome, by row.

    They are those that wait, and those whose process ended between intent and attempt
    (``cut_off``). Their time limit starts anew (``began``): the time that the run lay still is
    not theirs.
    """
    found = journal.select(
        "SELECT r.row, r.allocation_id, w.what, w.due, w.history,"
        " (SELECT COUNT(*) FROM intent i WHERE i.row = t.row),"
        " (SELECT MAX(a.number) FROM attempt a WHERE a.row = t.row),"
        " (SELECT MAX(i.at) FROM intent i WHERE i.row = t.row)"
        # Most intents are of an allocation with an outcome: to ask after that first takes a third.
        " FROM (SELECT row FROM waiting UNION SELECT i.row FROM intent i"
        "       LEFT JOIN outcome o ON o.row = i.row"
        "       LEFT JOIN attempt a ON a.row = i.row AND a.number = i.number"
        "       WHERE o.row IS NULL AND a.row IS NULL) t"
        # CROSS: begin with these few, and not with every row of the input.
        " CROSS JOIN row r ON r.row = t.row"
        " LEFT JOIN waiting w ON w.row = t.row"
        " LEFT JOIN outcome o ON o.row = t.row"
        " WHERE o.row IS NULL ORDER BY t.row"
    )
    with decoding(journal.path):
        return [_open_case(values) for values in found]


def _open_case(values: tuple[Any, ...]) -> Case:
    row, allocation_id, what, due, history, intents, last_answered, last_intent_at = values
    cut_off = intents > (last_answered or 0)
    known = _decode_history(history) if history else History()
    return Case(
        row=row,
        allocation_id=allocation_id,
        history=replace(known, began=None),
        what=What(what) if what else What.SEND,
        due=last_intent_at if cut_off else due,
        intents=intents,
        cut_off=cut_off,
        waited=True,
    )


def reopen_unknown(journal: Journal, *, at: float) -> int:
    """Take back the outcomes `unknown`, so that they are read back anew; returns how many."""
    found = list(
        journal.select(
            # The second term says nothing new, but lets SQLite see which index holds them.
            "SELECT row, history FROM outcome WHERE outcome = ? AND outcome <> 'cancelled'",
            (Outcome.UNKNOWN.value,),
        )
    )
    changes: list[tuple[str, tuple[object, ...]]] = []
    for row, text in found:
        with decoding(journal.path):
            history = _looked_at_anew(_decode_history(text))
        changes += [
            (
                "INSERT INTO reopened SELECT row, ?, outcome, reason FROM outcome WHERE row = ?",
                (at, row),
            ),
            (
                "INSERT INTO waiting VALUES (?, ?, ?, ?)",
                (row, What.READ.value, at, msgspec.json.encode(history).decode()),
            ),
            ("DELETE FROM outcome WHERE row = ?", (row,)),
        ]
    journal.change(changes)
    return len(found)


def _looked_at_anew(history: History) -> History:
    """Return what is known of an allocation with its limits, and its last reads, forgotten."""
    return replace(
        history,
        spent=0,
        unsent=0,
        throttled=0,
        refused_tokens=0,
        doubt=history.doubt if history.doubt is not Doubt.NONE else Doubt.PERHAPS,
        may_resend=True,
        readable=True,
        reads=0,
        equal_reads=0,
        failed_reads=0,
        last_read=None,
        began=None,
    )


def outcome_counts(journal: Journal) -> dict[Outcome, int]:
    """Return how many allocations have each outcome."""
    # Most are of one kind, which is what is left; the others stand in an index.
    ((rest,),) = journal.select("SELECT COUNT(*) FROM outcome")
    usual = Outcome.CANCELLED
    counts: dict[Outcome, int] = {}
    found = journal.select(
        "SELECT outcome, COUNT(*) FROM outcome WHERE outcome <> 'cancelled' GROUP BY outcome"
    )
    with decoding(journal.path):
        for outcome, count in found:
            counts[Outcome(outcome)] = count
            rest -= count
    return {**counts, usual: rest} if rest else counts
