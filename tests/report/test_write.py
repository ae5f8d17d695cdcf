"""All reports of a run: proved before they are published, and the same bytes each time."""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest
from changing import replace

import bulkcancel.report.detail as detail_module
from bulkcancel.errors import ExitCode, JournalError, OutOfBalanceError, ReportError
from bulkcancel.model import DetailColumns, DetailRow, Outcome, RowKind
from bulkcancel.reconcile import StopWord
from bulkcancel.report import ReportSource, write_reports
from bulkcancel.report.arrowtext import csv_fields

NAMES = {
    "summary.json",
    "reconciliation.csv",
    "reconciliation.parquet",
    "reconciliation.xlsx",
    "report.html",
    "breaks.csv",
    "retry.csv",
}
KEPT = {
    "OUT-OF-BALANCE.json",
    "OUT-OF-BALANCE.reconciliation.csv",
    "OUT-OF-BALANCE.reconciliation.parquet",
}
OTHERS = ("note", "empty")


def content(folder: Path) -> dict[str, bytes]:
    """Return all files of a folder, and of a folder in it that it is there."""
    return {path.name: path.read_bytes() if path.is_file() else b"" for path in folder.iterdir()}


@pytest.fixture
def source(
    source_of: Callable[..., ReportSource], every_outcome: tuple[DetailRow, ...]
) -> ReportSource:
    """A source with a row of every kind and outcome."""
    return source_of(every_outcome, other_columns=OTHERS)


@pytest.fixture
def off(source: ReportSource) -> ReportSource:
    """The same source, but for one attempt that nobody answered for."""
    attempts = source.attempts()
    return replace(source, attempts=lambda: replace(attempts, sent=attempts.sent + 1))


def test_all_files_are_written(tmp_path: Path, source: ReportSource) -> None:
    """Seven files, each readable by its owner only, and no temporary one."""
    written = write_reports(tmp_path, source)
    assert {path.name for path in tmp_path.iterdir()} == NAMES
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    assert written.control.balanced
    assert written.exit_code is ExitCode.UNKNOWNS
    assert written.verdict == written.summary["verdict"]
    assert json.loads((tmp_path / "summary.json").read_text()) == written.summary


def test_the_same_bytes_each_time(
    tmp_path: Path,
    source_of: Callable[..., ReportSource],
    every_outcome: tuple[DetailRow, ...],
) -> None:
    """Written twice, and from rows in other portions: no byte differs."""
    folders = [tmp_path / name for name in "abc"]
    for folder, portion in zip(folders, (3, 3, 100), strict=True):
        folder.mkdir()
        write_reports(folder, source_of(every_outcome, portion=portion, other_columns=OTHERS))
    write_reports(folders[1], source_of(every_outcome, other_columns=OTHERS))
    assert content(folders[0]) == content(folders[1]) == content(folders[2])


