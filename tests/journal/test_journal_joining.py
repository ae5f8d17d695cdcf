"""Journals joined into one: what they noted, in what order, and how it is drawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from bulkcancel.decision import History
from bulkcancel.errors import JournalError, LockedError
from bulkcancel.journal import (
    AttemptEntry,
    Intent,
    Journal,
    OutcomeEntry,
    PaceEntry,
    ReadEntry,
    WaitEntry,
    What,
    absorb,
    figures,
    order_segments,
    segments,
)
from bulkcancel.model import Kind, ManifestRow, Outcome, RowKind, Settlement

BEGAN = 1_800_000_000.0


def shard(path: Path, rows: range, *, began: float, ended: float | None) -> Path:
    """Write the journal of a shard; its first row is cancelled, its second waits."""
    first, second = rows[0], rows[1]
    manifest = [
        ManifestRow(row=row, kind=RowKind.ALLOCATION, allocation_id=f"{row:024x}") for row in rows
    ]
    with Journal.create(path) as journal:
        journal.load([manifest], {"run_id": path.stem})
        segment = journal.start_segment(began)
        cancelled = Settlement(outcome=Outcome.CANCELLED, reason="")
        answered = {"elapsed": 0.1, "sent": True, "kind": Kind.SHOWN, "reason": ""}
        journal.write(
            [
                Intent(row=first, number=1, at=began),
                AttemptEntry(row=first, number=1, at=began + 1, **answered),  # type: ignore[arg-type]
                ReadEntry(row=first, at=began + 2, elapsed=0.1, kind=Kind.SHOWN, reason="early"),
                ReadEntry(row=first, at=began + 1, elapsed=0.1, kind=Kind.SHOWN, reason="late"),
                OutcomeEntry(row=first, settled_at=began + 2, settlement=cancelled,
                             history=History(sends=1)),
                Intent(row=second, number=1, at=began + 3),
                WaitEntry(row=second, what=What.SEND, due=began + 9, history=History()),
                PaceEntry(at=began + 1, limit=7.0),
            ]
        )  # fmt: skip
        if ended is not None:
            journal.end_segment(segment, ended, None, {"throttled": 3})
    return path


def joined(folder: Path, *shards: Path) -> Journal:
    """Join journals as a merge does."""
    journal = Journal.create(folder / "joined.sqlite")
    for number, path in enumerate(shards, start=1):
        left = absorb(journal, path, number)
        assert (left.open, left.unknown) == (2, 0)
    order_segments(journal)
    journal.load((), {"merged": {"of": len(shards)}})
    return journal


def test_everything_is_copied_in_the_order_of_its_table(tmp_path: Path) -> None:
    """Rows keep their numbers, and what hangs on its order keeps that."""
    one = shard(tmp_path / "1.sqlite", range(2, 8, 2), began=BEGAN, ended=BEGAN + 9)
    two = shard(tmp_path / "2.sqlite", range(3, 9, 2), began=BEGAN + 1, ended=BEGAN + 5)
    before = [path.read_bytes() for path in (one, two)]
    with joined(tmp_path, one, two) as journal:
        rows = [row for (row,) in journal.select("SELECT row FROM row ORDER BY row")]
        assert rows == [2, 3, 4, 5, 6, 7]
        reads = journal.select("SELECT row, reason FROM read_back ORDER BY rowid")
        assert list(reads) == [(2, "early"), (2, "late"), (3, "early"), (3, "late")]
        for table, count in (("intent", 4), ("attempt", 2), ("outcome", 2), ("waiting", 2),
                             ("pace", 2)):  # fmt: skip
            assert list(journal.select(f"SELECT COUNT(*) FROM {table}")) == [(count,)]  # noqa: S608
    assert [path.read_bytes() for path in (one, two)] == before, "the shards' are as they were"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "1.sqlite", "2.sqlite", "joined.sqlite",
    ]  # fmt: skip
    Journal.open(tmp_path / "joined.sqlite").close()


def test_starts_are_ordered_by_time(tmp_path: Path) -> None:
    """Each tells its shard; that of a killed run has no end."""
    one = shard(tmp_path / "1.sqlite", range(2, 5), began=BEGAN + 5, ended=None)
    two = shard(tmp_path / "2.sqlite", range(5, 8), began=BEGAN, ended=BEGAN + 9)
    with joined(tmp_path, one, two) as journal:
        found = [(part.started_at, part.finished_at, part.facts) for part in segments(journal)]
    assert found == [
        (BEGAN, BEGAN + 9, {"throttled": 3, "shard": 2}),
        (BEGAN + 5, None, {"shard": 1}),
    ]


def test_what_ran_side_by_side_is_one_stretch(tmp_path: Path) -> None:
    """Two shards at once are drawn together, a later one by itself, and no limit is claimed."""
    one = shard(tmp_path / "1.sqlite", range(2, 5), began=BEGAN, ended=BEGAN + 9)
    two = shard(tmp_path / "2.sqlite", range(5, 8), began=BEGAN + 4, ended=BEGAN + 6)
    three = shard(tmp_path / "3.sqlite", range(8, 11), began=BEGAN + 7, ended=None)
    four = shard(tmp_path / "4.sqlite", range(11, 14), began=BEGAN + 900, ended=BEGAN + 904)
    with joined(tmp_path, one, two, three, four) as journal:
        found = figures(journal).stretches
    assert [stretch.began for stretch in found] == [BEGAN, BEGAN + 900]
    answered = [sum(slot.answered for slot in stretch.slots) for stretch in found]
    assert answered == [9, 3]
    assert {slot.limit for stretch in found for slot in stretch.slots} == {None}
    span = len(found[0].slots) * found[0].slot_seconds
    assert 9.0 <= span < 12.0


def test_a_row_that_is_there_already_is_refused(tmp_path: Path) -> None:
    """Two journals that hold the same row are no shards of one input."""
    one = shard(tmp_path / "1.sqlite", range(2, 5), began=BEGAN, ended=None)
    two = shard(tmp_path / "2.sqlite", range(4, 7), began=BEGAN, ended=None)
    with Journal.create(tmp_path / "joined.sqlite") as journal:
        absorb(journal, one, 1)
        with pytest.raises(JournalError, match="contradicts what was to be written"):
            absorb(journal, two, 2)
        assert list(journal.select("SELECT COUNT(*) FROM row")) == [(3,)], "all of it or nothing"


def test_nobody_goes_on_with_a_shard_while_it_is_read(tmp_path: Path) -> None:
    """What is copied is of one moment: no resume comes in between."""
    one = shard(tmp_path / "1.sqlite", range(2, 5), began=BEGAN, ended=None)
    with Journal.create(tmp_path / "joined.sqlite") as journal:
        with journal.attached(one, "shard"), pytest.raises(LockedError):
            Journal.open(one)
        Journal.open(one).close()


def test_a_journal_at_work_is_left_alone(tmp_path: Path) -> None:
    """A process holds it: nothing is copied."""
    one = shard(tmp_path / "1.sqlite", range(2, 5), began=BEGAN, ended=None)
    with Journal.open(one), Journal.create(tmp_path / "joined.sqlite") as journal:
        with pytest.raises(LockedError):
            absorb(journal, one, 1)
        assert list(journal.select("SELECT COUNT(*) FROM row")) == [(0,)]
