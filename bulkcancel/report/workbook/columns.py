"""The columns of the sheets of rows: their names, their values and what kind of cell holds them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import Any, TypeAlias

from bulkcancel.model import DetailRow
from bulkcancel.reconcile import next_step
from bulkcancel.report.columns import (
    BREAK_COLUMNS,
    DETAIL_COLUMNS,
    other_names,
    runs_in_a_row,
    shown_outcome,
    shown_reason,
)
from bulkcancel.report.workbook.texts import shown, shown_texts

Cell: TypeAlias = str | int | float | bool | None
"""What a cell holds; ``None`` leaves it empty, and so does text without a character."""

_EXACT = 10**15
"""A spreadsheet shows fifteen digits of a number; the others would be lost."""

_DAY_ZERO = datetime(1899, 12, 30, tzinfo=UTC)
_DAY = timedelta(days=1)
_LONGEST_OTHER = 40
_LONGEST_SENTENCE = 48


class Kind(Enum):
    """What a column's cells are like."""

    TEXT = auto()
    SENTENCE = auto()
    """Text that may take several lines."""
    NUMBER = auto()
    TIME = auto()
    FLAG = auto()
    OUTCOME = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a sheet; its width lies between ``least`` and ``most`` characters."""

    name: str
    kind: Kind
    value: Callable[[DetailRow], Any]
    least: int = 9
    most: int = _LONGEST_OTHER

    def cells(self, rows: Sequence[DetailRow]) -> list[Cell]:
        """Return the cells of some rows.

        A number of more than fifteen digits is given as text, so that none is lost. A time, ISO
        8601, becomes the days since the end of 1899, UTC, as spreadsheets count.
        """
        values = [self.value(row) for row in rows]
        match self.kind:
            case Kind.NUMBER:
                return [_number(value) for value in values]
            case Kind.TIME:
                return [_days(value) for value in values]
            case Kind.FLAG:
                return values
            case _:
                return [*shown_texts(values)]


def detail_columns(other_columns: Sequence[str], most: int) -> tuple[Column, ...]:
    """Return the reconciliation's columns, then the input's others, ``most`` in all.

    Each row is one line: a sentence is cut by the next cell, and read where the cell is chosen.
    """
    own = _OWN | {"reason": replace(_OWN["reason"], kind=Kind.TEXT)}
    return (
        *(own[name] for name in DETAIL_COLUMNS),
        *_others(other_columns, DETAIL_COLUMNS),
    )[:most]


def break_columns(other_columns: Sequence[str], run: str, most: int) -> tuple[Column, ...]:
    """Return the columns of the breaks, then the input's others, ``most`` in all.

    ``run`` is the run's id, as the next steps name it.
    """
    step = Column(
        name="next_step",
        kind=Kind.SENTENCE,
        value=lambda row: next_step(row.outcome, run),
        least=40,
        most=_LONGEST_SENTENCE,
    )
    own = _OWN | {step.name: step}
    return (
        *(own[name] for name in BREAK_COLUMNS),
        *_others(other_columns, (*DETAIL_COLUMNS, *BREAK_COLUMNS)),
    )[:most]


def _others(names: Sequence[str], own: Sequence[str]) -> list[Column]:
    return [
        Column(name=name, kind=Kind.TEXT, value=_extra(place))
        for place, name in enumerate(other_names(map(shown, names), own))
    ]


def _extra(place: int) -> Callable[[DetailRow], str | None]:
    return lambda row: row.extras[place] if row.extras else None


def _number(value: int | None) -> int | str | None:
    return value if value is None or -_EXACT < value < _EXACT else str(value)


def _days(value: str | None) -> float | None:
    return (datetime.fromisoformat(value) - _DAY_ZERO) / _DAY if value else None


def _own(name: str, kind: Kind, value: Callable[[DetailRow], Any], **width: int) -> Column:
    return Column(name=name, kind=kind, value=value, **width)


_OWN = {
    column.name: column
    for column in (
        _own("row", Kind.NUMBER, lambda row: row.row),
        _own("allocation_id", Kind.TEXT, lambda row: row.allocation_id, least=27),
        _own("outcome", Kind.OUTCOME, shown_outcome, least=20),
        _own("status", Kind.TEXT, lambda row: row.status),
        _own("version_before", Kind.NUMBER, lambda row: row.version_before),
        _own("version", Kind.NUMBER, lambda row: row.version),
        _own("attempts", Kind.NUMBER, lambda row: row.attempts),
        _own("http_status", Kind.NUMBER, lambda row: row.http_status),
        _own("reason", Kind.SENTENCE, shown_reason, least=30, most=_LONGEST_SENTENCE),
        _own("runs_in_a_row", Kind.NUMBER, runs_in_a_row),
        _own("since", Kind.TIME, lambda row: row.since, least=24),
        _own("duplicate_of", Kind.NUMBER, lambda row: row.duplicate_of),
        _own("verified", Kind.FLAG, lambda row: row.verified),
        _own("cancelled_by", Kind.TEXT, lambda row: row.cancelled_by),
        _own("first_sent_at", Kind.TIME, lambda row: row.first_sent_at, least=24),
        _own("settled_at", Kind.TIME, lambda row: row.settled_at, least=24),
        _own("po_number", Kind.TEXT, lambda row: row.po_number),
        _own("vendor_id", Kind.TEXT, lambda row: row.vendor_id),
        _own("location", Kind.TEXT, lambda row: row.location),
        _own("order_ids", Kind.TEXT, lambda row: " ".join(row.order_ids)),
    )
}
