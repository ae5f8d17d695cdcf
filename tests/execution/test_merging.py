"""The runs of all shards become one run; what does not fit together is refused."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from quickrun import QuickRig
from rigging import make_ids, no_secrets

from bulkcancel.errors import (
    BulkcancelError,
    ExitCode,
    JournalError,
    LockedError,
    OutOfBalanceError,
    RefusedError,
)
from bulkcancel.execution import Finished, RunFolder, RunSession, merge_runs, rebuild_reports
from bulkcancel.execution.catalogue import look_at
from bulkcancel.execution.history import history
from bulkcancel.journal import Journal

SHIPPED = "62ff5c0bec0aed3c86205e1d"


def shard_run(rig: QuickRig, source: Path, index: int, of: int, **more: Any) -> Finished:
    """Run one shard of an input."""
    settings = replace(rig.settings(), shard=f"{index}/{of}", **more)
    return rig.work(source, settings, run_id=f"night-{index}")


def begun(rig: QuickRig, source: Path, index: int, of: int, **more: Any) -> RunSession:
    """Write the journal of a shard; nothing is sent."""
    settings = replace(rig.settings(), shard=f"{index}/{of}", **more)
    return rig.begin(source, settings, run_id=f"night-{index}")


def merge(rig: QuickRig, *names: str, run_id: str = "night") -> Finished:
    """Merge some runs, by default all that there are."""
    found = names or [path.name for path in sorted((rig.path / "reports").glob("night-*"))]
    folders = [RunFolder(run_id=name, path=rig.folder(name)) for name in found]
    return merge_runs(folders, rig.path / "reports", run_id, now=time.time())


def refused(rig: QuickRig, kind: type[BulkcancelError], words: str, *names: str) -> None:
    """Assert that a merge is refused, and leaves nothing."""
    before = sorted((rig.path / "reports").iterdir())
    with pytest.raises(kind, match=words):
        merge(rig, *names)
    assert sorted((rig.path / "reports").iterdir()) == before


def test_each_row_stands_once(rig: QuickRig) -> None:
    """Duplicates, blank and invalid rows too; the totals are those of the whole input."""
    rig.serve()
    ids = [*make_ids(40), SHIPPED]
    lines = [*ids[:20], "bad", "", *ids[20:], *ids[:7], "worse", SHIPPED, ""]
    source = rig.write([f"{line},{number}" if line else "," for number, line in enumerate(lines)],
                       header="allocation_id,number")  # fmt: skip
    shares = [shard_run(rig, source, index, 3, skip_invalid=True) for index in (1, 2, 3)]
    assert {share.summary["shard"]["of"] for share in shares} == {3}
    whole = shares[0].summary["shard"]["whole"]
    merged = merge(rig)
    assert merged.exit_code == ExitCode.BREAKS
    assert whole == {**merged.summary["rows"], "hash_total": merged.summary["input"]["hash_total"]}
    assert merged.summary["rows"] == {
        "read": 52, "blank": 2, "invalid": 2, "duplicate": 8, "unique": 41,
    } | {"read": len(lines)}  # fmt: skip
    control = merged.summary["control"]
    assert control["balanced"]
    assert control["hash_total_manifest"] == whole["hash_total"]
    assert [int(row["row"]) for row in rig.rows()] == list(range(2, len(lines) + 2))
    assert [row["number"] for row in rig.rows()] == [
        str(number) if line else "" for number, line in enumerate(lines)
    ]
    for name in ("read", "blank", "invalid", "duplicate", "unique"):
        assert sum(share.summary["rows"][name] for share in shares) == whole[name]
    assert [share.summary["rows"]["invalid"] for share in shares] == [2, 0, 0]
    rig.check(ids)


def test_a_merge_is_a_run_as_any_other(rig: QuickRig) -> None:
    """It is listed, rebuilt byte for byte, and says the same when it is made again."""
    rig.serve("reset-after=0.1*1", "500=0.1*1")
    source = rig.write([*make_ids(60), SHIPPED])
    for index in (1, 2, 3, 4):
        shard_run(rig, source, index, 4)
    merged = merge(rig, "night-3", "night-1", "night-4", "night-2")
    rig.check([*make_ids(60), SHIPPED])
    files = {path.name: path.read_bytes() for path in merged.folder.path.iterdir()}
    assert set(files) == {*merged.summary["files"], "summary.json", "journal.sqlite"}
    rebuild_reports(merged.folder)
    for name, content in files.items():
        if name != "journal.sqlite":
            assert (merged.folder.path / name).read_bytes() == content, name
    line = look_at(merged.folder.path)
    assert (line.state, line.allocations, line.resumable) == ("breaks", 61, False)
    merge(rig, "night-1", "night-2", "night-3", "night-4", run_id="again")
    for name in ("reconciliation.csv", "reconciliation.parquet", "retry.csv"):
        assert (rig.folder("again") / name).read_bytes() == files[name], name
    assert [run["run_id"] for run in rig.summary("again")["merged"]["runs"]] == [
        "night-1", "night-2", "night-3", "night-4",
    ]  # fmt: skip


def test_all_that_the_shards_noted_is_carried_over(rig: QuickRig) -> None:
    """Attempts, read-backs, starts and pace are those of the shards together."""
    rig.serve("reset-after=0.2*1", "500-applied=0.1*1")
    source = rig.write(make_ids(80))
    shares = [shard_run(rig, source, index, 4).summary for index in (1, 2, 3, 4)]
    merged = merge(rig).summary
    assert merged["segments"] == 4
    assert merged["started_at"] == min(one["started_at"] for one in shares)
    assert merged["finished_at"] == max(one["finished_at"] for one in shares)
    for name in ("sent", "read_backs"):
        assert merged["attempts"][name] == sum(one["attempts"][name] for one in shares) > 0
    assert merged["pacing"]["rate_ceiling"] == 4 * 5000.0
    assert merged["pacing"]["learned_limit"] is None
    assert [pace["shard"] for pace in merged["pacing"]["shards"]] == [1, 2, 3, 4]
    tables = ("row", "intent", "attempt", "read_back", "outcome", "pace", "segment", "reopened")
    joined, parts = dict.fromkeys(tables, 0), dict.fromkeys(tables, 0)
    for name in ("night", "night-1", "night-2", "night-3", "night-4"):
        with Journal.open(rig.folder(name) / "journal.sqlite") as journal:
            for table in tables:
                ((count,),) = journal.select(f"SELECT COUNT(*) FROM {table}")  # noqa: S608
                (joined if name == "night" else parts)[table] += count
    assert joined == parts


def test_an_empty_input_is_merged(rig: QuickRig) -> None:
    """No rows at all: nothing to cancel in any shard, exit 0 in each and in the merge."""
    rig.serve()
    source = rig.write([])
    for index in (1, 2):
        assert shard_run(rig, source, index, 2).exit_code == ExitCode.OK
    merged = merge(rig)
    assert (merged.exit_code, merged.summary["rows"]["read"]) == (ExitCode.OK, 0)
    assert merged.verdict == "There was no allocation to cancel."


def test_more_shards_than_allocations(rig: QuickRig) -> None:
    """Those that none falls into have nothing to do, and are merged with the others."""
    rig.serve()
    source = rig.write(make_ids(2))
    ended = [shard_run(rig, source, index, 12) for index in range(1, 13)]
    assert {one.exit_code for one in ended} == {ExitCode.OK}
    merged = merge(rig)
    assert (merged.exit_code, merged.summary["outcomes"]["cancelled"]) == (ExitCode.OK, 2)
    rig.check(make_ids(2))


def test_a_stopped_shard_is_merged_as_its_report_shows_it(rig: QuickRig) -> None:
    """Its rest is not attempted, exit 5; resumed and merged again, all is well."""
    rig.serve()
    wanted = make_ids(60)
    source = rig.write(wanted)
    shard_run(rig, source, 1, 3)
    left = shard_run(rig, source, 2, 3, limit=5).summary["outcomes"]["not_attempted"]
    with begun(rig, source, 3, 3):
        pass
    merged = merge(rig)
    assert merged.exit_code == ExitCode.STOPPED
    never = merged.summary["merged"]["runs"][2]
    assert never["stop"] == "it was never begun"
    assert merged.summary["outcomes"]["not_attempted"] == left + never["allocations"]
    assert merged.summary["finished_at"] is None
    assert (
        "Stopped early: shard 2 (`bulkcancel resume night-2`), shard 3 (`bulkcancel resume "
        "night-3`) of 3 are unfinished: resume them and merge again;"
    ) in merged.verdict
    assert not merged.resumable
    page = (rig.folder() / "report.html").read_text(encoding="utf-8")
    assert "Go on with its shards, and merge again:" in page
    assert "<code>bulkcancel resume night-3</code>" in page
    rig.check(wanted)
    for index in (2, 3):
        settings = replace(rig.settings(), shard=f"{index}/3")
        assert rig.resume(settings, run_id=f"night-{index}").exit_code == ExitCode.OK
    assert merge(rig, "night-1", "night-2", "night-3", run_id="whole").exit_code == ExitCode.OK
    rig.check(wanted, run_id="whole")


def test_unknown_outcomes_name_the_shard_to_resume(rig: QuickRig) -> None:
    """A shard that came to its end with unknowns: exit 4, and its resume is named."""
    wanted = make_ids(30)
    rig.serve(f"500@{wanted[0]}", read_available=False)
    source = rig.write(wanted)
    for index in (1, 2):
        shard_run(rig, source, index, 2, max_time=2.0)
    merged = merge(rig)
    assert merged.exit_code == ExitCode.UNKNOWNS
    runs = merged.summary["merged"]["runs"]
    assert [run["unknown"] for run in runs].count(1) == 1
    assert [run["resumable"] for run in runs] == [bool(run["unknown"]) for run in runs]
    (broken,) = rig.rows("breaks.csv")
    assert "`bulkcancel resume SHARD`" in broken["next_step"]


def test_a_merge_can_not_be_resumed(rig: QuickRig) -> None:
    """Nothing can be sent from it; the shards are named."""
    rig.serve()
    source = rig.write(make_ids(6))
    for index in (1, 2):
        with begun(rig, source, index, 2):
            pass
    merge(rig)
    words = "a merge of the runs night-1, night-2, and can't be resumed"
    with pytest.raises(RefusedError, match=words):
        rig.reopen()
    assert rig.server.ledger.summary().requests == 0


def test_runs_that_do_not_belong_together_are_refused(rig: QuickRig) -> None:
    """Each with its sentence, before anything is written."""
    rig.serve()
    source = rig.write(make_ids(10))
    other = rig.write(make_ids(11), name="other.csv")

    def make(name: str, source: Path, index: int, of: int, **more: Any) -> None:
        settings = replace(rig.settings(), shard=f"{index}/{of}", **more)
        with rig.begin(source, settings, run_id=name):
            pass

    make("a", source, 1, 3)
    make("b", source, 2, 3)
    make("c", source, 3, 3)
    make("c-other-input", other, 3, 3)
    make("c-other-number", source, 3, 4)
    elsewhere = replace(rig.target(), account="ffffffffffffffffffffffff")
    make("c-elsewhere", source, 3, 3, target=elsewhere)
    make("c-stage", source, 3, 3, target=replace(rig.target(), stage="uat"))
    with rig.begin(source, run_id="whole"):
        pass
    shutil.copytree(rig.folder("b"), rig.folder("b-copy"))
    missing = "The runs of shard 2 of 3 are missing"
    refused(rig, RefusedError, missing, "a", "c")
    refused(rig, RefusedError, "The runs of shards 1, 3 of 3 are missing", "b")
    refused(rig, RefusedError, "Shard 2 of 3 is given twice: .*b and .*b-copy", "a", "b", "b-copy")
    refused(rig, RefusedError, "Shard 1 of 3 is given twice", "a", "a", "b", "c")
    refused(rig, RefusedError, "whole is no run of a shard", "a", "b", "whole")
    refused(rig, RefusedError, "of another input than", "a", "b", "c-other-input")
    refused(rig, RefusedError, "different numbers of runs", "a", "b", "c-other-number")
    refused(rig, RefusedError, "for another target", "a", "b", "c-elsewhere")
    refused(rig, RefusedError, "for another target", "a", "b", "c-stage")
    merge(rig, "a", "b", "c", run_id="merged")
    refused(rig, RefusedError, "merged is a merge itself", "merged", "b", "c")
    with pytest.raises(RefusedError, match=r"a run merged in .* already: a merge needs another"):
        merge(rig, "a", "b", "c", run_id="merged")
    with pytest.raises(RefusedError, match="not fit for a folder"):
        merge(rig, "a", "b", "c", run_id="../x")


def test_an_input_that_was_read_otherwise_is_refused(rig: QuickRig) -> None:
    """The same file with other columns, or with other text in them, is another one."""
    rig.serve()
    path = rig.path / "ids.csv"
    lines = ["allocation_id,name", *(f"{one},M\u00fcller" for one in make_ids(6)), ""]
    path.write_bytes("\n".join(lines).encode("cp1252"))
    for index, encoding in ((1, "cp1252"), (2, "cp850")):
        words = ("--encoding", encoding, "--shard", f"{index}/2", "--limit", "1")
        assert rig.run(path, *words, run_id=f"night-{index}").code in {0, 5}
    refused(rig, RefusedError, "read the same input otherwise", "night-1", "night-2")


def test_a_shard_at_work_is_not_merged(rig: QuickRig) -> None:
    """Exit 75; nothing is written, and the shard is not disturbed."""
    rig.serve()
    source = rig.write(make_ids(10))
    with begun(rig, source, 1, 2):
        pass
    with begun(rig, source, 2, 2):
        refused(rig, LockedError, "in use by another process", "night-1", "night-2")
    assert merge(rig).exit_code == ExitCode.STOPPED


def test_shares_that_do_not_add_up_are_not_merged(rig: QuickRig) -> None:
    """A journal that was tampered with is found out before anything is written."""
    rig.serve()
    source = rig.write(make_ids(10))
    for index in (1, 2):
        with begun(rig, source, index, 2):
            pass
    with Journal.open(rig.folder("night-2") / "journal.sqlite") as journal:
        counts = journal.fact("counts")
        change = "UPDATE fact SET value = json_set(value, '$.unique', ?) WHERE name = 'counts'"
        journal.change([(change, (counts["unique"] + 1,))])
    refused(rig, JournalError, "The shards hold 11 rows .unique. together and the whole input 10")
    with Journal.open(rig.folder("night-2") / "journal.sqlite") as journal:
        journal.change([(change, (counts["unique"],))])
        other = "UPDATE fact SET value = json_set(value, '$.hash_total', ?) WHERE name = 'shard'"
        journal.change([(other, ("00000000deadbeef",))])
    refused(rig, JournalError, "do not add up to that of the whole input")


def test_a_merge_that_does_not_balance_is_kept_apart(rig: QuickRig) -> None:
    """Exit 7: no report, and what shows the contradiction lies where the sentence says."""
    rig.serve()
    source = rig.write(make_ids(10))
    for index in (1, 2):
        shard_run(rig, source, index, 2)
    with Journal.open(rig.folder("night-2") / "journal.sqlite") as journal:
        journal.change([("UPDATE outcome SET attempts = attempts + 1", ())])
    kept = rig.folder("night") / "OUT-OF-BALANCE.json"
    with pytest.raises(OutOfBalanceError, match=re.escape(f"kept in {kept} ")):
        merge(rig, run_id="night")
    assert kept.is_file()
    assert not (rig.folder("night") / "summary.json").exists()
    assert look_at(rig.folder("night")).state == "unsound"
    assert not list((rig.path / "reports").glob(".merging-*"))


def test_reports_that_can_not_be_written_leave_nothing(rig: QuickRig) -> None:
    """A full disk while the reports are written: a sentence, and no run."""
    rig.serve()
    source = rig.write(make_ids(2000))
    for index in (1, 2):
        with begun(rig, source, index, 2):
            pass
    limited = 'ulimit -f 300; exec "$@"'
    names = ("night-1", "night-2", "--run-id", "night")
    done = subprocess.run(
        ["/bin/sh", "-c", limited, "sh", *rig.command("merge", *names)],
        cwd=rig.path,
        env=rig.environment(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == ExitCode.UNSOUND, done.stderr
    assert b"merge again" in done.stderr
    assert sorted(path.name for path in (rig.path / "reports").iterdir()) == ["night-1", "night-2"]


def test_settings_that_differ_are_named(rig: QuickRig) -> None:
    """The merge shows those of the first shard, and says which are not the same in all."""
    rig.serve()
    source = rig.write(make_ids(10))
    shard_run(rig, source, 1, 2)
    shard_run(rig, source, 2, 2, concurrency=3, target=replace(rig.target(), date="2026-01-01"))
    merged = merge(rig).summary
    assert merged["merged"]["settings_differ"] == ["--concurrency", "--date"]
    assert merged["options"]["concurrency"] == rig.settings().concurrency
    assert merged["options"]["shard"] is None


def test_history_counts_each_night_once(rig: QuickRig) -> None:
    """What stands in a shard's run and in two merges of it is one break of one run."""
    rig.serve()
    source = rig.write([*make_ids(10), SHIPPED])
    for index in (1, 2):
        shard_run(rig, source, index, 2)
    told = history(rig.path / "reports")
    assert told.runs == 2
    merge(rig, "night-1", "night-2", run_id="night")
    merge(rig, "night-1", "night-2", run_id="night-again")
    told = history(rig.path / "reports")
    assert told.runs == 1
    ((standing,),) = [known.values() for known in told.standing.values()]
    assert (standing.runs, standing.last.run_id) == (1, "night-again")


