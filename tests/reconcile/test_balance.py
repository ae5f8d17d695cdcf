"""The control totals: a sound run balances, and nothing that is off goes unnoticed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from changing import replace
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bulkcancel.model import DetailRow, Outcome, RowCounts, RowKind
from bulkcancel.reconcile import AttemptTotals, Control, ManifestTotals, Tally, balance
from bulkcancel.reconcile.digest import hash_total


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A manifest, the rows that became of it, and the attempts."""

    rows: tuple[DetailRow, ...]
    manifest: ManifestTotals
    attempts: AttemptTotals


def tally_of(rows: Sequence[DetailRow]) -> Tally:
    """Return the tally of some rows."""
    tally = Tally()
    tally.add_many(rows)
    return tally


def run_of(rows: Sequence[DetailRow], unanswered: int = 0) -> Run:
    """Return a run in which all that is not in the rows is as it must be."""
    unique = [row for row in rows if row.kind is RowKind.ALLOCATION]
    sent = sum(row.attempts or 0 for row in unique)
    kinds = [row.kind for row in rows]
    silent = min(unanswered, sent)
    return Run(
        rows=tuple(rows),
        manifest=ManifestTotals(
            counts=RowCounts(
                read=len(rows),
                blank=kinds.count(RowKind.BLANK),
                invalid=kinds.count(RowKind.INVALID),
                duplicate=kinds.count(RowKind.DUPLICATE),
                unique=len(unique),
            ),
            hash_total=hash_total(row.allocation_id or "" for row in unique),
        ),
        attempts=AttemptTotals(
            sent=sent,
            requests=sent,
            by_http_status={"200": sent - silent},
            no_answer={"timeout": silent // 2, "reset": silent - silent // 2},
            not_sent={"dns": 7},
            read_backs=3,
        ),
    )


@st.composite
def runs(draw: st.DrawFn, least: int = 0) -> Run:
    """Draw a run of any rows, in which all is as it must be."""
    rows: list[DetailRow] = []
    firsts: list[DetailRow] = []
    number = draw(st.integers(1, 3))
    ids = iter(draw(st.lists(st.integers(0, 16**24 - 1), min_size=12, max_size=12, unique=True)))
    for kind in draw(st.lists(st.sampled_from(RowKind), min_size=least, max_size=12)):
        number += draw(st.integers(1, 3))
        row = DetailRow(row=number, kind=kind, allocation_id=None, outcome=None)
        if kind is RowKind.ALLOCATION:
            row = replace(
                row,
                allocation_id=f"{next(ids):024x}",
                outcome=draw(st.sampled_from(Outcome)),
                attempts=draw(st.integers(0, 4)),
            )
            firsts.append(row)
        elif kind is RowKind.DUPLICATE and firsts:
            first = draw(st.sampled_from(firsts))
            row = replace(first, row=number, kind=kind, duplicate_of=first.row)
        elif kind is RowKind.DUPLICATE:
            row = replace(row, kind=RowKind.BLANK)
        rows.append(row)
    return run_of(rows, unanswered=draw(st.integers(0, 5)))


def control_of(run: Run, rows: Sequence[DetailRow], file: Sequence[DetailRow] | None) -> Control:
    """Balance a run whose detail, or file, holds other rows."""
    written = None if file is None else tally_of(file)
    return balance(run.manifest, tally_of(rows), written, run.attempts)


def failed(control: Control) -> set[str]:
    """Return the names of the checks that are not kept."""
    assert control.balanced is (not control.failed)
    return {check.name for check in control.failed}


@settings(deadline=None)
@given(runs())
def test_a_sound_run_balances(run: Run) -> None:
    """Whatever the rows and outcomes are, with and without a file that was read back."""
    for file in (None, run.rows):
        control = control_of(run, run.rows, file)
        assert control.balanced
        assert control.failed == ()
        assert all(check.left == check.right for check in control.checks)
        assert control.hash_total_manifest == control.hash_total_outcomes
        assert control.hash_total_manifest == run.manifest.hash_total


def damaged(run: Run, data: st.DataObject) -> list[DetailRow]:
    """Return the rows with one of them dropped, doubled, moved, or given another id or word."""
    rows = list(run.rows)
    place = data.draw(st.integers(0, len(rows) - 1))
    row = rows[place]
    match data.draw(st.sampled_from(["drop", "double", "move", "id", "kind", "outcome"])):
        case "drop":
            del rows[place]
        case "double":
            rows.insert(data.draw(st.integers(0, len(rows))), row)
        case "move":
            assume(len(rows) > 1)
            rows.append(rows.pop(0))
        case "id":
            assume(row.kind is RowKind.ALLOCATION)
            rows[place] = replace(row, allocation_id="g" * 24)
        case "kind":
            other = data.draw(st.sampled_from([kind for kind in RowKind if kind is not row.kind]))
            rows[place] = replace(row, kind=other)
        case _:
            assume(row.kind is RowKind.ALLOCATION)
            rows[place] = replace(row, outcome=None)
    return rows


@settings(deadline=None)
@given(runs(least=1), st.data())
def test_a_damaged_row_is_noticed(run: Run, data: st.DataObject) -> None:
    """Any single row of the detail that is dropped, doubled, moved or changed, without a file."""
    control = control_of(run, damaged(run, data), None)
    assert not control.balanced
    assert failed(control)


@settings(deadline=None)
@given(runs(least=1), st.data())
def test_a_damaged_file_is_noticed(run: Run, data: st.DataObject) -> None:
    """The same, where only the file differs from what was to be written."""
    control = control_of(run, run.rows, damaged(run, data))
    assert not control.balanced
    assert all(name.startswith("file_") for name in failed(control))


@settings(deadline=None)
@given(runs(least=2), st.data())
def test_rows_of_a_file_that_trade_are_noticed(run: Run, data: st.DataObject) -> None:
    """Two rows of the file that trade ids or outcomes leave all totals alone: still noticed."""
    unique = [place for place, row in enumerate(run.rows) if row.kind is RowKind.ALLOCATION]
    assume(len(unique) > 1)
    one, two = data.draw(st.lists(st.sampled_from(unique), min_size=2, max_size=2, unique=True))
    file = list(run.rows)
    first, second = file[one], file[two]
    if data.draw(st.booleans()):
        file[one] = replace(first, allocation_id=second.allocation_id)
        file[two] = replace(second, allocation_id=first.allocation_id)
    else:
        assume(first.outcome is not second.outcome)
        file[one] = replace(first, outcome=second.outcome)
        file[two] = replace(second, outcome=first.outcome)
    assert failed(control_of(run, run.rows, file)) == {"file_fingerprint"}


@settings(deadline=None)
@given(runs(least=1), st.data())
def test_a_relabelled_row_of_a_file_is_noticed(run: Run, data: st.DataObject) -> None:
    """An outcome in the file that is another one than was to be written, repeated rows too."""
    settled = [place for place, row in enumerate(run.rows) if row.outcome is not None]
    assume(settled)
    place = data.draw(st.sampled_from(settled))
    row = run.rows[place]
    others = [outcome for outcome in Outcome if outcome is not row.outcome]
    file = list(run.rows)
    file[place] = replace(row, outcome=data.draw(st.sampled_from(others)))
    found = failed(control_of(run, run.rows, file))
    assert "file_fingerprint" in found
    assert ("file_outcomes" in found) is (row.kind is RowKind.ALLOCATION)


def sample() -> Run:
    """Return a run with some of everything."""
    kinds = [
        *[RowKind.ALLOCATION] * 5, RowKind.DUPLICATE, RowKind.INVALID, RowKind.BLANK, RowKind.BLANK
    ]  # fmt: skip
    return run_of(
        [
            DetailRow(
                row=number,
                kind=kind,
                allocation_id=f"{number:024x}" if kind is RowKind.ALLOCATION else None,
                outcome=Outcome.CANCELLED if kind is RowKind.ALLOCATION else None,
                attempts=number if kind is RowKind.ALLOCATION else None,
            )
            for number, kind in enumerate(kinds, 2)
        ],
        unanswered=3,
    )


@pytest.mark.parametrize(
    ("count", "names"),
    [
        ("read", {"rows_read", "every_row_once"}),
        ("blank", {"rows_read", "rows_blank"}),
        ("invalid", {"rows_read", "rows_invalid"}),
        ("duplicate", {"rows_read", "rows_duplicate"}),
        ("unique", {"rows_read", "rows_allocation", "outcomes"}),
    ],
)
@pytest.mark.parametrize("step", [-1, 1])
def test_every_count_of_the_manifest_counts(count: str, names: set[str], step: int) -> None:
    """A single count that is off by one is named by the checks that it takes part in."""
    run = sample()
    value = getattr(run.manifest.counts, count) + step
    off = replace(run.manifest, counts=replace(run.manifest.counts, **{count: value}))
    assert failed(balance(off, tally_of(run.rows), None, run.attempts)) == names


def test_the_hash_totals_are_compared() -> None:
    """Another hash total of the manifest is named, and both are shown."""
    run = sample()
    off = replace(run.manifest, hash_total="0123456789abcdef")
    control = balance(off, tally_of(run.rows), None, run.attempts)
    assert failed(control) == {"hash_total"}
    assert control.hash_total_manifest == "0123456789abcdef"
    assert control.hash_total_outcomes == run.manifest.hash_total


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"sent": 21}, {"answers", "attempts"}),
        ({"sent": 19}, {"answers", "attempts"}),
        ({"by_http_status": {"200": 16, "404": 0}}, {"answers"}),
        ({"by_http_status": {"200": 16, "404": 2}}, {"answers"}),
        ({"by_http_status": {"200": 16, "404": 1}}, set()),
        ({"no_answer": {"timeout": 4}}, {"answers"}),
        ({"no_answer": {}}, {"answers"}),
        ({"no_answer": {"timeout": 1, "reset": 1, "disconnected": 1}}, set()),
        ({"not_sent": {}}, set()),
        ({"read_backs": 99}, set()),
    ],
)
def test_every_attempt_is_answered_or_not(change: dict[str, object], names: set[str]) -> None:
    """Answers and missing answers make up the sends; what was not sent is no part of them."""
    run = sample()
    assert run.attempts.sent == 20
    assert run.attempts.by_http_status == {"200": 17}
    values = {name: getattr(run.attempts, name) for name in AttemptTotals.__slots__}
    off = AttemptTotals(**{**values, **change})
    assert failed(balance(run.manifest, tally_of(run.rows), None, off)) == names


