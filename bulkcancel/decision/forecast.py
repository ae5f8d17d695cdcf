"""What a look at an allocation beforehand foretells of its cancel."""

from __future__ import annotations

from bulkcancel.decision.classify import CANCELLED, PARTIALLY_CANCELLED, Finding
from bulkcancel.decision.guard import CANCELLABLE, Guard
from bulkcancel.model import Kind, Outcome


def foretell(found: Finding, guard: Guard) -> Outcome | None:
    """Return the outcome that a read before the first send makes likely; ``None``: nobody knows.

    What a guard would not let through is not sent. Of a status that it was told to let through
    and that is none of the usual ones, the API's own pages do not say what a cancel does to it.
    """
    view = found.view
    if found.kind is Kind.UNKNOWN_ID:
        return Outcome.NOT_FOUND
    if found.kind is not Kind.SHOWN or view is None:
        return None
    if view.status == CANCELLED:
        return Outcome.ALREADY_CANCELLED
    if view.status == PARTIALLY_CANCELLED and view.status not in guard.cancellable:
        return Outcome.PARTIALLY_CANCELLED
    if (objection := guard.objection(view)) is not None:
        return objection[0]
    return Outcome.CANCELLED if view.status in CANCELLABLE else None
