"""What earlier runs tell: which allocations stay breaks, and which were cancelled already."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from pastruns import TARGET, past_run

from bulkcancel.execution.catalogue import SummaryTarget
from bulkcancel.execution.history import history, recently_cancelled
from bulkcancel.model import Outcome
from bulkcancel.reconcile.ages import Standing

A, B, C, D = (f"{letter:>024}" for letter in "abcd")
KEY = SummaryTarget(base_url=TARGET.base_url, account=TARGET.account)
OTHER = replace(TARGET, account="9999abcd5678efgh9ijklmno")
DAY = 86_400.0


def night(day: int) -> str:
    """Return when the run of a day in November began."""
    return f"2026-11-{day:02d}T01:00:00.000Z"


def at(day: int) -> float:
    """Return the noon of a day in November, in seconds since the epoch."""
    return datetime.fromisoformat(f"2026-11-{day:02d}T12:00:00+00:00").timestamp()


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    """Return the reports of four nights: A stays, B is cancelled at last, C comes and goes."""
    shipped, gone, unknown = Outcome.NOT_CANCELLED, Outcome.CANCELLED, Outcome.UNKNOWN
    past_run(tmp_path, "n1", [(A, shipped), (B, unknown), (C, shipped)], started=night(1))
    past_run(tmp_path, "n2", [(A, shipped), (B, unknown), (D, gone)], started=night(2))
    past_run(tmp_path, "n3", [(A, shipped), (B, gone)], started=night(3))
    past_run(tmp_path, "n4", [(A, unknown), (C, shipped)], started=night(4))
    return tmp_path


def runs_of(standing: Mapping[str, Standing]) -> dict[str, int]:
    """Return for how many runs the breaks stood."""
    return {one: known.runs for one, known in standing.items()}


def test_ages_over_four_nights(reports: Path) -> None:
    """Runs without an allocation count neither way; a cancelled one is forgotten."""
    found = history(reports)
    assert (found.runs, found.left_out) == (4, ())
    assert runs_of(found.standing[KEY]) == {A: 4, C: 2}
    known = found.standing[KEY][A]
    assert (known.since.run_id, known.last.run_id) == ("n1", "n4")
    assert (known.outcome, known.reason) == (Outcome.UNKNOWN, "n4 said unknown")


def test_a_row_that_repeats_an_allocation_counts_once(tmp_path: Path) -> None:
    """An allocation that stands in an input twice is one break, and one cancel."""
    rows = [(A, Outcome.NOT_FOUND), (B, Outcome.CANCELLED)]
    past_run(tmp_path, "n1", rows, started=night(1), repeated=True)
    assert runs_of(history(tmp_path).standing[KEY]) == {A: 1}
    (found,) = recently_cancelled(tmp_path, TARGET, [A, B], within=7 * DAY, now=at(2))
    assert found.allocations == 1


def test_targets_are_told_apart(reports: Path) -> None:
    """The same id in another account is another allocation."""
    past_run(reports, "n5", [(A, Outcome.CANCELLED)], started=night(5), target=OTHER)
    found = history(reports)
    assert runs_of(found.standing[KEY]) == {A: 4, C: 2}
    assert found.standing[replace(KEY, account=OTHER.account)] == {}


def test_a_report_that_was_changed_is_left_out(reports: Path) -> None:
    """A file that is not what the summary speaks of is named, and its run does not count."""
    detail = reports / "n2" / "reconciliation.parquet"
    shutil.copyfile(reports / "n3" / "reconciliation.parquet", detail)
    (reports / "n3" / "reconciliation.parquet").unlink()
    (reports / "n4" / "summary.json").write_text("{")
    found = history(reports)
    assert found.runs == 1
    assert runs_of(found.standing[KEY]) == {A: 1, B: 1, C: 1}
    assert len(found.left_out) == 3
    told = " ".join(found.left_out)
    assert "`bulkcancel report n2` writes it again" in told
    assert "n3/reconciliation.parquet can't be read (No such file or directory)" in told
    assert "`bulkcancel report n4` writes it again" in told


def test_what_a_recent_run_cancelled(reports: Path) -> None:
    """Counted for the newest run that cancelled it, within the time, for the target alone."""
    asked = [A, B, C, D]
    found = recently_cancelled(reports, TARGET, asked, within=7 * DAY, now=at(5))
    assert [(one.run_id, one.allocations, one.examples) for one in found] == [
        ("n3", 1, (B,)),
        ("n2", 1, (D,)),
    ]
    assert found[0].finished_at == "2026-11-03T01:00:59.000Z"
    found = recently_cancelled(reports, TARGET, asked, within=2.5 * DAY, now=at(5))
    assert [one.run_id for one in found] == ["n3"]
    past_run(reports, "n6", [(D, Outcome.CANCELLED)], started=night(4))
    found = recently_cancelled(reports, TARGET, [D, D, A], within=7 * DAY, now=at(5))
    assert [(one.run_id, one.allocations) for one in found] == [("n6", 1)]
    assert recently_cancelled(reports, OTHER, asked, within=7 * DAY, now=at(5)) == []
    assert recently_cancelled(reports, TARGET, [], within=7 * DAY, now=at(5)) == []


def test_what_was_cancelled_before_a_run_is_not_said_to_be_its_deed(tmp_path: Path) -> None:
    """`already_cancelled` was no cancel of that run."""
    rows = [(A, Outcome.ALREADY_CANCELLED), (B, Outcome.CANCELLED)]
    past_run(tmp_path, "n1", rows, started=night(1))
    (found,) = recently_cancelled(tmp_path, TARGET, [A, B], within=7 * DAY, now=at(2))
    assert found.examples == (B,)


def test_the_input_is_not_read_where_nothing_is_recent(reports: Path) -> None:
    """Without a recent run the ids are not even asked for."""
    never = map(pytest.fail, ["the ids are not needed"])
    assert recently_cancelled(reports, TARGET, never, within=DAY, now=at(20)) == []


def test_many_ids(tmp_path: Path) -> None:
    """Exactly those of the run that are asked for are counted, over several portions."""
    rows = [(f"{number:024x}", Outcome.CANCELLED) for number in range(70_000)]
    past_run(tmp_path, "n1", rows, started=night(1))
    asked = [f"{number:024x}" for number in range(69_000, 80_000)]
    (found,) = recently_cancelled(tmp_path, TARGET, asked, within=7 * DAY, now=at(2))
    assert found.allocations == 1000
    assert found.examples == tuple(asked[:3])
