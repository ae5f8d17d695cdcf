"""The sheet Summary: the run in one view, in the words of the terminal and of the page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bulkcancel.errors import EXIT_MEANINGS, ExitCode
from bulkcancel.model import Outcome
from bulkcancel.report.cells import one_line
from bulkcancel.report.words import DELIMITERS, MEANINGS, counted, headlines, setting
from bulkcancel.report.workbook.looks import Format, Looks
from bulkcancel.report.workbook.texts import MOST_LINES, lines, shown

_WIDTHS = (25, 36, 36, 13, 74)
_LAST = len(_WIDTHS) - 1
_SIZE, _LINE = 11, 15
"""The usual letters and the height of their lines, in points."""

_HIGHEST = MOST_LINES * _LINE


# XlsxWriter takes text of its own markup for markup, and escapes what looks like an escape wrongly
# where two overlap; divided there, neither is seen.
_MISTAKEN = re.compile(r"(?<=_)(?=x[0-9A-Fa-f]{4}_)|(?<=\A<)(?=r>)")


def write_cover(
    sheet: Any,
    looks: Looks,
    summary: Mapping[str, Any],
    contents: Mapping[str, str],
    id_column: str,
) -> None:
    """Write the sheet; ``contents`` says in words what the other sheets hold."""
    for place, width in enumerate(_WIDTHS):
        sheet.set_column(place, place, width)
    page = _Page(sheet, looks)
    page.line(f"Reconciliation of run {summary['run_id']}", looks.title, size=20)
    page.line(summary["verdict"], looks.verdicts[_mood(summary["exit_code"])], size=14, room=12)
    page.skip()
    for label, text in headlines(summary):
        page.pair(label, text)
    for name, words in contents.items():
        page.pair(f"Sheet {name}", words)
    _outcomes(page, looks, summary)
    _control(page, looks, summary["control"])
    _run(page, summary)
    _input(page, summary["input"], id_column)
    _attempts(page, looks, summary["attempts"])
    if summary.get("forecast") is not None:
        _forecast(page, looks, summary["forecast"])
    page.section("Settings in force")
    for name, value in summary["options"].items():
        page.pair(f"--{name.replace('_', '-')}", setting(value))
    page.end()


class _Page:
    """Writes downwards, line by line."""

    def __init__(self, sheet: Any, looks: Looks) -> None:
        self._sheet = sheet
        self._looks = looks
        self._row = 0

    def line(self, text: str, look: Format, *, size: int, room: int = 0) -> None:
        """Write a text of some size, in points, over the whole width, with room around it."""
        high = lines(text, sum(_WIDTHS) * _SIZE / size)
        self._sheet.set_row(self._row, min(high * _LINE * size / _SIZE + room, _HIGHEST))
        self._merged(0, text, look)

    def skip(self) -> None:
        """Leave a line empty."""
        self._row += 1

    def section(self, title: str) -> None:
        """Begin a section."""
        self._row += 1
        self._merged(0, title, self._looks.section)

    def pair(self, label: str, text: str | datetime) -> None:
        """Write a label, and beside it a text or a time."""
        self._text(0, label, self._looks.label)
        if isinstance(text, datetime):
            self._sheet.merge_range(self._row, 1, self._row, _LAST, "", self._looks.moment)
            self._sheet.write_datetime(self._row, 1, text.replace(tzinfo=None), self._looks.moment)
            self._row += 1
            return
        self._heighten(lines(text, sum(_WIDTHS[1:])))
        self._merged(1, text, self._looks.value)

    def cells(self, *cells: tuple[Any, Format]) -> None:
        """Write a row of cells, each a value and its look; the last one reaches to the edge."""
        if len(cells) > _LAST:
            widths = zip(cells, _WIDTHS, strict=True)
            self._heighten(max(lines(str(value), width) for (value, _), width in widths))
        for place, (value, look) in enumerate(cells):
            if isinstance(value, int):
                self._sheet.write_number(self._row, place, value, look)
            elif value:
                self._text(place, value, look)
            else:
                self._sheet.write_blank(self._row, place, None, look)
        for place in range(len(cells), _LAST + 1):
            self._sheet.write_blank(self._row, place, None, cells[-1][1])
        self._row += 1

    def end(self) -> None:
        """Print what was written, and no more."""
        self._sheet.print_area(0, 0, self._row - 1, _LAST)

    def _heighten(self, high: int) -> None:
        if high > 1:
            self._sheet.set_row(self._row, high * _LINE)

    def _merged(self, first: int, text: str, look: Format) -> None:
        self._sheet.merge_range(self._row, first, self._row, _LAST, "", look)
        self._text(first, text, look)
        self._row += 1

    def _text(self, place: int, text: str, look: Format) -> None:
        text = shown(one_line(text))
        parts = _MISTAKEN.split(text)
        if len(parts) == 1:
            self._sheet.write_string(self._row, place, text, look)
        else:
            styled = [token for part in parts for token in (look, part)]
            self._sheet.write_rich_string(self._row, place, *styled, look)


def _outcomes(page: _Page, looks: Looks, summary: Mapping[str, Any]) -> None:
    page.section("Outcomes")
    page.cells(("outcome", looks.head), ("allocations", looks.head_number), ("meaning", looks.head))
    for word, count in summary["outcomes"].items():
        _counted(page, looks, word, count)
    rows = summary["rows"]
    total = rows["unique"]
    page.cells(("allocations", looks.strong), (total, looks.strong_count), ("", looks.value))
    page.skip()
    page.cells(("other rows", looks.head), ("rows", looks.head_number), ("meaning", looks.head))
    for word in ("duplicate", "invalid", "blank"):
        _counted(page, looks, word, rows[word])
    page.cells(("rows read", looks.strong), (rows["read"], looks.strong_count), ("", looks.value))


def _counted(page: _Page, looks: Looks, word: str, count: int) -> None:
    # What did not happen has no colour: the eye is led to what did.
    look = looks.words[word] if count else looks.label
    page.cells((word, look), (count, looks.count), (MEANINGS[word], looks.plain))


def _control(page: _Page, looks: Looks, control: Mapping[str, Any]) -> None:
    page.section("Control totals")
    head = looks.head
    page.cells(
        ("check", head),
        ("left", looks.head_number),
        ("right", looks.head_number),
        ("result", head),
        ("in words", head),
    )
    for check in control["checks"]:
        result = ("agrees", looks.agrees) if check["ok"] else ("DIFFERS", looks.differs)
        page.cells(
            (check["name"], looks.value),
            _figure(check["left"], looks),
            _figure(check["right"], looks),
            result,
            (check["sentence"], looks.value),
        )


def _figure(figure: int | str, looks: Looks) -> tuple[int | str, Format]:
    return figure, looks.count if isinstance(figure, int) else looks.figure


def _run(page: _Page, summary: Mapping[str, Any]) -> None:
    page.section("Run and target")
    page.pair("Run", summary["run_id"])
    for label, name in (("Started (UTC)", "started_at"), ("Finished (UTC)", "finished_at")):
        time = summary[name]
        page.pair(label, datetime.fromisoformat(time) if time else "not known")
    if summary.get("segments", 1) > 1:
        page.pair("Starts", f"{summary['segments']:,}: it was resumed")
    code = ExitCode(summary["exit_code"])
    page.pair("Exit code", f"{code}: {EXIT_MEANINGS[code].replace('`', '')}")
    target = summary["target"]
    page.pair("Target", target["base_url"])
    page.pair("Account", target["account"])
    page.pair("Stage", setting(target["stage"]))
    page.pair("Channel", setting(target["channel"]))
    page.pair("Program", f"bulkcancel {summary['tool_version']}")
    page.pair("Times", "in all sheets they are UTC")


def _input(page: _Page, facts: Mapping[str, Any], id_column: str) -> None:
    page.section("Input")
    page.pair("File", "standard input" if facts["path"] == "-" else facts["path"])
    page.pair("SHA-256", facts["sha256"])
    page.pair("Size", counted(facts["bytes"], "byte"))
    page.pair("Column of the ids", id_column)
    for label, name in (
        ("Format", "format"),
        ("Unpacked from", "container"),
        ("Sheet", "sheet"),
        ("Encoding", "encoding"),
    ):
        if facts.get(name) is not None:
            page.pair(label, facts[name])
    if (delimiter := facts.get("delimiter")) is not None:
        page.pair("Delimiter", DELIMITERS.get(delimiter, delimiter))
    if facts.get("hidden"):
        page.pair("Hidden rows", f"{facts['hidden']:,} included")
    if facts.get("trimmed"):
        page.pair("Trimmed ids", f"{facts['trimmed']:,} were padded with spaces or the like")


def _attempts(page: _Page, looks: Looks, attempts: Mapping[str, Any]) -> None:
    page.section("Cancels sent")
    page.cells(("what came back", looks.head), ("cancels", looks.head_number), ("", looks.head))
    for status, count in attempts["by_http_status"].items():
        page.cells((f"HTTP {status}", looks.value), (count, looks.count), ("", looks.value))
    for cause, count in attempts["no_answer"].items():
        page.cells((f"no answer: {cause}", looks.value), (count, looks.count), ("", looks.value))
    page.cells(("sent", looks.strong), (attempts["sent"], looks.strong_count), ("", looks.value))
    if attempts["requests"] != attempts["sent"]:
        page.cells(
            ("requests", looks.value),
            (attempts["requests"], looks.count),
            ("several cancels shared one", looks.plain),
        )
    for cause, count in attempts["not_sent"].items():
        page.cells(
            (f"never left: {cause}", looks.value),
            (count, looks.count),
            ("no part of those sent", looks.plain),
        )
    page.cells(
        ("read-backs", looks.value),
        (attempts["read_backs"], looks.count),
        ("reads of what was not proven", looks.plain),
    )


def _forecast(page: _Page, looks: Looks, forecast: Mapping[str, Any]) -> None:
    page.section("What was foretold, and what happened")
    head = looks.head
    page.cells(
        ("status before", head),
        ("foretold", head),
        ("outcome", head),
        ("allocations", looks.head_number),
        ("", head),
    )
    for cell in forecast["cells"]:
        foretold, outcome = cell["foretold"], cell["outcome"]
        words = "as foretold" if foretold == outcome else "otherwise"
        page.cells(
            (cell["status_before"] or "none was shown", looks.value),
            (foretold or "not foretold", looks.value),
            (outcome, looks.words[outcome]),
            (cell["allocations"], looks.count),
            (words if foretold else "", looks.value),
        )


def _mood(exit_code: int) -> Outcome:
    """Return the outcome whose colour the verdict has."""
    match exit_code:
        case ExitCode.OK:
            return Outcome.CANCELLED
        case ExitCode.BREAKS | ExitCode.STOPPED | ExitCode.INTERRUPTED | ExitCode.TERMINATED:
            return Outcome.NOT_CANCELLED
        case _:
            return Outcome.FAILED
