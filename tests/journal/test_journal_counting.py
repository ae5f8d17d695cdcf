"""What SQLite counts and works out by other ways than the plain ones, held against these."""

from __future__ import annotations

import sqlite3
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkcancel.decision import History
from bulkcancel.journal import (
    AttemptEntry,
    Entry,
    Intent,
    Journal,
    OutcomeEntry,
    attempt_totals,
    figures,
)
from bulkcancel.journal.counting import counted
from bulkcancel.journal.times import millis, millis_sql
from bulkcancel.model import Kind, ManifestRow, Outcome, RowKind, Settlement

ROWS = (2, 3, 4, 7, 8, 1_000_000)
MANIFEST = [ManifestRow(row=row, kind=RowKind.ALLOCATION, allocation_id=str(row)) for row in ROWS]
ATTEMPTS = st.lists(
    st.tuples(st.booleans(), st.sampled_from([None, "reset"]), st.sampled_from([200, 404, None])),
    max_size=3,
)


@given(st.floats(min_value=8192, max_value=253_402_300_799))
def test_times_are_cut_alike_in_sql(at: float) -> None:
    """SQLite comes to the same millisecond of every time."""
    with sqlite3.connect(":memory:") as connection:
        ((found,),) = connection.execute(f"SELECT {millis_sql('t')} FROM (SELECT ? AS t)", (at,))  # noqa: S608
    connection.close()
    assert found == millis(at)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(ATTEMPTS, min_size=len(ROWS), max_size=len(ROWS)),
    st.lists(
        st.tuples(
            st.sampled_from([Outcome.CANCELLED, Outcome.NOT_FOUND]),
            st.none() | st.integers(1, 3),
            st.none() | st.integers(1, 4),
        ),
        max_size=len(ROWS),
    ),
    st.booleans(),
)
def test_totals_and_figures_are_those_of_the_entries(
    attempts: list[list[tuple[bool, str | None, int | None]]],
    outcomes: list[tuple[Outcome, int | None, int | None]],
    cut_off: bool,  # noqa: FBT001 - drawn
) -> None:
    """Usual and unusual ones are counted by ways of their own; none is lost or counted twice."""
    entries: list[Entry] = []
    for row, sends in zip(ROWS, attempts, strict=True):
        for number, (sent, cause, status) in enumerate(sends, start=1):
            entries += [
                Intent(row=row, number=number, at=1.0),
                AttemptEntry(
                    row=row, number=number, at=2.0, elapsed=0.25, sent=sent, kind=Kind.SHOWN,
                    reason="", cause=cause if sent else "dns", http_status=status,
                ),
            ]  # fmt: skip
    if cut_off:
        entries.append(Intent(row=ROWS[0], number=len(attempts[0]) + 1, at=3.0))
    for row, (outcome, before, after) in zip(ROWS, outcomes, strict=False):
        settlement = Settlement(outcome=outcome, reason="", version=after)
        history = History(version_before=before)
        entries.append(
            OutcomeEntry(row=row, settled_at=3.0, settlement=settlement, history=history)
        )
    with (
        tempfile.TemporaryDirectory() as folder,
        pytest.MonkeyPatch.context() as patch,
        Journal.create(Path(folder) / "journal.sqlite") as journal,
    ):
        patch.setattr("bulkcancel.journal.counting._STEP", 3)
        journal.load([MANIFEST], {})
        journal.write(entries)
        totals, found = attempt_totals(journal), figures(journal)
        numbers = counted(journal, "number", "attempt", "row", "sent")
    every = [one for of_row in attempts for one in of_row]
    answers = [(cause, status) for is_sent, cause, status in every if is_sent]
    assert totals.sent == len(answers) + cut_off
    assert totals.by_http_status == Counter(
        str(status) for cause, status in answers if cause is None
    )
    assert totals.no_answer == Counter(
        [cause for cause, _ in answers if cause is not None] + ["crashed"] * cut_off
    )
    assert totals.not_sent == Counter("dns" for is_sent, _, _ in every if not is_sent)
    counts = [sum(is_sent for is_sent, _, _ in of_row) for of_row in attempts]
    counts[0] += cut_off
    assert found.attempts == tuple(sorted(Counter(counts).items()))
    growths = Counter(
        (outcome, None if before is None or after is None else after - before)
        for outcome, before, after in outcomes
    )
    assert {(one.outcome, one.growth): one.allocations for one in found.growths} == growths
    assert numbers == Counter(
        number
        for of_row in attempts
        for number, (is_sent, _, _) in enumerate(of_row, start=1)
        if is_sent
    )
