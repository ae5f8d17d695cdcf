"""Rows 37 to 39 and 44 to 48 of the fault matrix: kills, full disks, damaged journals, two at once.

Elsewhere: 36 (a thousand kills) in the campaigns, 42 and 43 (power loss) with the journal, 46's
network file system with the journal's files.
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from changing import replace
from quickrun import QuickRig
from rigging import QUICK, make_ids
from scarce import small_files, tiny_disk

from bulkcancel.errors import InputRefusedError, JournalError, ReportError
from bulkcancel.execution import RunFolder, RunSession, new_run, rebuild_reports
from bulkcancel.manifest import InputOptions, read_manifest

SUPPORT = Path(__file__).parents[1] / "support"


def die(rig: QuickRig, when: str, number: int, source: Path, *more: str) -> None:
    """Run the command in a process that kills itself around a send."""
    words = ("run", str(source), *rig.aim(), *QUICK, "--yes", "--run-id", "night", *more)
    die_in(rig, when, number, *words)


def die_in(rig: QuickRig, when: str, number: int, *words: str) -> None:
    """Run a command in a process that kills itself."""
    done = subprocess.run(
        [sys.executable, "-m", "dying", when, str(number), *words],
        cwd=rig.path,
        env=rig.environment(PYTHONPATH=str(SUPPORT), XDG_STATE_HOME=str(rig.path / "state")),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


def test_37_killed_between_intent_and_send(rig: QuickRig) -> None:
    """The intent is on the disk, no byte left: sent on resume, and the server saw one request."""
    wanted = make_ids(20)
    rig.serve()
    die(rig, "before", 8, rig.write(wanted), "--concurrency", "1")
    assert rig.server.ledger.summary().puts == 7
    assert rig.resume().exit_code == 0
    assert {rig.server.ledger[one].puts for one in wanted} == {1}
    assert [row["attempts"] for row in rig.rows()][6:9] == ["1", "2", "1"]
    rig.check(wanted, killed=True)


@pytest.mark.parametrize("readable", [True, False])
def test_38_killed_between_answer_and_outcome(rig: QuickRig, *, readable: bool) -> None:
    """The answer was there and not noted: read back; without a GET repeated and confirmed."""
    wanted = make_ids(20)
    rig.serve(read_available=readable, already="409")
    die(rig, "after", 8, rig.write(wanted), "--concurrency", "1")
    assert rig.server.ledger.summary().effects == 8
    assert rig.resume().exit_code == 0
    row = rig.rows()[7]
    assert (row["outcome"], row["attempts"]) == ("cancelled", "1" if readable else "2")
    assert rig.outcomes() == {"cancelled": 20}
    assert rig.server.ledger.summary().effects == 20
    rig.check(wanted, killed=True)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="the system has no /proc/self/fd")
def test_42_the_names_too_are_on_the_disk(rig: QuickRig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is sent the run folder's and the journal's names are synced as well."""
    rig.serve()
    synced: list[str] = []
    sync = os.fsync

    def watching(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", watching)
    with rig.begin(make_ids(5)):
        assert {str(rig.folder().resolve()), str(rig.folder().parent.resolve())} <= set(synced)
        assert rig.server.ledger.summary().requests == 0


REPORTS = ("reconciliation.csv", "reconciliation.parquet", "breaks.csv", "retry.csv")


def contents(rig: QuickRig) -> dict[str, bytes]:
    """Return the reports as they lie in the run folder."""
    return {name: (rig.folder() / name).read_bytes() for name in (*REPORTS, "summary.json")}


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
def test_39_killed_while_reports_take_their_places(rig: QuickRig, number: int) -> None:
    """Each file is the old one or the new one, whole, and the summary is the last to change.

    `report` then makes all of them, and makes the same again.
    """
    wanted = make_ids(20)
    rig.serve("redirect+10..")
    rig.work(wanted, replace(rig.settings(), concurrency=1))
    old = contents(rig)
    rig.server.set_faults()
    die_in(rig, "publish", number, "resume", "night", "--no-progress")
    half_way = contents(rig)
    ran = rig.call("report", "night")
    assert ran.code == 0, ran.err
    new = contents(rig)
    assert new["reconciliation.csv"] != old["reconciliation.csv"]
    for place, name in enumerate(REPORTS, start=1):
        assert half_way[name] == (new if place < number else old)[name]
    assert half_way["summary.json"] == old["summary.json"]
    assert rig.call("report", "night").code == 0
    assert contents(rig) == new
    assert not list(rig.folder().glob(".*.partial")), "nothing half-written stays behind"
    rig.check(wanted)


FULL = pytest.mark.parametrize("scarce", [tiny_disk, small_files])


@FULL
def test_44_no_space_for_the_journal(rig: QuickRig, scarce: Callable[..., object]) -> None:
    """A full disk in mid-run: exit 7, no request without an intent; with space a resume ends it."""
    wanted = make_ids(400)
    rig.serve()
    reports = rig.path / "reports"
    with scarce(reports) as leave:  # type: ignore[attr-defined] # one of the two above
        session = rig.begin(wanted)
        leave(200_000)
        with pytest.raises(JournalError) as refused:
            rig.carry(session)
        assert refused.value.exit_code == 7
        assert str(reports) in str(refused.value)
        seen = set(rig.server.ledger.summary().allocations)
        assert 0 < len(seen) < 400, "it began, and did not end"
        leave(-1)
        with closing(sqlite3.connect(rig.folder() / "journal.sqlite")) as journal:
            noted = journal.execute(
                "SELECT allocation_id FROM intent JOIN row ON row.row = intent.row"
            )
            assert seen <= {one for (one,) in noted}
        assert rig.resume().exit_code == 0
        rig.check(wanted, killed=True)


def test_44_what_to_do_about_it_is_said(rig: QuickRig) -> None:
    """The command on a full disk, at the start of a resume and in its middle; then with room."""
    wanted = make_ids(400)
    rig.serve()
    with tiny_disk(rig.path / "reports") as leave:
        with rig.begin(wanted):
            pass
        for free, said in ((0, "mend that, then try again"), (200_000, "`bulkcancel resume ")):
            leave(free)
            ran = rig.call("resume", "night", *QUICK)
            assert ran.code == 7, ran.err
            assert said in ran.err
            assert "Traceback" not in ran.err
        assert 0 < rig.server.ledger.summary().puts < 400
        leave(-1)
        assert rig.call("resume", "night", *QUICK).code == 0
        rig.check(wanted, killed=True)


@FULL
def test_44_no_space_for_the_input(rig: QuickRig, scarce: Callable[..., object]) -> None:
    """A disk too small for the rows alone: nothing is sent, nothing stays, and it is said so."""
    wanted = make_ids(4000)
    rig.serve()
    reports = rig.path / "reports"
    source = rig.write(wanted)
    with scarce(reports) as leave:  # type: ignore[attr-defined] # one of the two above
        leave(100_000)
        with pytest.raises(JournalError) as refused:
            rig.begin(source)
        assert refused.value.exit_code == 7
        assert "Nothing was sent" in str(refused.value)
        assert not rig.folder().exists()
        leave(-1)
    assert rig.server.ledger.summary().requests == 0


@FULL
def test_45_no_space_for_the_report(rig: QuickRig, scarce: Callable[..., object]) -> None:
    """A full disk at the end: exit 7, the journal is complete, `report` succeeds later."""
    wanted = make_ids(60)
    rig.serve()
    with scarce(rig.path / "reports") as leave:  # type: ignore[attr-defined] # as above
        session = rig.begin(wanted)

        def fill_up() -> object:
            leave(4096)
            return RunSession.finish(session)

        session.finish = fill_up  # type: ignore[method-assign,assignment] # between work and report
        with pytest.raises(ReportError) as refused:
            rig.carry(session)
        assert refused.value.exit_code == 7
        assert not (rig.folder() / "summary.json").exists()
        leave(-1)
        folder = RunFolder(run_id="night", path=rig.folder())
        assert rebuild_reports(folder).exit_code == 0
        rig.check(wanted)


def stopped_run(rig: QuickRig) -> Path:
    """Make a run that stopped half-way and return its journal."""
    rig.serve("redirect+10..")
    assert rig.work(make_ids(40), replace(rig.settings(), concurrency=1)).exit_code == 5
    rig.server.set_faults()
    return rig.folder() / "journal.sqlite"


def flip_a_bit(journal: Path) -> None:
    """Make another id of one that was not sent yet."""
    content = journal.read_bytes()
    wanted = make_ids(40)[30].encode()
    assert wanted in content
    journal.write_bytes(content.replace(wanted, wanted[:-1] + b"b"))


def halve(journal: Path) -> None:
    """Cut the file in two."""
    content = journal.read_bytes()
    journal.write_bytes(content[: len(content) // 2])


def raise_version(journal: Path) -> None:
    """Let it be of a later version."""
    with closing(sqlite3.connect(journal)) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute(f"PRAGMA user_version = {version + 1}")


def replace_by_folder(journal: Path) -> None:
    """Put a folder in its place."""
    journal.unlink()
    journal.mkdir()


def empty(journal: Path) -> None:
    """Leave nothing in it."""
    journal.write_bytes(b"")


@pytest.mark.parametrize("damage", [flip_a_bit, halve, raise_version, replace_by_folder, empty])
def test_46_a_damaged_journal_is_refused(rig: QuickRig, damage: Callable[[Path], None]) -> None:
    """A flipped bit, a cut, another version: refused with a sentence, exit 7, nothing sent."""
    journal = stopped_run(rig)
    before = rig.server.ledger.summary().requests
    damage(journal)
    with pytest.raises(JournalError) as refused:
        rig.resume()
    assert refused.value.exit_code == 7
    assert str(journal) in str(refused.value)
    assert rig.server.ledger.summary().requests == before


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Make a folder read-only: by its mode, or, for root whom no mode binds, by a mount."""
    if os.geteuid() != 0:
        modes = {path: path.stat().st_mode for path in (folder, *folder.rglob("*"))}
        for path in modes:
            path.chmod(0o500)
        yield
        for path, mode in modes.items():
            path.chmod(mode)
        return
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if mount is None or umount is None:
        pytest.skip("root is bound by a read-only mount alone, and there is no mount here")
    if subprocess.run([mount, "--bind", folder, folder], check=False).returncode:
        pytest.skip("root is bound by a read-only mount alone, and this system permits none")
    try:
        subprocess.run([mount, "-o", "remount,ro,bind", folder], check=True)
        yield
    finally:
        subprocess.run([umount, "-l", folder], check=True)


def test_46_a_folder_that_can_not_be_written(rig: QuickRig) -> None:
    """A run folder that is read-only: refused before anything is sent, and resumed later."""
    journal = stopped_run(rig)
    before = rig.server.ledger.summary().requests
    with read_only(journal.parent):
        with pytest.raises(JournalError) as refused:
            rig.resume()
        assert str(journal) in str(refused.value)
        words = ("run", str(rig.write(make_ids(3))), *rig.aim(), "--yes")
        ran = rig.call(*words, "--reports", str(journal.parent))
        assert ran.code == 7, ran.err
        assert "nothing was sent" in ran.err
    assert rig.server.ledger.summary().requests == before
    assert rig.resume().exit_code == 0


@pytest.mark.parametrize("same", ["run", "input"])
def test_47_two_at_once(rig: QuickRig, same: str) -> None:
    """While a run works, its resume, or another run of the same input, ends with 75 and sends none.

    The first run is at work in this process, the second one is the command.
    """
    wanted = make_ids(20)
    rig.serve()
    source = rig.write(wanted)
    environment = rig.environment(XDG_STATE_HOME=str(rig.path / "state"))
    with rig.begin(source):
        if same == "run":
            words: tuple[str, ...] = ("resume", "night")
        else:
            words = ("run", str(source), *rig.aim(), "--yes", "--run-id", "second")
        ran = rig.call(*words, environment=environment)
        assert ran.code == 75, ran.err
        assert "Traceback" not in ran.err
        assert rig.server.ledger.summary().requests == 0
    assert rig.resume().exit_code == 0
    rig.check(wanted)


def test_48_an_input_that_changes_before_the_run(rig: QuickRig) -> None:
    """The file is changed between plan and run: refused, exit 2, nothing sent."""
    wanted = make_ids(20)
    rig.serve()
    source = rig.write(wanted)
    with read_manifest(InputOptions(path=str(source))) as manifest:
        rig.write([*wanted[:-1], make_ids(1, start=900)[0]])
        folder = new_run(rig.path / "reports", "night", now=0.0)
        with pytest.raises(InputRefusedError) as refused:
            RunSession.begin(folder, manifest, rig.settings(), rig.log())
    assert refused.value.exit_code == 2
    assert rig.server.ledger.summary().requests == 0


def test_48_an_input_that_changes_before_the_resume(rig: QuickRig) -> None:
    """A resume goes by the journal alone: another file under the old name changes nothing."""
    wanted = make_ids(40)
    stopped_run(rig)
    rig.write(make_ids(40, start=900))
    assert rig.resume().exit_code == 0
    rig.check(wanted)
