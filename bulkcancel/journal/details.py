"""What a journal says for the reports: every row with its outcome, and the attempts counted."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec
from msgspec.structs import replace

from bulkcancel.decision import History, open_settlement
from bulkcancel.journal.connection import decoding
from bulkcancel.journal.store import Journal
from bulkcancel.journal.work import open_cases
from bulkcancel.model import CancelledBy, DetailRow, Extras, Outcome, RowKind, Settlement

_CHUNK = 2_000
_MILLION = 1_000_000
_MILLIS = tuple(f".{millis:03}Z" for millis in range(1000))


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalTotals:
    """The cancels sent of a journal, counted from its attempts and not from its outcomes.

    ``sent`` counts sends of an allocation, ``requests`` the wire sends that they went in: fewer
    where several allocations shared one. An intent whose process ended counts as one of each.
    ``by_http_status`` counts whole answers, ``no_answer`` the sends without one by cause (an
    intent whose process ended is ``crashed``), ``not_sent`` the intents that never left.
    """

    sent: int
    requests: int
    by_http_status: dict[str, int]
    no_answer: dict[str, int]
    not_sent: dict[str, int]
    read_backs: int


def attempt_totals(journal: Journal) -> JournalTotals:
    """Return the journal's count of sends by what came back."""
    by_http_status: dict[str, int] = {}
    no_answer: dict[str, int] = {}
    not_sent: dict[str, int] = {}
    requests = 0
    found = journal.select(
        "SELECT sent, cause, http_status, COUNT(*), SUM(lead = row) FROM attempt"
        " GROUP BY sent, cause, http_status ORDER BY sent, cause, http_status"
    )
    for sent, cause, http_status, count, leads in found:
        requests += leads if sent else 0
        if not sent:
            into, name = not_sent, cause
        elif cause is not None:
            into, name = no_answer, cause
        else:
            into, name = by_http_status, str(http_status)
        into[name] = into.get(name, 0) + count
    cut_off = _one(
        journal,
        "SELECT COUNT(*) FROM intent i LEFT JOIN attempt a"
        " ON a.row = i.row AND a.number = i.number WHERE a.row IS NULL",
    )
    if cut_off:
        no_answer["crashed"] = no_answer.get("crashed", 0) + cut_off
    return JournalTotals(
        sent=_one(journal, "SELECT COUNT(*) FROM attempt WHERE sent") + cut_off,
        requests=requests + cut_off,
        by_http_status=by_http_status,
        no_answer=no_answer,
        not_sent=not_sent,
        read_backs=_one(journal, "SELECT COUNT(*) FROM read_back"),
    )


def detail_rows(journal: Journal) -> Iterator[Sequence[DetailRow]]:
    """Yield every row of the input once, in order, in chunks, with what became of it.

    An allocation without an outcome gets the provisional word of `open_settlement`.
    """
    open_rows = _open_rows(journal)
    found = journal.chunks(
        "SELECT r.row, r.kind, COALESCE(r.allocation_id, f.allocation_id), r.duplicate_of,"
        " r.text, r.reason, r.extras, o.outcome, o.reason, o.status, o.version_before, o.version,"
        " o.attempts, o.http_status, o.verified, o.first_sent_at, o.settled_at, o.po_number,"
        " o.vendor_id, o.location, o.order_ids, o.cancelled_by, s.runs, s.since"
        " FROM row r LEFT JOIN row f ON f.row = r.duplicate_of"
        " LEFT JOIN outcome o ON o.row = COALESCE(r.duplicate_of, r.row)"
        " LEFT JOIN standing s ON s.row = COALESCE(r.duplicate_of, r.row)"
        " ORDER BY r.row",
        _CHUNK,
    )
    for chunk in found:
        with decoding(journal.path):
            details = [_detail(values, open_rows) for values in chunk]
        yield details


