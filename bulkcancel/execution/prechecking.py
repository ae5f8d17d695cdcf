"""A look at each allocation of an input before anything is sent, and what it foretells."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from bulkcancel.client import Secret, TokenSource
from bulkcancel.decision import Belonging, Finding, Guard, foretell
from bulkcancel.errors import ExitCode
from bulkcancel.execution.reach import reach
from bulkcancel.execution.settings import RunSettings
from bulkcancel.manifest import Manifest
from bulkcancel.model import DetailRow, ForecastCell, Kind, Outcome, RowKind
from bulkcancel.runner import Clock, Verifier


@dataclass(kw_only=True)
class Precheck:
    """What the look found. ``stopped`` is a sentence if it did not come to its end.

    ``counts`` are allocations by the status that the API shows (``None``: it shows none) and the
    outcome that this foretells (``None``: nobody can tell), given the ``guard``.
    ``purchase_orders`` and ``vendors`` say to whom the allocations belong that were shown.
    """

    guard: Guard
    counts: Counter[tuple[str | None, Outcome | None]] = field(default_factory=Counter)
    purchase_orders: Belonging = field(default_factory=Belonging)
    vendors: Belonging = field(default_factory=Belonging)
    reads: int = 0
    stopped: str = ""
    exit_code: ExitCode = ExitCode.OK

    def foretold(self, outcome: Outcome | None) -> int:
        """Return how many allocations an outcome is foretold of."""
        return sum(count for (_, known), count in self.counts.items() if known is outcome)

    def take(self, row: DetailRow, found: Finding | None) -> None:
        """Note what the read of one allocation found; ``None`` if it was not read."""
        if found is None:
            return
        view = found.view if found.kind is Kind.SHOWN else None
        status = view.status if view else None
        self.counts[status, foretell(found, self.guard)] += 1
        if view is not None:
            allocation_id = row.allocation_id or ""
            self.purchase_orders.add(row.row, allocation_id, view.po_number)
            self.vendors.add(row.row, allocation_id, view.vendor_id)

    def as_json(self) -> dict[str, Any]:
        """Return all of it as plain JSON values."""
        return {
            "read": self.counts.total(),
            "requests": self.reads,
            "stopped": self.stopped or None,
            "foretold": [
                {"status": status, "outcome": outcome, "allocations": count}
                for (status, outcome), count in self.counts.most_common()
            ],
            "po_number": _belonging_json(self.purchase_orders),
            "vendor_id": _belonging_json(self.vendors),
        }


async def precheck(
    manifest: Manifest,
    settings: RunSettings,
    token: Secret | TokenSource,
    shared_password: Secret | None = None,
) -> Precheck:
    """Read each allocation of an input once, at the pace of the settings; sends no cancel.

    ``shared_password`` is for the Redis of a shared rate.

    Raises:
        InputRefusedError: The input changed since it was read.
    """
    seen = Precheck(guard=settings.guard)
    async with reach(settings, token, shared_password=shared_password) as api:
        verifier = Verifier(
            api=api,
            options=settings.pool(),
            chance=random.random,
            clock=Clock(),
            shared=api.shared,
        )
        async for chunk in verifier.findings(_allocations(manifest)):
            for row, found in chunk:
                seen.take(row, found)
            if verifier.stopped:
                break
    seen.reads = verifier.reads
    seen.stopped = verifier.stopped
    seen.exit_code = verifier.exit_code
    return seen


def forecast_json(cells: Sequence[ForecastCell]) -> dict[str, Any]:
    """Return what was foretold and what became of it, as ``summary.json`` has it."""
    total = sum(cell.allocations for cell in cells)
    untold = sum(cell.allocations for cell in cells if cell.foretold is None)
    true = sum(cell.allocations for cell in cells if cell.foretold is cell.outcome)
    return {
        "allocations": total,
        "as_foretold": true,
        "otherwise": total - true - untold,
        "not_foretold": untold,
        "cells": [msgspec.to_builtins(cell) for cell in cells],
    }


def _allocations(manifest: Manifest) -> Iterator[DetailRow]:
    for chunk in manifest.rows():
        for row in chunk:
            if row.kind is RowKind.ALLOCATION:
                yield DetailRow(
                    row=row.row,
                    kind=row.kind,
                    allocation_id=row.allocation_id,
                    outcome=None,
                )


def _belonging_json(seen: Belonging) -> dict[str, Any]:
    usual = seen.usual
    return {
        "values": seen.values,
        "usual": usual and {"value": usual[0], "allocations": usual[1]},
        "differing": [msgspec.to_builtins(one) for one in seen.differing()],
    }
