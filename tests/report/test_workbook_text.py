"""Foreign text in a workbook: never run, never changed in meaning, never able to break the file."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from changing import replace
from hypothesis import example, given, settings
from hypothesis import strategies as st
from readxlsx import opened, said, sheet_of, texts, workbook_of

from bulkcancel.model import DetailRow, Outcome, RowKind
from bulkcancel.report import ReportSource
from bulkcancel.report.cells import safe_cell
from bulkcancel.report.columns import BREAK_COLUMNS, DETAIL_COLUMNS
from bulkcancel.report.workbook.texts import MOST_UNITS, shown, shown_texts

Make = Callable[..., ReportSource]

INJECTED = (
    '<r><t>x</t></r></is></c><c r="A9"><f>1+1</f></c><c r="B9" t="inlineStr"><is><r><t>y</t></r>'
)
AWKWARD = (
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+1",
    "-1",
    "@x",
    "\uff1d1+1",
    "{=1+1}",
    "'=1+1",
    "'quoted",
    "http://example.invalid/",
    "mailto:a@b",
    "007",
    "6.2E+23",
    "2024-01-31",
    "TRUE",
    "#N/A",
    " padded ",
    "\ttab\t",
    "two\nlines\n",
    "a\rb",
    "a\r\nb",
    "_x0041_",
    "_x0041_x0042_",
    "__x0041__",
    "_x0041\r",
    "_x005F_x0041_",
    "_x000d_",
    "_xFFFF",
    "<r>x</r>",
    "<r><t>x</t></r>",
    "<r>&</r>",
    INJECTED,
    "</t></is></c>",
    "]]>",
    "&lt;&amp;&#10;",
    "<!--",
    "a\u2028b\u00a0c\u200bd",
    "\U0001f600",
    "e\u0301",
)
"""Text that a cell holds as it is."""

TEXTS = st.one_of(
    st.text(max_size=12),
    st.text(st.sampled_from("=+-@_x0041F\r\n\t <>&'\"r/\x07\u202e\ud800\ufffe"), max_size=24),
    st.sampled_from(AWKWARD),
)


def row_of(text: str | None, number: int = 2) -> DetailRow:
    """Return a break with the same text wherever foreign text can stand."""
    return DetailRow(
        row=number,
        kind=RowKind.ALLOCATION,
        allocation_id=f"{number:024}",
        outcome=Outcome.REJECTED,
        status=text,
        reason=text or "",
        po_number=text,
        vendor_id=text,
        location=text,
        order_ids=(text,) if text else (),
        extras=(text,),
    )


def found_in(content: bytes, number: int) -> set[str]:
    """Return the different texts in all places of a row where foreign text can stand."""
    everything = dict(
        zip((*DETAIL_COLUMNS, "note"), texts(content, "All rows")[number], strict=True)
    )
    breaks = dict(zip((*BREAK_COLUMNS, "note"), texts(content, "Breaks")[number], strict=True))
    own = ("status", "reason", "po_number", "vendor_id", "location", "order_ids", "note")
    return {everything[name] for name in own} | {
        breaks[name] for name in ("status", "reason", "note")
    }


def test_awkward_text_comes_back_as_it_was(tmp_path: Path, source_of: Make) -> None:
    """What looks like a formula, a number, markup or an escape is a cell of just that text."""
    rows = [row_of(text, number) for number, text in enumerate(AWKWARD, 2)]
    content = workbook_of(source_of(rows, other_columns=("note",)), tmp_path)
    opened(content)
    for number, text in enumerate(AWKWARD, 1):
        assert found_in(content, number) == {text}
        assert shown(text) == text
    assert len(texts(content, "All rows")) == len(AWKWARD) + 1


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a\x07b", r"a\x07b"),
        ("\x00", r"\x00"),
        ("\x1b[31m", r"\x1b[31m"),
        ("\x85", r"\x85"),
        ("invoice\u202excod.exe", r"invoice\u202excod.exe"),
        ("\u2066x\u2069", r"\u2066x\u2069"),
        ("half \ud800", r"half \ud800"),
        ("\ufffe\uffff", r"\ufffe\uffff"),
    ],
)
def test_what_cannot_be_seen_is_shown(
    tmp_path: Path, source_of: Make, text: str, wanted: str
) -> None:
    """Control characters, direction marks and what XML can't hold stand as escapes."""
    content = workbook_of(source_of([row_of(text)], other_columns=("note",)), tmp_path)
    assert found_in(content, 1) == {wanted}


