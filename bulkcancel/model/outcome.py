"""The final word on an allocation."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Outcome(StrEnum):
    """The final word on an allocation."""

    CANCELLED = "cancelled"
    """The API showed CANCELLED in its reply or in a read-back."""
    ALREADY_CANCELLED = "already_cancelled"
    """It was cancelled before this run sent anything."""
    PARTIALLY_CANCELLED = "partially_cancelled"
    """The API showed PARTIALLY_CANCELLED."""
    NOT_CANCELLED = "not_cancelled"
    """The API refused for its state, or its status stayed another one."""
    NOT_FOUND = "not_found"
    """The API says that it does not know the id."""
    REJECTED = "rejected"
    """Refused for another permanent reason."""
    FAILED = "failed"
    """Attempts used up, and it is certain that none took effect."""
    UNKNOWN = "unknown"
    """Sent, and the truth could not be established."""
    NOT_ATTEMPTED = "not_attempted"
    """Never sent: the run stopped first."""


BREAKS: frozenset[Outcome] = frozenset(Outcome) - {Outcome.CANCELLED, Outcome.ALREADY_CANCELLED}
"""The outcomes that make a row a break."""


class CancelledBy(StrEnum):
    """Who cancelled an allocation, where it can be known."""

    THIS_RUN = "this_run"
    BEFORE_RUN = "before_run"
    OTHER = "other"
    """Somebody else, between this run's look at it and its cancel."""


class Settlement(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An outcome and what it rests on.

    ``reason`` is a sentence for a person. ``verified`` says that a read-back (not the reply to
    the send itself) showed it. ``status`` and ``version`` are the last ones the API showed.
    ``cancelled_by`` is ``None`` for what is not cancelled, and where nobody can know.
    """

    outcome: Outcome
    reason: str
    status: str | None = None
    version: int | None = None
    verified: bool = False
    po_number: str | None = None
    vendor_id: str | None = None
    location: str | None = None
    order_ids: tuple[str, ...] = ()
    cancelled_by: CancelledBy | None = None
