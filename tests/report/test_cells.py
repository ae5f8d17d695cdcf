"""Cells: no formula runs, nothing is hidden, and what is safe stays as it is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkcancel.report.cells import encodable, one_line, safe_cell

SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"
NASTY = st.text(
    st.sampled_from([*SIGNS, *" \t\r\n;,'\"\x00\x1b\u202e\ufeff\u00a0\u200b15.aé|\\"])
    | st.characters(),
    max_size=12,
)


def may_run(text: str) -> bool:
    """Say whether a spreadsheet may see a formula; an opinion of its own on what is stripped."""
    if re.fullmatch(r"-\d+(\.\d+)?", text, re.ASCII):
        return False
    if text[:1] in {"\t", "\r", "\n"}:
        return True
    whole, *parts = re.split(r"[;\t\r\n]", text)
    if not whole.startswith("'") and whole.strip(" \u00a0\u200b\ufeff'\"")[:1] in tuple(SIGNS):
        return True
    return any(part.strip(' \u00a0\u200b\ufeff"')[:1] in tuple(SIGNS) for part in parts)


@settings(deadline=None)
@given(NASTY)
def test_no_text_can_run(text: str) -> None:
    """Whatever a cell begins with, after it is made safe it is no formula in any dialect."""
    assert not may_run(safe_cell(text))


@settings(deadline=None)
@given(NASTY)
def test_twice_is_once(text: str) -> None:
    """A report made from a report gains no second apostrophe and no second escape."""
    assert safe_cell(safe_cell(text)) == safe_cell(text)


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs"), exclude_characters=SIGNS)))
def test_harmless_text_stays(text: str) -> None:
    """Without a sign, a control or an invisible character nothing is changed."""
    assert safe_cell(text) == text


@settings(deadline=None)
@given(NASTY)
def test_nothing_but_apostrophes_and_escapes_comes_in(text: str) -> None:
    """What was there before is there afterwards, in its order."""
    without = re.sub(r"\\(x[0-9a-f]{2}|u[0-9a-f]{4})", "", safe_cell(text)).replace("'", "")
    kept = iter(text)
    assert all(char in kept for char in without)


@settings(deadline=None)
@given(NASTY)
def test_nothing_is_hidden(text: str) -> None:
    """No control character but tab and line breaks, and none that turns the direction, is left."""
    for char in safe_cell(text):
        assert char in "\t\r\n" or not (ord(char) < 0x20 or 0x7F <= ord(char) <= 0x9F)
        assert char not in "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
        assert char not in "\u2066\u2067\u2068\u2069"


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+1", "'+1"),
        ("-1+2", "'-1+2"),
        ("-", "'-"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("\nx", "'\nx"),
        ("\uff1d1", "'\uff1d1"),
        ("\uff0b1", "'\uff0b1"),
        ("\uff0d1", "'\uff0d1"),
        ("\uff20x", "'\uff20x"),
        ("  =1", "'  =1"),
        ('"=1"', '\'"=1"'),
        (" '=1", "' '=1"),
        ("\u00a0=1", "'\u00a0=1"),
        ("\ufeff=1", "'\ufeff=1"),
        ("\u201c=1", "'\u201c=1"),
        ("'=1", "'=1"),
        ("x;=1", "x;'=1"),
        ("x\n =1", "x\n' =1"),
        ("x\t@y", "x\t'@y"),
        ("x; y=1", "x; y=1"),
        ("-5", "-5"),
        ("-5.25", "-5.25"),
        ("-5.", "'-5."),
        ("-5,25", "'-5,25"),
        ("-5\n", "'-5\n"),
        ("-\u0665", "'-\u0665"),
        ("5-3", "5-3"),
        ("a@b", "a@b"),
        ("", ""),
        ("00012", "00012"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("\x00=1", "\\x00=1"),
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\x7f\x85b", "a\\x7f\\x85b"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u2066b", "a\\u2066b"),
        ("a\ud800b", "a\\ud800b"),
        ("Zürich, 東京, 😀", "Zürich, 東京, 😀"),
    ],
)
def test_the_cases_by_name(text: str, safe: str) -> None:
    """The known ways to smuggle a formula or a hidden character, and what only looks like one."""
    assert safe_cell(text) == safe


def test_one_line_shows_all_that_is_there() -> None:
    """An id as it was found: line breaks, tabs and invisible characters are to be seen."""
    assert one_line("plain 'text' é") == "plain 'text' é"
    assert one_line("a\tb\r\nc\u200bd\x00") == "a\\tb\\r\\nc\\u200bd\\x00"


@settings(deadline=None)
@given(st.text(st.characters(codec=None, categories=("Cs", "L"))))
def test_halves_of_characters_can_be_written(text: str) -> None:
    """Text with the half of a character is brought into a form that UTF-8 holds."""
    shown = encodable(text)
    assert shown.encode().decode() == shown
    halves = [char for char in text if "\ud800" <= char <= "\udfff"]
    assert len(shown) == len(text) + 5 * len(halves)
    assert halves or shown == text
