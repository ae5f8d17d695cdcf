"""A damaged journal: no other id is handed out, and what is wrong is said in words."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bulkcancel.decision import History
from bulkcancel.errors import JournalError
from bulkcancel.journal import (
    AttemptEntry,
    Entry,
    Intent,
    Journal,
    OutcomeEntry,
    WaitEntry,
    What,
    attempt_totals,
    detail_rows,
    fresh_cases,
    open_cases,
    outcome_counts,
    reopen_unknown,
    segments,
)
from bulkcancel.model import (
    AllocationView,
    Kind,
    ManifestRow,
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


def busy_journal(path: Path) -> None:
    """Write a journal that has something in each table."""
    view = AllocationView(allocation_id=IDS[0], status="ALLOCATED", version=3)
    history = History(sends=1, spent=1, first_sent_at=10.0, view=view, ours_possible=True)
    with Journal.create(path) as journal:
        journal.load([rows()], {"run_id": "r"})
        segment = journal.start_segment(1.0)
        for row in range(2, 50):
            attempt = AttemptEntry(
                row=row, number=1, at=2.0, elapsed=0.1, sent=True, kind=Kind.SHOWN, reason="fine"
            )
            outcome = Outcome.UNKNOWN if row % 5 == 0 else Outcome.CANCELLED
            settled = Settlement(outcome=outcome, reason="so", order_ids=("o1",))
            last: Entry = OutcomeEntry(row=row, settled_at=3.0, settlement=settled, history=history)
            if row % 4 == 0:
                last = WaitEntry(row=row, what=What.READ, due=4.0, history=history)
            journal.write([Intent(row=row, number=1, at=1.0), attempt, last])
        journal.write([Intent(row=50, number=1, at=1.0)])
        journal.end_segment(segment, 5.0, {"kind": "breaker"}, {"seconds": 4.0})


def test_any_flipped_bit_is_harmless_or_refused_in_words() -> None:
    """Wherever a bit of the file turns over: no other id is handed out, and no traceback shown."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.sqlite"
        busy_journal(path)
        whole = path.read_bytes()

        @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(at=st.integers(0, len(whole) - 1), bit=st.integers(0, 7))
        def flip(at: int, bit: int) -> None:
            path.with_name("journal.sqlite-wal").unlink(missing_ok=True)
            path.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << bit)]) + whole[at + 1 :])
            try:
                with Journal.open(path) as journal:
                    handed_out = [
                        (case.row, case.allocation_id)
                        for case in [*open_cases(journal), *fresh_cases(journal, after=0, limit=99)]
                    ]
                    read_all(journal)
            except JournalError as refused:
                assert str(path) in str(refused)  # noqa: PT017 - that it is raised at all is chance
            else:
                assert set(handed_out) <= set(enumerate(IDS, start=2))

        flip()


def read_all(journal: Journal) -> None:
    """Ask a journal everything that can be asked."""
    journal.fact("run_id")
    assert list(detail_rows(journal))
    attempt_totals(journal)
    outcome_counts(journal)
    segments(journal)
    reopen_unknown(journal, at=9.0)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE outcome SET outcome = 'cancelle'",
        "UPDATE outcome SET first_sent_at = 1e300",
        "UPDATE outcome SET order_ids = '[1]'",
        "UPDATE outcome SET history = '{'",
        "UPDATE outcome SET reason = CAST(X'ff41434d45' AS TEXT)",
        'UPDATE waiting SET history = \'{"sends": "x"}\'',
        "UPDATE waiting SET what = 'sendx'",
        "UPDATE segment SET stop = '{'",
        "UPDATE fact SET value = '{' WHERE name = 'run_id'",
    ],
)
def test_a_damaged_value_is_refused_in_words(tmp_path: Path, damage: str) -> None:
    """A value that this program can't have written is named as damage, and never quoted."""
    path = tmp_path / "journal.sqlite"
    busy_journal(path)
    connection = sqlite3.connect(path)
    connection.execute(damage)
    connection.commit()
    connection.close()
    with Journal.open(path) as journal, pytest.raises(JournalError, match="damaged") as caught:
        read_all(journal)
    assert "ACME" not in str(caught.value)


def test_a_damaged_schema_is_refused_in_words(tmp_path: Path) -> None:
    """SQLite quotes what it can't read, bytes that are no text included."""
    path = tmp_path / "journal.sqlite"
    busy_journal(path)
    path.write_bytes(path.read_bytes().replace(b"NOT NULL", b"NOT NUL\xcc", 1))
    with pytest.raises(JournalError, match="damaged"):
        Journal.open(path)
