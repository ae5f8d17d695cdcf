"""The journal against a plain model of it: nothing is lost, counted twice or in two places."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from changing import replace
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bulkcancel.decision import Doubt, History, open_settlement
from bulkcancel.journal import (
    AttemptEntry,
    Case,
    Entry,
    Intent,
    Journal,
    OutcomeEntry,
    ReadEntry,
    WaitEntry,
    What,
    attempt_totals,
    detail_rows,
    fresh_cases,
    open_cases,
    outcome_counts,
    reopen_unknown,
)
from bulkcancel.model import (
    AllocationView,
    DetailRow,
    Kind,
    ManifestRow,
    Outcome,
    RowKind,
    Settlement,
)

FIRSTS = {2: "id-a", 3: "id-b", 5: "id-c", 6: "id-d", 9: "id-e"}
"""The allocations by their first row; the other rows repeat one, are blank or invalid."""
ROWS = [
    *(
        ManifestRow(row=row, kind=RowKind.ALLOCATION, allocation_id=text, extras=(text, None))
        for row, text in FIRSTS.items()
    ),
    ManifestRow(row=4, kind=RowKind.DUPLICATE, allocation_id="id-a", duplicate_of=2),
    ManifestRow(row=7, kind=RowKind.BLANK),
    ManifestRow(row=8, kind=RowKind.INVALID, text="6.2E+10", reason="not an id"),
    ManifestRow(row=10, kind=RowKind.DUPLICATE, allocation_id="id-e", duplicate_of=9),
]
ROWS.sort(key=lambda row: row.row)
CAUSES = ["timeout", "reset"]


@dataclass(slots=True)
class Known:
    """What the model knows of one allocation."""

    history: History = field(default_factory=History)
    what: What = What.SEND
    due: float = 0.0
    intents: int = 0
    cut_off: bool = False
    is_open: bool = False
    done: OutcomeEntry | None = None


@dataclass(slots=True)
class Model:
    """A journal in plain Python, and the same entries for the real one."""

    known: dict[int, Known] = field(default_factory=lambda: {row: Known() for row in FIRSTS})
    by_http_status: Counter[str] = field(default_factory=Counter)
    no_answer: Counter[str] = field(default_factory=Counter)
    not_sent: Counter[str] = field(default_factory=Counter)
    reads: int = 0
    clock: float = 1_700_000_000.0

    def move(self, row: int, draw: st.DataObject) -> list[Entry]:
        """Do one thing that can happen to an allocation; return its entries."""
        self.clock += draw.draw(st.sampled_from([0.001, 0.5, 7.25]), label="passes")
        one = self.known[row]
        if one.done is not None:
            return []
        if one.cut_off:
            return self._close_cut_off(row)
        if one.is_open and one.what is What.READ:
            self.reads += 1
            entry = ReadEntry(
                row=row, at=self.clock, elapsed=0.1, kind=Kind.SHOWN, reason="status SHIPPED"
            )
            return [entry, self._follow(row, draw)]
        one.intents += 1
        intent = Intent(row=row, number=one.intents, at=self.clock)
        if draw.draw(st.integers(0, 4), label="killed") == 0:
            one.cut_off = one.is_open = True
            one.due = self.clock
            return [intent]
        return [intent, self._attempt(row, draw), self._follow(row, draw)]

    def _attempt(self, row: int, draw: st.DataObject) -> AttemptEntry:
        what = draw.draw(st.sampled_from(["answer", "no answer", "not sent"]), label="came")
        http_status, cause = None, None
        match what:
            case "answer":
                http_status = draw.draw(st.sampled_from([200, 429, 500]))
                self.by_http_status[str(http_status)] += 1
            case "no answer":
                cause = draw.draw(st.sampled_from(CAUSES))
                self.no_answer[cause] += 1
            case _:
                cause = "withdrawn"
                self.not_sent[cause] += 1
        one = self.known[row]
        if what != "not sent":
            self._count_send(one, http_status)
        return AttemptEntry(
            row=row,
            number=one.intents,
            at=self.clock,
            elapsed=0.1,
            sent=what != "not sent",
            kind=Kind.IN_DOUBT,
            reason="so it was",
            cause=cause,
            http_status=http_status,
        )

    def _count_send(self, one: Known, http_status: int | None) -> None:
        one.history = replace(
            one.history,
            sends=one.history.sends + 1,
            first_sent_at=one.history.first_sent_at or self.clock,
            began=self.clock,
            http_status=http_status,
            doubt=Doubt.PERHAPS,
            ours_possible=True,
            view=AllocationView(allocation_id="x", status="SHIPPED", version=one.intents),
        )

    def _close_cut_off(self, row: int) -> list[Entry]:
        """Note the attempt of a process that ended, as a resumed run does."""
        one = self.known[row]
        self.no_answer["crashed"] += 1
        self._count_send(one, None)
        one.cut_off = False
        attempt = AttemptEntry(
            row=row,
            number=one.intents,
            at=self.clock,
            elapsed=0.0,
            sent=True,
            kind=Kind.IN_DOUBT,
            reason="crashed",
            cause="crashed",
        )
        return [attempt, self._wait(row, What.READ)]

    def _follow(self, row: int, draw: st.DataObject) -> Entry:
        then = draw.draw(st.sampled_from([What.SEND, What.READ, None]), label="then")
        if then is not None:
            return self._wait(row, then)
        one = self.known[row]
        outcome = draw.draw(st.sampled_from([*Outcome, Outcome.UNKNOWN]), label="outcome")
        settled = Settlement(
            outcome=outcome, reason="for so it is", version=7, order_ids=("o1", "o2")
        )
        one.done = OutcomeEntry(
            row=row, settled_at=self.clock, settlement=settled, history=one.history
        )
        return one.done

    def _wait(self, row: int, what: What) -> WaitEntry:
        one = self.known[row]
        one.is_open, one.what, one.due = True, what, self.clock + 5.0
        return WaitEntry(row=row, what=what, due=one.due, history=one.history)

    def reopen(self) -> int:
        """Take back what is unknown."""
        count = 0
        for one in self.known.values():
            if one.done and one.done.settlement.outcome is Outcome.UNKNOWN:
                count += 1
                doubt = one.history.doubt
                one.history = replace(
                    one.history,
                    doubt=Doubt.PERHAPS if doubt is Doubt.NONE else doubt,
                    began=None,
                )
                one.done, one.is_open, one.what, one.due = None, True, What.READ, self.clock
        return count

    def case(self, row: int) -> Case:
        """Return the case as the journal should hand it out."""
        one = self.known[row]
        return Case(
            row=row,
            allocation_id=FIRSTS[row],
            history=replace(one.history, began=None),
            what=one.what,
            due=one.due,
            intents=one.intents,
            cut_off=one.cut_off,
            waited=True,
        )


@contextmanager
def a_journal() -> Iterator[Path]:
    """Give the path of a loaded, closed journal."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.sqlite"
        with Journal.create(path) as journal:
            journal.load([ROWS[:4], [], ROWS[4:]], {})
        yield path


