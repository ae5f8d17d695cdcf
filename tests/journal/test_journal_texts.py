"""What a journal holds comes back exactly, or is refused in words."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from changing import replace
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bulkcancel.decision import Doubt, History
from bulkcancel.errors import JournalError
from bulkcancel.journal import (
    AttemptEntry,
    Entry,
    Intent,
    Journal,
    OutcomeEntry,
    ReadEntry,
    WaitEntry,
    What,
    detail_rows,
    open_cases,
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

IDS = [f"62ff5c0bec0aed3c{number:08x}" for number in range(60)]
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
int64 = st.integers(-(2**63), 2**63 - 1)
times = st.none() | st.floats(0.0, 4e9)
counts = st.integers(0, 10**6)
views = st.builds(
    AllocationView,
    allocation_id=st.none() | texts,
    status=st.none() | texts,
    version=st.none() | int64,
    po_number=st.none() | texts,
    vendor_id=st.none() | texts,
    location=st.none() | texts,
    order_ids=st.lists(texts, max_size=3).map(tuple),
)
histories = st.builds(
    History,
    sends=counts,
    spent=counts,
    first_sent_at=times,
    last_sent_at=times,
    began=times,
    unsent=counts,
    throttled=counts,
    refused_tokens=counts,
    doubt=st.sampled_from(Doubt),
    ours_possible=st.booleans(),
    may_resend=st.booleans(),
    firm_claim=st.booleans(),
    readable=st.booleans(),
    reads=counts,
    equal_reads=counts,
    failed_reads=counts,
    last_read=st.none() | texts,
    http_status=st.none() | st.integers(100, 599),
    reason=texts,
    view=st.none() | views,
    version_before=st.none() | int64,
)


def rows(ids: Sequence[str] = IDS) -> list[ManifestRow]:
    """Return the rows of an input with these ids, from row 2 on."""
    return [
        ManifestRow(row=number, kind=RowKind.ALLOCATION, allocation_id=text, extras=("ACME", None))
        for number, text in enumerate(ids, start=2)
    ]


def details(journal: Journal) -> list[DetailRow]:
    """Return all detail rows."""
    return [one for chunk in detail_rows(journal) for one in chunk]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(many=st.lists(histories, min_size=1, max_size=20))
def test_a_history_comes_back_exactly(many: list[History]) -> None:
    """What is known of a waiting allocation survives the file; only its time limit starts anew."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.sqlite"
        with Journal.create(path) as journal:
            journal.load([rows(IDS[: len(many)])], {})
            journal.write(
                WaitEntry(row=row, what=What.READ, due=1.5, history=history)
                for row, history in enumerate(many, start=2)
            )
        with Journal.open(path) as journal:
            cases = open_cases(journal)
    assert [case.history for case in cases] == [replace(one, began=None) for one in many]
    assert {(case.what, case.due) for case in cases} == {(What.READ, 1.5)}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(many=st.lists(st.tuples(texts, texts, st.none() | texts), min_size=1, max_size=20))
def test_texts_come_back_exactly(many: list[tuple[str, str, str | None]]) -> None:
    """Every text of the input and of the API survives: any script, quotes, line ends, NUL."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.sqlite"
        invalid = [
            ManifestRow(row=1000 + n, kind=RowKind.INVALID, text=a, reason=b, extras=(c, a, ""))
            for n, (a, b, c) in enumerate(many)
        ]
        with Journal.create(path) as journal:
            journal.load([rows(IDS[: len(many)]), invalid], {"name": [a for a, _, _ in many]})
            journal.write(
                OutcomeEntry(
                    row=row,
                    settled_at=1.0,
                    settlement=Settlement(
                        outcome=Outcome.REJECTED, reason=a, status=b, vendor_id=c, order_ids=(a, b)
                    ),
                    history=History(),
                )
                for row, (a, b, c) in enumerate(many, start=2)
            )
        with Journal.open(path) as journal:
            shown = details(journal)
            assert journal.fact("name") == [a for a, _, _ in many]
    settled, bad = shown[: len(many)], shown[len(many) :]
    assert [(one.reason, one.status, one.vendor_id, one.order_ids) for one in settled] == [
        (a, b, c, (a, b)) for a, b, c in many
    ]
    assert [(one.text, one.reason, one.extras) for one in bad] == [
        (a, b, (c, a, "")) for a, b, c in many
    ]


SURROGATE = "\ud800"
UNSTORABLE: dict[str, Callable[[], Entry]] = {
    "reason": lambda: AttemptEntry(
        row=3, number=1, at=1.0, elapsed=0.0, sent=True, kind=Kind.SHOWN, reason=SURROGATE
    ),
    "status": lambda: ReadEntry(
        row=3, at=1.0, elapsed=0.0, kind=Kind.SHOWN, reason="", status=SURROGATE
    ),
    "history": lambda: WaitEntry(row=3, what=What.READ, due=1.0, history=History(reason=SURROGATE)),
    "version": lambda: ReadEntry(
        row=3, at=1.0, elapsed=0.0, kind=Kind.SHOWN, reason="", version=2**63
    ),
    "time": lambda: Intent(row=3, number=1, at=float("nan")),
}


@pytest.mark.parametrize("entry", UNSTORABLE.values(), ids=UNSTORABLE.keys())
def test_what_cannot_be_stored_is_refused_in_words(
    tmp_path: Path, entry: Callable[[], Entry]
) -> None:
    """A lone surrogate, a number beyond 64 bits, a time that is none: refused, and all with it."""
    with Journal.create(tmp_path / "journal.sqlite") as journal:
        journal.load([rows()], {})
        with pytest.raises(JournalError, match=r"journal\.sqlite (can't hold|contradicts)"):
            journal.write([Intent(row=2, number=1, at=1.0), entry()])
        assert open_cases(journal) == []
        journal.write([Intent(row=2, number=1, at=1.0)])
        assert len(open_cases(journal)) == 1


@pytest.mark.parametrize(
    "row",
    [
        ManifestRow(row=99, kind=RowKind.INVALID, text=SURROGATE),
        ManifestRow(row=99, kind=RowKind.INVALID, extras=(SURROGATE,)),
        ManifestRow(row=2**63, kind=RowKind.BLANK),
    ],
)
def test_an_input_that_cannot_be_stored_is_refused_in_words(
    tmp_path: Path, row: ManifestRow
) -> None:
    """The journal then counts as never finished: nothing is sent from it."""
    path = tmp_path / "journal.sqlite"
    with (
        Journal.create(path) as journal,
        pytest.raises(JournalError, match="can't hold a value"),
    ):
        journal.load([rows(), [row]], {})
    with pytest.raises(JournalError, match="never finished"):
        Journal.open(path)
