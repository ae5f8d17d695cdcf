"""Which allocations of a list are looked for, and why one is not among them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bulkcancel.decision.guard import CANCELLABLE
from bulkcancel.errors import RefusedError
from bulkcancel.model.listing import Listed

ANY = "ANY"
"""Stands for every status, also one that is not documented, and none at all."""

DOCUMENTED_STATUSES = CANCELLABLE | {
    "SHIPPED", "PARTIALLY_SHIPPED", "REALLOCATED", "CANCELLED", "PARTIALLY_CANCELLED",
}  # fmt: skip

_LONGEST = 200


class Reason(StrEnum):
    """Why an allocation is left out; the words stand behind a number."""

    OTHER_ORDER = "of another purchase order"
    ALIKE_ORDER = "of a purchase order that is written otherwise"
    NO_ORDER = "without a purchase order"
    ODD_ORDER = "whose purchase order is no text"
    OTHER_VENDOR = "of another vendor"
    NO_VENDOR = "without a vendor"
    ODD_VENDOR = "whose vendor is no text"
    OTHER_STATUS = "of another status"
    NO_STATUS = "without a readable status"


OF_ANOTHER_ORDER = frozenset(
    {Reason.OTHER_ORDER, Reason.ALIKE_ORDER, Reason.NO_ORDER, Reason.ODD_ORDER}
)
"""The reasons that speak of the purchase order: what is filtered by, if the API heeds that."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Why an allocation is left out; ``value`` is what it has instead, where that tells more."""

    reason: Reason
    value: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The allocations to look for: by purchase order, vendor (empty: any) and status.

    All are compared character by character, whatever the API made of its filters.
    """

    purchase_orders: tuple[str, ...]
    vendors: tuple[str, ...] = ()
    statuses: tuple[str, ...] = tuple(sorted(CANCELLABLE))

    def checked(self) -> Wanted:
        """Return it if each part can be one, with what is given twice kept once.

        Raises:
            RefusedError: One can't; the option is named.
        """
        for option, values in (
            ("--po", self.purchase_orders),
            ("--vendor", self.vendors),
            ("--status", self.statuses),
        ):
            for value in values:
                if (words := _fault(value)) is not None:
                    raise RefusedError(f"{option} {words}. Nothing was sent.")
        if not self.purchase_orders or not self.statuses:
            option = "--status" if self.purchase_orders else "--po"
            raise RefusedError(f"{option} is required, with one value or more. Nothing was sent.")
        if ANY in self.statuses and len(set(self.statuses)) > 1:
            raise RefusedError(
                "--status any stands for every status: give it alone. Nothing was sent."
            )
        return Wanted(
            purchase_orders=tuple(dict.fromkeys(self.purchase_orders)),
            vendors=tuple(dict.fromkeys(self.vendors)),
            statuses=tuple(dict.fromkeys(self.statuses)),
        )

    def of_another_order(self, listed: Listed) -> LeftOut | None:
        """Return why an allocation is none of the purchase orders'; ``None`` if it is."""
        po_number = listed.po_number
        if po_number in self.purchase_orders:
            return None
        if "poNumber" in listed.unreadable:
            return LeftOut(Reason.ODD_ORDER)
        if po_number is None:
            return LeftOut(Reason.NO_ORDER)
        if _folded(po_number) in map(_folded, self.purchase_orders):
            return LeftOut(Reason.ALIKE_ORDER, po_number)
        return LeftOut(Reason.OTHER_ORDER)

    def left_out(self, listed: Listed) -> LeftOut | None:
        """Return why an allocation is not looked for; ``None`` if it is."""
        if (other := self.of_another_order(listed)) is not None:
            return other
        if self.vendors and listed.vendor_id not in self.vendors:
            if "vendorId" in listed.unreadable:
                return LeftOut(Reason.ODD_VENDOR)
            if listed.vendor_id is None:
                return LeftOut(Reason.NO_VENDOR)
            return LeftOut(Reason.OTHER_VENDOR, listed.vendor_id)
        if ANY in self.statuses or listed.status in self.statuses:
            return None
        if listed.status is None:
            return LeftOut(Reason.NO_STATUS)
        return LeftOut(Reason.OTHER_STATUS, listed.status)


def _fault(value: str) -> str | None:
    """Return in words why a text can't be looked for."""
    if not value or value != value.strip():
        return "takes a text that is not empty, without spaces around"
    if "*" in value:
        return "takes no wildcard: what is found may be cancelled, so each one has to be named"
    if not value.isprintable() or len(value) > _LONGEST:
        return f"takes a text of {_LONGEST} visible characters at most"
    return None


def _folded(text: str) -> str:
    """Return a text as people who mean the same may write it: spaces, case, leading zeros."""
    return "".join(text.split()).casefold().lstrip("0")
