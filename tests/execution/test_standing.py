"""What a run knows of the runs before it when it begins: which of its allocations stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pastruns import TARGET, held_journal, past_run

from bulkcancel.execution import standing
from bulkcancel.execution.standing import note_standing
from bulkcancel.journal import Journal
from bulkcancel.model import ManifestRow, Outcome, RowKind
from bulkcancel.reconcile.ages import PastRun, ages

A, B, C, D = IDS = tuple(f"{letter:>024}" for letter in "abcd")
OTHER = replace(TARGET, account="9999abcd5678efgh9ijklmno")
SHIPPED, GONE, UNKNOWN = Outcome.NOT_CANCELLED, Outcome.CANCELLED, Outcome.UNKNOWN


def night(day: int) -> str:
    """Return when the run of a day in November began."""
    return f"2026-11-{day:02d}T01:00:00.000Z"


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    """Return the reports of four nights: A stays, B is cancelled at last, C comes and goes."""
    past_run(tmp_path, "n1", [(A, SHIPPED), (B, UNKNOWN), (C, SHIPPED)], started=night(1))
    past_run(tmp_path, "n2", [(A, SHIPPED), (B, UNKNOWN), (D, GONE)], started=night(2))
    past_run(tmp_path, "n3", [(A, SHIPPED), (B, GONE)], started=night(3))
    past_run(tmp_path, "n4", [(A, UNKNOWN), (C, SHIPPED)], started=night(4))
    return tmp_path


def noted(
    reports: Path,
    *,
    run_id: str = "new",
    day: int = 20,
    left_out: list[str] | None = None,
    ids: Sequence[str] = IDS,
) -> dict[str, tuple[int, str]]:
    """Return what a new run's journal says of its allocations: in how many runs, since when."""
    rows = [
        ManifestRow(row=row, kind=RowKind.ALLOCATION, allocation_id=one)
        for row, one in enumerate(ids, start=2)
    ]
    run = PastRun(run_id=run_id, started_at=night(day))
    sentences: list[str] = []
    with TemporaryDirectory() as folder:

        def note(journal: Journal) -> None:
            sentences.extend(note_standing(journal, reports, TARGET, run))

        with Journal.create(Path(folder) / "journal.sqlite") as journal:
            journal.load([rows], {}, more=note)
            found = {
                one: (runs, since)
                for one, runs, since in journal.select(
                    "SELECT allocation_id, runs, since FROM standing JOIN row USING (row)"
                )
            }
    if left_out is None:
        assert sentences == []
    else:
        left_out += sentences
    return found


def test_what_stands_when_a_run_begins(reports: Path) -> None:
    """In how many runs in a row it was a break, and when the first of them began."""
    assert noted(reports) == {A: (4, night(1)), C: (2, night(1))}
    assert noted(reports, ids=[C, D]) == {C: (2, night(1))}
    assert noted(reports, ids=[D]) == {}
    assert noted(reports, ids=[]) == {}


def test_only_runs_before_it_for_its_target_count(reports: Path) -> None:
    """Not the run itself, no later one, and no other account's."""
    past_run(reports, "x", [(A, GONE)], started=night(3), target=OTHER)
    assert noted(reports, run_id="n3", day=3) == {
        A: (2, night(1)), B: (2, night(1)), C: (1, night(1))
    }  # fmt: skip
    assert noted(reports, run_id="n4") == {A: (3, night(1)), C: (1, night(1))}
    assert noted(reports, run_id="n1", day=1) == {}
    assert noted(reports / "nowhere") == {}


def test_the_last_runs_tell(reports: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more runs are gone through than a start can wait for."""
    with monkeypatch.context() as patch:
        patch.setattr(standing, "_MOST_RUNS", 2)
        assert noted(reports) == {A: (2, night(3)), C: (1, night(4))}
    monkeypatch.setattr(standing, "_MOST_ROWS", 6)
    assert noted(reports) == {A: (2, night(3)), C: (1, night(4))}


def test_a_run_that_is_not_as_it_was_written_is_left_out(reports: Path) -> None:
    """Nothing of it counts, and a sentence names it."""
    (reports / "n4" / "reconciliation.parquet").write_bytes(b"")
    left_out: list[str] = []
    assert noted(reports, left_out=left_out) == {A: (3, night(1)), C: (1, night(1))}
    assert len(left_out) == 1
    assert "n4" in left_out[0]


def test_a_run_at_work_is_not_disturbed(reports: Path) -> None:
    """Its own journal stays as it is while the others are read: no lock of it is let go."""
    with held_journal(reports / "working" / "journal.sqlite") as process:
        assert noted(reports) == {A: (4, night(1)), C: (2, night(1))}
        assert process.communicate("end\n", timeout=30)[0] == "ended\n"


RUN = st.dictionaries(st.sampled_from(IDS), st.sampled_from([SHIPPED, GONE, UNKNOWN]))


@settings(deadline=None)
@given(st.lists(RUN, max_size=6))
def test_it_agrees_with_the_history(runs: list[dict[str, Outcome]]) -> None:
    """The quick way over the rows of an input says what the plain way says."""
    with TemporaryDirectory() as folder:
        for day, rows in enumerate(runs, start=1):
            past_run(Path(folder), f"n{day}", list(rows.items()), started=night(day))
        found = noted(Path(folder))
    plain = ages(
        (
            PastRun(run_id=f"n{day}", started_at=night(day)),
            [(one, outcome, "") for one, outcome in rows.items()],
        )
        for day, rows in enumerate(runs, start=1)
    )
    assert found == {one: (known.runs, known.since.started_at) for one, known in plain.items()}
