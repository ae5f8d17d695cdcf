"""Which files a run makes in its folder: what is none of these is somebody else's."""

from __future__ import annotations

from bulkcancel.journal import JOURNAL_NAME
from bulkcancel.report import VERIFICATION_NAME

SUMMARY_NAME = "summary.json"
DETAIL_NAME = "reconciliation.parquet"
UNBALANCED_NAME = "OUT-OF-BALANCE.json"

JOURNAL_FILES = (
    JOURNAL_NAME,
    *(f"{JOURNAL_NAME}{ending}" for ending in ("-wal", "-shm", "-journal")),
)
"""The journal and what SQLite may keep beside it."""

REPORT_FILES = (
    SUMMARY_NAME,
    "reconciliation.csv",
    DETAIL_NAME,
    "reconciliation.xlsx",
    "report.html",
    "breaks.csv",
    "retry.csv",
    VERIFICATION_NAME,
    UNBALANCED_NAME,
    "OUT-OF-BALANCE.reconciliation.csv",
    "OUT-OF-BALANCE.reconciliation.parquet",
    "run.log",
)
"""All else that a run, or a command on it, writes."""

_OURS = frozenset(
    {*JOURNAL_FILES, *REPORT_FILES, *(f".{name}.partial" for name in REPORT_FILES)}
)  # a killed process leaves what it had not published


def is_ours(name: str) -> bool:
    """Say whether a file of that name in a run folder was made by a run."""
    return name in _OURS
