"""Lines of the reconciliation, kept column by column: a million rows need no object each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

from bulkcancel.model.detail import DetailRow
from bulkcancel.model.manifest import Extras, RowKind
from bulkcancel.model.outcome import CancelledBy, Outcome
from bulkcancel.model.times import millis_of, utc_text


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailColumns:
    """Some rows of the reconciliation, each field of `DetailRow` a column, all of one length.

    They say what the fields say, but for the times: ``first_sent_ms`` and ``settled_ms`` are in
    milliseconds since the epoch.
    """

    row: Sequence[int]
    kind: Sequence[RowKind]
    allocation_id: Sequence[str | None]
    outcome: Sequence[Outcome | None]
    status: Sequence[str | None]
    version_before: Sequence[int | None]
    version: Sequence[int | None]
    attempts: Sequence[int | None]
    http_status: Sequence[int | None]
    reason: Sequence[str]
    duplicate_of: Sequence[int | None]
    verified: Sequence[bool | None]
    cancelled_by: Sequence[CancelledBy | None]
    first_sent_ms: Sequence[int | None]
    settled_ms: Sequence[int | None]
    po_number: Sequence[str | None]
    vendor_id: Sequence[str | None]
    location: Sequence[str | None]
    order_ids: Sequence[tuple[str, ...]]
    runs_before: Sequence[int]
    since: Sequence[str | None]
    text: Sequence[str]
    extras: Sequence[Extras]

    def __post_init__(self) -> None:
        if len({len(column) for column in self._all()}) > 1:
            raise ValueError("the columns of the rows are not all of one length")

    def __len__(self) -> int:
        return len(self.row)

    @classmethod
    def of(cls, rows: Iterable[DetailRow]) -> Self:
        """Return rows column by column.

        Raises:
            ValueError: A time has another form than `DetailRow` says.
        """
        rows = tuple(rows)
        values: dict[str, list[Any]] = {
            name: [getattr(row, name) for row in rows] for name in _NAMES if name not in _TIMES
        }
        for name, plain in _TIMES.items():
            values[name] = [millis_of(getattr(row, plain)) for row in rows]
        return cls(**values)

    @classmethod
    def joined(cls, portions: Sequence[Self]) -> Self:
        """Return the rows of some portions, one after another."""
        if len(portions) == 1:
            return portions[0]
        return cls(
            **{
                name: [value for portion in portions for value in getattr(portion, name)]
                for name in _NAMES
            }
        )

    def cut(self, start: int, stop: int) -> Self:
        """Return the rows of some places, from 0; ``stop`` is no more among them."""
        if start <= 0 and stop >= len(self):
            return self
        return type(self)(**{name: getattr(self, name)[start:stop] for name in _NAMES})

    def rows(self, places: Sequence[int] | None = None) -> list[DetailRow]:
        """Return the rows one by one, all of them or those of some places."""
        columns: Iterable[Sequence[Any]] = self._all()
        if places is not None:
            columns = [[column[place] for place in places] for column in columns]
        return [_row(*values) for values in zip(*columns, strict=True)]

    def _all(self) -> list[Sequence[Any]]:
        return [getattr(self, name) for name in _NAMES]


_NAMES = tuple(field.name for field in fields(DetailColumns))
_TIMES = {"first_sent_ms": "first_sent_at", "settled_ms": "settled_at"}
_PLAIN_NAMES = tuple(_TIMES.get(name, name) for name in _NAMES)


def _row(*values: Any) -> DetailRow:
    found = dict(zip(_PLAIN_NAMES, values, strict=True))
    for name in _TIMES.values():
        found[name] = utc_text(found[name])
    return DetailRow(**found)
