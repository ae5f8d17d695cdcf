"""The columns of the reports, their order, and the names of the input's own columns among them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bulkcancel.model import DetailRow, Extras, RowKind
from bulkcancel.report.cells import one_line

DETAIL_COLUMNS = (
    "row",
    "allocation_id",
    "outcome",
    "status",
    "version_before",
    "version",
    "attempts",
    "http_status",
    "reason",
    "duplicate_of",
    "verified",
    "cancelled_by",
    "first_sent_at",
    "settled_at",
    "po_number",
    "vendor_id",
    "location",
    "order_ids",
)
"""The columns of the reconciliation; the input's other columns follow."""

BREAK_COLUMNS = (
    "row",
    "allocation_id",
    "outcome",
    "status",
    "version",
    "attempts",
    "http_status",
    "reason",
    "runs_in_a_row",
    "since",
    "next_step",
)
"""The columns of the list of breaks; the input's other columns follow."""


def other_names(names: Iterable[str], own: Iterable[str]) -> tuple[str, ...]:
    """Return the names that the input's other columns have beside ``own`` ones, in their order.

    A name stays as it is if it is free. One that is taken, by an own column or by an earlier
    column of the input, becomes ``input_NAME``, and if that is taken as well, ``input_NAME_2``
    and so on; it never takes the name of another column of the input.
    """
    wanted = tuple(names)
    taken = {*own}
    keeps = []
    for name in wanted:
        keeps.append(name not in taken)
        taken.add(name)
    found = []
    for name, kept in zip(wanted, keeps, strict=True):
        found.append(name if kept else _free_name(name, taken))
        taken.add(found[-1])
    return tuple(found)


def _free_name(name: str, taken: set[str]) -> str:
    free = f"input_{name}"
    number = 1
    while free in taken:
        number += 1
        free = f"input_{name}_{number}"
    return free


def extra_columns(rows: Sequence[DetailRow], width: int) -> Sequence[tuple[str | None, ...]]:
    """Return the cells of the input's other columns, ``width`` of them, column by column."""
    return cells_by_column([row.extras for row in rows], width)


def cells_by_column(rows: Sequence[Extras], width: int) -> Sequence[tuple[str | None, ...]]:
    """Return what `extra_columns` does, from the other cells of each row."""
    if not rows:
        return ((),) * width
    nothing = (None,) * width
    cells = [extras or nothing for extras in rows]
    if {*map(len, cells)} != {width}:
        raise ValueError(f"there are rows with other than {width} other cells, as the input has")
    return tuple(tuple([one[place] for one in cells]) for place in range(width))


def shown_outcome(row: DetailRow) -> str | None:
    """Return the outcome of a row, or the kind of one that is no request of its own."""
    kind = row.kind
    return kind if kind is RowKind.INVALID or kind is RowKind.BLANK else row.outcome


def runs_in_a_row(row: DetailRow) -> int | None:
    """Return in how many runs in a row, this one included, the allocation of a break was one."""
    return None if row.kind is RowKind.INVALID else row.runs_before + 1


def shown_reason(row: DetailRow) -> str | None:
    """Return the reason, and for an invalid row also what was found in place of an id."""
    if row.kind is RowKind.INVALID:
        return found_instead(row.reason, row.text)
    return row.reason or None


def found_instead(reason: str, text: str) -> str | None:
    """Return the reason of an invalid row and what was found in place of an id."""
    return f"{reason} (found: {one_line(text)})" if text else reason or None
