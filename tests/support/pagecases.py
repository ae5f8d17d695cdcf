"""Runs of every sort, as a page gets them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import chain
from typing import Any

from pagecase import BEGAN, FACTS, Case, allocation, busy, case, invalid

from bulkcancel.errors import ExitCode
from bulkcancel.model import DetailRow, Figures, Growth, Latency, Outcome, RowKind, Slot, Stretch
from bulkcancel.reconcile import StopWord
from bulkcancel.report.page import BreakGroups

_THROTTLED_PACE = {
    "rate_ceiling": 200.0,
    "fixed_rate": False,
    "throttled": 22,
    "refused_percent": 0.674,
    "learned_limit": 54.33,
    "limit_used_percent": 106.3,
    "seconds_held": {"learned limit": 41.2, "starting": 7.9, "retry-after": 2.0, "breaker": 0.4},
    "seconds_working": 53.1,
}


def clean(count: int = 5_000) -> Case:
    """A run in which all went well."""
    return case(allocation(number, Outcome.CANCELLED) for number in range(2, count + 2))


def bad() -> Case:
    """Every outcome, throttling with a learned limit, failures, a forecast, versions."""
    rows = [allocation(number, Outcome.CANCELLED) for number in range(2, 900)]
    for outcome in Outcome:
        for place in range(3):
            number = len(rows) + 2
            since = {"runs_before": 4, "since": "2026-11-01T01:00:00.000Z"} if place == 1 else {}
            reason = f"HTTP 400: because of {outcome}, {place}"
            rows.append(allocation(number, outcome, reason, **since))
    rows += [
        DetailRow(
            row=len(rows) + 2,
            kind=RowKind.DUPLICATE,
            allocation_id=rows[-4].allocation_id,
            outcome=rows[-4].outcome,
            reason=rows[-4].reason,
            duplicate_of=rows[-4].row,
        ),
        invalid(len(rows) + 3, "6.2E+23"),
        DetailRow(row=len(rows) + 4, kind=RowKind.BLANK, allocation_id=None, outcome=None),
    ]
    slots = tuple(
        Slot(
            answered=40 + place % 7,
            throttled=3 if place % 20 == 5 else 0,
            failed=place % 11 == 3,
            limit=None if place < 9 else 55.0 - place % 30,
        )
        for place in range(110)
    )
    sent = sum(row.attempts or 0 for row in rows if row.kind is RowKind.ALLOCATION)
    growths: list[tuple[str, int | None, int]] = [
        ("cancelled", 1, 890),
        ("cancelled", 3, 8),
        ("cancelled", 70, 1),
        ("unknown", 0, 3),
    ]
    growths += [("not_cancelled", -2, 1), ("not_found", None, 3), ("not_cancelled", 1, 2)]
    return case(
        rows,
        figures=busy(
            950,
            stretches=(Stretch(began=BEGAN, slot_seconds=0.5, slots=slots),),
            reads=Latency(count=12, p50=0.0004, p95=0.05, p99=0.2, longest=0.4),
            attempts=((0, 3), (1, 880), (2, 20), (9, 2), (12, 1)),
            growths=tuple(
                Growth(outcome=outcome, growth=growth, allocations=many)
                for outcome, growth, many in growths
            ),
        ),
        attempts={
            "by_http_status": {"200": sent - 26, "400": 3, "429": 14, "500": 4, "799": 1},
            "no_answer": {"disconnected": 4},
            "not_sent": {"dns": 2},
            "read_backs": 12,
        },
        pacing=_THROTTLED_PACE,
        forecast={
            "allocations": 925,
            "as_foretold": 898,
            "otherwise": 24,
            "not_foretold": 3,
            "cells": [
                _cell("ALLOCATED", "cancelled", "cancelled", 898),
                _cell("PENDING_PICK", "cancelled", "partially_cancelled", 24),
                _cell(None, None, "unknown", 3),
            ],
        },
    )


def stopped() -> Case:
    """A run that was stopped early."""
    rows = [allocation(number, Outcome.CANCELLED) for number in range(2, 102)]
    rows += [
        allocation(number, Outcome.NOT_ATTEMPTED, "the run stopped first")
        for number in range(102, 302)
    ]
    word = StopWord(
        exit_code=ExitCode.STOPPED,
        sentence="the server failed for 900 s; last: HTTP 502: Bad Gateway",
    )
    return case(rows, stop=word)


def tiny() -> Case:
    """A run of one allocation."""
    one = Stretch(began=BEGAN, slot_seconds=0.1, slots=(Slot(answered=1),))
    return case([allocation(2, Outcome.CANCELLED)], figures=busy(1, stretches=(one,)))


def empty() -> Case:
    """A run without any allocation."""
    return case([], figures=Figures())


def resumed() -> Case:
    """A run with three starts, of which the second is short."""
    stretches = tuple(
        Stretch(
            began=BEGAN + 4_000 * place,
            slot_seconds=1.0,
            slots=tuple(Slot(answered=20, failed=1, limit=limit) for _ in range(long)),
        )
        for place, (long, limit) in enumerate(((90, None), (2, 30.0), (60, 25.0)))
    )
    rows = (allocation(number, Outcome.CANCELLED) for number in range(2, 2_000))
    return case(rows, figures=busy(1_998, stretches=stretches), segments=3)


def foreign() -> Case:
    """Texts from outside that are long, hostile, or written from right to left."""
    hostile = (
        "<script>alert(1)</script>\u202egnp.exe\x1b[31m & \"quoted\" '=cmd|A0' \ud800 {{ 7*7 }}"
    )
    rows = [
        allocation(2, Outcome.REJECTED, f"HTTP 400: {hostile}"),
        allocation(3, Outcome.REJECTED, "HTTP 400: تم رفض الطلب لأن الحالة مغلقة"),
        allocation(4, Outcome.UNKNOWN, "x" * 5_000),
        invalid(5, "<b>ملغى</b>" + "y" * 190),
    ]
    facts = dict(FACTS["input"])
    facts |= {"path": "/srv/" + "no_break_" * 60 + "/تقارير/<i>.csv", "id_column": hostile}
    return case(
        rows,
        input=facts,
        target={**FACTS["target"], "account": hostile, "stage": "s" * 300},
        options={**FACTS["options"], "expect_po": [f"PO{place}" for place in range(5_000)]},
        forecast={
            "allocations": 3, "as_foretold": 0, "otherwise": 0, "not_foretold": 3,
            "cells": [_cell(hostile, None, "rejected", 2), _cell("Z" * 400, None, "unknown", 1)],
        },
    )  # fmt: skip


@cache
def million() -> Case:
    """A million rows with a hundred thousand breaks, most of them with a reason of their own."""
    few = case([allocation(2, Outcome.CANCELLED)])
    groups = BreakGroups()
    for portion in _portions():
        groups.add(portion)
    summary = dict(few.summary)
    outcomes = dict.fromkeys(summary["outcomes"], 0)
    outcomes |= {"cancelled": 900_000, "not_cancelled": 50_000, "failed": 49_999, "unknown": 1}
    summary |= {
        "rows": {"read": 1_000_000, "blank": 0, "invalid": 0, "duplicate": 0, "unique": 1_000_000},
        "outcomes": outcomes,
        "attempts": {
            "sent": 1_000_000,
            "requests": 1_000_000,
            "by_http_status": {str(status): 2_500 for status in range(200, 600)},
            "no_answer": {},
            "not_sent": {},
            "read_backs": 70_000,
        },
        "exit_code": int(ExitCode.UNKNOWNS),
        "verdict": "900,000 of 1,000,000 allocations are cancelled; 99,999 were not, 1 is unknown.",
        "forecast": {
            "allocations": 1_000_000, "as_foretold": 0, "otherwise": 0, "not_foretold": 1_000_000,
            "cells": [_cell(f"STATUS_{place}", None, "failed", 1) for place in range(5_000)],
        },
    }  # fmt: skip
    slots = tuple(
        Slot(
            answered=place * 37 % 9_001, throttled=place % 50, failed=place % 3, limit=30.0 + place
        )
        for place in range(60)
    )
    stretches = tuple(
        Stretch(began=BEGAN + 90_000 * place, slot_seconds=200.0, slots=slots)
        for place in range(40)
    )
    growths = tuple(
        Growth(outcome="cancelled", growth=place - 2_000, allocations=1) for place in range(4_000)
    )
    figures = busy(
        1_000_000,
        stretches=stretches,
        growths=growths,
        attempts=tuple((sends, 10) for sends in range(100)),
    )
    return Case(summary=summary, figures=figures, groups=groups)


CASES: dict[str, Callable[[], Case]] = {
    "clean": clean,
    "bad": bad,
    "stopped": stopped,
    "tiny": tiny,
    "empty": empty,
    "resumed": resumed,
    "foreign": foreign,
    "million": million,
}
"""Every sort of run, by name."""


def _portions() -> Iterator[Sequence[DetailRow]]:
    """Yield the breaks of the largest case: reasons with ids, and reasons of letters."""
    outcomes = chain(
        (Outcome.UNKNOWN,), (Outcome.NOT_CANCELLED,) * 50_000, (Outcome.FAILED,) * 49_999
    )
    portion: list[DetailRow] = []
    for number, outcome in enumerate(outcomes, 2):
        letters = "".join(chr(97 + int(digit)) for digit in str(number))
        reason = (
            f"no {letters}" if outcome is Outcome.FAILED else f"HTTP 409: {number} is {number:024x}"
        )
        portion.append(allocation(number, outcome, reason))
        if len(portion) == 20_000:
            yield portion
            portion = []
    yield portion


def _cell(
    status: str | None, foretold: str | None, outcome: str, allocations: int
) -> dict[str, Any]:
    return {
        "status_before": status,
        "foretold": foretold,
        "outcome": outcome,
        "allocations": allocations,
    }
