"""The made-up allocations: what they are, what has become of them, how the API shows them."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from hashlib import blake2b
from typing import Any

CANCELLED = "CANCELLED"
PARTIALLY_CANCELLED = "PARTIALLY_CANCELLED"
SHIPPED = "SHIPPED"
MISSING = "missing"
"""The status, in the options, of an id that the API does not know."""

MISSING_ENDING = "40f4"
SHIPPED_ENDING = "5e1d"

CANCELLABLE = ("ALLOCATED", "PENDING_PICK", "PENDING_DROP")

PERSONAL_SENTINELS = (
    "Jane Sentinel",
    "jane.sentinel@example.invalid",
    "+1 555 0100 4242",
    "42 Sentinel Lane",
)
"""The personal data in every allocation: a test looks for it where it must not be."""

WELL_FORMED = re.compile(r"[0-9A-Za-z._~-]+", re.ASCII)

_FIRST = datetime(2022, 8, 1, 18, 3, 28, tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class Allocation:
    """One allocation as the server knows it, and what reached it.

    ``puts`` and ``gets`` count the requests that named it, whatever they were answered;
    ``effects`` those that changed it. ``effect_sequence`` and ``effect_at`` (Unix seconds) are of
    the last request that did. ``previous`` is status and version before the last change.
    """

    allocation_id: str
    exists: bool
    status: str
    version: int
    first_status: str
    first_version: int
    created_at: str
    updated_at: str
    puts: int = 0
    gets: int = 0
    effects: int = 0
    effect_sequence: int | None = None
    effect_at: float | None = None
    previous: tuple[str, int] | None = None

    @property
    def outlook(self) -> Effect:
        """What a cancel would do to it."""
        if not self.exists:
            return Effect.UNKNOWN_ID
        if self.status == CANCELLED:
            return Effect.ALREADY
        return Effect.APPLIED if self.status in CANCELLABLE else Effect.WRONG_STATE

    def change(self, status: str) -> None:
        """Give it another status; the version grows."""
        self.previous = (self.status, self.version)
        self.status = status
        self.version += 1
        self.updated_at = _now()


class Effect(Enum):
    """What a cancel did to an allocation."""

    APPLIED = auto()
    ALREADY = auto()
    WRONG_STATE = auto()
    UNKNOWN_ID = auto()
    NONE = auto()
    """Nothing was tried: the allocation is shown as it is."""


class Allocations:
    """All allocations there are: each well-formed id is one, made up when it is first named.

    ``stock`` of them are there before anybody names one, for a query to find.
    """

    def __init__(
        self,
        *,
        seed: int,
        states: Mapping[str, str],
        conventions: bool,
        po_number: str | None = None,
        vendor_id: str | None = None,
        owners: Mapping[str, tuple[str, str]] | None = None,
        stock: int = 0,
    ) -> None:
        self._seed = seed
        self._states = states
        self._conventions = conventions
        self._po_number = po_number
        self._vendor_id = vendor_id
        self._owners = owners or {}
        self._places = {one: place for place, one in enumerate(stock_ids(stock), start=1)}
        self._unnamed: dict[str, Allocation] = {}
        self.known: dict[str, Allocation] = {}

    def get(self, allocation_id: str) -> Allocation:
        """Return the allocation, made up if it was never named; it may not exist."""
        found = self.known.get(allocation_id)
        if found is None:
            found = self.known[allocation_id] = self._peek(allocation_id)
            del self._unnamed[allocation_id]
        return found

    def everything(self) -> Iterator[Allocation]:
        """Yield what a query can find: the stock, and what was given or named; in no request."""
        for allocation_id in {**self._places, **self._owners, **self._states, **self.known}:
            found = self._peek(allocation_id)
            if found.exists:
                yield found

    def _peek(self, allocation_id: str) -> Allocation:
        """Return the allocation without counting it as named."""
        found = self.known.get(allocation_id) or self._unnamed.get(allocation_id)
        if found is None:
            found = self._unnamed[allocation_id] = self._make_up(allocation_id)
        return found

    def cancel(
        self, allocation: Allocation, *, sequence: int, wall: float, status: str = CANCELLED
    ) -> Effect:
        """Let the cancel with this sequence number take effect, if it can."""
        effect = allocation.outlook
        if effect is Effect.APPLIED:
            allocation.change(status)
            allocation.effects += 1
            allocation.effect_sequence = sequence
            allocation.effect_at = wall
        return effect

    def show(self, allocation: Allocation, *, before: bool = False) -> dict[str, Any]:
        """Return the object that the API shows; ``before``: as it was before its last change."""
        status, version = allocation.status, allocation.version
        if before and allocation.previous is not None:
            status, version = allocation.previous
        allocation_id = allocation.allocation_id
        name, mail, phone, street = PERSONAL_SENTINELS
        digest = self._digest(allocation_id)
        hexes = digest.hex()
        po_number, vendor = self._owners.get(
            allocation_id,
            (
                self._po_number or str(4500000000 + digest[5] % 40),
                self._vendor_id or str(50 + digest[2] % 8),
            ),
        )
        location = f"{1000 + digest[3] % 40}B"
        quantity = 1 + digest[4] % 3
        scratched = status in {CANCELLED, PARTIALLY_CANCELLED}
        return {
            "allocationId": allocation_id,
            "version": version,
            "statusCode": status,
            "type": "SCRATCHED" if scratched else "ALLOCATED",
            "allocationRequestId": hexes[:24],
            "allocationNum": f"A-{hexes[:10]}",
            "parentAllocationId": allocation_id,
            "poNumber": po_number,
            "vendorId": vendor,
            "locationNum": location,
            "locationType": "DC",
            "previousAllocationLocationNum": None,
            "itemsType": "WEB_SHIP",
            "orderSubType": "BORDERFREE",
            "allocationDate": allocation.created_at,
            "sentToPPSDate": allocation.created_at,
            "updatedAt": allocation.updated_at,
            "shipDate": None,
            "shipType": "SHIP_TO_ADDRESS",
            "shipMethod": "Overnight Delivery",
            "shipToId": hexes[24:48],
            "shipToAddress": {"name": name, "address1": street, "city": "Example", "phone": phone},
            "recipient": [{"name": name, "email": mail, "phone": {"number": phone}}],
            "pickup": None,
            "items": [
                {
                    "allocationLineNumber": 1,
                    "itemId": f"item-{hexes[48:54]}",
                    "sku": f"sku-{hexes[54:60]}",
                    "orderId": hexes[8:32],
                    "orderLineId": hexes[32:56],
                    "quantity": quantity,
                    "shippedQuantity": quantity if status == SHIPPED else 0,
                    "scratchQuantity": quantity if status == CANCELLED else 0,
                    "itemStatus": status,
                    "vendorId": vendor,
                }
            ],
            "auditLogs": [{"updatedField": "statusCode", "updatedBy": mail, "newValue": status}],
        }

    def _make_up(self, allocation_id: str) -> Allocation:
        digest = self._digest(allocation_id)
        status = self._states.get(allocation_id)
        if status is None:
            status = CANCELLABLE[digest[1] % len(CANCELLABLE)]
            if self._conventions and allocation_id.endswith(MISSING_ENDING):
                status = MISSING
            elif self._conventions and allocation_id.endswith(SHIPPED_ENDING):
                status = SHIPPED
        version = 1 + digest[0] % 5
        created = _moment(self._places.get(allocation_id, 0))
        return Allocation(
            allocation_id=allocation_id,
            exists=status != MISSING and WELL_FORMED.fullmatch(allocation_id) is not None,
            status=status,
            version=version,
            first_status=status,
            first_version=version,
            created_at=created,
            updated_at=created,
        )

    def _digest(self, allocation_id: str) -> bytes:
        text = f"{self._seed}\0{allocation_id}"
        return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=32).digest()


def stock_ids(count: int) -> list[str]:
    """Return the ids of a stock of so many, which follow none of the conventions."""
    return [f"62ff5c0b{number:012x}aaaa" for number in range(1, count + 1)]


def _moment(place: int) -> str:
    """Return when an allocation was made: those of a stock in their order, a second apart."""
    return f"{_FIRST + timedelta(seconds=place):%Y-%m-%dT%H:%M:%S}.483971941Z"


def _now() -> str:
    seconds, fraction = divmod(time.time_ns(), 1_000_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{fraction:09d}Z"
