"""Pruning: only what ended long ago, only what a run made, and never half."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from pastruns import held_journal, leave_journal, past_run

from bulkcancel.errors import RefusedError
from bulkcancel.execution.catalogue import list_runs
from bulkcancel.execution.pruning import (
    Prunable,
    PruningPlan,
    Spared,
    parse_age,
    plan_pruning,
    prune,
)
from bulkcancel.model import Outcome

DAY = 86_400.0
NOW = datetime.fromisoformat("2026-11-25T12:00:00+00:00").timestamp()
GOOD = [("0" * 24, Outcome.CANCELLED)]
OPEN = [("0" * 24, Outcome.UNKNOWN)]


def night(day: int) -> str:
    """Return when the run of a day in November began."""
    return f"2026-11-{day:02d}T01:00:00.000Z"


def planned(
    reports: Path,
    *,
    days: float = 10,
    keep: int = 0,
    resumable: bool = False,
) -> PruningPlan:
    """Plan to remove what ended more than so many days ago."""
    return plan_pruning(reports, older_than=days * DAY, keep=keep, resumable=resumable, now=NOW)


def reasons(plan: PruningPlan) -> dict[str, str]:
    """Return why folders stay, by their names."""
    return {one.name: one.reason for one in plan.spared}


def carried_out(reports: Path, plan: PruningPlan) -> tuple[list[str], list[Spared]]:
    """Carry a plan out; return what is gone and what stays."""
    done = list(prune(reports, plan))
    gone = [one.run.run_id for one in done if isinstance(one, Prunable)]
    return gone, [one for one in done if isinstance(one, Spared)]


def test_only_what_ended_long_ago_goes(tmp_path: Path) -> None:
    """Runs are removed by when they ended; the plan alone removes nothing."""
    for day in (1, 14, 15, 16, 24):
        past_run(tmp_path, f"night-{day}", GOOD, started=night(day))
    plan = planned(tmp_path)
    assert [one.run.run_id for one in plan.remove] == ["night-1", "night-14", "night-15"]
    assert len(list_runs(tmp_path)) == 5
    assert carried_out(tmp_path, plan) == (["night-1", "night-14", "night-15"], [])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["night-16", "night-24"]


def test_the_size_is_that_of_its_files(tmp_path: Path) -> None:
    """The plan says how many bytes a run folder holds."""
    folder = past_run(tmp_path, "night", GOOD, started=night(1))
    (one,) = planned(tmp_path).remove
    assert one.size == sum(path.stat().st_size for path in folder.iterdir())


def test_the_newest_stay_whatever_their_age(tmp_path: Path) -> None:
    """``keep`` counts from the newest run, be it old itself."""
    for day in (1, 2, 3):
        past_run(tmp_path, f"night-{day}", GOOD, started=night(day))
    assert [one.run.run_id for one in planned(tmp_path, keep=2).remove] == ["night-1"]
    assert planned(tmp_path, keep=3).remove == ()
    assert planned(tmp_path, keep=9).remove == ()


def test_a_run_that_can_be_gone_on_with_stays(tmp_path: Path) -> None:
    """Unknowns, a kill, reports that were never written: such runs go with ``resumable`` only."""
    folder = past_run(tmp_path, "unknowns", OPEN, started=night(1))
    leave_journal(folder / "journal.sqlite", "closed")
    for how in ("killed", "closed", "unfinished"):
        leave_journal(tmp_path / how / "journal.sqlite", how)
    then = NOW - 30 * DAY
    for path in tmp_path.rglob("*"):
        os.utime(path, (then, then))
    told = reasons(planned(tmp_path))
    assert set(told) == {"unknowns", "killed"}
    assert all("--resumable" in reason for reason in told.values())
    # What never began has nothing to go on with. `closed` ended in the future, by its journal.
    assert [one.run.run_id for one in planned(tmp_path).remove] == ["unfinished"]
    plan = planned(tmp_path, resumable=True)
    assert {one.run.run_id for one in plan.remove} == {"unknowns", "killed", "unfinished"}


def test_a_run_at_work_stays(tmp_path: Path) -> None:
    """Its lock tells, in the plan and once more when its turn to go has come."""
    folder = past_run(tmp_path, "night", GOOD, started=night(1))
    idle = planned(tmp_path)
    with held_journal(tmp_path / "new" / "journal.sqlite"):
        os.link(tmp_path / "new" / "journal.sqlite", folder / "journal.sqlite")
        assert reasons(planned(tmp_path)) == {"night": "a process works on it"}
        gone, (stays,) = carried_out(tmp_path, idle)
        assert (gone, stays.reason, stays.failed) == ([], "a process works on it", False)
    assert (folder / "summary.json").is_file()


def test_a_run_that_was_gone_on_with_since_the_plan_stays(tmp_path: Path) -> None:
    """A journal that is newer than the plan is not the one that was planned to go."""
    folder = past_run(tmp_path, "night", GOOD, started=night(1))
    leave_journal(folder / "journal.sqlite", "closed")
    plan = planned(tmp_path)
    os.utime(folder / "journal.sqlite", (NOW, NOW))
    gone, (stays,) = carried_out(tmp_path, plan)
    assert (gone, stays.reason) == ([], "a process worked on it just now")
    assert (folder / "journal.sqlite").is_file()


@pytest.mark.parametrize("foreign", ["notes.txt", "summary.json.bak", ".hidden", "summary"])
def test_what_no_run_made_keeps_the_folder(tmp_path: Path, foreign: str) -> None:
    """A file of somebody else's, by its name: the whole folder stays, untouched."""
    folder = past_run(tmp_path, "night", GOOD, started=night(1))
    (folder / foreign).touch()
    before = sorted(path.name for path in folder.iterdir())
    gone, (stays,) = carried_out(tmp_path, planned(tmp_path))
    assert (gone, stays.reason) == ([], f"it holds {foreign!r}, which no run made")
    assert sorted(path.name for path in folder.iterdir()) == before


