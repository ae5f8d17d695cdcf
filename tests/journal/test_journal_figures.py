"""The figures behind the charts, from the journal's own entries."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcancel.decision import Guard, History
from bulkcancel.journal import (
    AttemptEntry,
    Intent,
    Journal,
    OutcomeEntry,
    PaceEntry,
    ReadEntry,
    figures,
    forecast_cells,
)
from bulkcancel.journal.figures import slot_seconds
from bulkcancel.model import (
    AllocationView,
    Figures,
    ForecastCell,
    Growth,
    Kind,
    ManifestRow,
    Outcome,
    RowKind,
    Settlement,
)

BEGAN = 1_800_000_000.0


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """Give a journal with ten allocations, in rows 2 to 11."""
    with Journal.create(tmp_path / "journal.sqlite") as made:
        made.load(
            [
                [
                    ManifestRow(
                        row=row, kind=RowKind.ALLOCATION, allocation_id=f"62ff5c0b{row:016x}"
                    )
                    for row in range(2, 12)
                ]
            ],
            {},
        )
        yield made


def sent(journal: Journal, row: int, at: float, *, number: int = 1, **more: object) -> None:
    """Write an intent and its answer, by default a good one after a tenth of a second."""
    fields = {"elapsed": 0.1, "sent": True, "kind": Kind.SHOWN, "reason": "", **more}
    journal.write(
        [
            Intent(row=row, number=number, at=at - 0.2),
            AttemptEntry(row=row, number=number, at=at, **fields),  # type: ignore[arg-type]
        ]
    )


def read(
    journal: Journal, row: int, at: float, status: str | None, kind: Kind = Kind.SHOWN
) -> None:
    """Write a read that took a quarter of a second."""
    journal.write(
        [
            ReadEntry(
                row=row, at=at, elapsed=0.25, kind=kind, reason="", http_status=200, status=status
            )
        ]
    )


def settle(journal: Journal, row: int, outcome: Outcome, *, before: int | None, after: int) -> None:
    """Write an outcome with the versions before and after."""
    view = AllocationView(allocation_id="x", status="CANCELLED", version=after)
    journal.write(
        [
            OutcomeEntry(
                row=row,
                settled_at=BEGAN + 9,
                settlement=Settlement(outcome=outcome, reason="", version=after),
                history=History(sends=1, version_before=before, view=view),
            )
        ]
    )


def test_a_journal_that_saw_nothing_has_no_figures(journal: Journal) -> None:
    """Without a start there is nothing to draw, and every allocation took no send."""
    assert figures(journal) == Figures(attempts=((0, 10),))


def test_requests_are_counted_in_their_slots_by_what_came_back(journal: Journal) -> None:
    """Answers, refusals for rate and failures stand in the slot in which they came."""
    journal.start_segment(BEGAN)
    sent(journal, 2, BEGAN + 0.05)
    sent(journal, 3, BEGAN + 0.06, kind=Kind.THROTTLED, http_status=429)
    sent(journal, 4, BEGAN + 0.15, kind=Kind.IN_DOUBT, cause="reset")
    sent(journal, 5, BEGAN + 0.16, sent=False, kind=Kind.NOT_SENT, cause="refused")
    sent(journal, 6, BEGAN + 0.17, sent=False, kind=Kind.NOT_SENT, cause="withdrawn")
    read(journal, 4, BEGAN + 0.25, "CANCELLED")
    read(journal, 7, BEGAN + 0.26, None, Kind.THROTTLED)
    read(journal, 8, BEGAN + 0.27, None, Kind.READ_FAILED)
    journal.end_segment(1, BEGAN + 0.3, None, {})
    (stretch,) = figures(journal).stretches
    assert (stretch.began, stretch.slot_seconds) == (BEGAN, 0.1)
    counts = [(slot.answered, slot.throttled, slot.failed) for slot in stretch.slots]
    assert counts[:3] == [(1, 1, 0), (0, 0, 2), (1, 1, 1)]
    assert sum(map(sum, counts)) == 7, "all but the intent that was withdrawn"


def test_the_limit_stands_in_the_slots_where_it_was_in_force(journal: Journal) -> None:
    """Before it was learned there is none; after a resume the one of before is not claimed."""
    journal.start_segment(BEGAN)
    journal.write([PaceEntry(at=BEGAN + 10, limit=40.0), PaceEntry(at=BEGAN + 20, limit=30.0)])
    journal.end_segment(1, BEGAN + 24, None, {})
    journal.start_segment(BEGAN + 1000)
    journal.end_segment(2, BEGAN + 1002, None, {})
    first, second = figures(journal).stretches
    assert first.slot_seconds == 0.2
    limits = [slot.limit for slot in first.slots]
    assert limits[48] is None
    assert limits[50] == 40.0
    assert limits[-1] == 30.0
    assert {slot.limit for slot in second.slots} == {None}


def test_requests_of_a_resume_stand_in_its_own_stretch(journal: Journal) -> None:
    """Each start of a run is drawn for itself; a killed one ends with its last answer."""
    journal.start_segment(BEGAN)
    sent(journal, 2, BEGAN + 3)
    journal.start_segment(BEGAN + 5000)
    sent(journal, 3, BEGAN + 5001)
    journal.end_segment(2, BEGAN + 5002, None, {})
    first, second = figures(journal).stretches
    assert [sum(slot.answered for slot in one.slots) for one in (first, second)] == [1, 1]
    assert len(first.slots) * first.slot_seconds == pytest.approx(3, abs=1.01 * first.slot_seconds)
    assert len(second.slots) * second.slot_seconds == pytest.approx(
        2, abs=1.01 * second.slot_seconds
    )


def test_a_clock_that_was_set_back_loses_no_request(journal: Journal) -> None:
    """What seems to be from before the run is counted at its beginning."""
    journal.start_segment(BEGAN)
    sent(journal, 2, BEGAN - 3600)
    journal.end_segment(1, BEGAN + 1, None, {})
    (stretch,) = figures(journal).stretches
    assert stretch.slots[0].answered == 1


def test_latencies_are_of_whole_answers(journal: Journal) -> None:
    """Cancels and reads apart; what had no answer has no latency."""
    journal.start_segment(BEGAN)
    for row, elapsed in enumerate((0.004, 0.03, 0.04, 45.0), start=2):
        sent(journal, row, BEGAN + row, elapsed=elapsed)
    sent(journal, 6, BEGAN + 9, elapsed=30.0, kind=Kind.IN_DOUBT, cause="timeout")
    read(journal, 6, BEGAN + 10, "CANCELLED")
    found = figures(journal)
    assert found.cancels is not None
    assert found.reads is not None
    cancels = found.cancels
    assert (cancels.count, cancels.p50, cancels.p99, cancels.longest) == (4, 0.03, 45.0, 45.0)
    assert (found.reads.count, found.reads.p50) == (1, 0.25)
    bars = {bar.seconds: (bar.cancels, bar.reads) for bar in found.bars}
    assert (bars[0.01], bars[0.05], bars[0.5], bars[None]) == ((1, 0), (2, 0), (0, 1), (1, 0))
    assert sum(bar.cancels for bar in found.bars) == 4


def test_attempts_count_wire_sends_and_cut_off_intents(journal: Journal) -> None:
    """A crash between intent and answer counts as a send; an intent that never left does not."""
    sent(journal, 2, BEGAN)
    sent(journal, 3, BEGAN)
    sent(journal, 3, BEGAN + 1, number=2)
    journal.write([Intent(row=4, number=1, at=BEGAN)])
    sent(journal, 5, BEGAN, sent=False, kind=Kind.NOT_SENT, cause="refused")
    assert figures(journal).attempts == ((0, 7), (1, 2), (2, 1))


def test_growths_tell_how_versions_moved(journal: Journal) -> None:
    """By outcome: one more, more than one, or not known without a look before."""
    settle(journal, 2, Outcome.CANCELLED, before=1, after=2)
    settle(journal, 3, Outcome.CANCELLED, before=4, after=5)
    settle(journal, 4, Outcome.CANCELLED, before=None, after=5)
    settle(journal, 5, Outcome.NOT_CANCELLED, before=3, after=5)
    assert set(figures(journal).growths) == {
        Growth(outcome="cancelled", growth=1, allocations=2),
        Growth(outcome="cancelled", growth=None, allocations=1),
        Growth(outcome="not_cancelled", growth=2, allocations=1),
    }


def test_the_forecast_is_of_the_last_read_before_the_first_send(journal: Journal) -> None:
    """A read-back after the send foretells nothing; an allocation left open has its own word."""
    read(journal, 2, BEGAN, None, Kind.READ_FAILED)
    read(journal, 2, BEGAN + 1, "ALLOCATED")
    sent(journal, 2, BEGAN + 3)
    read(journal, 2, BEGAN + 4, "CANCELLED")
    settle(journal, 2, Outcome.CANCELLED, before=1, after=2)
    read(journal, 3, BEGAN, "ALLOCATED")
    sent(journal, 3, BEGAN + 1)
    settle(journal, 3, Outcome.NOT_CANCELLED, before=1, after=1)
    read(journal, 4, BEGAN, "CANCELLED")
    settle(journal, 4, Outcome.ALREADY_CANCELLED, before=None, after=2)
    sent(journal, 5, BEGAN)
    read(journal, 5, BEGAN + 5, "CANCELLED")
    settle(journal, 5, Outcome.CANCELLED, before=None, after=2)
    read(journal, 6, BEGAN, "ALLOCATED")
    journal.write([Intent(row=6, number=1, at=BEGAN + 1)])
    read(journal, 7, BEGAN, "ALLOCATED")

    def cell(status: str, foretold: Outcome, outcome: Outcome) -> ForecastCell:
        return ForecastCell(status_before=status, foretold=foretold, outcome=outcome, allocations=1)

    assert set(forecast_cells(journal, Guard())) == {
        cell("ALLOCATED", Outcome.CANCELLED, Outcome.CANCELLED),
        cell("ALLOCATED", Outcome.CANCELLED, Outcome.NOT_CANCELLED),
        cell("CANCELLED", Outcome.ALREADY_CANCELLED, Outcome.ALREADY_CANCELLED),
        cell("ALLOCATED", Outcome.CANCELLED, Outcome.UNKNOWN),
        cell("ALLOCATED", Outcome.CANCELLED, Outcome.NOT_ATTEMPTED),
    }


@given(st.floats(min_value=0.0, max_value=1e9))
def test_a_run_has_at_most_so_many_slots(total: float) -> None:
    """However long a run takes, it is divided into 240 slots at most, of a round length."""
    seconds = slot_seconds(total)
    assert int(total / seconds) + 1 <= 240
    assert seconds == 0.1 or total / seconds > 239 / 2.5 - 1
