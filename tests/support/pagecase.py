"""What a page is made from: summary, figures and breaks, reconciled as a run's end does it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bulkcancel.model import (
    Bar,
    DetailRow,
    Figures,
    Latency,
    Outcome,
    RowCounts,
    RowKind,
    Slot,
    Stretch,
)
from bulkcancel.reconcile import (
    AttemptTotals,
    ManifestTotals,
    StopWord,
    Tally,
    balance,
    verdict,
)
from bulkcancel.report import ReportSource
from bulkcancel.report.breaks import StandingBreaks
from bulkcancel.report.page import BreakGroups, render_page
from bulkcancel.report.summary import summarize

RUN = "20261123T224501Z-b443"
BEGAN = 1_795_474_501.0
FACTS: Mapping[str, Any] = {
    "run_id": RUN,
    "tool_version": "0.1.0",
    "started_at": "2026-11-23T22:55:01.000Z",
    "finished_at": "2026-11-23T22:56:02.500Z",
    "segments": 1,
    "stop": None,
    "input": {
        "path": "inputs/ids.csv",
        "sha256": "4cf6c4e48728c2ae469743844607a9594120bb1151ff43d55044578097d003cb",
        "bytes": 1200,
        "format": "csv",
        "id_column": "allocation_id",
        "delimiter": ",",
        "encoding": "utf-8",
        "sheet": None,
        "container": None,
    },
    "target": {
        "base_url": "https://host.example/api/v2",
        "account": "1234abcd5678efgh9ijklmno",
        "stage": "test",
        "channel": 12,
    },
    "options": {
        "rate": 25.0,
        "fixed_rate": False,
        "max_failures": None,
        "verify_after": [5.0, 60.0],
        "id_pattern": "[0-9a-f]{24}",
    },
    "pacing": {
        "rate_ceiling": 25.0,
        "fixed_rate": False,
        "throttled": 0,
        "refused_percent": 0.0,
        "learned_limit": None,
        "limit_used_percent": None,
        "seconds_held": {},
        "seconds_working": 61.5,
    },
    "forecast": None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a page is made from."""

    summary: dict[str, Any]
    figures: Figures
    groups: BreakGroups = field(default_factory=BreakGroups)

    def page(self) -> str:
        """Return the page."""
        return render_page(self.summary, self.figures, self.groups)


def allocation(number: int, outcome: Outcome, reason: str = "", **more: Any) -> DetailRow:
    """Return a row that is an allocation of its own; ``number`` is also the row's."""
    return DetailRow(
        row=number,
        kind=RowKind.ALLOCATION,
        allocation_id=f"62ff5c0b{number:012x}aaaa",
        outcome=outcome,
        attempts=0 if outcome is Outcome.NOT_ATTEMPTED else 1,
        reason=reason,
        **more,
    )


def case(
    rows: Iterable[DetailRow],
    *,
    figures: Figures | None = None,
    stop: StopWord | None = None,
    attempts: Mapping[str, Any] | None = None,
    **facts: Any,
) -> Case:
    """Return the case of some rows, reconciled as a run's end does it."""
    tally, groups, standing = Tally(), BreakGroups(), StandingBreaks()
    for row in rows:
        tally.add(row)
        groups.add((row,))
        standing.add((row,))
    counts = RowCounts(
        read=tally.rows,
        blank=tally.kinds[RowKind.BLANK],
        invalid=tally.kinds[RowKind.INVALID],
        duplicate=tally.kinds[RowKind.DUPLICATE],
        unique=tally.kinds[RowKind.ALLOCATION],
    )
    sends: dict[str, Any] = {
        "sent": tally.attempts,
        "requests": tally.attempts,
        "by_http_status": {"200": tally.attempts} if tally.attempts else {},
        "no_answer": {},
        "not_sent": {},
        "read_backs": 0,
        **(attempts or {}),
    }
    manifest = ManifestTotals(counts=counts, hash_total=tally.hash_total)
    source = ReportSource(
        rows=lambda: iter(()),
        other_columns=(),
        id_column="allocation_id",
        manifest=manifest,
        attempts=lambda: AttemptTotals(**sends),
        facts={**FACTS, "stop": stop and stop.sentence, **facts},
        stop=stop,
    )
    control = balance(manifest, tally, tally, AttemptTotals(**sends))
    sentence, exit_code = verdict(tally, stop, control)
    files = dict.fromkeys(("reconciliation.csv", "breaks.csv", "retry.csv"), "ab" * 32)
    summary = summarize(
        source,
        tally,
        control,
        attempts=AttemptTotals(**sends),
        standing=standing,
        files=files,
        verdict=sentence,
        exit_code=exit_code,
    )
    return Case(
        summary=summary, figures=busy(tally.rows) if figures is None else figures, groups=groups
    )


def busy(requests: int, **more: Any) -> Figures:
    """Return the figures of a smooth run."""
    per_slot, rest = divmod(requests, 60)
    slots = tuple(Slot(answered=per_slot + (place < rest)) for place in range(60))
    took = Latency(count=requests, p50=0.035, p95=0.12, p99=1.2, longest=45.0)
    made: dict[str, Any] = {
        "stretches": (Stretch(began=BEGAN, slot_seconds=1.0, slots=slots),),
        "bars": (
            Bar(seconds=0.05, cancels=requests, reads=0),
            Bar(seconds=0.1, cancels=0, reads=0),
            Bar(seconds=None, cancels=1, reads=0),
        ),
        "cancels": took,
        "attempts": ((1, requests),),
    }
    return Figures(**{**made, **more})


def invalid(number: int, text: str) -> DetailRow:
    """Return a row that holds no usable id."""
    return DetailRow(
        row=number,
        kind=RowKind.INVALID,
        allocation_id=None,
        outcome=None,
        reason="looks like a number that a spreadsheet rounded",
        text=text,
    )
