"""A journal read at the same time by a second connection of the process that holds it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pastruns import opened_elsewhere

from bulkcancel.errors import JournalError
from bulkcancel.journal import Intent, Journal
from bulkcancel.model import ManifestRow, RowKind


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """Give an open journal of 200 allocations, one of them with an intent that the log holds."""
    rows = [
        ManifestRow(row=row, kind=RowKind.ALLOCATION, allocation_id=str(row))
        for row in range(2, 202)
    ]
    with Journal.create(tmp_path / "journal.sqlite") as made:
        made.load([rows], {})
        made.write([Intent(row=2, number=1, at=1.0)])
        yield made


def intents(journal: Journal) -> list[int]:
    """Return the rows that have an intent."""
    return [row for (row,) in journal.select("SELECT row FROM intent ORDER BY row")]


def test_all_that_was_written_is_seen(journal: Journal) -> None:
    """Through another connection, even while this one reads; afterwards it writes as before."""
    with journal.beside() as other:
        half_read = journal.select("SELECT row FROM row")
        assert next(half_read) == (2,)
        assert other is not journal
        assert intents(other) == intents(journal) == [2]
        assert len([*half_read]) == 199
    journal.write([Intent(row=3, number=1, at=2.0)])
    assert intents(journal) == [2, 3]


def test_nothing_is_written_by_it_and_the_lock_stays(journal: Journal) -> None:
    """No other process gets in, neither while both are open nor when the second is closed."""
    with journal.beside() as other:
        with pytest.raises(JournalError, match="readonly"):
            other.write([Intent(row=3, number=1, at=2.0)])
        assert "LockedError" in opened_elsewhere(journal.path)
    assert "LockedError" in opened_elsewhere(journal.path)


def test_what_only_the_log_holds_is_not_missed(journal: Journal) -> None:
    """A log that can't be carried over into the file is read through the journal itself."""
    half_read = journal.select("SELECT row FROM row")
    assert next(half_read) == (2,)
    with journal.beside() as other:
        assert other is journal
        assert intents(other) == [2]
    assert next(half_read) == (3,)
