"""One line of the reconciliation: an input row and what became of it."""

from __future__ import annotations

import msgspec

from bulkcancel.model.manifest import Extras, RowKind
from bulkcancel.model.outcome import CancelledBy, Outcome


class DetailRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An input row joined with the outcome of its allocation.

    A duplicate carries the settlement of the row it repeats (``outcome`` is that allocation's).
    ``outcome`` is ``None`` for blank and invalid rows: they are no request of their own, and the
    files write their kind in its place. ``attempts`` counts wire sends. ``runs_before`` is in how
    many earlier runs in a row the allocation was a break, the first of which began at ``since``.
    Times are UTC, ISO 8601 with milliseconds and a trailing ``Z``.
    """

    row: int
    kind: RowKind
    allocation_id: str | None
    outcome: Outcome | None
    status: str | None = None
    version_before: int | None = None
    version: int | None = None
    attempts: int | None = None
    http_status: int | None = None
    reason: str = ""
    duplicate_of: int | None = None
    verified: bool | None = None
    cancelled_by: CancelledBy | None = None
    first_sent_at: str | None = None
    settled_at: str | None = None
    po_number: str | None = None
    vendor_id: str | None = None
    location: str | None = None
    order_ids: tuple[str, ...] = ()
    runs_before: int = 0
    since: str | None = None
    text: str = ""
    """The id cell as found, for an invalid row."""
    extras: Extras = ()
