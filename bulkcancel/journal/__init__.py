"""The durable record of a run: one SQLite file of rows, intents, attempts and outcomes."""

from bulkcancel.journal.details import JournalTotals, attempt_totals, detail_rows, utc
from bulkcancel.journal.entries import (
    AttemptEntry,
    Case,
    Entry,
    Intent,
    OutcomeEntry,
    ReadEntry,
    WaitEntry,
    What,
)
from bulkcancel.journal.segments import Segment, segments
from bulkcancel.journal.store import JOURNAL_NAME, Journal
from bulkcancel.journal.work import fresh_cases, open_cases, outcome_counts, reopen_unknown

__all__ = [
    "JOURNAL_NAME",
    "AttemptEntry",
    "Case",
    "Entry",
    "Intent",
    "Journal",
    "JournalTotals",
    "OutcomeEntry",
    "ReadEntry",
    "Segment",
    "WaitEntry",
    "What",
    "attempt_totals",
    "detail_rows",
    "fresh_cases",
    "open_cases",
    "outcome_counts",
    "reopen_unknown",
    "segments",
    "utc",
]
