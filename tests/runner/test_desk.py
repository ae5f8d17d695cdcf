"""The desk: entries go to the disk together, in order, and nobody is told too early."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import anyio
import pytest

from bulkcancel.errors import JournalError
from bulkcancel.journal import Entry, Intent, Journal
from bulkcancel.model import ManifestRow, RowKind
from bulkcancel.runner.desk import Desk

ROWS = [
    ManifestRow(row=row, kind=RowKind.ALLOCATION, allocation_id=f"{row:024x}")
    for row in range(2, 66)
]


class Recording(Journal):
    """A journal that knows what each commit held, and can refuse."""

    commits: list[int]
    refuses = False

    def write(self, entries: Iterable[Entry]) -> None:
        """Write, and note how many."""
        if self.refuses:
            raise JournalError("The disk is full.")
        told = list(entries)
        self.commits.append(len(told))
        super().write(told)

    def rows(self) -> list[int]:
        """Return the rows that have an intent on the disk."""
        return [row for (row,) in self.select("SELECT row FROM intent ORDER BY row")]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Recording]:
    """Give a journal of 64 allocations."""
    with Recording.create(tmp_path / "journal.sqlite") as made:
        made.commits = []
        made.load([ROWS], {})
        yield made


def intent(row: int) -> Intent:
    """Return the first intent of a row."""
    return Intent(row=row, number=1, at=1.0)


def test_what_many_write_at_once_is_one_commit(journal: Recording) -> None:
    """Whoever returns from a write finds it on the disk."""

    async def main() -> None:
        desk = Desk(journal, enough=32)

        async def one(row: int) -> None:
            await desk.write(intent(row))
            assert row in journal.rows()

        async with anyio.create_task_group() as group:
            group.start_soon(desk.run)
            async with anyio.create_task_group() as workers:
                for row in range(2, 66):
                    workers.start_soon(one, row)
            desk.close()

    anyio.run(main)
    assert sum(journal.commits) == 64
    assert len(journal.commits) <= 3


def test_one_alone_does_not_wait_for_others(journal: Recording) -> None:
    """However many would be enough, a lonely entry is written soon."""

    async def main() -> None:
        desk = Desk(journal, enough=1000)
        async with anyio.create_task_group() as group:
            group.start_soon(desk.run)
            with anyio.fail_after(20):
                await desk.write(intent(2))
            desk.close()

    anyio.run(main)
    assert journal.rows() == [2]


def test_what_was_handed_in_is_written_with_the_next(journal: Recording) -> None:
    """An entry that nobody waits for comes before one that somebody does, and is not forgotten."""

    async def main() -> None:
        desk = Desk(journal, enough=2)
        async with anyio.create_task_group() as group:
            group.start_soon(desk.run)
            desk.put(intent(2))
            await desk.write(intent(3))
            assert journal.rows() == [2, 3]
            desk.put(intent(4))
            desk.close()
            await desk.drained.wait()
            assert journal.rows() == [2, 3, 4]

    anyio.run(main)


def test_after_a_failure_nothing_is_written(journal: Recording) -> None:
    """Neither a write nor a hand-in goes through, and the failure is known at the end."""

    async def main() -> Desk:
        desk = Desk(journal)
        async with anyio.create_task_group() as group:
            group.start_soon(desk.run)
            await desk.write(intent(2))
            journal.refuses = True
            desk.put(intent(3))
            with pytest.raises(JournalError, match="disk is full"):
                await desk.write(intent(4))
            journal.refuses = False
            with pytest.raises(JournalError, match="disk is full"):
                await desk.write(intent(5))
            with pytest.raises(JournalError, match="disk is full"):
                desk.put(intent(6))
            desk.close()
        return desk

    desk = anyio.run(main)
    assert isinstance(desk.failure, JournalError)
    assert journal.rows() == [2]


def test_a_failure_of_the_last_commit_is_known(journal: Recording) -> None:
    """Nobody waits for it, so the desk itself has to tell."""

    async def main() -> Desk:
        desk = Desk(journal)
        async with anyio.create_task_group() as group:
            group.start_soon(desk.run)
            journal.refuses = True
            desk.put(intent(2))
            desk.close()
            await desk.drained.wait()
        return desk

    assert isinstance(anyio.run(main).failure, JournalError)
