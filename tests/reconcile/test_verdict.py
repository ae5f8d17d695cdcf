"""The verdict: one sentence in plain words, and the exit code."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkcancel.errors import ExitCode
from bulkcancel.model import BREAKS, DetailRow, Outcome, RowKind
from bulkcancel.reconcile import Check, Control, StopWord, Tally, verdict

SOUND = Control(balanced=True, checks=(), hash_total_manifest="0", hash_total_outcomes="0")
OFF = Control(
    balanced=False,
    checks=(
        Check(name="a", left=1, right=1, ok=True, sentence="This holds."),
        Check(name="b", left=1, right=2, ok=False, sentence="Rows: 1; others: 2: they differ."),
        Check(name="c", left=3, right=4, ok=False, sentence="Sent: 3; answers: 4: they differ."),
    ),
    hash_total_manifest="0",
    hash_total_outcomes="0",
)
TOLD = "1,200 of 5,000 are cancelled, 3,790 were not attempted, 10 are unknown."
SIGTERM = StopWord(exit_code=ExitCode.TERMINATED, sentence="SIGTERM received")


def tally_of(outcomes: dict[Outcome, int], *, invalid: int = 0, repeats: int = 0) -> Tally:
    """Return a tally of so many allocations; ``repeats`` rows repeat the first of them."""
    kinds = [RowKind.ALLOCATION] * sum(outcomes.values())
    ends: list[Outcome | None] = [
        outcome for outcome, count in outcomes.items() for _ in range(count)
    ]
    kinds += [RowKind.DUPLICATE] * repeats + [RowKind.INVALID] * invalid
    ends += ends[:1] * repeats + [None] * invalid
    tally = Tally()
    tally.add_columns(
        rows=range(len(kinds)),
        kinds=kinds,
        outcomes=ends,
        ids=[None] * len(kinds),
        attempts=[None] * len(kinds),
    )
    return tally


O = Outcome  # noqa: E741 - a table of outcomes is read by its values


@pytest.mark.parametrize(
    ("outcomes", "invalid", "sentence", "code"),
    [
        ({O.CANCELLED: 5000}, 0, "All 5,000 allocations are cancelled.", ExitCode.OK),
        (
            {O.CANCELLED: 4990, O.NOT_FOUND: 4, O.REJECTED: 3, O.UNKNOWN: 3},
            0,
            "4,990 of 5,000 allocations are cancelled; 7 were not, 3 are unknown.",
            ExitCode.UNKNOWNS,
        ),
        (
            {O.CANCELLED: 1200, O.ALREADY_CANCELLED: 30},
            0,
            "All 1,230 allocations are cancelled (30 before this run).",
            ExitCode.OK,
        ),
        (
            {O.CANCELLED: 170, O.ALREADY_CANCELLED: 1030},
            0,
            "All 1,200 allocations are cancelled (1,030 before this run).",
            ExitCode.OK,
        ),
        (
            {O.CANCELLED: 1},
            1500,
            "The one allocation is cancelled; 1,500 invalid rows were skipped.",
            ExitCode.BREAKS,
        ),
        ({O.CANCELLED: 1}, 0, "The one allocation is cancelled.", ExitCode.OK),
        ({O.NOT_FOUND: 1}, 0, "0 of 1 allocations are cancelled; 1 was not.", ExitCode.BREAKS),
        (
            {O.ALREADY_CANCELLED: 1, O.UNKNOWN: 1},
            0,
            "1 of 2 allocations is cancelled (1 before this run); 1 is unknown.",
            ExitCode.UNKNOWNS,
        ),
        ({}, 0, "There was no allocation to cancel.", ExitCode.OK),
        (
            {},
            2,
            "There was no allocation to cancel; 2 invalid rows were skipped.",
            ExitCode.BREAKS,
        ),
        (
            {O.CANCELLED: 3},
            1,
            "All 3 allocations are cancelled; 1 invalid row was skipped.",
            ExitCode.BREAKS,
        ),
        (
            {O.CANCELLED: 2, O.PARTIALLY_CANCELLED: 1, O.NOT_CANCELLED: 2, O.FAILED: 1},
            0,
            "2 of 6 allocations are cancelled; 1 is cancelled in part only, 3 were not.",
            ExitCode.BREAKS,
        ),
        (
            {O.CANCELLED: 2, O.PARTIALLY_CANCELLED: 2, O.NOT_ATTEMPTED: 1},
            0,
            "2 of 5 allocations are cancelled; 2 are cancelled in part only, 1 was not attempted.",
            ExitCode.BREAKS,
        ),
    ],
)
def test_a_run_that_came_to_its_end(
    outcomes: dict[Outcome, int], invalid: int, sentence: str, code: ExitCode
) -> None:
    """The sentence counts allocations, singular and plural; the worst of them gives the code."""
    assert verdict(tally_of(outcomes, invalid=invalid), None, SOUND) == (sentence, code)


@pytest.mark.parametrize(
    ("stop", "sentence"),
    [
        (
            SIGTERM,
            f"Stopped early: SIGTERM received; {TOLD}",
        ),
        (
            StopWord(exit_code=ExitCode.STOPPED, sentence="The server is sick."),
            f"Stopped early: The server is sick; {TOLD}",
        ),
        (
            StopWord(exit_code=ExitCode.AUTHENTICATION, sentence="Refused. Get a new token."),
            f"Stopped early: Refused. Get a new token. {TOLD}",
        ),
    ],
)
def test_a_run_that_was_stopped(stop: StopWord, sentence: str) -> None:
    """The reason stands first, and the stop's own exit code outranks the unknowns."""
    tally = tally_of({O.CANCELLED: 1200, O.NOT_ATTEMPTED: 3790, O.UNKNOWN: 10})
    assert verdict(tally, stop, SOUND) == (sentence, stop.exit_code)


