"""The names of the input's columns beside the report's own."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkcancel.model import DetailRow, RowKind
from bulkcancel.report.columns import DETAIL_COLUMNS, extra_columns, other_names


def test_the_order_is_fixed() -> None:
    """People and programs rely on the columns and their order."""
    assert ",".join(DETAIL_COLUMNS) == (
        "row,allocation_id,outcome,status,version_before,version,attempts,http_status,reason,"
        "duplicate_of,verified,cancelled_by,first_sent_at,settled_at,po_number,vendor_id,location,order_ids"
    )


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["note", "Status"], ["note", "Status"]),
        (["status"], ["input_status"]),
        (["status", "status"], ["input_status", "input_status_2"]),
        (["status"] * 3, ["input_status", "input_status_2", "input_status_3"]),
        (["a", "a"], ["a", "input_a"]),
        (["status", "input_status"], ["input_status_2", "input_status"]),
        (["", ""], ["", "input_"]),
        ([], []),
    ],
)
def test_a_name_that_is_taken_is_changed(names: list[str], found: list[str]) -> None:
    """A free name stays; a taken one gets a suffix, and never another column's name."""
    assert other_names(names, DETAIL_COLUMNS) == tuple(found)


@settings(deadline=None)
@given(st.lists(st.sampled_from(["row", "a", "input_a", "input_a_2", "input_row", "", "b"])))
def test_no_name_occurs_twice(names: list[str]) -> None:
    """Every name differs, the first column of a free name keeps it, and order is kept."""
    found = other_names(names, DETAIL_COLUMNS)
    assert len({*DETAIL_COLUMNS, *found}) == len(DETAIL_COLUMNS) + len(names)
    for name in set(names) - set(DETAIL_COLUMNS):
        assert found[names.index(name)] == name


def row_with(*extras: str | None) -> DetailRow:
    """Return a row with other cells."""
    return DetailRow(row=1, kind=RowKind.BLANK, allocation_id=None, outcome=None, extras=extras)


def test_other_cells_by_column() -> None:
    """Cells stand in their column; a row without any has empty ones."""
    rows = [row_with("a", None), row_with(), row_with("", "b")]
    assert list(extra_columns(rows, 2)) == [("a", None, ""), (None, None, "b")]
    assert list(extra_columns([], 2)) == [(), ()]
    assert list(extra_columns([row_with()], 0)) == []


@pytest.mark.parametrize("rows", [[row_with("a")], [row_with("a", "b"), row_with("a", "b", "c")]])
def test_shifted_cells_are_refused(rows: list[DetailRow]) -> None:
    """A row with another number of cells would put them under wrong names: never written."""
    with pytest.raises(ValueError, match=r"other cells|shorter|longer"):
        extra_columns(rows, 2)
