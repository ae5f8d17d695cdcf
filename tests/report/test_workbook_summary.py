"""The sheet Summary: the words and figures of the terminal and of ``summary.json``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from changing import replace
from openpyxl.worksheet.worksheet import Worksheet
from readxlsx import pairs, said, sheet_of, summary_of, workbook_of

from bulkcancel.errors import ExitCode
from bulkcancel.model import DetailRow, Outcome, RowKind
from bulkcancel.reconcile import StopWord
from bulkcancel.report import ReportSource
from bulkcancel.report.words import MEANINGS, headlines

Make = Callable[..., ReportSource]

INPUT = {
    "path": "orders of june.xlsx",
    "sha256": "ab" * 32,
    "bytes": 12_345,
    "format": "xlsx",
    "id_column": "Allocation ID",
    "sheet": "Sheet 1",
    "delimiter": ";",
    "encoding": "utf-8",
    "container": "orders.zip",
    "hidden": 2,
    "trimmed": 1_000,
}
OPTIONS = {
    "rate": 25.0,
    "fixed_rate": False,
    "skip_invalid": True,
    "verify_after": [5.0, 60.0],
    "expect_po": [],
    "ca_file": None,
    "xlsx_rows": 100_000,
}


@pytest.fixture
def source(source_of: Make, every_outcome: tuple[DetailRow, ...]) -> ReportSource:
    """A source with a row of every kind and outcome."""
    made = source_of(every_outcome, other_columns=("note", "empty"), id_column="Allocation ID")
    return replace(made, facts={**made.facts, "input": INPUT, "options": OPTIONS})


def written(source: ReportSource, folder: Path, **facts: Any) -> Worksheet:
    """Return the sheet for a source with other facts."""
    source = replace(source, facts={**source.facts, **facts})
    return sheet_of(workbook_of(source, folder), "Summary")


def table(sheet: Worksheet, title: str) -> list[tuple[Any, ...]]:
    """Return the rows below a title, up to the next empty one."""
    found: list[tuple[Any, ...]] = []
    inside = False
    for row in sheet.iter_rows(values_only=True):
        if inside and row[0] is None:
            break
        if inside:
            found.append(tuple(value for value in row if value is not None))
        inside = inside or row[0] == title
    return found


def test_it_begins_with_the_verdict(tmp_path: Path, source: ReportSource) -> None:
    """Which run it was, the verdict, and the lines of the terminal, word for word."""
    rows = list(said(written(source, tmp_path)))
    summary = summary_of(source)
    lines = list(headlines(summary))
    assert rows[0] == ("Reconciliation of run r1",)
    assert rows[1] == (summary["verdict"],)
    assert rows[2 : 2 + len(lines)] == lines


def test_the_verdict_is_as_high_as_its_lines(tmp_path: Path, source: ReportSource) -> None:
    """A long sentence is read whole, as far as a row can be high."""
    stop = StopWord(exit_code=ExitCode.STOPPED, sentence="something went wrong " * 30)
    short = written(source, tmp_path).row_dimensions[2].height
    long = written(replace(source, stop=stop), tmp_path).row_dimensions[2].height
    assert short
    assert long
    assert long > 2 * short
    endless = replace(stop, sentence="something went wrong " * 900)
    assert written(replace(source, stop=endless), tmp_path).row_dimensions[2].height == 405


def test_the_verdict_has_the_colour_of_its_exit_code(
    tmp_path: Path, source: ReportSource, source_of: Make
) -> None:
    """All is well, some breaks, unknown ones: three colours; the words say it as well."""
    row = DetailRow(
        row=2, kind=RowKind.ALLOCATION, allocation_id="a" * 24, outcome=Outcome.CANCELLED
    )
    colours = [
        written(replace(made, facts=source.facts), tmp_path)["A2"].fill.start_color.rgb
        for made in (
            source_of([row]),
            source_of([replace(row, outcome=Outcome.NOT_FOUND)]),
            source_of([replace(row, outcome=Outcome.UNKNOWN)]),
        )
    ]
    assert len(set(colours)) == 3


def test_every_outcome_is_counted_and_explained(tmp_path: Path, source: ReportSource) -> None:
    """The table has all nine outcomes, also those that did not happen, and their sum."""
    sheet = written(source, tmp_path)
    header, *rows, total = table(sheet, "Outcomes")
    outcomes = summary_of(source)["outcomes"]
    assert header == ("outcome", "allocations", "meaning")
    assert rows == [(word, count, MEANINGS[word]) for word, count in outcomes.items()]
    assert total == ("allocations", 27)


def test_the_other_rows_are_counted_too(tmp_path: Path, source: ReportSource) -> None:
    """Duplicate, invalid and blank rows add up with the allocations to the rows read."""
    rows = set(said(written(source, tmp_path)))
    assert {(kind, 3, MEANINGS[kind]) for kind in ("duplicate", "invalid", "blank")} <= rows
    assert ("rows read", 36) in rows


def test_what_did_not_happen_has_no_colour(
    tmp_path: Path, source: ReportSource, source_of: Make
) -> None:
    """Only outcomes that there are draw the eye."""
    row = DetailRow(
        row=2, kind=RowKind.ALLOCATION, allocation_id="a" * 24, outcome=Outcome.NOT_FOUND
    )
    sheet = written(replace(source_of([row]), facts=source.facts), tmp_path)
    coloured = {
        cell.value for (cell,) in sheet.iter_rows(min_row=6, max_col=1)
        if cell.fill.fill_type and cell.value in set(Outcome)
    }  # fmt: skip
    assert coloured == {Outcome.NOT_FOUND}


def test_every_check_is_shown_with_its_result(tmp_path: Path, source: ReportSource) -> None:
    """Name, both figures, a word for whether they agree, and the sentence."""
    checks = summary_of(source)["control"]["checks"]
    header, *rows = table(written(source, tmp_path), "Control totals")
    assert header == ("check", "left", "right", "result", "in words")
    assert rows == [
        (check["name"], check["left"], check["right"], "agrees", check["sentence"])
        for check in checks
    ]


def test_a_check_that_fails_is_called_different(tmp_path: Path, source: ReportSource) -> None:
    """A workbook of totals that do not balance is not published; it would say so all the same."""
    attempts = source.attempts()
    off = replace(source, attempts=lambda: replace(attempts, sent=attempts.sent + 1))
    results = {row[0]: row[3] for row in table(written(off, tmp_path), "Control totals")}
    assert results["answers"] == results["attempts"] == "DIFFERS"
    assert results["hash_total"] == "agrees"


def test_the_run_and_its_target(tmp_path: Path, source: ReportSource) -> None:
    """Run, times as dates in UTC, exit code in words, and where to."""
    found = pairs(written(source, tmp_path, segments=3))
    assert found["Run"] == "r1"
    assert found["Started (UTC)"] == dt.datetime(2026, 11, 23, 22, 45, 1)  # noqa: DTZ001
    assert found["Finished (UTC)"] == dt.datetime(2026, 11, 23, 22, 46, 2, 500_000)  # noqa: DTZ001
    assert found["Starts"] == "3: it was resumed"
    assert found["Exit code"] == "4: finished; some are unknown (outranks 3)"
    assert found["Target"] == "https://host/api"
    assert (found["Account"], found["Stage"], found["Channel"]) == ("a", "not set", "12")
    assert found["Program"] == "bulkcancel 0.1.0"


def test_a_run_that_was_never_begun(tmp_path: Path, source: ReportSource) -> None:
    """Times that nobody knows are said to be unknown; one start needs no word."""
    found = pairs(written(source, tmp_path, started_at=None, finished_at=None, segments=1))
    assert found["Started (UTC)"] == found["Finished (UTC)"] == "not known"
    assert "Starts" not in found


def test_the_input_as_it_was_read(tmp_path: Path, source: ReportSource) -> None:
    """Path, digest, sheet and column; characters by their names, and what was done to it."""
    sheet = written(source, tmp_path)
    assert table(sheet, "Input") == [
        ("File", "orders of june.xlsx"),
        ("SHA-256", "ab" * 32),
        ("Size", "12,345 bytes"),
        ("Column of the ids", "Allocation ID"),
        ("Format", "xlsx"),
        ("Unpacked from", "orders.zip"),
        ("Sheet", "Sheet 1"),
        ("Encoding", "utf-8"),
        ("Delimiter", "semicolon"),
        ("Hidden rows", "2 included"),
        ("Trimmed ids", "1,000 were padded with spaces or the like"),
    ]


def test_an_input_of_which_little_is_known(tmp_path: Path, source: ReportSource) -> None:
    """What was read from standard input has no path, and what does not apply is left out."""
    facts = {"path": "-", "sha256": "ab", "bytes": 1, "sheet": None, "hidden": 0}
    assert table(written(source, tmp_path, input=facts), "Input") == [
        ("File", "standard input"),
        ("SHA-256", "ab"),
        ("Size", "1 byte"),
        ("Column of the ids", "Allocation ID"),
    ]


def test_the_answers_are_counted(tmp_path: Path, source: ReportSource) -> None:
    """Sends by what came back, their sum, and apart what never left and what was only read."""
    attempts = replace(
        source.attempts(),
        sent=7,
        requests=7,
        by_http_status={"200": 4, "500": 1},
        no_answer={"timeout": 2},
        not_sent={"dns": 3},
        read_backs=5,
    )
    assert table(written(replace(source, attempts=lambda: attempts), tmp_path), "Cancels sent") == [
        ("what came back", "cancels"),
        ("HTTP 200", 4),
        ("HTTP 500", 1),
        ("no answer: timeout", 2),
        ("sent", 7),
        ("never left: dns", 3, "no part of those sent"),
        ("read-backs", 5, "reads of what was not proven"),
    ]
    shared = replace(source, attempts=lambda: replace(attempts, requests=2))
    rows = table(written(shared, tmp_path), "Cancels sent")
    assert ("requests", 2, "several cancels shared one") in rows


def test_a_forecast_is_held_against_what_happened(tmp_path: Path, source: ReportSource) -> None:
    """Each group of the forecast with its outcome; without a precheck there is no such table."""
    title = "What was foretold, and what happened"
    cells: list[dict[str, Any]] = [
        {"status_before": "ALLOCATED", "foretold": "cancelled", "outcome": "cancelled"},
        {"status_before": "SHIPPED", "foretold": "not_cancelled", "outcome": "unknown"},
        {"status_before": None, "foretold": None, "outcome": "not_found"},
    ]
    forecast = {
        "allocations": 9, "as_foretold": 3, "otherwise": 3, "not_foretold": 3,
        "cells": [{**cell, "allocations": 3} for cell in cells],
    }  # fmt: skip
    assert table(written(source, tmp_path, forecast=forecast), title) == [
        ("status before", "foretold", "outcome", "allocations"),
        ("ALLOCATED", "cancelled", "cancelled", 3, "as foretold"),
        ("SHIPPED", "not_cancelled", "unknown", 3, "otherwise"),
        ("none was shown", "not foretold", "not_found", 3),
    ]
    assert table(written(source, tmp_path, forecast=None), title) == []
    assert table(written(source, tmp_path), title) == []


def test_the_settings_by_the_names_of_their_options(tmp_path: Path, source: ReportSource) -> None:
    """Each setting under the option that sets it, in words."""
    assert table(written(source, tmp_path), "Settings in force") == [
        ("--rate", "25"),
        ("--fixed-rate", "no"),
        ("--skip-invalid", "yes"),
        ("--verify-after", "5, 60"),
        ("--expect-po", "not set"),
        ("--ca-file", "not set"),
        ("--xlsx-rows", "100,000"),
    ]


def test_only_what_is_written_is_printed(tmp_path: Path, source: ReportSource) -> None:
    """Text that reaches beyond its cell makes no further pages."""
    sheet = written(source, tmp_path)
    assert str(sheet.print_area).endswith(f"$A$1:$E${sheet.max_row}")
    assert sheet.page_setup.orientation == "landscape"