def open_outcomes(journal: Journal) -> dict[int, Outcome]:
    """Return the provisional word on allocations that were touched and are not settled, by row."""
    return {row: known.settlement.outcome for row, known in _open_rows(journal).items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class _OpenRow:
    settlement: Settlement
    history: History
    attempts: int


def _open_rows(journal: Journal) -> dict[int, _OpenRow]:
    """Return the provisional word on every allocation that was touched and is not settled."""
    rows = {}
    for case in open_cases(journal):
        history = case.history
        if case.cut_off:
            words = "the process ended before an answer was noted"
            settled = Settlement(
                outcome=Outcome.UNKNOWN, reason=f"sent perhaps, and {words}; not read back yet"
            )
            if history.first_sent_at is None:
                history = replace(history, first_sent_at=case.due)
        else:
            settled = open_settlement(history)
        rows[case.row] = _OpenRow(
            settlement=settled, history=history, attempts=history.sends + case.cut_off
        )
    return rows


_decode_orders = msgspec.json.Decoder(tuple[str, ...]).decode
_decode_cells = msgspec.json.Decoder(Extras).decode
_KINDS = {kind.value: kind for kind in RowKind}
_OUTCOMES = {outcome.value: outcome for outcome in Outcome}
_NEVER_TOUCHED = open_settlement(None)


def _detail(values: tuple[Any, ...], open_rows: dict[int, _OpenRow]) -> DetailRow:
    (
        row, kind, allocation_id, duplicate_of, text, why, extras, outcome, reason, status,
        version_before, version, attempts, http_status, verified, first_sent_at, settled_at,
        po_number, vendor_id, location, order_ids, cancelled_by, runs_before, since,
    ) = values  # fmt: skip
    row_kind = _KINDS.get(kind) or RowKind(kind)  # the enum itself says what is no kind
    cells = _decode_cells(extras) if extras else ()
    if row_kind is RowKind.BLANK or row_kind is RowKind.INVALID:
        return DetailRow(
            row=row,
            kind=row_kind,
            allocation_id=None,
            outcome=None,
            reason=why or "",
            text=text or "",
            extras=cells,
        )
    if outcome is None:
        known = open_rows.get(duplicate_of or row)
        opened = _open_detail(row, row_kind, allocation_id, duplicate_of, cells, known)
        return replace(opened, runs_before=runs_before or 0, since=since)
    return DetailRow(
        row=row,
        kind=row_kind,
        allocation_id=allocation_id,
        outcome=_OUTCOMES.get(outcome) or Outcome(outcome),
        status=status,
        version_before=version_before,
        version=version,
        attempts=attempts,
        http_status=http_status,
        reason=reason,
        duplicate_of=duplicate_of,
        verified=bool(verified),
        cancelled_by=CancelledBy(cancelled_by) if cancelled_by else None,
        first_sent_at=utc(first_sent_at),
        settled_at=utc(settled_at),
        po_number=po_number,
        vendor_id=vendor_id,
        location=location,
        order_ids=_decode_orders(order_ids) if order_ids else (),
        runs_before=runs_before or 0,
        since=since,
        extras=cells,
    )


def _open_detail(
    row: int,
    kind: RowKind,
    allocation_id: str,
    duplicate_of: int | None,
    extras: tuple[str | None, ...],
    known: _OpenRow | None,
) -> DetailRow:
    settled = known.settlement if known else _NEVER_TOUCHED
    history = known.history if known else None
    return DetailRow(
        row=row,
        kind=kind,
        allocation_id=allocation_id,
        outcome=settled.outcome,
        status=settled.status,
        version_before=history.version_before if history else None,
        version=settled.version,
        attempts=known.attempts if known else 0,
        http_status=history.http_status if history else None,
        reason=settled.reason,
        duplicate_of=duplicate_of,
        verified=False,
        first_sent_at=utc(history.first_sent_at) if history else None,
        po_number=settled.po_number,
        vendor_id=settled.vendor_id,
        location=settled.location,
        order_ids=settled.order_ids,
        extras=extras,
    )


def utc(at: float | None) -> str | None:
    """Return a time (seconds since the epoch) as ISO 8601 with milliseconds and ``Z``."""
    if at is None:
        return None
    second = math.floor(at)
    micros = round((at - second) * 1e6)
    if micros == _MILLION:
        second, micros = second + 1, 0
    return _second(second) + _MILLIS[micros // 1000]


@lru_cache(maxsize=1024)
def _second(at: int) -> str:
    """Return a whole second as ISO 8601; a run has many times within each."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").removesuffix("+00:00")


def _one(journal: Journal, statement: str) -> int:
    (found,) = journal.select(statement)
    return int(found[0])