@pytest.mark.parametrize("step", [-1, 1])
def test_attempts_of_the_detail_are_the_sends(step: int) -> None:
    """A row with one attempt too many or too few is noticed, in the detail and in the file."""
    run = sample()
    rows = list(run.rows)
    rows[0] = replace(rows[0], attempts=(rows[0].attempts or 0) + step)
    assert failed(control_of(run, rows, None)) == {"attempts"}
    assert failed(control_of(run, run.rows, rows)) == {"file_attempts", "file_fingerprint"}


def test_row_numbers_that_repeat_are_named() -> None:
    """As many rows as were read, but one of them twice: the row is named."""
    run = sample()
    rows = list(run.rows)
    rows[-1] = replace(rows[-1], row=rows[-2].row)
    control = control_of(run, rows, None)
    assert failed(control) == {"every_row_once"}
    assert control.failed[0].sentence == (
        "Row 9 stands in the detail after a row that does not come before it: row numbers repeat "
        "or are out of order."
    )


def test_row_numbers_that_repeat_show_both_figures() -> None:
    """More rows than were read, the last one twice: the check holds how many, and names the row."""
    run = sample()
    last = replace(run.rows[-1], row=1_234)
    control = control_of(run, [*run.rows[:-1], last, last], None)
    (check,) = [check for check in control.failed if check.name == "every_row_once"]
    assert (check.left, check.right, check.ok) == (9, 10, False)
    assert check.sentence.startswith("Row 1,234 stands in the detail after a row")


