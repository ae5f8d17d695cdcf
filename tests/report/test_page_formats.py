"""Numbers and times on the page: easy to read, and never rounded into something untrue."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcancel.report.page.formats import (
    foreign,
    lasted,
    latency,
    moment,
    number,
    percent,
    span,
)
from bulkcancel.report.words import setting


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "0"), (1_234_567, "1,234,567"), (48.0, "48"), (48.25, "48.2"), (1_234.56, "1,234.6"),
     (0.25, "0.25"), (0.0333333, "0.0333"), (0.5, "0.5"), (199.97, "200")],
)  # fmt: skip
def test_numbers(value: float, words: str) -> None:
    """Thousands are set apart, and there are no more digits than say something."""
    assert number(value) == words


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [(0, 0, "0 %"), (0, 5, "0 %"), (5, 5, "100 %"), (1, 8, "12.5 %"), (1, 1_000_000, "<0.1 %"),
     (999_999, 1_000_000, ">99.9 %"), (9_994, 10_000, "99.9 %"), (9_995, 10_000, ">99.9 %"),
     (1, 1_000, "0.1 %"), (2, 3, "66.7 %")],
)  # fmt: skip
def test_shares(part: int, whole: int, words: str) -> None:
    """Shares have one decimal; what is nearly all or nearly nothing is said to be so."""
    assert percent(part, whole) == words


@given(st.integers(0, 10**7), st.integers(1, 10**7))
def test_all_and_nothing_are_meant(part: int, whole: int) -> None:
    """100 % is shown only of all, and 0 % only of nothing."""
    words = percent(min(part, whole), whole)
    assert (words == "100 %") == (part >= whole)
    assert (words == "0 %") == (part == 0)
    assert "100.0" not in words
    assert words != "0.0 %"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0, "0 ms"), (0.0004, "0.4 ms"), (0.0017, "1.7 ms"), (0.00996, "10 ms"), (0.035, "35 ms"),
     (0.9996, "1.0 s"), (1.2, "1.2 s"), (45.0, "45 s"), (125.0, "2 min 5 s")],
)  # fmt: skip
def test_latencies(seconds: float, words: str) -> None:
    """Milliseconds below a second, then seconds, then minutes."""
    assert latency(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0, "0 s"), (0.02, "20 ms"), (0.5, "0.5 s"), (12.5, "12.5 s"), (90.0, "1 min 30 s"),
     (62.5, "62.5 s"), (7_200.0, "2 h 0 min")],
)  # fmt: skip
def test_spans(seconds: float, words: str) -> None:
    """Round times are shown as they are: none is rounded to another one."""
    assert span(seconds) == words


def test_times() -> None:
    """Times have seconds; how long it was between two is known only if both are."""
    began, ended = "2026-11-23T22:55:01.000Z", "2026-11-24T02:00:07.400Z"
    assert moment(began) == "2026-11-23 22:55:01"
    assert moment(None) == "—"
    assert lasted(began, ended) == "3 h 5 min"
    assert lasted(ended, began) == "0.0 s"
    assert lasted(began, None) is None


def test_settings() -> None:
    """A setting is one line, whatever it is."""
    values: tuple[Any, ...] = (
        None,
        [],
        True,
        False,
        100_000,
        25.0,
        [5.0, 60.0],
        "a\nb\u202e",
        ["x", "y"],
    )
    assert list(map(setting, values)) == [
        "not set", "not set", "yes", "no", "100,000", "25", "5, 60", r"a\nb\u202e", "x, y",
    ]  # fmt: skip


@given(st.text(), st.integers(1, 50))
def test_foreign_text_is_one_short_line(text: str, most: int) -> None:
    """Text from elsewhere is cut, and each of its characters can be seen."""
    shown = foreign(text, most)
    assert len(shown) <= most
    assert shown.isprintable()
    if len(text) <= most and text.isprintable():
        assert shown == text
