"""The list of runs: how each stands, whatever lies in its folder."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from pastruns import contents, held_journal, leave_journal, past_run, write_summary

from bulkcancel.errors import ExitCode, RefusedError
from bulkcancel.execution.catalogue import RunState, list_runs, look_at
from bulkcancel.model import Outcome

IDS = [f"{number:024x}" for number in range(5)]
MIXED = [
    (IDS[0], Outcome.CANCELLED),
    (IDS[1], Outcome.ALREADY_CANCELLED),
    (IDS[2], Outcome.NOT_FOUND),
    (IDS[3], Outcome.UNKNOWN),
    (IDS[4], Outcome.NOT_ATTEMPTED),
]


def test_a_published_run_is_told_by_its_summary(tmp_path: Path) -> None:
    """Counts, times, target and verdict are those of the summary."""
    past_run(tmp_path, "night", MIXED, started="2026-11-23T01:00:00.000Z")
    (run,) = list_runs(tmp_path)
    assert (run.run_id, run.state, run.exit_code) == ("night", RunState.BREAKS, 3)
    assert (run.allocations, run.cancelled, run.breaks, run.unknowns) == (5, 2, 3, 1)
    assert (run.started_at, run.finished_at) == (
        "2026-11-23T01:00:00.000Z",
        "2026-11-23T01:00:59.000Z",
    )
    assert run.sentence == "5 allocations."
    assert run.target is not None
    assert run.target.base_url == "https://oms.example/api/v2"


@pytest.mark.parametrize(
    ("outcome", "stop", "journal", "resumable"),
    [
        (Outcome.UNKNOWN, None, True, True),
        (Outcome.FAILED, None, True, False),
        (Outcome.FAILED, "the server is down", True, True),
        (Outcome.NOT_ATTEMPTED, "the server is down", True, True),
        (Outcome.NOT_FOUND, "the server is down", True, False),
        (Outcome.NOT_ATTEMPTED, "the server is down", False, False),
    ],
)
def test_what_a_resume_could_go_on_with(
    tmp_path: Path,
    outcome: Outcome,
    stop: str | None,
    journal: bool,  # noqa: FBT001 - a parameter of a case
    resumable: bool,  # noqa: FBT001 - the same
) -> None:
    """Unknowns always, and after a stop what was not sent or failed; never without a journal."""
    rows = [(IDS[0], outcome)]
    folder = past_run(tmp_path, "night", rows, started="2026-11-23T01:00:00.000Z", stop=stop)
    if journal:
        leave_journal(folder / "journal.sqlite", "closed")
    assert look_at(folder).resumable == resumable


def test_the_newest_stands_last(tmp_path: Path) -> None:
    """Runs are sorted by when they began; where nothing tells, by when their folder was made."""
    past_run(tmp_path, "b", MIXED, started="2026-11-23T01:00:00.000Z")
    past_run(tmp_path, "a", MIXED, started="2026-11-24T01:00:00.000Z")
    (tmp_path / "20261123T120000Z-0000").mkdir()
    leave_journal(tmp_path / "0-new" / "journal.sqlite", "unfinished")
    names = [run.run_id for run in list_runs(tmp_path)]
    assert names == ["b", "20261123T120000Z-0000", "a", "0-new"]


def test_a_run_at_work_is_told_by_its_lock(tmp_path: Path) -> None:
    """Also if an earlier start of it has published a report; it is not disturbed."""
    with held_journal(tmp_path / "new" / "journal.sqlite") as process:
        assert look_at(tmp_path / "new").state is RunState.RUNNING
        folder = past_run(tmp_path, "again", MIXED, started="2026-11-23T01:00:00.000Z", stop="x")
        os.link(tmp_path / "new" / "journal.sqlite", folder / "journal.sqlite")
        run = look_at(folder)
        assert (run.state, run.resumable, run.cancelled) == (RunState.RUNNING, False, 2)
        assert process.communicate("end\n", timeout=30)[0] == "ended\n"


@pytest.mark.parametrize(
    ("how", "state", "resumable"),
    [
        ("killed", RunState.KILLED, True),
        ("in-doubt", RunState.KILLED, True),
        ("closed", RunState.UNREPORTED, True),
        ("unfinished", RunState.UNBEGUN, False),
    ],
)
def test_without_a_summary_the_journal_tells(
    tmp_path: Path,
    how: str,
    state: RunState,
    resumable: bool,  # noqa: FBT001 - a parameter of a case
) -> None:
    """A run that was killed, or never reported, is told by its journal, which is left as it is."""
    leave_journal(tmp_path / "night" / "journal.sqlite", how)
    before = contents(tmp_path / "night")
    run = look_at(tmp_path / "night")
    assert (run.state, run.resumable) == (state, resumable)
    if state is not RunState.UNBEGUN:
        assert (run.allocations, run.cancelled) == (5, 3)
        assert run.started_at == "2027-01-15T08:00:00.000Z"
    assert contents(tmp_path / "night") == before


def test_a_resume_that_was_killed_outranks_the_old_summary(tmp_path: Path) -> None:
    """What a killed process left in the journal is newer than the report beside it."""
    folder = past_run(tmp_path, "night", MIXED, started="2026-11-23T01:00:00.000Z", stop="x")
    leave_journal(folder / "journal.sqlite", "killed", cancelled=4)
    run = look_at(folder)
    assert (run.state, run.cancelled, run.exit_code) == (RunState.KILLED, 4, 5)


def test_a_run_that_does_not_balance_says_so(tmp_path: Path) -> None:
    """Totals that contradict each other are told, though there is no summary."""
    leave_journal(tmp_path / "night" / "journal.sqlite", "closed")
    (tmp_path / "night" / "OUT-OF-BALANCE.json").write_text("{}")
    assert look_at(tmp_path / "night").state is RunState.UNSOUND


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"{", b"[]", b"null", b'{"run_id": "night"}', b"\xff\xfe", b"[" * 200_000,
        b'{"run_id": 7, "outcomes": 5}',
    ],
)  # fmt: skip
def test_a_summary_that_is_none_is_one_line(tmp_path: Path, raw: bytes) -> None:
    """It is named with what to do, and the other runs are listed all the same."""
    past_run(tmp_path, "good", MIXED, started="2026-11-23T01:00:00.000Z")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "summary.json").write_bytes(raw)
    good, bad = list_runs(tmp_path)
    assert (bad.state, good.state) == (RunState.UNREADABLE, RunState.BREAKS)
    assert "`bulkcancel report bad` writes it again" in bad.sentence


def test_a_journal_that_is_none_is_one_line(tmp_path: Path) -> None:
    """A damaged journal, a folder in its place, a link in its place: each is said."""
    for name in ("damaged", "folder", "link"):
        (tmp_path / name).mkdir()
    (tmp_path / "damaged" / "journal.sqlite").write_bytes(b"no journal" * 1000)
    (tmp_path / "folder" / "journal.sqlite").mkdir()
    (tmp_path / "link" / "journal.sqlite").symlink_to("nowhere")
    states = {run.run_id: run for run in list_runs(tmp_path)}
    assert {run.state for run in states.values()} == {RunState.UNREADABLE}
    assert "damaged" in states["damaged"].sentence


def test_what_is_no_run_is_left_out(tmp_path: Path) -> None:
    """Files, links, hidden folders and other people's folders are no runs."""
    folder = past_run(tmp_path, "night", MIXED, started="2026-11-23T01:00:00.000Z")
    (tmp_path / "latest").symlink_to("night")
    (tmp_path / "refused-ids.csv").touch()
    (tmp_path / ".pruned-old").mkdir()
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "todo.txt").touch()
    (tmp_path / "empty").mkdir()
    assert [run.path for run in list_runs(tmp_path)] == [folder]


def test_no_folder_no_runs(tmp_path: Path) -> None:
    """A reports folder that is not there yet holds none; one that is a file is refused."""
    assert list_runs(tmp_path / "nowhere") == []
    (tmp_path / "file").touch()
    with pytest.raises(RefusedError, match="can't be read"):
        list_runs(tmp_path / "file")


def test_every_exit_code_of_a_report_has_its_word(tmp_path: Path) -> None:
    """The word in the list is that of the exit code."""
    folder = past_run(tmp_path, "night", MIXED, started="2026-11-23T01:00:00.000Z")
    summary = json.loads((folder / "summary.json").read_text())
    reported = set(ExitCode) - {ExitCode.UNEXPECTED, ExitCode.REFUSED, ExitCode.LOCKED}
    for code in reported:
        write_summary(folder, {**summary, "exit_code": int(code)})
        assert look_at(folder).state == code.name.lower()
