"""``report.html``: words, numbers and shapes; a real browser finds nothing to complain about."""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser, sync_playwright

from bulkcancel.errors import ExitCode
from bulkcancel.model import (
    Bar,
    DetailRow,
    Figures,
    Growth,
    Latency,
    Outcome,
    RowKind,
    Slot,
    Stretch,
)
from bulkcancel.reconcile import StopWord
from bulkcancel.report import ReportSource, write_reports
from bulkcancel.report.page import BreakGroups, render_page
from bulkcancel.report.page.formats import latency, nice_ticks, number, percent
from bulkcancel.report.words import MEANINGS

CHROMIUM = shutil.which("chromium")
NEEDS_CHROMIUM = pytest.mark.skipif(
    CHROMIUM is None, reason="there is no Chromium here; tests/install.sh installs it"
)
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
SCRIPT = "<script>alert(1)</script>\u202e\x07 \"'&"
FIGURES = Figures(
    stretches=(
        Stretch(
            began=1_800_000_000.0,
            slot_seconds=0.5,
            slots=tuple(
                Slot(
                    answered=5 + place % 4,
                    throttled=place % 7 == 0,
                    failed=place % 11 == 0,
                    limit=None if place < 10 else 12.5,
                )
                for place in range(60)
            ),
        ),
        Stretch(began=1_800_009_000.0, slot_seconds=0.5, slots=(Slot(answered=4), Slot())),
    ),
    bars=(
        Bar(seconds=0.01, cancels=0, reads=0),
        Bar(seconds=0.05, cancels=40, reads=3),
        Bar(seconds=None, cancels=1, reads=0),
    ),
    cancels=Latency(count=41, p50=0.03, p95=0.045, p99=31.0, longest=31.0),
    attempts=((0, 3), (1, 20), (2, 3), (12, 1)),
    growths=(
        Growth(outcome="cancelled", growth=1, allocations=20),
        Growth(outcome="cancelled", growth=3, allocations=1),
        Growth(outcome="unknown", growth=None, allocations=2),
        Growth(outcome="not_cancelled", growth=0, allocations=2),
    ),
)
FORECAST = {
    "allocations": 27,
    "as_foretold": 24,
    "otherwise": 2,
    "not_foretold": 1,
    "cells": [
        {
            "status_before": "ALLOCATED",
            "foretold": "cancelled",
            "outcome": "not_cancelled",
            "allocations": 2,
        },
        {"status_before": None, "foretold": None, "outcome": "unknown", "allocations": 1},
    ],
}


