"""Which allocations may be sent, of those that were read first."""

from __future__ import annotations

from dataclasses import dataclass

from bulkcancel.model import AllocationView, Outcome

CANCELLABLE = frozenset({"ALLOCATED", "PENDING_DROP", "PENDING_PICK"})
"""The statuses that a cancel is meant for; any other stays for a person to look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """What an allocation has to be so that it is sent.

    ``purchase_orders`` and ``vendors`` are those that it may belong to (empty: any),
    ``cancellable`` the statuses that it may have.
    """

    purchase_orders: frozenset[str] = frozenset()
    vendors: frozenset[str] = frozenset()
    cancellable: frozenset[str] = CANCELLABLE

    @property
    def asks_whose(self) -> bool:
        """Say whether nothing may be sent before it is known whose it is."""
        return bool(self.purchase_orders or self.vendors)

    def objection(self, view: AllocationView) -> tuple[Outcome, str] | None:
        """Return the outcome of an allocation that must not be sent, and why; else ``None``."""
        for noun, value, expected in (
            ("purchase order", view.po_number, self.purchase_orders),
            ("vendor", view.vendor_id, self.vendors),
        ):
            if expected and value not in expected:
                whose = f"{noun} {value}" if value is not None else f"no {noun}"
                wanted = " or ".join(sorted(expected))
                return Outcome.REJECTED, f"not sent: it belongs to {whose}, not to {wanted}"
        if view.status not in self.cancellable:
            words = f"not sent: its status is {view.status}, which is not one to cancel"
            return Outcome.NOT_CANCELLED, words
        return None