def check(journal: Journal, model: Model) -> None:
    """Hold a journal against the model."""
    fresh = list(all_fresh(journal))
    waiting = open_cases(journal)
    settled = {row for row, one in model.known.items() if one.done}
    assert [case.row for case in fresh] == [
        row for row, one in model.known.items() if not one.is_open and row not in settled
    ]
    assert all(case == Case(row=case.row, allocation_id=FIRSTS[case.row], history=History())
               for case in fresh)  # fmt: skip
    assert waiting == [
        model.case(row) for row, one in model.known.items() if one.is_open and not one.done
    ]
    together = [case.row for case in fresh] + [case.row for case in waiting] + sorted(settled)
    assert sorted(together) == sorted(FIRSTS)
    counts = Counter(one.done.settlement.outcome for one in model.known.values() if one.done)
    assert outcome_counts(journal) == counts
    check_totals(journal, model)
    check_details(journal, model)


def all_fresh(journal: Journal) -> Iterator[Case]:
    """Yield all fresh cases, two at a time as the backlog would."""
    after = 0
    while cases := fresh_cases(journal, after=after, limit=2):
        assert len(cases) <= 2
        yield from cases
        after = cases[-1].row


def check_totals(journal: Journal, model: Model) -> None:
    """Hold the count of sends against the model, and against the details."""
    totals = attempt_totals(journal)
    no_answer = model.no_answer + Counter(crashed=sum(one.cut_off for one in model.known.values()))
    assert totals.by_http_status == dict(model.by_http_status)
    assert totals.no_answer == dict(no_answer)
    assert totals.not_sent == dict(model.not_sent)
    assert totals.read_backs == model.reads
    assert totals.sent == totals.requests == model.by_http_status.total() + no_answer.total()
    details = [one for chunk in detail_rows(journal) for one in chunk]
    firsts = [one.attempts or 0 for one in details if one.kind is RowKind.ALLOCATION]
    assert totals.sent == sum(firsts)


def check_details(journal: Journal, model: Model) -> None:
    """Hold the details against the model: every row once, in order, with its word."""
    details = [one for chunk in detail_rows(journal) for one in chunk]
    assert [one.row for one in details] == [row.row for row in ROWS]
    for shown, row in zip(details, ROWS, strict=True):
        assert (shown.kind, shown.allocation_id, shown.duplicate_of, shown.extras) == (
            row.kind,
            row.allocation_id,
            row.duplicate_of,
            row.extras,
        )
        if row.allocation_id is None:
            assert (shown.outcome, shown.text, shown.reason) == (None, row.text, row.reason)
        else:
            check_word(shown, model.known[row.duplicate_of or row.row])


def check_word(shown: DetailRow, one: Known) -> None:
    """Hold the word on one allocation against the model."""
    history = one.history
    assert shown.version_before == history.version_before
    assert shown.attempts == history.sends + one.cut_off
    assert (shown.first_sent_at is None) == (shown.attempts == 0)
    if one.done:
        settled = one.done.settlement
        assert (shown.reason, shown.version) == (settled.reason, settled.version)
        assert (shown.order_ids, shown.outcome) == (settled.order_ids, settled.outcome)
        assert shown.settled_at is not None
    else:
        word = Outcome.UNKNOWN if one.cut_off else open_settlement(history).outcome
        assert (shown.outcome, shown.settled_at) == (word, None)
    assert shown.http_status == history.http_status


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(draw=st.data(), turns=st.integers(0, 25))
def test_the_journal_is_its_model(draw: st.DataObject, turns: int) -> None:
    """After any life of its allocations, closed and opened at will, it says what happened."""
    model = Model()
    with a_journal() as path:
        journal = Journal.open(path)
        try:
            for _ in range(turns):
                chosen = draw.draw(
                    st.lists(st.sampled_from(sorted(FIRSTS)), min_size=1, max_size=4, unique=True)
                )
                journal.write(entry for row in chosen for entry in model.move(row, draw))
                match draw.draw(st.integers(0, 5), label="and then"):
                    case 0:
                        journal.close()
                        journal = Journal.open(path)
                    case 1:
                        assert reopen_unknown(journal, at=model.clock) == model.reopen()
                    case _:
                        pass
                check(journal, model)
            check(journal, model)
        finally:
            journal.close()
