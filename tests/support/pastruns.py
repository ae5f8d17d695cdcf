"""Run folders as earlier runs left them, and processes that hold or leave a journal."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from bulkcancel.errors import ExitCode
from bulkcancel.model import BREAKS, Outcome, Target

TARGET = Target(base_url="https://oms.example/api/v2", account="1234abcd5678efgh9ijklmno")
TEXT = pd.StringDtype()

_HOLDER = """
import os, signal, sys
from pathlib import Path
import msgspec
from bulkcancel.journal import AttemptEntry, Intent, Journal, OutcomeEntry
from bulkcancel.decision import History
from bulkcancel.execution import RunSettings
from bulkcancel.model import Kind, ManifestRow, Outcome, RowKind, Settlement, Target

path, cancelled, count, how = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
journal = Journal.create(path)
if how != "unfinished":
    rows = [
        ManifestRow(row=row, kind=RowKind.ALLOCATION, allocation_id=f"{row:024x}")
        for row in range(2, count + 2)
    ]
    target = Target(base_url="https://oms.example/api/v2", account="1234abcd5678efgh9ijklmno")
    counts = {"read": count, "blank": 0, "invalid": 0, "duplicate": 0, "unique": count}
    journal.load(
        [rows],
        {"run_id": path.parent.name, "settings": RunSettings(target=target).as_json(),
         "input": {"path": "ids.csv"}, "counts": counts},
    )
    segment = journal.start_segment(1_800_000_000.0)
    for row in rows[:cancelled]:
        settled = Settlement(outcome=Outcome.CANCELLED, reason="HTTP 200")
        journal.write([
            Intent(row=row.row, number=1, at=1_800_000_001.0),
            AttemptEntry(row=row.row, number=1, at=1_800_000_001.5, elapsed=0.5, sent=True,
                         kind=Kind.SHOWN, reason="HTTP 200", http_status=200),
            OutcomeEntry(row=row.row, settled_at=1_800_000_001.5, settlement=settled,
                         history=History(sends=1)),
        ])
    if how == "in-doubt":
        journal.write([Intent(row=rows[cancelled].row, number=1, at=1_800_000_002.0)])
print("ready", flush=True)
if how == "closed":
    journal.end_segment(segment, 1_800_000_010.0, None, {})
    journal.close()
elif how == "held":
    sys.stdin.readline()
    journal.end_segment(segment, 1_800_000_010.0, None, {})
    journal.close()
    print("ended", flush=True)
else:
    os.kill(os.getpid(), signal.SIGKILL)
"""


def leave_journal(path: Path, how: str, *, cancelled: int = 3, count: int = 5) -> None:
    """Let a process write a journal and end.

    ``how`` is ``closed`` (in good order), ``killed``, ``in-doubt`` (killed with an intent that has
    no attempt) or ``unfinished`` (killed before the rows were in).
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(_words(path, how, cancelled, count), check=False, stdout=subprocess.DEVNULL)


@contextmanager
def held_journal(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Give a process that works on a journal; it ends in good order when it is sent a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with subprocess.Popen(
        _words(path, "held", 3, 5), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield process
        finally:
            process.kill()


def past_run(
    reports: Path,
    run_id: str,
    rows: Sequence[tuple[str, Outcome]],
    *,
    started: str,
    target: Target = TARGET,
    stop: str | None = None,
    repeated: bool = False,
) -> Path:
    """Write the folder of a run that ended a minute after it had started; return its path.

    With ``repeated`` each row stands in the input a second time.
    """
    folder = reports / run_id
    folder.mkdir(parents=True)
    lines = [*rows, *rows] if repeated else rows
    first = [None if row < len(rows) else row for row, _ in enumerate(lines)]
    frame = pd.DataFrame(
        {
            "allocation_id": pd.array([one for one, _ in lines], TEXT),
            "outcome": pd.array([outcome.value for _, outcome in lines], TEXT),
            "duplicate_of": pd.array(first, pd.Int64Dtype()),
            "reason": pd.array([f"{run_id} said {outcome}" for _, outcome in lines], TEXT),
        }
    )
    detail = folder / "reconciliation.parquet"
    frame.to_parquet(detail)
    outcomes = {outcome.value: sum(one is outcome for _, one in rows) for outcome in Outcome}
    breaks = any(outcome in BREAKS for _, outcome in rows)
    code = ExitCode.STOPPED if stop else ExitCode.BREAKS if breaks else ExitCode.OK
    summary = {
        "run_id": run_id,
        "tool_version": "0.1.0",
        "started_at": started,
        "finished_at": started.replace(":00.000Z", ":59.000Z"),
        "stop": stop,
        "target": {"base_url": target.base_url, "account": target.account, "stage": target.stage},
        "rows": {"read": len(rows), "blank": 0, "invalid": 0, "duplicate": 0, "unique": len(rows)},
        "outcomes": outcomes,
        "files": {detail.name: hashlib.sha256(detail.read_bytes()).hexdigest()},
        "verdict": f"{len(rows)} allocations.",
        "exit_code": int(code),
    }
    write_summary(folder, summary)
    return folder


def write_summary(folder: Path, summary: Mapping[str, Any]) -> None:
    """Write a summary into a run folder."""
    (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return what lies in a folder, with the time of each file."""
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir()}


def _words(path: Path, how: str, cancelled: int, count: int) -> list[str]:
    return [sys.executable, "-c", _HOLDER, str(path), str(cancelled), str(count), how]


def opened_elsewhere(path: Path) -> str:
    """Open a journal in another process; return what that process complains of."""
    code = "import pathlib, sys; from bulkcancel.journal import Journal as J"
    words = [sys.executable, "-c", f"{code}; J.open(pathlib.Path(sys.argv[1])).close()", str(path)]
    return subprocess.run(words, capture_output=True, text=True, check=False).stderr
