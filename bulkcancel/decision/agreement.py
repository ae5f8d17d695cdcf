"""Whether what the API shows now agrees with what a report says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bulkcancel.decision.classify import CANCELLED, PARTIALLY_CANCELLED, Finding
from bulkcancel.model import Kind, Outcome


class Agreement(StrEnum):
    """What a later read says of an outcome."""

    AGREES = "agrees"
    DIFFERS = "differs"
    RESOLVED = "resolved"
    """The outcome was unknown, and now the API shows what became of it."""
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """One outcome held against a later read; ``note`` is a sentence for a person."""

    agreement: Agreement
    note: str


_CANCELLED_OUTCOMES = frozenset({Outcome.CANCELLED, Outcome.ALREADY_CANCELLED})


def hold_against(outcome: Outcome, found: Finding | None) -> Verification:
    """Return whether a read agrees with an outcome; ``found`` is ``None`` if none was made."""
    if found is None:
        return _verdict(Agreement.UNREADABLE, "not read: the verification stopped first")
    if found.kind is Kind.UNKNOWN_ID:
        if outcome is Outcome.NOT_FOUND:
            return _verdict(Agreement.AGREES, "the API still does not know it")
        return _verdict(Agreement.DIFFERS, f"the API does not know it any more: {found.reason}")
    if found.kind is not Kind.SHOWN or found.view is None:
        return _verdict(Agreement.UNREADABLE, found.reason)
    status = found.view.status
    if outcome is Outcome.UNKNOWN:
        return _verdict(Agreement.RESOLVED, f"it was unknown; its status now is {status}")
    if outcome is Outcome.NOT_FOUND:
        return _verdict(Agreement.DIFFERS, f"it was not found; its status now is {status}")
    if outcome in _CANCELLED_OUTCOMES:
        agrees = status == CANCELLED
    elif outcome is Outcome.PARTIALLY_CANCELLED:
        agrees = status == PARTIALLY_CANCELLED
    else:
        agrees = status != CANCELLED
    words = f"{outcome.value}, and its status now is {status}"
    return _verdict(Agreement.AGREES if agrees else Agreement.DIFFERS, words)


def _verdict(agreement: Agreement, note: str) -> Verification:
    return Verification(agreement=agreement, note=note)
