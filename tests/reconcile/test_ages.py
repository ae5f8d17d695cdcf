"""How long a break has stood: counted over the runs whose input held it."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from bulkcancel.model import BREAKS, Outcome
from bulkcancel.reconcile.ages import Ages, PastRow, PastRun, ages

NIGHTS = [
    PastRun(run_id=f"night-{day}", started_at=f"2026-11-{day:02d}T01:00:00.000Z")
    for day in range(1, 13)
]
Nights = list[dict[str, Outcome]]

nights: st.SearchStrategy[Nights] = st.lists(
    st.dictionaries(st.sampled_from("abcde"), st.sampled_from(list(Outcome))), max_size=len(NIGHTS)
)


def rows(night: dict[str, Outcome]) -> list[PastRow]:
    """Return a night's rows; each has a reason of its own."""
    return [(one, outcome, f"{one} {outcome}") for one, outcome in night.items()]


def folded(told: Nights) -> Ages:
    """Take some nights, one after another."""
    known = Ages()
    for run, night in zip(NIGHTS, told, strict=False):
        known.add(run, rows(night))
    return known


def looked_up(told: Nights, one: str) -> list[tuple[PastRun, Outcome]]:
    """Return the breaks of an allocation, the newest first, back to where it was cancelled."""
    found: list[tuple[PastRun, Outcome]] = []
    for run, night in reversed(list(zip(NIGHTS, told, strict=False))):
        outcome = night.get(one)
        if outcome is None:
            continue
        if outcome not in BREAKS:
            break
        found.append((run, outcome))
    return found


def test_three_nights() -> None:
    """A break stands for each run that held it; one that is cancelled is forgotten."""
    shipped, gone, again = Outcome.NOT_CANCELLED, Outcome.CANCELLED, Outcome.UNKNOWN
    told: Nights = [{"a": shipped, "b": shipped}, {"b": gone}, {"a": again, "b": shipped}]
    known = folded(told).standing
    assert {one: standing.runs for one, standing in known.items()} == {"a": 2, "b": 1}
    assert known["a"].since == NIGHTS[0]
    assert known["a"].last == NIGHTS[2]
    assert (known["a"].outcome, known["a"].reason) == (again, "a unknown")
    assert known["b"].since == NIGHTS[2]


@given(nights)
def test_it_is_what_looking_backwards_finds(told: Nights) -> None:
    """Each age is the number of breaks back to the run that cancelled it, or to the first."""
    known = folded(told).standing
    for one in "abcde":
        found = looked_up(told, one)
        assert (one in known) == bool(found)
        if found:
            standing = known[one]
            assert standing.runs == len(found)
            assert standing.since == found[-1][0]
            assert (standing.last, standing.outcome) == found[0]
            assert standing.reason == f"{one} {found[0][1]}"


@given(nights)
def test_rows_that_matter_are_enough(told: Nights) -> None:
    """Rows that are no breaks may be left out, but for the ids that stand."""
    known = Ages()
    for run, night in zip(NIGHTS, told, strict=False):
        known.add(
            run,
            [row for row in rows(night) if row[1] in BREAKS or row[0] in known.standing],
        )
    assert known.standing == folded(told).standing


@given(nights, st.data())
def test_the_order_of_rows_makes_no_difference(told: Nights, data: st.DataObject) -> None:
    """Within a run, rows may come in any order."""
    known = Ages()
    for run, night in zip(NIGHTS, told, strict=False):
        known.add(run, data.draw(st.permutations(rows(night))))
    assert known.standing == folded(told).standing


@given(nights)
def test_nights_without_breaks_add_nothing(told: Nights) -> None:
    """Whatever stands is a break of the last run that held it, and no older than the first."""
    standing = folded(told).standing
    assert all(one.outcome in BREAKS and one.since.started_at <= one.last.started_at
               for one in standing.values())  # fmt: skip
    after: Sequence[dict[str, Outcome]] = [*told, dict.fromkeys("abcde", Outcome.CANCELLED)]
    assert (
        ages((run, rows(night)) for run, night in zip([*NIGHTS, NIGHTS[-1]], after, strict=False))
        == {}
    )
