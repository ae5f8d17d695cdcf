"""What a run knows about one allocation so far."""

from __future__ import annotations

from enum import StrEnum
from typing import assert_never

import msgspec

from bulkcancel.decision.classify import CANCELLED
from bulkcancel.model import AllocationView, CancelledBy, Outcome, Settlement


class Doubt(StrEnum):
    """Which open question a read-back is to settle."""

    NONE = "none"
    PERHAPS = "perhaps"
    """A send of ours may have taken effect."""
    ACCEPTED = "accepted"
    """The API accepted it and showed another status than CANCELLED."""
    CLAIMED = "claimed"
    """The API says that it was cancelled already."""
    REFUSED = "refused"
    """The API refused it, for good and without a reason that tells its state."""


class History(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a run knows about one allocation; the unit that waits in the journal.

    ``sends`` counts wire sends of the cancel, ``spent`` those that count against the limit.
    ``ours_possible`` is set for good once a send of ours may have taken effect, ``accepted`` once
    the API answered one with the allocation. The times of sends
    are seconds since the epoch, UTC. ``began`` is the first answer since the run was started or
    resumed, from which `Policy.max_time` counts, in seconds of the clock that nobody sets. The
    fields from ``reads`` to ``failed_reads`` concern the current doubt and start anew with each
    send. ``may_resend`` is taken away by a refusal for good, of which ``refusal`` keeps the words.
    ``throttled`` and ``refused_tokens`` count answers in a row.
    """

    sends: int = 0
    spent: int = 0
    first_sent_at: float | None = None
    last_sent_at: float | None = None
    began: float | None = None
    unsent: int = 0
    throttled: int = 0
    refused_tokens: int = 0
    doubt: Doubt = Doubt.NONE
    ours_possible: bool = False
    accepted: bool = False
    may_resend: bool = True
    refusal: str = ""
    firm_claim: bool = False
    readable: bool = True
    reads: int = 0
    equal_reads: int = 0
    failed_reads: int = 0
    last_read: str | None = None
    http_status: int | None = None
    reason: str = ""
    view: AllocationView | None = None
    version_before: int | None = None


def settlement(
    history: History, outcome: Outcome, reason: str, *, verified: bool = False
) -> Settlement:
    """Return a settlement with what the API showed last, and who cancelled it."""
    view = history.view
    return Settlement(
        outcome=outcome,
        reason=reason,
        status=view.status if view else None,
        version=view.version if view else None,
        verified=verified,
        po_number=view.po_number if view else None,
        vendor_id=view.vendor_id if view else None,
        location=view.location if view else None,
        order_ids=view.order_ids if view else (),
        cancelled_by=_cancelled_by(history, outcome),
    )


def _cancelled_by(history: History, outcome: Outcome) -> CancelledBy | None:
    """Return who cancelled it, as far as versions tell.

    ``version_before`` is known only of an allocation that was seen active by this run. If its
    version grew by one since, that one update was the cancellation, and this run's cancel was
    accepted; with more updates, or without a look before, nobody can say whose it was.
    """
    before, view = history.version_before, history.view
    if outcome is Outcome.ALREADY_CANCELLED and before is None:
        # Between two sends of ours, of which none took effect, somebody else may have come.
        return CancelledBy.BEFORE_RUN if history.sends <= 1 else None
    if outcome is Outcome.ALREADY_CANCELLED:
        return CancelledBy.OTHER
    if outcome is not Outcome.CANCELLED or before is None or view is None:
        return None
    ours = history.accepted and view.status == CANCELLED and view.version == before + 1
    return CancelledBy.THIS_RUN if ours else None


def open_settlement(history: History | None) -> Settlement:
    """Return the provisional word on an allocation that a stopped run leaves open.

    Never sent is `not_attempted`; certainly not applied is `failed`; all else is `unknown`.
    """
    if history is None or history.sends == 0:
        reason = "the run stopped first"
        if history is not None and history.unsent:
            reason = f"{reason}; last: {history.reason}"
        return Settlement(outcome=Outcome.NOT_ATTEMPTED, reason=reason)
    match history.doubt:
        case Doubt.NONE if not history.ours_possible:
            reason = f"the run stopped before it could be sent again; last: {history.reason}"
            return settlement(history, Outcome.FAILED, reason)
        case Doubt.NONE | Doubt.PERHAPS:
            reason = f"sent, and the run stopped before it was read back; last: {history.reason}"
        case Doubt.ACCEPTED:
            reason = f"accepted, and the run stopped before it was read back; {history.reason}"
        case Doubt.REFUSED:
            return settlement(history, Outcome.REJECTED, f"{history.refusal}; not read back")
        case Doubt.CLAIMED:
            reason = f"said to be cancelled already, not read back; {history.reason}"
        case _:
            assert_never(history.doubt)
    return settlement(history, Outcome.UNKNOWN, reason)
