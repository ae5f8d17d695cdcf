"""Rows joined with outcomes, and the proof that the totals balance. Pure."""

from bulkcancel.reconcile.balance import AttemptTotals, Check, Control, ManifestTotals, balance
from bulkcancel.reconcile.digest import KnownTotals
from bulkcancel.reconcile.next_step import next_step
from bulkcancel.reconcile.tally import Tally, is_break
from bulkcancel.reconcile.verdict import StopWord, verdict

__all__ = [
    "AttemptTotals",
    "Check",
    "Control",
    "KnownTotals",
    "ManifestTotals",
    "StopWord",
    "Tally",
    "balance",
    "is_break",
    "next_step",
    "verdict",
]
