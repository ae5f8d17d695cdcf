"""What a cancel or a read does to its allocations, and the answer that says so, or does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bulkcancel.simulator.allocations import (
    CANCELLED,
    PARTIALLY_CANCELLED,
    Allocation,
    Allocations,
    Effect,
)
from bulkcancel.simulator.faults import Fault
from bulkcancel.simulator.kinds import Family
from bulkcancel.simulator.options import Already, SimulatorOptions
from bulkcancel.simulator.replies import (
    Caller,
    Reply,
    as_documented,
    cancel_refusal,
    message,
    other_body,
    refusal,
    unknown_id,
)
from bulkcancel.simulator.shapes import other_shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What was done: ``applied`` if an allocation was changed by this request."""

    reply: Reply
    applied: bool = False


class Doer:
    """Cancels and reads, with or without a fault; it does not wait and knows no connection."""

    def __init__(self, allocations: Allocations, options: SimulatorOptions) -> None:
        self._allocations = allocations
        self._options = options

    def count(self, method: str, ids: Sequence[str]) -> None:
        """Note that a request named these allocations, whatever it will be answered."""
        for one in ids:
            allocation = self._allocations.get(one)
            if method == "PUT":
                allocation.puts += 1
            else:
                allocation.gets += 1

    def requests_of(self, allocation_id: str) -> int:
        """Return how many requests named this allocation."""
        allocation = self._allocations.get(allocation_id)
        return allocation.puts + allocation.gets

    def cancel(
        self, ids: Sequence[str], fault: Fault | None, caller: Caller, sequence: int
    ) -> Deed:
        """Let a cancel take effect, unless the fault says otherwise, and answer it."""
        asked = [self._allocations.get(one) for one in ids]
        already = self._options.already
        if fault is not None:
            already = self._others(asked, fault, already)
        if fault is None or fault.what.applied:
            status = PARTIALLY_CANCELLED if fault and fault.base == "partial" else CANCELLED
            effects = [
                self._allocations.cancel(one, sequence=sequence, wall=caller.wall, status=status)
                for one in asked
            ]
        else:
            effects = [Effect.NONE] * len(asked)
        ordinary = cancel_refusal(asked, effects, already=already, shipped=self._options.shipped)
        applied = Effect.APPLIED in effects
        return Deed(reply=self._reply(asked, fault, caller, ordinary, "PUT"), applied=applied)

    def read(self, ids: Sequence[str], fault: Fault | None, caller: Caller) -> Deed:
        """Answer a read; nothing takes effect, but somebody else may act before."""
        asked = [self._allocations.get(one) for one in ids]
        if fault is not None:
            self._others(asked, fault, self._options.already)
        ordinary = None if asked[0].exists else unknown_id(400)
        return Deed(reply=self._reply(asked, fault, caller, ordinary, "GET"))

    def cancel_unanswered(self, ids: Sequence[str], sequence: int, wall: float) -> bool:
        """Let a cancel take effect that was answered before; true if it changed anything."""
        asked = [self._allocations.get(one) for one in ids]
        effects = [self._allocations.cancel(one, sequence=sequence, wall=wall) for one in asked]
        return Effect.APPLIED in effects

    def _others(self, asked: Sequence[Allocation], fault: Fault, already: Already) -> Already:
        """Let somebody else act first, where the fault says so; return what "already" answers."""
        for one in asked:
            if fault.base == "becomes" and one.exists:
                one.change(fault.argument)
            elif fault.base == "rival" and one.exists and one.status != CANCELLED:
                one.change(CANCELLED)
        if fault.base == "rival" and fault.arg is not None:
            return _ALREADY[fault.arg]
        return already

    def _reply(
        self,
        asked: Sequence[Allocation],
        fault: Fault | None,
        caller: Caller,
        ordinary: Reply | None,
        method: str,
    ) -> Reply:
        family = None if fault is None else fault.what.family
        if fault is not None and fault.base == "revoke":
            return message(401, "The token has expired")
        if fault is not None and family is Family.REFUSAL:
            return refusal(fault, caller)
        in_array = method == "PUT"
        if ordinary is None:
            before = fault is not None and fault.base == "stale"
            objects = [self._allocations.show(one, before=before) for one in asked if one.exists]
            if fault is not None and family is Family.SHAPE:
                return other_shape(fault, objects, in_array=in_array)
            ordinary = as_documented(objects, in_array=in_array)
        if fault is not None and family is Family.BODY:
            return other_body(fault, ordinary)
        return ordinary


_ALREADY: dict[str, Already] = {"ok": "ok", "400": "400", "409": "409", "500": "500"}
