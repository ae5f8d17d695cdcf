"""What is checked before the first send."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcancel.errors import RefusedError
from bulkcancel.execution.deadline import seconds_until, sending_seconds
from bulkcancel.execution.guards import (
    check_digest,
    is_unusual,
    parse_expected_count,
    plan_digest,
)
from bulkcancel.execution.settings import RunSettings
from bulkcancel.execution.usual import earlier_sizes, note_size
from bulkcancel.model import InputFacts, Target

TARGET = Target(base_url="http://127.0.0.1:8080/api/v2", account="1234abcd5678efgh9ijklmno")
SETTINGS = RunSettings(target=TARGET)
FACTS = InputFacts(
    path="ids.csv",
    sha256="0" * 64,
    bytes=10,
    format="csv",
    id_column="allocation_id",
    delimiter=",",
    encoding="utf-8",
    sheet=None,
    other_columns=(),
    id_pattern="[0-9a-f]{24}",
    digest="a" * 64,
    hash_total="b" * 16,
)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("5000", 5000, 5000),
        ("5,000", 5000, 5000),
        ("5_000", 5000, 5000),
        ("5.000", 5000, 5000),
        ("5000±2%", 4900, 5100),
        ("5000 +- 2 %", 4900, 5100),
        ("5000~0.5%", 4975, 5025),
        ("0", 0, 0),
        ("10±200%", 0, 30),
    ],
)
def test_an_expected_count_is_a_number_or_a_span(text: str, low: int, high: int) -> None:
    """Both ends belong to it; one more or one less is refused."""
    expected = parse_expected_count(text)
    assert (expected.low, expected.high) == (low, high)
    expected.check(low)
    expected.check(high)
    with pytest.raises(RefusedError, match="does not match: the input holds"):
        expected.check(high + 1)
    if low:
        with pytest.raises(RefusedError, match="Nothing was sent"):
            expected.check(low - 1)


@pytest.mark.parametrize("text", ["", "many", "-5", "5000±", "5000±2", "±2%", "1,00", "5.5", "5e3"])
def test_what_is_no_count_is_refused(text: str) -> None:
    """A sentence says what a count looks like."""
    with pytest.raises(RefusedError, match=r"such as 5000 or 5000±2%"):
        parse_expected_count(text)


def test_a_plan_is_bound_to_input_target_and_settings() -> None:
    """Each of them changes the digest; the name and the format of the input do not."""
    digest = plan_digest(FACTS, SETTINGS)
    same = replace(FACTS, path="other.xlsx", sha256="1" * 64, format="xlsx", sheet="S")
    assert plan_digest(same, SETTINGS) == digest
    assert plan_digest(FACTS, replace(SETTINGS, ca_file="x", deadline="90m")) == digest
    changed = [
        plan_digest(replace(FACTS, digest="c" * 64), SETTINGS),
        plan_digest(replace(FACTS, id_column="other"), SETTINGS),
        plan_digest(FACTS, replace(SETTINGS, rate=26.0)),
        plan_digest(FACTS, replace(SETTINGS, limit=5)),
        plan_digest(FACTS, replace(SETTINGS, target=replace(TARGET, stage="production"))),
    ]
    assert len({digest, *changed}) == len(changed) + 1
    check_digest(digest.upper(), FACTS, SETTINGS)
    with pytest.raises(RefusedError, match="something changed since it was planned"):
        check_digest(digest, FACTS, replace(SETTINGS, rate=26.0))


@pytest.mark.parametrize(
    ("count", "earlier", "unusual"),
    [
        (10_000, [], False),
        (10_000, [10, 10], False),
        (10_000, [10, 10, 10], True),
        (60, [10, 10, 10], False),
        (151, [10, 10, 10], True),
        (1000, [500, 10, 400], False),
        (2001, [400, 10, 500], True),
        (5, [1000, 1000, 1000], False),
    ],
)
def test_far_larger_than_usual(count: int, earlier: list[int], unusual: bool) -> None:  # noqa: FBT001
    """More than five times the median, and a hundred more; of two runs nothing is usual."""
    assert is_unusual(count, earlier) is unusual


def test_the_sizes_of_twenty_runs_are_kept(tmp_path: Path) -> None:
    """By target and account; a damaged file is as none, and is replaced."""
    folder = tmp_path / "sizes"
    assert earlier_sizes(folder, TARGET) == ()
    for size in range(25):
        assert note_size(folder, TARGET, size) == ""
    assert earlier_sizes(folder, TARGET) == tuple(range(5, 25))
    assert earlier_sizes(folder, replace(TARGET, account="x" * 24)) == ()
    (file,) = folder.iterdir()
    file.write_text('{"not": "a list"}')
    assert earlier_sizes(folder, TARGET) == ()
    assert note_size(folder, TARGET, 7) == ""
    assert earlier_sizes(folder, TARGET) == (7,)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90m", 5400.0), ("1h30m", 5400.0), ("1 h 30 min", 5400.0), ("45s", 45.0), ("2h", 7200.0)],
)
def test_a_duration_counts_from_now(text: str, seconds: float) -> None:
    """Hours, minutes and seconds, one or more of them."""
    assert seconds_until(text, datetime.now().astimezone()) == seconds


@pytest.mark.parametrize("text", ["", "soon", "25:00", "6", "0m", "-5m", "06:60", "1.5h", "m"])
def test_what_is_no_deadline_is_refused(text: str) -> None:
    """A sentence says what a deadline looks like."""
    with pytest.raises(RefusedError, match="a time of day such as 06:00, or a duration"):
        seconds_until(text, datetime.now().astimezone())


def test_a_time_of_day_is_the_next_one_in_local_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Later today, or tomorrow; over a change of the clocks the day's true length counts."""
    monkeypatch.setitem(os.environ, "TZ", "Europe/Berlin")
    time.tzset()
    try:
        evening = datetime(2026, 10, 24, 22, 0).astimezone()
        assert seconds_until("23:30", evening) == 1.5 * 3600
        assert seconds_until("06:00", evening) == 9 * 3600, "the clocks go back that night"
        assert seconds_until("22:00", evening) == 25 * 3600
    finally:
        monkeypatch.undo()
        time.tzset()


@given(st.integers(min_value=0, max_value=23), st.integers(min_value=0, max_value=59))
def test_a_time_of_day_lies_within_a_day(hour: int, minute: int) -> None:
    """It is never past, and the clock shows it then."""
    now = datetime.now().astimezone()
    left = seconds_until(f"{hour:02}:{minute:02}", now)
    assert 0 < left <= 25 * 3600
    then = (now + timedelta(seconds=left)).astimezone()
    assert (then.hour, then.minute) == (hour, minute)


@given(
    st.floats(min_value=0.01, max_value=1e6),
    st.floats(min_value=0.05, max_value=3600.0),
    st.integers(min_value=0, max_value=5_000_000),
)
def test_time_is_kept_back_for_the_end(left: float, timeout: float, rows: int) -> None:
    """Enough for the last answers and the reports; of a short time half at most."""
    sending = sending_seconds(left, timeout=timeout, rows=rows)
    assert left / 2 <= sending <= left
    assert sending == left / 2 or left - sending >= timeout * 0.999999
