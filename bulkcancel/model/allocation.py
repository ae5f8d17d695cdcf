"""What the API shows of an allocation, reduced to what a report may hold."""

from __future__ import annotations

import msgspec


class AllocationView(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An allocation object of the API without its personal data.

    A field is ``None`` where the answer lacks it, holds ``null``, or holds a value of another
    type than documented: ``version`` is an integer that fits 64 bits and nothing else (a string,
    a float or a boolean is ``None``), ``allocation_id`` and ``status`` are strings exactly as
    shown, neither trimmed nor folded. ``order_ids`` are the distinct ``items[].orderId`` in their
    order of appearance.
    """

    allocation_id: str | None
    status: str | None
    version: int | None
    po_number: str | None = None
    vendor_id: str | None = None
    location: str | None = None
    order_ids: tuple[str, ...] = ()
