"""Which allocations of a list are looked for: exact texts only, and a reason for each other."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcancel.decision.wanted import LeftOut, Reason, Wanted
from bulkcancel.errors import RefusedError
from bulkcancel.model.listing import Listed

WANTED = Wanted(purchase_orders=("4500000012", "po-7"), vendors=("56",))


def listed(**fields: Any) -> Listed:
    """Return an allocation that is looked for, but for these fields."""
    usual = {"po_number": "4500000012", "vendor_id": "56", "status": "ALLOCATED"}
    return Listed(allocation_id="62ff5c0bec0aed3c86202c32", **(usual | fields))


@pytest.mark.parametrize("status", ["ALLOCATED", "PENDING_PICK", "PENDING_DROP"])
@pytest.mark.parametrize("po_number", ["4500000012", "po-7"])
def test_what_can_be_cancelled_is_looked_for(po_number: str, status: str) -> None:
    """Each of the purchase orders, and without further word the statuses a cancel is meant for."""
    assert WANTED.left_out(listed(po_number=po_number, status=status)) is None


@pytest.mark.parametrize(
    ("fields", "reason", "value"),
    [
        ({"po_number": "45"}, Reason.OTHER_ORDER, None),
        ({"po_number": "45000000120"}, Reason.OTHER_ORDER, None),
        ({"po_number": ""}, Reason.OTHER_ORDER, None),
        ({"po_number": "4500000012 "}, Reason.ALIKE_ORDER, "4500000012 "),
        ({"po_number": "PO-7"}, Reason.ALIKE_ORDER, "PO-7"),
        ({"po_number": "004500000012"}, Reason.ALIKE_ORDER, "004500000012"),
        ({"po_number": None}, Reason.NO_ORDER, None),
        ({"po_number": None, "unreadable": frozenset({"poNumber"})}, Reason.ODD_ORDER, None),
        ({"vendor_id": "57"}, Reason.OTHER_VENDOR, "57"),
        ({"vendor_id": "056"}, Reason.OTHER_VENDOR, "056"),
        ({"vendor_id": None}, Reason.NO_VENDOR, None),
        ({"vendor_id": None, "unreadable": frozenset({"vendorId"})}, Reason.ODD_VENDOR, None),
        ({"status": "SHIPPED"}, Reason.OTHER_STATUS, "SHIPPED"),
        ({"status": "allocated"}, Reason.OTHER_STATUS, "allocated"),
        ({"status": "NEW_ONE"}, Reason.OTHER_STATUS, "NEW_ONE"),
        ({"status": None}, Reason.NO_STATUS, None),
        ({"po_number": "1", "vendor_id": "57", "status": "SHIPPED"}, Reason.OTHER_ORDER, None),
        ({"vendor_id": "57", "status": "SHIPPED"}, Reason.OTHER_VENDOR, "57"),
    ],
)
def test_all_else_is_left_out_with_a_reason(
    fields: dict[str, Any], reason: Reason, value: str | None
) -> None:
    """The purchase order counts first, then the vendor, then the status."""
    assert WANTED.left_out(listed(**fields)) == LeftOut(reason, value)


def test_without_vendors_any_will_do_and_so_with_any_status() -> None:
    """Also one that is not known, or that can't be read."""
    free = Wanted(purchase_orders=("4500000012",), statuses=("ANY",))
    for vendor in ("57", None):
        for status in ("SHIPPED", "NEW_ONE", None):
            assert free.left_out(listed(vendor_id=vendor, status=status)) is None
    assert free.left_out(listed(po_number="po-7")) == LeftOut(Reason.OTHER_ORDER)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"purchase_orders": ()}, "--po is required"),
        ({"purchase_orders": ("45*",)}, "--po takes no wildcard"),
        ({"purchase_orders": ("*",)}, "--po takes no wildcard"),
        ({"purchase_orders": ("",)}, "--po takes a text that is not empty"),
        ({"purchase_orders": ("45 ",)}, "--po takes a text that is not empty"),
        ({"purchase_orders": ("4\x005",)}, "--po takes a text of 200 visible"),
        ({"purchase_orders": ("4" * 201,)}, "--po takes a text of 200 visible"),
        ({"vendors": ("5*",)}, "--vendor takes no wildcard"),
        ({"statuses": ()}, "--status is required"),
        ({"statuses": ("",)}, "--status takes a text that is not empty"),
        ({"statuses": ("ANY", "SHIPPED")}, "--status any stands for every status"),
    ],
)
def test_what_can_not_be_looked_for_is_refused(changes: dict[str, Any], said: str) -> None:
    """A sentence names the option, before anything is sent."""
    parts: dict[str, Any] = {"purchase_orders": ("45",)} | changes
    with pytest.raises(RefusedError, match=f"{said}.*Nothing was sent"):
        Wanted(**parts).checked()


def test_what_is_given_twice_is_kept_once() -> None:
    """In the order in which it was given."""
    twice = Wanted(purchase_orders=("7", "3", "7"), vendors=("1", "1"), statuses=("A", "A"))
    once = Wanted(purchase_orders=("7", "3"), vendors=("1",), statuses=("A",))
    assert twice.checked() == once


TEXTS = st.text(max_size=6) | st.sampled_from(["4500000012", "56", "ALLOCATED", "po-7"])


@given(po_number=st.none() | TEXTS, vendor=st.none() | TEXTS, status=st.none() | TEXTS)
def test_nothing_that_differs_in_any_way_is_looked_for(
    po_number: str | None, vendor: str | None, status: str | None
) -> None:
    """What is not left out is the same character by character."""
    one = listed(po_number=po_number, vendor_id=vendor, status=status)
    if WANTED.left_out(one) is None:
        assert (po_number in {"4500000012", "po-7"}, vendor) == (True, "56")
        assert status in {"ALLOCATED", "PENDING_PICK", "PENDING_DROP"}
