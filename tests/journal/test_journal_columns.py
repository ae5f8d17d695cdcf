"""Rows of a journal, put together by SQLite in portions of any size."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bulkcancel.decision import History
from bulkcancel.journal import Journal, OutcomeEntry, detail_columns, detail_rows
from bulkcancel.journal.columns import read_cells
from bulkcancel.model import DetailRow, ManifestRow, Outcome, RowKind, Settlement

CELLS = ("", None, 'a"b\\\n\x00\x1f\x7f\u2028é😀', "],[", "null")


def filled(path: Path) -> Journal:
    """Return a new journal with rows of every kind, whose cells and reasons JSON has to escape."""
    rows = [
        ManifestRow(row=3, kind=RowKind.ALLOCATION, allocation_id="a" * 24, extras=CELLS),
        ManifestRow(row=4, kind=RowKind.INVALID, text=CELLS[2] or "", reason="so", extras=CELLS),
        ManifestRow(row=7, kind=RowKind.BLANK),
        ManifestRow(
            row=8,
            kind=RowKind.DUPLICATE,
            allocation_id="a" * 24,
            duplicate_of=3,
            extras=CELLS[::-1],
        ),
        ManifestRow(row=9, kind=RowKind.ALLOCATION, allocation_id="b" * 24),
    ]
    journal = Journal.create(path)
    journal.load([rows], {})
    journal.note_standing([(3, 2, "2026-11-23T22:45:01.123Z")])
    settled = Settlement(
        outcome=Outcome.UNKNOWN,
        reason=CELLS[2] or "",
        status="],[",
        verified=True,
        order_ids=("o,1", "],["),
    )
    history = History(sends=1, first_sent_at=1_796_086_536.8927135, http_status=500)
    journal.write(
        [OutcomeEntry(row=3, settled_at=1_796_086_537.0009997, settlement=settled, history=history)]
    )
    return journal


def test_every_value_comes_out_as_it_went_in(tmp_path: Path) -> None:
    """Whatever JSON makes of a text on the way; times are cut to milliseconds."""
    with filled(tmp_path / "journal.sqlite") as journal:
        first, invalid, blank, repeat, untouched = (
            row for rows in detail_rows(journal) for row in rows
        )
    assert first == DetailRow(
        row=3,
        kind=RowKind.ALLOCATION,
        allocation_id="a" * 24,
        outcome=Outcome.UNKNOWN,
        status="],[",
        attempts=1,
        http_status=500,
        reason=CELLS[2] or "",
        verified=True,
        first_sent_at="2026-12-01T00:55:36.892Z",
        settled_at="2026-12-01T00:55:37.001Z",
        order_ids=("o,1", "],["),
        runs_before=2,
        since="2026-11-23T22:45:01.123Z",
        extras=CELLS,
    )
    assert (repeat.duplicate_of, repeat.allocation_id, repeat.runs_before) == (3, "a" * 24, 2)
    assert (repeat.outcome, repeat.reason, repeat.extras) == (
        first.outcome,
        first.reason,
        CELLS[::-1],
    )
    assert (invalid.text, invalid.reason, invalid.extras) == (CELLS[2], "so", CELLS)
    assert blank == DetailRow(row=7, kind=RowKind.BLANK, allocation_id=None, outcome=None)
    assert (untouched.outcome, untouched.attempts) == (Outcome.NOT_ATTEMPTED, 0)
    assert (untouched.verified, untouched.extras) == (False, ())


@pytest.mark.parametrize("size", [1, 2, 3, 5, 6])
def test_portions_make_no_difference(tmp_path: Path, size: int) -> None:
    """However many rows are read at once, they are the same."""
    with filled(tmp_path / "journal.sqlite") as journal:
        whole = [row for rows in detail_rows(journal) for row in rows]
        portions = [columns.rows() for columns in detail_columns(journal, size=size)]
    assert [len(rows) for rows in portions[:-1]] == [size] * (len(portions) - 1)
    assert [row for rows in portions for row in rows] == whole


def test_long_cells_come_in_smaller_portions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A portion that SQLite could not hold in one text is divided."""
    with filled(tmp_path / "journal.sqlite") as journal:
        monkeypatch.setattr("bulkcancel.journal.columns._MOST_CHARACTERS", 150)
        portions = [len(columns) for columns in detail_columns(journal)]
        monkeypatch.setattr("bulkcancel.journal.columns._MOST_CHARACTERS", 1)
        assert [len(columns) for columns in detail_columns(journal)] == [1] * 5
    assert 1 < max(portions) < 5


CELL = st.none() | st.integers(0, 11) | st.text(',"[]\\a', max_size=3)


@given(
    st.lists(CELL | st.lists(CELL, max_size=2), min_size=1, max_size=4)
    | st.builds(lambda cell, count: [cell] * count, CELL, st.integers(1, 9))
)
@example([","])
@example([",", ","])
@example([[], []])
@example([1, 11, 1])
def test_a_column_of_one_value_is_read_as_any_other(cells: list[object]) -> None:
    """Commas within cells and cells that begin alike are told from cells that are alike."""
    decode = msgspec.json.Decoder(list[object]).decode
    assert read_cells(msgspec.json.encode(cells), decode, len(cells)) == cells


def test_cells_that_are_alike_are_one_object() -> None:
    """A portion of one value takes the memory of one cell."""
    decode = msgspec.json.Decoder(list[tuple[str, ...]]).decode
    cells = read_cells(b"[" + b",".join([b'["62ff5c0b"]'] * 9) + b"]", decode, 9)
    assert cells == [("62ff5c0b",)] * 9
    assert len({*map(id, cells)}) == 1
