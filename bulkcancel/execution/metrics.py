"""The figures of a run as a text file for Prometheus, read by node_exporter's collector of such."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bulkcancel.errors import ExitCode

_LAST_SUCCESS = "bulkcancel_last_success_timestamp_seconds"
_KEPT = re.compile(rf"^{_LAST_SUCCESS}\{{.*\}} ([0-9.e+]+)$", re.MULTILINE)
_MOST_BYTES = 1 << 20
_ROW_KINDS = (
    ("allocation", "unique"), ("duplicate", "duplicate"), ("invalid", "invalid"),
    ("blank", "blank"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gauge:
    name: str
    told: str
    samples: tuple[tuple[Mapping[str, str], float], ...]


def write_metrics(path: Path, summary: Mapping[str, Any], *, resumable: bool) -> str:
    """Write the figures of a run, the content of its ``summary.json``; return why it can't be.

    The file appears whole or not at all, and anybody may read it. Each series bears the file's
    name as its label ``schedule``, so that the files of several schedules do not collide.
    """
    return _publish(path, list(_of_run(summary, _earlier_success(path), resumable=resumable)))


def write_failure_metrics(path: Path, exit_code: int, *, now: float) -> str:
    """Write that a run ended without a report; return why that can't be done, else nothing.

    ``now`` is in seconds since the epoch. When the last run succeeded is kept from the file.
    """
    return _publish(path, list(_ended(exit_code, now, _earlier_success(path), reported=False)))


def _of_run(
    summary: Mapping[str, Any], earlier: float | None, *, resumable: bool
) -> Iterator[_Gauge]:
    target, rows, attempts = summary["target"], summary["rows"], summary["attempts"]
    pacing = summary["pacing"]
    began, ended = _seconds(summary["started_at"]), _seconds(summary["finished_at"])
    yield _gauge(
        "bulkcancel_run_info",
        "What run the figures are of; always 1.",
        [
            (
                {
                    "run_id": summary["run_id"],
                    "version": summary["tool_version"],
                    "host": urlsplit(target["base_url"]).hostname or "",
                    "account": target["account"],
                    "stage": target["stage"] or "",
                },
                1,
            )
        ],
    )
    yield from _ended(summary["exit_code"], ended, earlier, reported=True)
    if began is not None and ended is not None:
        told = "From the run's first start to its last end, pauses between included."
        yield _one("bulkcancel_run_duration_seconds", told, round(ended - began, 3))
    working = pacing["seconds_working"]
    yield _one("bulkcancel_run_working_seconds", "How long requests were being made.", working)
    yield _one("bulkcancel_run_resumable", "Whether a resume has something to do.", resumable)
    balanced = summary["control"]["balanced"]
    yield _one("bulkcancel_run_balanced", "Whether the control totals balance.", balanced)
    yield _by("bulkcancel_allocations", "Allocations by outcome.", "outcome", summary["outcomes"])
    yield _one("bulkcancel_rows_read", "Rows of the input.", rows["read"])
    kinds = {kind: rows[name] for kind, name in _ROW_KINDS}
    yield _by("bulkcancel_rows", "Rows of the input by kind.", "kind", kinds)
    sent = {"cancel": attempts["requests"], "read_back": attempts["read_backs"]}
    yield _by("bulkcancel_requests", "Requests sent by kind.", "kind", sent)
    yield _by(
        "bulkcancel_cancel_answers",
        "Cancels that were answered, by HTTP status.",
        "http_status",
        attempts["by_http_status"],
    )
    yield _by(
        "bulkcancel_cancel_no_answers",
        "Cancels without an answer, by cause.",
        "cause",
        attempts["no_answer"],
    )
    yield _one("bulkcancel_throttled", "Requests refused for their rate.", pacing["throttled"])
    if pacing["learned_limit"] is not None:
        told = "The API's rate limit as learned."
        limit = pacing["learned_limit"]
        yield _one("bulkcancel_learned_limit_requests_per_second", told, limit)
    told = "How long sends were held back, by reason."
    yield _by("bulkcancel_held_seconds", told, "reason", pacing["seconds_held"])


def _ended(
    exit_code: int, at: float | None, earlier: float | None, *, reported: bool
) -> Iterator[_Gauge]:
    """Yield what is said of every run, however it ended."""
    success = at if exit_code == ExitCode.OK else earlier
    if at is not None:
        told = "When the last run ended, in seconds since the epoch."
        yield _one("bulkcancel_last_run_timestamp_seconds", told, at)
    told = "The exit code of the last run."
    yield _one("bulkcancel_last_run_exit_code", told, exit_code)
    told = "Whether the last run wrote a report; without one it has no other figures."
    yield _one("bulkcancel_last_run_reported", told, reported)
    if success is not None:
        told = "When a run ended with exit code 0 last, in seconds since the epoch."
        yield _one(_LAST_SUCCESS, told, success)


def _one(name: str, told: str, value: float) -> _Gauge:
    return _gauge(name, told, [({}, value)])


def _by(name: str, told: str, label: str, counts: Mapping[str, float]) -> _Gauge:
    return _gauge(name, told, [({label: word}, count) for word, count in counts.items()])


def _gauge(name: str, told: str, samples: Iterable[tuple[Mapping[str, str], float]]) -> _Gauge:
    return _Gauge(name=name, told=told, samples=tuple(samples))


def _text(gauges: Iterable[_Gauge], schedule: str) -> Iterator[str]:
    for gauge in gauges:
        if not gauge.samples:
            continue
        yield f"# HELP {gauge.name} {gauge.told}\n# TYPE {gauge.name} gauge\n"
        for labels, value in gauge.samples:
            pairs = {"schedule": schedule, **labels}
            inside = ",".join(f'{name}="{_escaped(text)}"' for name, text in pairs.items())
            yield f"{gauge.name}{{{inside}}} {_number(value)}\n"


def _escaped(text: str) -> str:
    """Return the text of a label as the format wants it."""
    plain = text.encode("utf-8", "backslashreplace").decode()
    return plain.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _number(value: float) -> str:
    return str(int(value)) if isinstance(value, int) else repr(value)


def _seconds(moment: str | None) -> float | None:
    return datetime.fromisoformat(moment).timestamp() if moment else None


def _earlier_success(path: Path) -> float | None:
    """Return what the file says of the last success, so that a failure does not wipe it out."""
    try:
        with path.open(encoding="utf-8") as file:
            found = _KEPT.search(file.read(_MOST_BYTES))
        return float(found[1]) if found else None
    except (OSError, ValueError):
        # There is none yet, or it is none of ours: then no success is known.
        return None


def _publish(path: Path, gauges: Iterable[_Gauge]) -> str:
    # The collector reads what ends in .prom: the file aside must not.
    aside = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with aside.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(_text(gauges, path.stem))
            os.fchmod(file.fileno(), 0o644)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        with suppress(OSError):
            aside.unlink()
        return f"the metrics file {path} can't be written ({error.strerror})"
    return ""