class Reader(HTMLParser):
    """Checks that tags are nested, and collects the text and the addresses."""

    VOID = frozenset({"meta", "br", "link", "img", "hr", "input"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a tag."""
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        assert not any(name == "style" or name.startswith("on") for name, _ in attrs)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Pass over a tag that holds nothing."""

    def handle_endtag(self, tag: str) -> None:
        """Close the tag that was opened last."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Collect what people read."""
        if self.open and self.open[-1] != "style":
            self.text.append(data)


def read(page: str) -> Reader:
    """Parse a page."""
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    assert len(reader.ids) == len(set(reader.ids))
    return reader


@pytest.fixture(scope="module")
def every(
    source_of: Callable[..., ReportSource],
    every_outcome: Sequence[DetailRow],
    facts: dict[str, Any],
) -> ReportSource:
    """Return a source with each outcome, each kind of chart, and foreign text everywhere."""
    rows = [replace(row, reason=f"{row.reason} {SCRIPT}") for row in every_outcome]
    odd = {
        **facts,
        "input": {**facts["input"], "path": f"in/{SCRIPT}.csv"},
        "forecast": FORECAST,
        "segments": 2,
        "stop": None,
        "pacing": {**facts["pacing"], "learned_limit": 12.5, "throttled": 9},
    }
    return source_of(rows, other_columns=(SCRIPT, "b"), facts=odd, figures=lambda: FIGURES)


@pytest.fixture(scope="module")
def pages(
    tmp_path_factory: pytest.TempPathFactory,
    every: ReportSource,
    source_of: Callable[..., ReportSource],
    facts: dict[str, Any],
) -> dict[str, Path]:
    """Write the page of several runs: each outcome, one allocation, none, and a stopped one."""
    one = DetailRow(
        row=2,
        kind=RowKind.ALLOCATION,
        allocation_id="62ff5c0b" + "0" * 16,
        outcome=Outcome.CANCELLED,
        attempts=1,
    )
    left = replace(one, outcome=Outcome.NOT_ATTEMPTED, attempts=0, reason="the run stopped first")
    stop = StopWord(exit_code=ExitCode.STOPPED, sentence="The API refuses 8 in a row.")
    sources = {
        "every": every,
        "one": source_of([one], figures=lambda: FIGURES),
        "none": source_of([]),
        "stopped": source_of([left], facts={**facts, "stop": stop.sentence}, stop=stop),
    }
    written = {}
    for name, source in sources.items():
        folder = tmp_path_factory.mktemp(name)
        write_reports(folder, source)
        written[name] = folder / "report.html"
    return written


def test_a_page_says_what_the_summary_says(pages: dict[str, Path]) -> None:
    """The verdict, each outcome with its meaning, each check, the same words as the terminal."""
    text = " ".join(" ".join(read(pages["every"].read_text()).text).split())
    assert "Some are unknown" in text
    assert "6 of 27 allocations are cancelled (3 before this run)" in text
    for word, meaning in MEANINGS.items():
        if word in set(Outcome):
            assert f"{word} 3 11.1 %" in text
            assert meaning in text
    assert "36 read = 27 allocations + 3 duplicates + 3 invalid + 3 blank" in text
    assert "✗" not in text
    assert "bulkcancel resume r1" in text
    assert "24 of 27 that were read first came out as foretold, 2 otherwise" in text
    assert "2 starts, drawn side by side" in text
    assert "12 or more" not in text
    assert "8 or more sends: 1" in text


def test_a_page_is_made_of_itself_alone(pages: dict[str, Path]) -> None:
    """No script, no address but those of the files beside it, and a policy that forbids more."""
    for path in pages.values():
        page = path.read_text()
        links = set(read(page).links)
        assert links <= {
            "breaks.csv", "retry.csv", "reconciliation.csv", "reconciliation.parquet",
            "reconciliation.xlsx", "summary.json",
        }  # fmt: skip
        assert "<script" not in page
        assert "default-src 'none'; style-src 'sha256-" in html.unescape(page)
        assert "@import" not in page
        assert "url(" not in page


def test_foreign_text_is_text(pages: dict[str, Path]) -> None:
    """Matrix row 57: tags are escaped, what can't be seen is shown, nothing turns the writing."""
    page = pages["every"].read_text()
    assert "&lt;script&gt;alert(1)" in page
    assert "\\u202e\\x07" in page
    assert not set(page) & {"\u202e", "\x07"}


def test_the_same_run_has_the_same_page(tmp_path: Path, every: ReportSource) -> None:
    """Byte for byte, so that a rebuild can be compared."""
    write_reports(tmp_path, every)
    first = (tmp_path / "report.html").read_bytes()
    write_reports(tmp_path, every)
    assert (tmp_path / "report.html").read_bytes() == first


def test_a_million_breaks_make_no_larger_page() -> None:
    """Groups are capped, and say how many are left out; reasons without end are put together."""
    groups = BreakGroups()
    for start in range(0, 200_000, 10_000):
        groups.add(
            [
                DetailRow(
                    row=row,
                    kind=RowKind.ALLOCATION,
                    allocation_id=f"62ff5c0b{row:016x}",
                    outcome=Outcome.REJECTED if row % 2 else Outcome.UNKNOWN,
                    reason=f"reason {'x' * (row % 3000)} of row {row}",
                )
                for row in range(start, start + 10_000)
            ]
        )
    shown, left, rows = groups.groups(40)
    assert len(shown) == 40
    assert left == 1_002 - 40
    assert sum(group.count for group in shown) + rows == 200_000
    assert {group.reason for group in groups.groups(2000)[0]} >= {"other reasons"}


def test_reasons_that_differ_in_a_number_are_one_group() -> None:
    """Ids and counts are put together; HTTP statuses and the API's codes are told apart."""
    groups = BreakGroups()
    reasons = [
        "read back 2 times: status stayed SHIPPED",
        "read back 3 times: status stayed SHIPPED",
        "HTTP 400: ALLOCATION-2003: shipped",
        "HTTP 409: ALLOCATION-2003: shipped",
        "HTTP 400: ALLOCATION-2005: shipped",
        "belongs to 62ff5c0b0000000000000001",
        "belongs to 62ff5c0b0000000000000002",
    ]
    groups.add(
        [
            DetailRow(
                row=row, kind=RowKind.ALLOCATION, allocation_id=str(row),
                outcome=Outcome.NOT_CANCELLED, reason=reason,
            )
            for row, reason in enumerate(reasons)
        ]
    )  # fmt: skip
    found = {group.reason: (group.count, group.alike) for group in groups.groups(40)[0]}
    assert found == {
        reasons[0]: (2, False),
        reasons[2]: (1, True),
        reasons[3]: (1, True),
        reasons[4]: (1, True),
        reasons[5]: (2, False),
    }


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [
        (0, 10, "0 %"), (10, 10, "100 %"), (1, 3, "33.3 %"), (0, 0, "0 %"),
        (1, 1_000_000, "<0.1 %"), (999_999, 1_000_000, ">99.9 %"),
    ],
)  # fmt: skip
def test_a_share_is_never_rounded_to_all_or_nothing(part: int, whole: int, words: str) -> None:
    """100 % is all and 0 % is none, nothing else."""
    assert percent(part, whole) == words


@given(st.integers(min_value=1, max_value=10**7), st.integers(min_value=0, max_value=10**7))
def test_any_share_is_honest(whole: int, part: int) -> None:
    """Whatever the numbers."""
    part = min(part, whole)
    assert (percent(part, whole) == "100 %") == (part == whole)
    assert (percent(part, whole) == "0 %") == (part == 0)


def test_numbers_are_written_for_reading() -> None:
    """Separators, and no more digits than say something."""
    assert [number(1_234_567), number(12.0), number(12.345), number(0.25)] == [
        "1,234,567", "12", "12.3", "0.25",
    ]  # fmt: skip
    assert [latency(0.0004), latency(0.035), latency(1.26), latency(31.0)] == [
        "0.4 ms", "35 ms", "1.3 s", "31 s",
    ]  # fmt: skip


@given(st.floats(min_value=1e-3, max_value=1e9))
def test_an_axis_ends_above_its_highest_value(most: float) -> None:
    """It begins at 0, its steps are even, and there are a few of them."""
    ticks = nice_ticks(most)
    assert ticks[0] == 0.0
    assert ticks[-1] >= most * (1 - 1e-9)
    assert 2 <= len(ticks) <= 7


def test_a_run_of_a_million_has_a_small_page(facts: dict[str, Any]) -> None:
    """240 slots of time and all charts: below 100 kB."""
    slots = tuple(Slot(answered=400, throttled=1, failed=1, limit=401.5) for _ in range(240))
    stretch = Stretch(began=0.0, slot_seconds=10.0, slots=slots)
    checks = [
        {"name": "n", "left": 1, "right": 1, "ok": True, "sentence": "Rows read: 1,000,000."}
    ] * 18
    summary = {
        **facts,
        "rows": {"read": 10**6, "unique": 10**6, "duplicate": 0, "invalid": 0, "blank": 0},
        "outcomes": {outcome.value: 10**6 // 9 for outcome in Outcome},
        "attempts": {
            "sent": 10**6, "by_http_status": {"200": 10**6}, "no_answer": {}, "read_backs": 0
        },
        "control": {"balanced": True, "checks": checks},
        "files": {"breaks.csv": "0" * 64},
        "verdict": "v",
        "exit_code": 3,
        "stop": None,
    }  # fmt: skip
    page = render_page(summary, replace(FIGURES, stretches=(stretch,)), BreakGroups())
    assert len(page.encode()) < 100_000
    read(page)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Chromium once for this file."""
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@NEEDS_CHROMIUM
@pytest.mark.parametrize("name", ["every", "one", "none", "stopped"])
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_a_browser_shows_it(
    browser: Browser, pages: dict[str, Path], name: str, width: int, scheme: str
) -> None:
    """No error, no request leaves it, nothing scrolls sideways, and it is accessible."""
    address = pages[name].as_uri()
    kind: Any = scheme
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=kind, bypass_csp=False
    )
    page = context.new_page()
    complaints: list[str] = []
    requests: list[str] = []
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for details in page.locator("details > summary").all():
        details.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
    assert complaints == []
    assert requests == [address]
    lenient = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=kind, bypass_csp=True
    )
    page = lenient.new_page()
    page.goto(address)
    found = Axe().run(page).response["violations"]
    lenient.close()
    serious = [one["id"] for one in found if one["impact"] in {"serious", "critical"}]
    assert serious == []


@NEEDS_CHROMIUM
def test_it_can_be_printed(browser: Browser, pages: dict[str, Path]) -> None:
    """On A4, in a few pages, with all that is not folded."""
    page = browser.new_page()
    page.goto(pages["every"].as_uri())
    printed = page.pdf(prefer_css_page_size=True)
    page.close()
    assert printed.startswith(b"%PDF-")
    count = len(re.findall(rb"/Type\s*/Page\b", printed))
    assert 2 <= count <= 12