def test_shards_of_other_machines_are_merged(rig: QuickRig) -> None:
    """By their folders, which may have one name; a run of this folder that has it still counts."""
    rig.serve()
    source = rig.write([*make_ids(10), SHIPPED])
    for index in (1, 2):
        settings = replace(rig.settings(), shard=f"{index}/2", limit=2)
        rig.work(source, settings, run_id="night")
        (rig.path / "reports").rename(rig.path / f"machine-{index}")
    rig.work(rig.write([SHIPPED], name="other.csv"), run_id="night")
    folders = [
        RunFolder(run_id="night", path=rig.path / f"machine-{index}" / "night") for index in (1, 2)
    ]
    merged = merge_runs(folders, rig.path / "reports", "joined", now=time.time())
    assert f"`bulkcancel resume {rig.path / 'machine-2' / 'night'}`" in merged.verdict
    assert history(rig.path / "reports").runs == 2
    merge_runs(folders, rig.path / "elsewhere", "joined", now=time.time())
    joined = (rig.path / "elsewhere" / "joined" / "reconciliation.csv").read_bytes()
    assert joined == (rig.folder("joined") / "reconciliation.csv").read_bytes()


def test_the_same_merge_is_not_made_twice_at_once(rig: QuickRig) -> None:
    """The second one ends with 75 and leaves the first one's folder; one left behind is removed."""
    rig.serve()
    source = rig.write(make_ids(10))
    for index in (1, 2):
        with begun(rig, source, index, 2):
            pass
    aside = rig.path / "reports" / ".merging-night"
    aside.mkdir()
    (aside / "journal.sqlite").touch()
    held = os.open(aside, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    try:
        refused(rig, LockedError, "Another process merges into .*night just now")
        assert (aside / "journal.sqlite").exists()
        assert merge(rig, run_id="other").exit_code == ExitCode.STOPPED
        assert (aside / "journal.sqlite").exists()
    finally:
        os.close(held)
    assert merge(rig, run_id="third").exit_code == ExitCode.STOPPED
    assert not aside.exists()


def killed_merge(rig: QuickRig, until: Callable[[], bool]) -> bool:
    """Merge in a process that is killed as soon as something is so; say whether it was."""
    names = [path.name for path in sorted((rig.path / "reports").glob("night-*"))]
    words = [sys.executable, "-m", "bulkcancel", "merge", *names, "--run-id", "merged"]
    environment = rig.environment()
    with subprocess.Popen(words, cwd=rig.path, env=environment, stdout=subprocess.PIPE) as process:
        while process.poll() is None:
            if until():
                process.send_signal(signal.SIGKILL)
                break
            time.sleep(0.002)
        return process.wait(60) == -signal.SIGKILL


def test_a_killed_merge_leaves_no_half_run(rig: QuickRig) -> None:
    """Killed while it copies, and while it writes its reports: no run, and the next is whole."""
    rig.serve()
    source = rig.write(make_ids(30_000))
    for index in (1, 2):
        with begun(rig, source, index, 2):
            pass
    reports = rig.path / "reports"
    aside = reports / ".merging-merged"
    assert killed_merge(rig, (aside / "journal.sqlite").exists)
    assert aside.is_dir()
    assert killed_merge(rig, (aside / ".reconciliation.csv.partial").exists)
    assert aside.is_dir()
    assert not (reports / "merged").exists()
    listed = rig.call("runs").out
    assert "merg" not in listed
    assert len(listed.splitlines()) == 3
    assert merge(rig, run_id="whole").exit_code == ExitCode.STOPPED
    assert sorted(path.name for path in reports.iterdir()) == ["night-1", "night-2", "whole"]
    assert len(rig.rows(run_id="whole")) == 30_000
    no_secrets(rig.path)
