"""What a query of the API shows: a page of allocations, reduced to what a report may hold."""

from __future__ import annotations

from dataclasses import dataclass

from bulkcancel.model.observation import Allowance


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One allocation of a list, without its personal data.

    Texts are exactly as shown, neither trimmed nor folded; one is ``None`` where the answer lacks
    it, holds ``null``, or holds what is no text. ``unreadable`` names, as the API does, those of
    ``poNumber``, ``vendorId`` and ``statusCode`` that hold something which is no text.
    ``quantity`` is the sum over the items, ``None`` if one of them does not tell.
    """

    allocation_id: str
    po_number: str | None = None
    vendor_id: str | None = None
    status: str | None = None
    version: int | None = None
    location: str | None = None
    order_ids: tuple[str, ...] = ()
    quantity: int | None = None
    allocation_num: str | None = None
    allocated_at: str | None = None
    updated_at: str | None = None
    unreadable: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A page of allocations in the documented shape; an empty one means that nothing matches.

    ``words`` is what the API said in place of a list, cleaned, where it answered 404.
    ``retry_after`` is seconds to wait, or ``None`` if absent or malformed.
    """

    http_status: int
    allocations: tuple[Listed, ...] = ()
    words: str = ""
    retry_after: float | None = None
    allowance: Allowance | None = None