def test_large_portions_are_cut_anew(
    tmp_path: Path, source_of: Callable[..., ReportSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row groups do not depend on how the rows come, and none holds more than it should."""
    rows = [
        DetailRow(
            row=number,
            kind=RowKind.ALLOCATION,
            allocation_id=f"{number:024x}",
            outcome=Outcome.CANCELLED,
        )
        for number in range(1, 8)
    ]
    sizes: list[int] = []
    add = detail_module.DetailFiles.add

    def noting(self: detail_module.DetailFiles, rows: DetailColumns) -> None:
        sizes.append(len(rows))
        add(self, rows)

    monkeypatch.setattr("bulkcancel.report.write._PORTION", 3)
    monkeypatch.setattr(detail_module.DetailFiles, "add", noting)
    for portion in (1, 2, 7):
        write_reports(tmp_path, source_of(rows, portion=portion))
    assert sizes == [3, 3, 1] * 3


def test_the_summary_in_full(tmp_path: Path, source: ReportSource, facts: dict[str, Any]) -> None:
    """Keys in their order; figures of the manifest, the outcomes and the attempts; digests."""
    extra = {**facts, "stop": None, "segments": 2}
    attempts = replace(
        source.attempts(),
        by_http_status={"500": 1, "200": source.attempts().sent - 3},
        no_answer={"timeout": 1, "reset": 1},
    )
    write_reports(tmp_path, replace(source, facts=extra, attempts=lambda: attempts))
    text = (tmp_path / "summary.json").read_text()
    summary = json.loads(text)
    assert text == json.dumps(summary, indent=2, ensure_ascii=False) + "\n"
    assert list(summary) == [
        "run_id", "tool_version", "started_at", "finished_at", "stop", "segments", "input",
        "target", "options", "rows", "outcomes", "standing", "attempts", "pacing", "forecast",
        "control", "files", "verdict", "exit_code",
    ]  # fmt: skip
    assert {name: summary[name] for name in extra} == extra
    assert summary["rows"] == {
        "read": 36, "blank": 3, "invalid": 3, "duplicate": 3, "unique": 27
    }  # fmt: skip
    assert summary["outcomes"] == {outcome.value: 3 for outcome in Outcome}
    assert summary["attempts"] == {
        "sent": 48,
        "requests": 48,
        "by_http_status": {"200": 45, "500": 1},
        "no_answer": {"reset": 1, "timeout": 1},
        "not_sent": {"dns": 2},
        "read_backs": 1,
    }
    assert list(summary["attempts"]["by_http_status"]) == ["200", "500"]
    assert list(summary["attempts"]["no_answer"]) == ["reset", "timeout"]
    control = summary["control"]
    assert list(control) == ["balanced", "checks", "hash_total_manifest", "hash_total_outcomes"]
    assert control["balanced"] is True
    assert control["hash_total_manifest"] == control["hash_total_outcomes"]
    assert {check["name"] for check in control["checks"] if check["name"].startswith("file_")}
    assert set(control["checks"][0]) == {"name", "left", "right", "ok", "sentence"}
    assert summary["files"] == {
        name: hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
        for name in NAMES - {"summary.json"}
    }
    assert summary["exit_code"] == 4


def test_a_path_that_is_no_utf_8_can_be_told(
    tmp_path: Path, source: ReportSource, facts: dict[str, Any]
) -> None:
    """The name of an input may hold any byte: the summary is still JSON, and the same."""
    odd = {**facts, "input": {**facts["input"], "path": "caf\udce9.csv"}}
    write_reports(tmp_path, replace(source, facts=odd))
    assert json.loads((tmp_path / "summary.json").read_bytes())["input"] == odd["input"]


def test_a_stop_is_told(tmp_path: Path, source: ReportSource) -> None:
    """The stop's exit code and sentence reach the summary."""
    stop = StopWord(exit_code=ExitCode.INTERRUPTED, sentence="SIGINT received")
    written = write_reports(tmp_path, replace(source, stop=stop))
    assert written.exit_code is ExitCode.INTERRUPTED
    assert written.summary["exit_code"] == 130
    assert written.summary["verdict"].startswith("Stopped early: SIGINT received; 6 of 27 are")


def test_totals_that_do_not_balance_publish_nothing(tmp_path: Path, off: ReportSource) -> None:
    """The rows and the checks are kept under names that say so; the error names the first."""
    with pytest.raises(OutOfBalanceError) as caught:
        write_reports(tmp_path, off)
    assert {path.name for path in tmp_path.iterdir()} == KEPT
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    assert caught.value.exit_code is ExitCode.UNSOUND
    assert str(caught.value).startswith(
        "The control totals do not balance. Attempts sent: 49; answers and missing answers "
        "together: 48: they differ. No report is published;"
    )
    assert str(tmp_path / "OUT-OF-BALANCE.json") in str(caught.value)
    totals = json.loads((tmp_path / "OUT-OF-BALANCE.json").read_text())
    assert totals["control"]["balanced"] is False
    assert [check["name"] for check in totals["control"]["checks"] if not check["ok"]] == [
        "answers",
        "attempts",
    ]
    assert totals["exit_code"] == 7
    assert totals["files"] == {
        name: hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
        for name in KEPT - {"OUT-OF-BALANCE.json"}
    }
    with (tmp_path / "OUT-OF-BALANCE.reconciliation.csv").open(newline="") as file:
        assert len(list(csv.reader(file))) == 37


def test_earlier_reports_stand_when_totals_do_not_balance(
    tmp_path: Path, source: ReportSource, off: ReportSource
) -> None:
    """What was published stays, byte for byte; a later balance clears what was kept apart."""
    write_reports(tmp_path, source)
    before = content(tmp_path)
    with pytest.raises(OutOfBalanceError):
        write_reports(tmp_path, off)
    after = content(tmp_path)
    assert set(after) == NAMES | KEPT
    assert {name: after[name] for name in NAMES} == before
    write_reports(tmp_path, source)
    assert content(tmp_path) == before


def test_a_file_that_lost_a_line_is_refused(
    tmp_path: Path, source: ReportSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All totals of the rows agree, but the file holds one less: it is not published."""

    def losing(columns: Sequence[Any]) -> list[Any]:
        return csv_fields([column.filter(pc.not_equal(columns[0], 9)) for column in columns])

    monkeypatch.setattr(detail_module, "csv_fields", losing)
    with pytest.raises(
        OutOfBalanceError, match="Rows of the detail: 36; of the file read back: 35"
    ):
        write_reports(tmp_path, source)
    assert {path.name for path in tmp_path.iterdir()} == KEPT


def test_an_error_of_the_source_leaves_no_trace(tmp_path: Path, source: ReportSource) -> None:
    """A journal that can't be read is told as that, and earlier reports stand."""
    write_reports(tmp_path, source)
    before = content(tmp_path)

    def broken() -> Iterator[DetailColumns]:
        yield from list(source.rows())[:2]
        raise JournalError("the journal is damaged")

    with pytest.raises(JournalError, match="the journal is damaged"):
        write_reports(tmp_path, replace(source, rows=broken))
    assert content(tmp_path) == before


def test_a_folder_that_is_gone_is_told(tmp_path: Path, source: ReportSource) -> None:
    """One sentence with the path, the reason and the way out."""
    with pytest.raises(ReportError, match="No such file or directory") as caught:
        write_reports(tmp_path / "gone", source)
    assert "`bulkcancel report RUN` writes the reports again." in str(caught.value)


HARNESS = """
import json, os, resource, signal, sys
from pathlib import Path
from bulkcancel.errors import ReportError
from bulkcancel.model import DetailColumns, DetailRow, Outcome, RowCounts, RowKind
from bulkcancel.reconcile import AttemptTotals, ManifestTotals
from bulkcancel.reconcile.digest import hash_total
from bulkcancel.report import ReportSource, write_reports

folder, limit, every = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
fatal, count = sys.argv[4] == "kill", 60_000

def rows():
    for start in range(0, count, 20_000):
        yield DetailColumns.of(
            DetailRow(
                row=n + 2, kind=RowKind.ALLOCATION, allocation_id=f"{n:024x}",
                outcome=Outcome.UNKNOWN if n % every == 0 else Outcome.CANCELLED, attempts=1,
                reason="a reason",
            )
            for n in range(start, start + 20_000)
        )
        if fatal and start:
            os.kill(os.getpid(), signal.SIGKILL)

ids = (f"{n:024x}" for n in range(count))
source = ReportSource(
    rows=rows, other_columns=(), id_column="allocation_id",
    manifest=ManifestTotals(
        counts=RowCounts(read=count, blank=0, invalid=0, duplicate=0, unique=count),
        hash_total=hash_total(ids),
    ),
    attempts=lambda: AttemptTotals(
        sent=count, requests=count, by_http_status={"200": count}, no_answer={}, not_sent={},
        read_backs=0,
    ),
    facts=json.loads(sys.argv[5]),
    xlsx_rows=int(sys.argv[6]),
)
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    print(write_reports(folder, source).verdict)
except ReportError as error:
    print(error)
"""


def harness(
    folder: Path,
    facts: dict[str, Any],
    *,
    limit: int = 0,
    every: int = 100,
    end: str = "live",
    xlsx_rows: int = 100_000,
) -> subprocess.CompletedProcess[str]:
    """Write reports of 60,000 rows, every so many a break, in a process of its own."""
    arguments = [str(folder), str(limit), str(every), end, json.dumps(facts), str(xlsx_rows)]
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", HARNESS, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("limit", "every", "name"),
    [
        (1_000, 100_000, "reconciliation.csv"),
        (3_000_000, 100, "reconciliation.csv"),
        (6_000_000, 1, "breaks.csv"),
    ],
)
def test_a_full_disk(
    tmp_path: Path,
    source: ReportSource,
    facts: dict[str, Any],
    limit: int,
    every: int,
    name: str,
) -> None:
    """Wherever the room ends: a sentence, the earlier reports intact, nothing left behind."""
    write_reports(tmp_path, source)
    before = content(tmp_path)
    sheet = 100_000 if name.endswith(".xlsx") else 0
    ran = harness(tmp_path, facts, limit=limit, every=every, xlsx_rows=sheet)
    assert ran.stdout == (
        f"{tmp_path / name} can't be written (File too large); the journal is complete: "
        "`bulkcancel report RUN` writes the reports again.\n"
    )
    assert ran.stderr == ""
    assert content(tmp_path) == before


def test_a_kill_while_writing(tmp_path: Path, source: ReportSource, facts: dict[str, Any]) -> None:
    """The earlier reports stand; the next time everything is written and nothing left over."""
    write_reports(tmp_path, source)
    before = content(tmp_path)
    assert harness(tmp_path, facts, end="kill").returncode == -9
    after = content(tmp_path)
    assert {name: after[name] for name in NAMES} == before
    assert set(after) > NAMES, "the process was killed in the middle of it"
    ran = harness(tmp_path, facts)
    assert ran.stdout == "59,400 of 60,000 allocations are cancelled; 600 are unknown.\n"
    assert set(content(tmp_path)) == NAMES
