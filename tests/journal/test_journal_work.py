"""Finding the work of a resumed run: what was known, how long it may take, by which keys."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bulkcancel.decision import Doubt, History, Policy, Read, Send, after_read
from bulkcancel.journal import (
    Journal,
    OutcomeEntry,
    Segment,
    WaitEntry,
    What,
    detail_rows,
    fresh_cases,
    open_cases,
    outcome_counts,
    reopen_unknown,
    segments,
)
from bulkcancel.model import (
    AllocationView,
    Answer,
    ManifestRow,
    OneAllocation,
    Outcome,
    RowKind,
    Settlement,
)

IDS = [f"62ff5c0bec0aed3c{number:08x}" for number in range(60)]


def rows(ids: Sequence[str] = IDS) -> list[ManifestRow]:
    """Return the rows of an input with these ids, from row 2 on."""
    return [
        ManifestRow(row=number, kind=RowKind.ALLOCATION, allocation_id=text, extras=("ACME", None))
        for number, text in enumerate(ids, start=2)
    ]


def test_an_unknown_outcome_is_taken_back_with_all_that_was_known(tmp_path: Path) -> None:
    """A resume goes on with what the run knew, its limits anew; other outcomes stay."""
    history = History(
        sends=4,
        spent=4,
        first_sent_at=10.0,
        began=10.0,
        doubt=Doubt.CLAIMED,
        may_resend=False,
        readable=False,
        reads=3,
        equal_reads=2,
        last_read="ALLOCATED 3",
        version_before=2,
        http_status=500,
        reason="HTTP 500: already cancelled",
    )
    path = tmp_path / "journal.sqlite"
    with Journal.create(path) as journal:
        journal.load([rows()], {})
        for row, outcome in ((2, Outcome.UNKNOWN), (3, Outcome.FAILED)):
            settled = Settlement(outcome=outcome, reason="not readable")
            done = OutcomeEntry(row=row, settled_at=20.0, settlement=settled, history=history)
            journal.write([done])
        assert reopen_unknown(journal, at=99.0) == 1
        assert reopen_unknown(journal, at=99.5) == 0
    with Journal.open(path) as journal:
        (case,) = open_cases(journal)
        assert list(journal.select("SELECT * FROM reopened")) == [
            (2, 99.0, "unknown", "not readable")
        ]
        assert outcome_counts(journal) == {Outcome.FAILED: 1}
    assert (case.row, case.what, case.due) == (2, What.READ, 99.0)
    anew = History(
        sends=4,
        first_sent_at=10.0,
        doubt=Doubt.CLAIMED,
        version_before=2,
        http_status=500,
        reason="HTTP 500: already cancelled",
    )
    assert case.history == anew


def test_a_run_that_lay_still_goes_on_as_if_it_had_not(tmp_path: Path) -> None:
    """The hours between a stop and a resume are not an allocation's: it may be sent again."""
    now, policy = 1_700_000_000.0, Policy()
    view = AllocationView(allocation_id=IDS[0], status="ALLOCATED", version=3)
    body = OneAllocation(view=view)
    history = History(
        sends=1, spent=1, first_sent_at=now, began=now, doubt=Doubt.PERHAPS, ours_possible=True
    )
    path = tmp_path / "journal.sqlite"
    with Journal.create(path) as journal:
        journal.load([rows()], {})
        journal.write([WaitEntry(row=2, what=What.READ, due=now + 5.0, history=history)])
    now += 7 * 86400.0
    with Journal.open(path) as journal:
        (case,) = open_cases(journal)
    seen = Answer(http_status=200, body=body)
    first = after_read(case.history, IDS[0], seen, policy=policy, now=now, chance=0.5)
    assert isinstance(first.next, Read)
    second = after_read(first.history, IDS[0], seen, policy=policy, now=now + 60.0, chance=0.5)
    assert isinstance(second.next, Send)


