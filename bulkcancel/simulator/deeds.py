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
    message,
    other_body,
    refusal,
    unknown_id,
)
from bulkcancel.simulator.several import View, course, refused_by_effects, views
from bulkcancel.simulator.shapes import other_shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What was done: ``changed`` are the ids of the allocations that this request changed."""

    reply: Reply
    changed: tuple[str, ...] = ()


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
        way = course(asked, self._options, already)
        tried = asked[: way.tried]
        if fault is None or fault.what.applied:
            status = PARTIALLY_CANCELLED if fault and fault.base == "partial" else CANCELLED
            effects = [
                self._allocations.cancel(one, sequence=sequence, wall=caller.wall, status=status)
                for one in tried
            ]
        else:
            effects = [Effect.NONE] * len(tried)
        ordinary = way.refused or refused_by_effects(tried, effects, self._options, already)
        shown = views(tried, effects, self._options)
        reply = self._reply(shown, fault, caller, ordinary, "PUT")
        return Deed(reply=reply, changed=_changed(tried, effects))

    def read(self, ids: Sequence[str], fault: Fault | None, caller: Caller) -> Deed:
        """Answer a read; nothing takes effect, but somebody else may act before."""
        asked = [self._allocations.get(one) for one in ids]
        if fault is not None:
            self._others(asked, fault, self._options.already)
        ordinary = None if asked[0].exists else unknown_id(400)
        shown = [View(allocation=one) for one in asked if one.exists]
        return Deed(reply=self._reply(shown, fault, caller, ordinary, "GET"))

    def cancel_unanswered(self, ids: Sequence[str], sequence: int, wall: float) -> tuple[str, ...]:
        """Let a cancel take effect that was answered before; return what it changed."""
        asked = [self._allocations.get(one) for one in ids]
        tried = asked[: course(asked, self._options, self._options.already).tried]
        effects = [self._allocations.cancel(one, sequence=sequence, wall=wall) for one in tried]
        return _changed(tried, effects)

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
        shown: Sequence[View],
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
            objects = [
                self._allocations.show(one.allocation, before=before or one.before) for one in shown
            ]
            if fault is not None and family is Family.SHAPE and objects:
                return other_shape(fault, objects, in_array=in_array)
            ordinary = as_documented(objects, in_array=in_array)
        if fault is not None and family is Family.BODY:
            return other_body(fault, ordinary)
        return ordinary


def _changed(tried: Sequence[Allocation], effects: Sequence[Effect]) -> tuple[str, ...]:
    return tuple(
        one.allocation_id
        for one, effect in zip(tried, effects, strict=True)
        if effect is Effect.APPLIED
    )


_ALREADY: dict[str, Already] = {"ok": "ok", "400": "400", "409": "409", "500": "500"}