@pytest.mark.parametrize(
    ("drop", "names"),
    [
        (0, {"file_rows", "file_kinds", "file_outcomes", "file_attempts", "file_hash_total"}),
        (-1, {"file_rows", "file_kinds"}),
    ],
)
def test_a_row_missing_in_the_file_shows_in_its_totals(drop: int, names: set[str]) -> None:
    """Every total of the file says so, not the fingerprint alone."""
    run = sample()
    file = list(run.rows)
    del file[drop]
    assert failed(control_of(run, run.rows, file)) == {*names, "file_fingerprint"}


def test_what_was_to_be_written_stands_left() -> None:
    """The figures of the detail come first, those of the file second; thousands are grouped."""
    run = run_of(
        [
            DetailRow(row=number, kind=RowKind.BLANK, allocation_id=None, outcome=None)
            for number in range(2, 1_202)
        ]
    )
    control = control_of(run, run.rows, run.rows[:-1])
    figures = {check.name: (check.left, check.right) for check in control.failed}
    assert figures["file_rows"] == (1_200, 1_199)
    assert figures["file_kinds"] == ("blank 1,200", "blank 1,199")


def test_the_checks_in_words() -> None:
    """Each check has a name, two figures, and a sentence that says whether they are the same."""
    run = sample()
    control = control_of(run, run.rows, run.rows)
    assert [check.name for check in control.checks] == [
        "rows_read", "outcomes", "rows_blank", "rows_invalid", "rows_duplicate",
        "rows_allocation", "every_row_once", "answers", "attempts", "hash_total", "file_rows",
        "file_kinds", "file_outcomes", "file_attempts", "file_hash_total", "file_fingerprint",
    ]  # fmt: skip
    words = {check.name: check.sentence for check in control.checks}
    assert words["rows_read"] == (
        "Rows read: 9; blank, invalid, duplicate and unique rows together: 9."
    )
    assert words["file_kinds"] == (
        "Kinds of the detail: allocation 5, blank 2, duplicate 1, invalid 1; "
        "of the file read back: allocation 5, blank 2, duplicate 1, invalid 1."
    )
    off = replace(run.attempts, sent=1_020)
    control = balance(run.manifest, tally_of(run.rows), None, off)
    (first, second) = control.failed
    assert (first.left, first.right, first.ok) == (1_020, 20, False)
    assert first.sentence == (
        "Attempts sent: 1,020; answers and missing answers together: 20: they differ."
    )
    assert second.sentence == (
        "Attempts sent: 1,020; attempts of all allocations in the detail: 20: they differ."
    )
