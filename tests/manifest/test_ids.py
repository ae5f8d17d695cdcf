"""What an id is, and what is said about a text that is none."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bulkcancel.errors import InputRefusedError
from bulkcancel.manifest.ids import BLANKS, Grammar

ID = "62ff5c0bec0aed3c86202c32"
SAFE = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~-")
LOOSE = [".+", r"[\s\S]+", r"\S+", "[^x]+", ".{1,9}|[0-9a-f]{24}", r"\w+", "(?i)[a-z./%, ]+"]
HOSTILE = [
    "../x", "a/b", "a,b", ".", "..", "%2e%2e", "a\r\nb", "a\nb", "a\x00b", "a\u200bb", "x" * 10_000,
    "a b", "a?b", "a#b", "a\\b", "a;b", "a\x7fb", "a\u2028b", "é",
    "\u202e" + ID, ID + "\n", "\r" + ID,
]  # fmt: skip
DATES = [
    "2024-01-31", "2024-01-31 00:00:00", "2024-01-31T00:00:00Z", "2024-01-31T00:00:00.000+01:00",
    "2024/01/31", "31.01.2024", "31.1.24", "1/2/2024", "01/02/24", "1/31/2024 12:00 AM",
    "31-Jan-24", "31-January-2024", "31 M\u00e4r 2024",
]  # fmt: skip
ERRORS = [
    "#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#NV",
    "#BEZUG!", "#NOM?", "#\u00a1REF!", "#\u0418\u041c\u042f?", "Err:502",
]  # fmt: skip
NOTHING = ["NULL", "null", "None", "nan", "NaN", "N/A", "NA", "<NA>", "NaT", "nil", "undefined"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the id is empty"),
        (" \t\u00a0\u200b", "the id is empty"),
        ("6.2E+10", "a spreadsheet rounded"),
        ("6,2E+22", "a spreadsheet rounded"),
        ("62e5", "a spreadsheet rounded"),
        ("62000000.0", "a number with decimals"),
        ("62,5", "a number with decimals"),
        ("6.21234567890123E+23", "a spreadsheet rounded"),
        ("621234567890123000000000", "kept 15 digits and wrote zeros after"),
        ("62123456789012300000", "kept 15 digits and wrote zeros after"),
        *((date, "looks like a date that a spreadsheet made of it") for date in DATES),
        *((error, "is an error of a spreadsheet's formula") for error in ERRORS),
        *((word, "is a word for nothing") for word in NOTHING),
        ("TRUE", "is a truth value and no id"),
        ("False", "is a truth value and no id"),
        ("#####", "too wide for its column"),
        ("#123", "contains a hash sign"),
        (f"{ID},{ID}", "contains a comma"),
        ("a/b", "contains a slash"),
        ("../../admin", "contains a slash"),
        ("a\\b", "contains a backslash"),
        ("%2e%2e", "contains a percent sign"),
        ("62ff 5c0b", "contains a space"),
        ("62ff\u00a05c0b", "contains a no-break space"),
        ("62ff\t5c0b", "control character (U+0009)"),
        ("62ff\r\n5c0b", "control character (U+000D)"),
        (ID + "\n", "control character (U+000A)"),
        (ID + "\x1b", "control character (U+001B)"),
        ("62ff\u200b5c0b", "invisible character (U+200B)"),
        ("62ff\u202e5c0b", "invisible character (U+202E)"),
        ("62ff\u20285c0b", "line separator (U+2028)"),
        (f'"{ID}"', "contains a quote character"),
        (f"'{ID}", "contains a quote character"),
        (ID[:-1] + "é", "the character 'é' (U+00E9)"),
        (ID[:-1] + "\uff12", "(U+FF12)"),
        (ID[:-1], "has 23 characters instead of 24"),
        (ID + "0", "has 25 characters instead of 24"),
        ("7", "has 1 character instead of 24"),
        (ID[:-1] + "g", "contains 'g', which is no hexadecimal digit"),
        (".", "dots"),
        ("..", "dots"),
        ("a" * 201, "has 201 characters"),
        ("a" * 10_000, "has 10,000 characters"),
    ],
)
def test_the_reason_says_what_is_wrong(text: str, said: str) -> None:
    """Each kind of damage that exports do to ids is named for what it is."""
    grammar = Grammar()
    assert grammar.accept(text) is None
    assert said in grammar.fault(text)


@pytest.mark.parametrize(
    "around", [" ", "\t", "\u00a0", "\u200b", "\ufeff", "\u2009", " \u00a0\u200d"]
)
def test_blanks_at_the_ends_are_trimmed(around: str) -> None:
    """What comes along when an id is pasted does not make it another one."""
    assert Grammar().accept(f"{around}{ID}{around}") == ID
    assert Grammar().accept(ID.upper()) == ID.upper()


def test_a_cell_that_is_not_there_holds_no_id() -> None:
    """Null is treated as an empty cell."""
    assert Grammar().accept(None) is None
    assert Grammar().fault(None) == "the id is empty"


@pytest.mark.parametrize("pattern", LOOSE)
@pytest.mark.parametrize("text", HOSTILE)
def test_no_pattern_lets_a_hostile_text_pass(pattern: str, text: str) -> None:
    """The safe characters are a rule of their own: a loose pattern can't switch it off."""
    grammar = Grammar(pattern)
    assert grammar.accept(text) is None
    assert grammar.fault(text)