def test_what_a_killed_process_left_is_ours(tmp_path: Path) -> None:
    """Files that were not published yet, and what SQLite keeps beside a journal, go along."""
    folder = past_run(tmp_path, "night", GOOD, started=night(1))
    for name in (".summary.json.partial", "report.html", "reconciliation.xlsx", "retry.csv"):
        (folder / name).touch()
    assert carried_out(tmp_path, planned(tmp_path)) == (["night"], [])
    assert list(tmp_path.iterdir()) == []


def test_links_are_never_followed(tmp_path: Path) -> None:
    """A link to a run, a link inside of one, a folder in a file's place: nothing outside goes."""
    reports, outside = tmp_path / "reports", tmp_path / "outside"
    past_run(outside, "far", GOOD, started=night(1))
    precious = outside / "precious.csv"
    precious.write_text("mine")
    for name in ("to-a-file", "to-a-folder", "folder"):
        past_run(reports, name, GOOD, started=night(1))
    (reports / "latest").symlink_to(outside / "far")
    (reports / "elsewhere").symlink_to(outside)
    (reports / "to-a-file" / "breaks.csv").symlink_to(precious)
    (reports / "to-a-folder" / "retry.csv").symlink_to(outside)
    (reports / "folder" / "report.html").mkdir()
    gone, stay = carried_out(reports, planned(reports))
    assert gone == []
    assert {one.name for one in stay} == {"to-a-file", "to-a-folder", "folder"}
    assert precious.read_text() == "mine"
    assert (outside / "far" / "summary.json").is_file()


def test_a_folder_that_became_a_link_is_left(tmp_path: Path) -> None:
    """What was a run when it was planned, and a link when its turn came, is not entered."""
    reports, outside = tmp_path / "reports", tmp_path / "outside"
    folder = past_run(reports, "night", GOOD, started=night(1))
    plan = planned(reports)
    folder.rename(outside)
    folder.symlink_to(outside)
    gone, (stays,) = carried_out(reports, plan)
    assert (gone, stays.failed) == ([], True)
    assert (outside / "summary.json").is_file()


