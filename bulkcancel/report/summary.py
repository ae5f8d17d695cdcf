"""``summary.json``: the run in one object."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bulkcancel.errors import ExitCode
from bulkcancel.model import Outcome
from bulkcancel.reconcile import AttemptTotals, Control, Tally
from bulkcancel.report.atomic import as_utf8
from bulkcancel.report.breaks import StandingBreaks
from bulkcancel.report.source import ReportSource

_FIRST = ("run_id", "tool_version", "started_at", "finished_at")
_THEN = ("input", "target", "options")
_LATER = ("pacing", "forecast")


def summarize(
    source: ReportSource,
    tally: Tally,
    control: Control,
    *,
    attempts: AttemptTotals,
    standing: StandingBreaks,
    files: Mapping[str, str],
    verdict: str,
    exit_code: ExitCode,
) -> dict[str, Any]:
    """Return the content of ``summary.json``; ``files`` are the SHA-256 (hex) by name.

    ``standing`` counts the breaks that were so in earlier runs.

    Facts of the source that have no place of their own follow ``finished_at``.
    """
    facts = source.facts
    counts = source.manifest.counts
    known = {*_FIRST, *_THEN, *_LATER}
    return {
        **{name: facts[name] for name in _FIRST},
        **{name: value for name, value in facts.items() if name not in known},
        **{name: facts[name] for name in _THEN},
        "rows": {
            "read": counts.read,
            "blank": counts.blank,
            "invalid": counts.invalid,
            "duplicate": counts.duplicate,
            "unique": counts.unique,
        },
        "outcomes": {outcome.value: tally.outcomes[outcome] for outcome in Outcome},
        "standing": standing.as_json(),
        "attempts": _attempts(attempts),
        **{name: facts.get(name) for name in _LATER},
        "control": _control(control),
        "files": dict(files),
        "verdict": verdict,
        "exit_code": int(exit_code),
    }


def as_json(summary: Mapping[str, Any]) -> bytes:
    """Return a summary as it stands in the file."""
    return as_utf8(json.dumps(summary, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def _attempts(totals: AttemptTotals) -> dict[str, Any]:
    return {
        "sent": totals.sent,
        "requests": totals.requests,
        "by_http_status": dict(sorted(totals.by_http_status.items())),
        "no_answer": dict(sorted(totals.no_answer.items())),
        "not_sent": dict(sorted(totals.not_sent.items())),
        "read_backs": totals.read_backs,
    }


def _control(control: Control) -> dict[str, Any]:
    return {
        "balanced": control.balanced,
        "checks": [
            {
                "name": check.name,
                "left": check.left,
                "right": check.right,
                "ok": check.ok,
                "sentence": check.sentence,
            }
            for check in control.checks
        ],
        "hash_total_manifest": control.hash_total_manifest,
        "hash_total_outcomes": control.hash_total_outcomes,
    }
