"""The throughput benchmark: what it makes of its figures, and one real run of each contender."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.spent import Spent
from benchmarks.throughput.contenders import CONTENDERS, DURABILITY, Contender
from benchmarks.throughput.part import Part, parts_told
from benchmarks.throughput.results import (
    durability_part,
    least,
    parts_part,
    throughput_part,
)
from benchmarks.throughput.rounds import Took, measure
from benchmarks.tools import missing

KNOWN = {"circumstances": "Today, here.", "setting": "A few ids."}


def took(cpu: float, *, sending: float | None = None, ids: int = 1000, cancelled: int = 0) -> Took:
    """Return what one round took; the clock shows twice the CPU."""
    spent = Spent(began=0.0, seconds=cpu * 2, cpu=cpu, peak=40.0, out="")
    parts = {} if sending is None else {"sending": Part(seconds=sending * 2, cpu=sending)}
    return Took(ids=ids, cancelled=cancelled or ids, spent=spent, parts=parts)


def row_of(table: str, words: str) -> list[str]:
    """Return the cells of a row of a table."""
    line = next(line for line in table.splitlines() if line.startswith(f"| {words} |"))
    return [cell.strip() for cell in line.split("|")[1:-1]]


def test_the_least_of_the_rounds_counts() -> None:
    """Each figure is the least by itself, but for what arrived: there the fewest are told."""
    seen = least([took(3.0, sending=1.0), took(2.0, sending=1.5, cancelled=999)])
    assert (seen.whole, seen.sending, seen.cancelled) == (2000.0, 1000.0, 999)
    assert seen.rate == 500.0
    assert least([took(3.0)]).sending is None
    assert least([took(3.0)]).seconds == 6.0


def test_ratios_are_to_a_bare_loop_in_the_same_round() -> None:
    """Neither a slow round nor a loop's lucky one changes a ratio; the greater of both counts."""
    lucky, slow = took(0.2, sending=0.1), took(0.4, sending=0.4)
    usual, other = took(0.2, sending=0.2), took(0.3, sending=0.2)
    found = {
        "bare-partial": [lucky, lucky, slow, usual, usual],
        "bare-json": [other, other, took(0.6, sending=0.4), lucky, other],
        "bulkcancel": [took(0.8, cancelled=998), took(0.8), took(1.6), took(0.8), took(0.9)],
        "library": [
            took(9.0, sending=9.0),
            took(0.7, sending=0.3),
            took(1.4, sending=0.6),
            took(0.7, sending=0.3),
            took(0.7, sending=0.3),
        ],
    }
    part = throughput_part(CONTENDERS, found, **KNOWN)
    ours = row_of(part, "`bulkcancel` as a library")
    assert ours[1:6] == ["1,000", "300", "1.50", "700", "3.50"]
    assert ours[-3:] == ["yes", "yes", "yes"]
    command = row_of(part, "`bulkcancel run`")
    assert command[1:6] == ["998 of 1,000", "", "", "800", "4.00"]
    absent = row_of(part, "`curl --parallel --config FILE`")
    assert absent[1] == "not measured: no curl"
    assert len(absent) == len(ours)


def test_without_a_bare_loop_there_are_no_ratios() -> None:
    """A part of the table can be had alone."""
    part = throughput_part(CONTENDERS, {"library": [took(0.7, sending=0.15)]}, **KNOWN)
    assert row_of(part, "`bulkcancel` as a library")[2:6] == ["150", "", "700", ""]


def test_what_is_no_part_of_a_run_is_its_rest() -> None:
    """The parts of a run and its rest make up the whole process."""
    part = parts_part([took(0.8, sending=0.3)], **KNOWN)
    assert row_of(part, "sending")[1:] == ["0.60", "0.30", "300"]
    assert row_of(part, "start-up and the rest")[2:] == ["0.50", "500"]
    assert row_of(part, "the whole process")[2:] == ["0.80", "800"]


def test_durability_is_held_against_full() -> None:
    """What less durable journals take is shown as a share of what the program's own takes."""
    found = {"full": [took(1.0, sending=0.5)], "normal": [took(1.0, sending=0.4)]}
    part = durability_part(DURABILITY, found, sync=0.002, **KNOWN)
    assert "takes 2.00 ms" in part
    assert row_of(part, "`synchronous=FULL`")[1:] == ["500", "1.00", "1.00", "1,000"]
    assert row_of(part, "`synchronous=NORMAL`")[1:] == ["400", "0.80", "0.80", "1,250"]


def test_parts_are_told_in_the_last_line() -> None:
    """What a command printed before does not matter; one that tells nothing has no parts."""
    told = parts_told('hello\n{"sending":{"seconds":2.5,"cpu":1.5}}\n')
    assert told == {"sending": Part(seconds=2.5, cpu=1.5)}
    assert parts_told("200 http://127.0.0.1/\n") == {}
    assert parts_told("") == {}


@pytest.mark.parametrize("contender", [*CONTENDERS, *DURABILITY], ids=lambda one: one.name)
def test_each_contender_cancels_all(contender: Contender, tmp_path: Path) -> None:
    """Forty ids against a real nginx: each arrives, and what it took is known."""
    if absent := missing("nginx", *contender.needs):
        pytest.skip(f"there is no {' and no '.join(absent)} here; tests/install.sh installs it")
    seen = measure(contender, tmp_path / "one", ids=40 * contender.portion, concurrency=4)
    assert (seen.ids, seen.cancelled) == (40, 40)
    assert seen.spent.cpu > 0
    assert seen.spent.peak > 0
