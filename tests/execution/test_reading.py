"""A journal asked beside other work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bulkcancel.errors import JournalError
from bulkcancel.execution.reading import JournalReader
from bulkcancel.journal import Journal, detail_columns
from bulkcancel.model import ManifestRow, RowKind


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """Give a journal of a hundred allocations."""
    rows = [
        ManifestRow(row=row, kind=RowKind.ALLOCATION, allocation_id=str(row))
        for row in range(2, 102)
    ]
    with Journal.create(tmp_path / "journal.sqlite") as made:
        made.load([rows], {})
        yield made


def test_rows_come_in_order_while_other_things_are_asked(journal: Journal) -> None:
    """Rows and other questions take turns, and nothing of either is lost."""
    with JournalReader(journal) as reader:
        asked = [reader.ask(Journal.unique) for _ in range(50)]
        portions = reader.ahead(lambda one: detail_columns(one, size=3))
        rows = [row for portion in portions for row in portion.row]
        assert {one.result() for one in asked} == {100}
    assert rows == [*range(2, 102)]


def test_what_goes_wrong_comes_through(journal: Journal) -> None:
    """An error reaches whoever asked, after the answers before it; the journal stays usable."""

    def broken(journal: Journal) -> Iterator[int]:
        yield journal.unique()
        raise JournalError("it is damaged")

    with JournalReader(journal) as reader:
        answers = reader.ahead(broken)
        assert next(answers) == 100
        with pytest.raises(JournalError, match="it is damaged"):
            next(answers)
    assert journal.unique() == 100