def test_the_escapes_are_those_of_the_csv_files() -> None:
    """A text is shown in the workbook as in the CSV files, but for the apostrophe."""
    for code in (*range(0x10000), 0x1F600, 0x10FFFF):
        text = f"a{chr(code)}b"
        assert shown(text) == (f"a\\u{code:x}b" if code in {0xFFFE, 0xFFFF} else safe_cell(text))


@settings(deadline=None, max_examples=60)
@given(given_texts=st.lists(TEXTS, min_size=1, max_size=12))
@example(given_texts=["_x0041\r_x0042_", "<r>", "</r>"])
def test_any_text_comes_back_as_it_is_shown(source_of: Make, given_texts: Sequence[str]) -> None:
    """Whatever the text: the file opens, holds no formula, and the cells have that text."""
    rows = [row_of(text, number) for number, text in enumerate(given_texts, 2)]
    with tempfile.TemporaryDirectory() as folder:
        content = workbook_of(source_of(rows, other_columns=("note",)), Path(folder))
    opened(content)
    for number, text in enumerate(given_texts, 1):
        assert found_in(content, number) == {shown(text)}


@given(st.text())
def test_showing_twice_changes_nothing(text: str) -> None:
    """What is shown already stays as it is, and many at once are shown as each alone."""
    assert shown(shown(text)) == shown(text)
    assert shown_texts([text, None, "a"]) == [shown(text), None, "a"]


@pytest.mark.parametrize("character", ["x", "\u00e9", "\U0001f600", "\x07", "\r"])
@pytest.mark.parametrize("length", [16_383, 16_384, 32_766, 32_767, 32_768, 40_000])
def test_text_too_long_for_a_cell_is_cut_and_says_so(character: str, length: int) -> None:
    """A cell holds 32,767 UTF-16 units; a character is never cut in two."""
    text = character * length
    whole = shown(character) * length
    found = shown(text)
    units = len(found.encode("utf-16-le")) // 2
    assert units <= MOST_UNITS
    if len(whole.encode("utf-16-le")) // 2 <= MOST_UNITS:
        assert found == whole
    else:
        kept, cut, note = found.partition(" … (cut here")
        assert cut
        assert "reconciliation.csv" in note
        assert whole.startswith(kept)
        assert units >= MOST_UNITS - 1
    assert shown_texts([text]) == [found]


def test_a_cut_text_is_in_the_file(tmp_path: Path, source_of: Make) -> None:
    """The longest text that a cell takes arrives whole."""
    text = "\U0001f600" * 20_000
    content = workbook_of(source_of([row_of(text)], other_columns=("note",)), tmp_path)
    assert found_in(content, 1) == {shown(text)}


@pytest.mark.parametrize("text", [*AWKWARD, "a\x07b", "\ud800", "x" * 40_000])
def test_foreign_text_in_the_summary(tmp_path: Path, source_of: Make, text: str) -> None:
    """The name of the input may hold anything: it is told on one line, and nothing breaks."""
    source = source_of([row_of("a")], other_columns=("note",), id_column=text)
    facts = {**source.facts, "input": {**source.facts["input"], "path": text, "sheet": text}}
    content = workbook_of(replace(source, facts=facts), tmp_path)
    sheet = sheet_of(content, "Summary")
    rows = dict(row[:2] for row in said(sheet) if len(row) > 1)
    plain = text.isprintable() and len(text) < MOST_UNITS
    found = {str(row[1]) for row in texts(content, "Summary") if row[0] in ("File", "Sheet")}
    assert {"File", "Sheet", "Column of the ids"} <= set(rows)
    assert len(found) == 1
    assert (found == {text}) == plain
    heights = [high.height or 15 for high in sheet.row_dimensions.values()]
    assert max(heights) <= 409, "no row can be higher"


@pytest.mark.parametrize("run", ["a&b", "&&", "x" * 300, "<r>x</r>"])
def test_any_name_of_a_run_can_stand_below_a_page(
    tmp_path: Path, source_of: Make, run: str
) -> None:
    """The footer knows signs of its own; the name of a run is none of them."""
    source = source_of([row_of("a")], other_columns=("note",))
    source = replace(source, facts={**source.facts, "run_id": run})
    sheet = sheet_of(workbook_of(source, tmp_path), "Breaks")
    assert sheet.oddFooter
    assert str(sheet.oddFooter.center.text).replace("&&", "&") == f"Run {run[:80]}"