def test_the_segments_of_a_run(tmp_path: Path) -> None:
    """Each start is a segment: one that stopped, one that came to its end, one that was killed."""
    path = tmp_path / "journal.sqlite"
    with Journal.create(path) as journal:
        journal.load([rows()], {})
        stopped, ended = journal.start_segment(1.0), journal.start_segment(3.0)
        journal.end_segment(stopped, 2.0, {"kind": "breaker"}, {"seconds": 1.0})
        journal.end_segment(ended, 4.0, None, {})
        assert (stopped, ended, journal.start_segment(5.0)) == (1, 2, 3)
    with Journal.open(path) as journal:
        assert segments(journal) == [
            Segment(
                started_at=1.0, finished_at=2.0, stop={"kind": "breaker"}, facts={"seconds": 1.0}
            ),
            Segment(started_at=3.0, finished_at=4.0, stop=None),
            Segment(started_at=5.0, finished_at=None, stop=None),
        ]


class Recording(Journal):
    """A journal that notes the plans of the queries put to it."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        super().__init__(path, connection)
        self.plans: list[str] = []

    def select(self, statement: str, values: Sequence[Any] = ()) -> Any:
        """Note how SQLite goes about a query, and put it."""
        plan = super().select(f"EXPLAIN QUERY PLAN {statement}", values)
        self.plans += [str(step[3]) for step in plan]
        return super().select(statement, values)


def test_queries_go_by_key(tmp_path: Path) -> None:
    """The cost of finding work does not grow with rows times rows.

    Open cases: one pass over the intents, each looked up by key; the rows of the input, the
    outcomes and the attempts are never scanned, no index is made up. Fresh cases: by key from
    the last row on, and no sorting.
    """
    path = tmp_path / "journal.sqlite"
    with Journal.create(path) as journal:
        journal.load([rows()], {})
    with Recording.open(path) as journal:
        journal.plans.clear()
        open_cases(journal)
        scans = {
            step.removesuffix(" USING PRIMARY KEY") for step in journal.plans if "SCAN" in step
        }
        assert scans == {"SCAN waiting", "SCAN i", "SCAN t"}
        assert not [step for step in journal.plans if "AUTOMATIC" in step or "MATERIALIZE" in step]
        journal.plans.clear()
        fresh_cases(journal, after=5, limit=10)
        assert len(journal.plans) == 4
        assert all(step.startswith("SEARCH") for step in journal.plans)
        journal.plans.clear()
        list(detail_rows(journal))
        found = journal.plans[journal.plans.index("SCAN standing") + 1 :]
        assert [step for step in found if step.startswith("SCAN")] == []
        assert {step for step in found if step.startswith("SEARCH r ")} == {
            "SEARCH r USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"
        }, "some rows, and no more"
        joined = [step for step in found if step.startswith(("SEARCH f ", "SEARCH o "))]
        assert len(joined) == 2
        assert all("USING INTEGER PRIMARY KEY (rowid=?)" in step for step in joined)


def test_what_is_unlike_most_is_found_without_a_scan(tmp_path: Path) -> None:
    """Unknowns, other outcomes and rows without a request each have an index; the rest is counted.

    A full scan of both tables would keep a resume of a million rows waiting for a third of a
    second.
    """
    path = tmp_path / "journal.sqlite"
    with Journal.create(path) as journal:
        journal.load([rows()], {})
    with Recording.open(path) as journal:
        journal.plans.clear()
        reopen_unknown(journal, at=1.0)
        outcome_counts(journal)
        journal.unique()
        searched = "USING INDEX outcome_unlike_most (outcome=?)"
        grouped = "USING COVERING INDEX outcome_unlike_most"
        others = "USING COVERING INDEX row_without_request"
        assert [step for step in journal.plans if step.startswith(("SCAN", "SEARCH"))] == [
            f"SEARCH outcome {searched}",
            "SCAN outcome",
            f"SCAN outcome {grouped}",
            "SCAN row",
            f"SCAN row {others}",
        ]