@pytest.mark.parametrize(
    ("outcomes", "rest"),
    [
        ({}, "there was no allocation to cancel."),
        ({O.CANCELLED: 2}, "all 2 allocations are cancelled."),
        ({O.NOT_ATTEMPTED: 1}, "0 of 1 are cancelled, 1 was not attempted."),
    ],
)
def test_a_stop_is_told_even_if_nothing_is_left(outcomes: dict[Outcome, int], rest: str) -> None:
    """A stop keeps its exit code when every allocation was cancelled, or there was none."""
    assert verdict(tally_of(outcomes), SIGTERM, SOUND) == (
        f"Stopped early: SIGTERM received; {rest}",
        ExitCode.TERMINATED,
    )


@pytest.mark.parametrize("stop", [None, SIGTERM])
def test_totals_that_do_not_balance_outrank_all(stop: StopWord | None) -> None:
    """The first check that is not kept is told, and nothing is said about cancelled ones."""
    tally = tally_of({O.CANCELLED: 2, O.UNKNOWN: 1})
    assert verdict(tally, stop, OFF) == (
        "The control totals do not balance. Rows: 1; others: 2: they differ.",
        ExitCode.UNSOUND,
    )


def test_repeated_rows_are_not_counted_as_allocations() -> None:
    """Three rows of one allocation are one allocation in the sentence."""
    sentence, code = verdict(tally_of({O.NOT_FOUND: 1, O.CANCELLED: 1}, repeats=2), None, SOUND)
    assert sentence == "1 of 2 allocations is cancelled; 1 was not."
    assert code is ExitCode.BREAKS


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(Outcome), st.integers(1, 5)), st.integers(0, 2))
def test_never_zero_with_a_break(outcomes: dict[Outcome, int], invalid: int) -> None:
    """Exit 0 means that all are cancelled; any unknown is 4; and the figures add up."""
    sentence, code = verdict(tally_of(outcomes, invalid=invalid), None, SOUND)
    breaks = bool(invalid or outcomes.keys() & BREAKS)
    assert (code is ExitCode.OK) is not breaks
    assert (code is ExitCode.UNKNOWNS) is (O.UNKNOWN in outcomes)
    assert sentence.endswith(".")
    done = outcomes.get(O.CANCELLED, 0) + outcomes.get(O.ALREADY_CANCELLED, 0)
    whole = bool(outcomes) and done == sum(outcomes.values())
    assert ("ll " in sentence[:4] or "one allocation is" in sentence) is whole


def test_a_row_added_is_a_row_told() -> None:
    """The verdict reads a tally that was made from detail rows as well."""
    tally = Tally()
    tally.add(
        DetailRow(row=2, kind=RowKind.ALLOCATION, allocation_id="a" * 24, outcome=O.CANCELLED)
    )
    assert verdict(tally, None, SOUND)[0] == "The one allocation is cancelled."
