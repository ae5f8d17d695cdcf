"""Rows of a run, and the source of a report in which all totals are as they must be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from bulkcancel.model import DetailColumns, DetailRow, Outcome, RowCounts, RowKind
from bulkcancel.reconcile import AttemptTotals, ManifestTotals
from bulkcancel.reconcile.digest import hash_total
from bulkcancel.report import ReportSource

FACTS = {
    "run_id": "r1",
    "tool_version": "0.1.0",
    "started_at": "2026-11-23T22:45:01.000Z",
    "finished_at": "2026-11-23T22:46:02.500Z",
    "input": {"path": "ids.csv", "sha256": "ab", "bytes": 12, "id_column": "id", "sheet": None},
    "target": {"base_url": "https://host/api", "account": "a", "stage": None, "channel": 12},
    "options": {"rate": 25.0},
    "pacing": {
        "rate_ceiling": 25.0,
        "fixed_rate": False,
        "throttled": 0,
        "refused_percent": 0.0,
        "learned_limit": None,
        "limit_used_percent": None,
        "seconds_held": {"starting": 1.25},
        "seconds_working": 61.5,
    },
}


@pytest.fixture(scope="session")
def facts() -> dict[str, Any]:
    """The facts of a source that `source_of` makes."""
    return dict(FACTS)


@pytest.fixture(scope="session")
def source_of() -> Callable[..., ReportSource]:
    """Return a source for rows: manifest and attempts fit to them."""

    def make(rows: Sequence[DetailRow], *, portion: int = 3, **changes: Any) -> ReportSource:
        kinds = [row.kind for row in rows]
        unique = [row for row in rows if row.kind is RowKind.ALLOCATION]
        sent = sum(row.attempts or 0 for row in unique)

        def portions() -> Iterator[DetailColumns]:
            for start in range(0, len(rows), portion):
                yield DetailColumns.of(rows[start : start + portion])

        made = {
            "rows": portions,
            "other_columns": (),
            "id_column": "allocation_id",
            "manifest": ManifestTotals(
                counts=RowCounts(
                    read=len(rows),
                    blank=kinds.count(RowKind.BLANK),
                    invalid=kinds.count(RowKind.INVALID),
                    duplicate=kinds.count(RowKind.DUPLICATE),
                    unique=len(unique),
                ),
                hash_total=hash_total(row.allocation_id or "" for row in unique),
            ),
            "attempts": lambda: AttemptTotals(
                sent=sent,
                requests=sent,
                by_http_status={"200": sent},
                no_answer={},
                not_sent={"dns": 2},
                read_backs=1,
            ),
            "facts": FACTS,
        }
        return ReportSource(**{**made, **changes})

    return make


@pytest.fixture(scope="session")
def every_outcome() -> tuple[DetailRow, ...]:
    """Three rounds of a row for each outcome and kind, two other cells each."""
    rows: list[DetailRow] = []
    for turn in range(3):
        for outcome in Outcome:
            number = len(rows) + 2
            rows.append(
                DetailRow(
                    row=number,
                    kind=RowKind.ALLOCATION,
                    allocation_id=f"62ff5c0b{number:016x}",
                    outcome=outcome,
                    status="SHIPPED",
                    version=number,
                    attempts=0 if outcome is Outcome.NOT_ATTEMPTED else turn + 1,
                    http_status=200,
                    reason=f"because of {outcome}",
                    verified=turn == 1,
                    first_sent_at="2026-11-23T22:45:01.123Z",
                    extras=(f"note {number}", None),
                )
            )
        repeated = rows[-2]
        rows += [
            DetailRow(
                row=len(rows) + 2,
                kind=RowKind.DUPLICATE,
                allocation_id=repeated.allocation_id,
                outcome=repeated.outcome,
                attempts=repeated.attempts,
                reason=repeated.reason,
                duplicate_of=repeated.row,
                extras=("again", ""),
            ),
            DetailRow(
                row=len(rows) + 3,
                kind=RowKind.INVALID,
                allocation_id=None,
                outcome=None,
                reason="contains a slash",
                text="a/b",
                extras=("bad", "x"),
            ),
            DetailRow(
                row=len(rows) + 4,
                kind=RowKind.BLANK,
                allocation_id=None,
                outcome=None,
                extras=(None, ""),
            ),
        ]
    return tuple(rows)
