"""The workbook in a real spreadsheet program: LibreOffice opens it and writes what it sees."""

from __future__ import annotations

import csv
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from readxlsx import SHEETS, workbook_of

from bulkcancel.model import DetailRow, Outcome, RowKind
from bulkcancel.report import ReportSource
from bulkcancel.report.breaks import BREAK_ORDER
from bulkcancel.report.columns import BREAK_COLUMNS, DETAIL_COLUMNS, shown_outcome

PROGRAM = shutil.which("soffice")
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="LibreOffice (soffice) is not installed")

PATIENCE = 120.0  # seconds; a conversion takes two
# UTF-8, commas, cells as they are shown, quotes where they are needed, every sheet to its own file.
CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
HARMFUL = (
    "=1+1",
    "=cmd|' /C calc'!A0",
    '=WEBSERVICE("http://127.0.0.1/")',
    "+1",
    "-1+1",
    "@x",
    "@SUM(1+1)",
    "{=1+1}",
    "'=1+1",
    "007",
    "6.2E+23",
    "1-2-2024",
    "TRUE",
    "#N/A",
    " padded ",
    "two\nlines",
    "<r>x</r>",
    '<r><t>x</t></r></is></c><c r="A9"><f>1+1</f></c><c r="B9" t="inlineStr"><is><r>y</r>',
    "_x0041_x0042_",
    "a\x07\u202eb",
    "caf\u00e9 \U0001f600",
)


def row_of(number: int, text: str) -> DetailRow:
    """Return a row with the same text in many places; every second one is a break."""
    return DetailRow(
        row=number,
        kind=RowKind.ALLOCATION,
        allocation_id=f"{number:024}",
        outcome=Outcome.UNKNOWN if number % 2 else Outcome.CANCELLED,
        status=text,
        version=2**53 + 1,
        reason=text,
        verified=True,
        first_sent_at="2026-11-23T22:45:01.123Z",
        po_number=text,
        order_ids=(text,),
        extras=(text,),
    )


@pytest.fixture(scope="module")
def converted(
    tmp_path_factory: pytest.TempPathFactory,
    source_of: Callable[..., ReportSource],
    every_outcome: Sequence[DetailRow],
) -> Mapping[str, Mapping[str, list[list[str]]]]:
    """The sheets of two workbooks as LibreOffice writes them, by workbook and sheet."""
    folder = tmp_path_factory.mktemp("office")
    harmful = [row_of(number, text) for number, text in enumerate(HARMFUL, 2)]
    sources = {
        "harmful": source_of(harmful, other_columns=("=1+1",)),
        "every": source_of(every_outcome, other_columns=("note", "empty")),
    }
    for name, source in sources.items():
        (folder / f"{name}.xlsx").write_bytes(workbook_of(source, folder))
    convert(sorted(folder.glob("*.xlsx")), folder)
    return {
        name: {sheet: read(folder / f"{name}-{sheet}.csv") for sheet in SHEETS} for name in sources
    }


def convert(paths: Sequence[Path], folder: Path) -> None:
    """Let LibreOffice write each sheet of workbooks as a CSV file."""
    assert PROGRAM
    profile = (folder / "profile").as_uri()
    with subprocess.Popen(
        [
            PROGRAM, "--headless", "--norestore", f"-env:UserInstallation={profile}",
            "--convert-to", CSV, "--outdir", str(folder), *map(str, paths),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "LC_ALL": "C.UTF-8", "TZ": "America/New_York"},
        start_new_session=True,
    ) as process:  # fmt: skip
        try:
            said, _ = process.communicate(timeout=PATIENCE)
        except BaseException:
            # The launcher outlives a TERM, and its child outlives the launcher.
            os.killpg(process.pid, signal.SIGKILL)
            raise
    assert process.returncode == 0, said.decode()


def read(path: Path) -> list[list[str]]:
    """Return the cells of a CSV file, row by row."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, strict=True))


Converted = Mapping[str, Mapping[str, list[list[str]]]]


def test_every_row_and_id_arrives(converted: Converted, every_outcome: Sequence[DetailRow]) -> None:
    """Names of sheets, numbers of rows, ids with all their digits, outcomes, other cells."""
    header, *rows = converted["every"]["All rows"]
    assert header == [*DETAIL_COLUMNS, "note", "empty"]
    assert [(row[0], row[1], row[2], row[18]) for row in rows] == [
        (str(row.row), row.allocation_id or "", shown_outcome(row), row.extras[0] or "")
        for row in every_outcome
    ]


def test_every_break_arrives_in_its_order(
    converted: Converted, every_outcome: Sequence[DetailRow]
) -> None:
    """The most urgent group first, as in the CSV file of the breaks."""
    header, *rows = converted["every"]["Breaks"]
    assert header == [*BREAK_COLUMNS, "note", "empty"]
    words = [outcome or "invalid" for outcome in BREAK_ORDER]
    assert len(rows) == 27
    assert [row[2] for row in rows] == sorted((row[2] for row in rows), key=words.index)
    assert {row[1] for row in rows} <= {row.allocation_id or "" for row in every_outcome}


def test_the_summary_is_readable(converted: Converted) -> None:
    """The title, the verdict and the totals are there."""
    rows = converted["every"]["Summary"]
    assert rows[0][0] == "Reconciliation of run r1"
    assert "of 27 allocations are cancelled" in rows[1][0]
    assert ["Totals", "balance"] in [row[:2] for row in rows]


@pytest.mark.parametrize("text", HARMFUL)
def test_nothing_is_run_or_changed(converted: Converted, text: str) -> None:
    """Whatever a text looks like, the program shows that text and evaluates nothing."""
    number = 2 + HARMFUL.index(text)
    shown = text.replace("\x07", r"\x07").replace("\u202e", r"\u202e")
    header, *rows = converted["harmful"]["All rows"]
    assert header[-1] == "=1+1"
    row = dict(zip(header, rows[number - 2], strict=True))
    assert row["allocation_id"] == f"{number:024}"
    assert {row[name] for name in ("status", "reason", "po_number", "order_ids", "=1+1")} == {shown}
    assert row["version"] == "9007199254740993"
    assert row["first_sent_at"] == "2026-11-23 22:45:01.123", "UTC, whatever the machine's zone"
    assert row["verified"] == "TRUE"
    assert len(rows) == len(HARMFUL)
    breaks = {row[1]: row for row in converted["harmful"]["Breaks"]}
    if number % 2:
        assert breaks[f"{number:024}"][7] == breaks[f"{number:024}"][11] == shown