@settings(deadline=None)  # a busy machine is no failure
@given(text=st.text(), pattern=st.sampled_from(LOOSE))
def test_an_accepted_id_is_safe_whatever_the_pattern(text: str, pattern: str) -> None:
    """Only unreserved characters, no dot segment, 200 characters at most; else a reason."""
    grammar = Grammar(pattern)
    found = grammar.accept(text)
    if found is None:
        assert grammar.fault(text)
        return
    assert set(found) <= SAFE
    assert found not in {"", ".", ".."}
    assert len(found) <= 200
    assert found == text.strip(BLANKS)


@settings(deadline=None)  # a busy machine is no failure
@given(text=st.text(st.sampled_from("abcdefABCDEF0123456789g.,/%-+E \u200b\n"), max_size=26))
def test_the_default_grammar_is_24_hexadecimal_characters(text: str) -> None:
    """An id is accepted exactly if its trimmed text is 24 hexadecimal characters."""
    trimmed = text.strip(BLANKS)
    expected = len(trimmed) == 24 and all(char in "0123456789abcdefABCDEF" for char in trimmed)
    expected = expected and not re.fullmatch("[1-9][0-9]{14}0{9}", trimmed)
    assert (Grammar().accept(text) == trimmed) is expected


@pytest.mark.parametrize("text", [*DATES, *ERRORS, *NOTHING, "6.2E+10", "TRUE", "####", "62.0"])
def test_damage_is_told_with_the_way_to_mend_it(text: str) -> None:
    """What a spreadsheet did is undone where the ids come from, not in the cell."""
    for pattern in (Grammar().pattern, "[0-9]{10}", "A-[0-9]+"):
        said = Grammar(pattern).fault(text)
        assert "format the column as Text" in said
        assert "import it as Text" in said


@settings(deadline=None)  # a busy machine is no failure
@given(
    digits=st.from_regex("[0-9]{15}", fullmatch=True),
    tail=st.text("0123456789abcdef", min_size=9, max_size=9) | st.just("0" * 9),
)
def test_an_id_of_fifteen_digits_and_zeros_is_a_rounded_one(digits: str, tail: str) -> None:
    """Of 24 digits a spreadsheet keeps the first fifteen; every other id is as good as any."""
    grammar = Grammar()
    is_rounded = tail == "0" * 9 and digits[0] != "0"
    assert (grammar.accept(digits + tail) is None) is is_rounded
    if is_rounded:
        assert "kept 15 digits and wrote zeros after" in grammar.fault(digits + tail)
    assert grammar.accept(f"{digits[:-1]}a{tail}") is not None


@pytest.mark.parametrize(
    ("pattern", "text", "is_lost"),
    [
        ("[0-9]{10}", "123", True),
        ("[0-9]{10}", "0", True),
        ("[0-9]{10}", "123456789", True),
        ("[0-9]{10}", "12345678901", False),
        ("0[0-9]{1,30}", "12345", True),
        ("[1-9][0-9]{9}", "123", False),
        ("A-[0-9]{10}", "123", False),
        ("[0-9a-fA-F]{24}", "123", False),
    ],
)
def test_lost_zeros_are_told_where_the_pattern_shows_them(
    pattern: str, text: str, *, is_lost: bool
) -> None:
    """Digits that would be an id with zeros in front have lost them, most likely."""
    grammar = Grammar(pattern)
    assert grammar.accept(text) is None
    assert ("seems to have lost zeros at its front" in grammar.fault(text)) is is_lost


@settings(deadline=None)  # a busy machine is no failure
@given(pattern=st.text(max_size=12), text=st.text(st.characters(max_codepoint=127), max_size=12))
def test_any_pattern_is_used_from_end_to_end_or_refused(pattern: str, text: str) -> None:
    """A pattern never gives a traceback, and never accepts an id for a part of it."""
    assume(pattern != Grammar().pattern)
    try:
        grammar = Grammar(pattern)
    except InputRefusedError:
        return
    found = grammar.accept(text)
    if found is not None:
        assert re.fullmatch(pattern, found, re.ASCII)
        assert set(found) <= SAFE


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("[0-9", "is not a clear regular expression"),
        ("(?u)a", "is not a clear regular expression"),
        ("[[a-z]+", "is not a clear regular expression"),
        ("a{99999999999999999999}", "is not a clear regular expression"),
        ("[0-9a-f]*", "accepts an empty id"),
        ("", "accepts an empty id"),
    ],
)
def test_an_unusable_pattern_is_refused(pattern: str, said: str) -> None:
    """A wrong `--id-pattern` is a usage error with a sentence, found before anything is read."""
    with pytest.raises(InputRefusedError, match=re.escape(said)):
        Grammar(pattern)


def test_another_pattern_is_named_in_the_reason() -> None:
    """With `--id-pattern`, the reason shows the pattern that was not met."""
    grammar = Grammar("A-[0-9]{3}")
    assert grammar.accept(" A-123 ") == "A-123"
    assert "'A-[0-9]{3}'" in grammar.fault("A-12")