def test_a_folder_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    """A summary that is none keeps the folder, with the reason."""
    (tmp_path / "night").mkdir()
    (tmp_path / "night" / "summary.json").write_text("{")
    then = NOW - 30 * DAY
    for path in (tmp_path / "night" / "summary.json", tmp_path / "night"):
        os.utime(path, (then, then))
    assert "is not as a run writes it" in reasons(planned(tmp_path))["night"]


_DYING = """
import os, signal, sys
from pathlib import Path
from bulkcancel.execution.pruning import plan_pruning, prune

left = int(sys.argv[2])

def counting(function):
    def call(*arguments, **more):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **more)
    return call

for name in ("rename", "unlink", "rmdir"):
    setattr(os, name, counting(getattr(os, name)))
reports = Path(sys.argv[1])
age, now = 10 * 86400.0, float(sys.argv[3])
plan = plan_pruning(reports, older_than=age, keep=0, resumable=False, now=now)
list(prune(reports, plan))
"""


@pytest.mark.parametrize("step", range(1, 8))
def test_a_kill_half_way_leaves_a_run_or_none(tmp_path: Path, step: int) -> None:
    """Killed at any step: the run is whole, or set aside; the next pruning finishes it."""
    folder = past_run(tmp_path, "night", GOOD, started=night(1))
    leave_journal(folder / "journal.sqlite", "closed")
    for name in ("breaks.csv", "retry.csv"):
        (folder / name).touch()
    whole = {path.name for path in folder.iterdir()}
    words = [sys.executable, "-c", _DYING, str(tmp_path), str(step), str(NOW)]
    died = subprocess.run(words, check=False, capture_output=True)
    assert died.returncode == -signal.SIGKILL, died.stderr
    if step == 1:
        assert {path.name for path in folder.iterdir()} == whole
        assert len(list_runs(tmp_path)) == 1
    else:
        assert list_runs(tmp_path) == []
        (aside,) = tmp_path.iterdir()
        assert aside.name == ".pruned-night"
        left = {path.name for path in aside.iterdir()}
        assert not left or "journal.sqlite" in left, "the journal goes last"
    plan = planned(tmp_path)
    assert len(plan.unfinished) == (step > 1)
    assert carried_out(tmp_path, plan)[1] == []
    assert list(tmp_path.iterdir()) == []


def test_somebody_elses_folder_of_that_name_is_left(tmp_path: Path) -> None:
    """What only looks like an unfinished removal, and holds other files, is named and stays."""
    (tmp_path / ".pruned-mine").mkdir()
    (tmp_path / ".pruned-mine" / "letter.txt").touch()
    (tmp_path / ".pruned-link").symlink_to("elsewhere")
    gone, (stays,) = carried_out(tmp_path, planned(tmp_path))
    assert (gone, stays.name, stays.failed) == ([], ".pruned-mine", True)
    assert (tmp_path / ".pruned-mine" / "letter.txt").is_file()


def test_a_run_id_that_is_used_again_while_its_removal_is_unfinished(tmp_path: Path) -> None:
    """First the old leftovers go, then the new run of the same name."""
    (tmp_path / ".pruned-night").mkdir()
    (tmp_path / ".pruned-night" / "journal.sqlite").touch()
    past_run(tmp_path, "night", GOOD, started=night(1))
    assert carried_out(tmp_path, planned(tmp_path)) == (["night"], [])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90d", 90 * DAY), ("36h", 1.5 * DAY), ("2 w", 14 * DAY), ("1Y", 365 * DAY)],
)
def test_an_age_is_read(text: str, seconds: float) -> None:
    """Hours, days, weeks and years."""
    assert parse_age(text) == seconds


@pytest.mark.parametrize("text", ["", "90", "d", "0d", "-1d", "90m", "1d12h", "1e9d", "90 days"])
def test_what_is_no_age_is_refused(text: str) -> None:
    """No unit, none, or one that could mean months or minutes."""
    with pytest.raises(RefusedError, match="such as 90d"):
        parse_age(text)
