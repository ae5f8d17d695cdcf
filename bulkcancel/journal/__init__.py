"""The durable record of a run: one SQLite file of rows, intents, attempts and outcomes."""

from bulkcancel.journal.columns import detail_columns, detail_rows
from bulkcancel.journal.entries import (
    AttemptEntry,
    Case,
    Entry,
    Intent,
    OutcomeEntry,
    PaceEntry,
    ReadEntry,
    WaitEntry,
    What,
)
from bulkcancel.journal.figures import figures
from bulkcancel.journal.forecast import forecast_cells
from bulkcancel.journal.joining import Left, absorb, order_segments
from bulkcancel.journal.segments import Segment, segments
from bulkcancel.journal.store import JOURNAL_NAME, SQLITE_VERSION, Journal
from bulkcancel.journal.times import utc
from bulkcancel.journal.totals import JournalTotals, attempt_totals
from bulkcancel.journal.work import fresh_cases, open_cases, outcome_counts, reopen_unknown

__all__ = [
    "JOURNAL_NAME",
    "SQLITE_VERSION",
    "AttemptEntry",
    "Case",
    "Entry",
    "Intent",
    "Journal",
    "JournalTotals",
    "Left",
    "OutcomeEntry",
    "PaceEntry",
    "ReadEntry",
    "Segment",
    "WaitEntry",
    "What",
    "absorb",
    "attempt_totals",
    "detail_columns",
    "detail_rows",
    "figures",
    "forecast_cells",
    "fresh_cases",
    "open_cases",
    "order_segments",
    "outcome_counts",
    "reopen_unknown",
    "segments",
    "utc",
]
