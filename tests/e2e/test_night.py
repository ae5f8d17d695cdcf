"""Nights that nobody watches: what a scheduler starts, and what it can ask afterwards."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hooking import webhook
from rigging import QUICK, TOKEN, Ran, Rig, make_ids, no_secrets

from bulkcancel.simulator import parse_fault

NIGHT = Path(__file__).parents[2] / "deploy" / "bulkcancel-night"
SHIPPED = "62ff5c0bec0aed3c86205e1d"


def wait_for_requests(rig: Rig, least: int) -> None:
    """Wait until the server has seen so many cancels."""
    give_up = time.monotonic() + 60
    while rig.server.ledger.summary().puts < least:
        assert time.monotonic() < give_up, (rig.path / "err.txt").read_text()
        time.sleep(0.02)


def age(rig: Rig, run_id: str, years: int = 1) -> None:
    """Let a run have been a year before."""
    path = rig.folder(run_id) / "summary.json"
    summary = json.loads(path.read_text())
    for name in ("started_at", "finished_at"):
        summary[name] = str(int(summary[name][:4]) - years) + summary[name][4:]
    path.write_text(json.dumps(summary))


def test_runs_are_listed_while_one_is_at_work(rig: Rig) -> None:
    """Finished, killed and working runs stand in the list; the working one is not disturbed."""
    rig.serve(latency=0.05)
    assert rig.call("runs").out == "There are no runs in reports.\n"
    assert rig.run(rig.write([*make_ids(3), SHIPPED]), run_id="done").code == 3
    wanted = make_ids(300, start=100)
    source = rig.write(wanted, name="more.csv")
    killed = rig.start(source, "--rate", "100", run_id="killed")
    wait_for_requests(rig, 30)
    killed.kill()
    killed.wait(20)
    before = rig.server.ledger.summary().puts
    working = rig.start(source, "--rate", "5", run_id="working")
    wait_for_requests(rig, before + 2)
    for _ in range(3):
        listed = rig.call("runs", "--json")
        assert (listed.code, listed.err) == (0, "")
        runs = {run["run_id"]: run for run in json.loads(listed.out)}
        assert list(runs) == ["done", "killed", "working"]
        assert {name: run["state"] for name, run in runs.items()} == {
            "done": "breaks",
            "killed": "killed",
            "working": "running",
        }
    assert runs["killed"]["resumable"]
    assert 0 < runs["killed"]["cancelled"] < 300
    assert (runs["done"]["allocations"], runs["done"]["cancelled"]) == (4, 3)
    working.send_signal(signal.SIGTERM)
    assert working.wait(60) == 143, (rig.path / "err.txt").read_text()
    assert rig.summary("working")["control"]["balanced"]
    lines = rig.call("runs", "--last", "2").out.splitlines()
    assert [line.split()[0] for line in lines] == ["run", "killed", "working"]
    assert all(line.endswith("resumable") for line in lines[1:])
    assert rig.call("resume", "killed", "--rate", "2000").code == 0


def test_old_runs_are_pruned(rig: Rig) -> None:
    """A real run folder goes whole, and what the link led to with it; asked for, and not before."""
    rig.serve()
    for name in ("old", "new"):
        assert rig.run(rig.write(make_ids(3)), run_id=name).code == 0
    assert rig.call("report", "old").code == 0
    assert rig.call("verify", "old").code == 0
    age(rig, "old")
    asked = rig.call("prune", "--older-than", "90d")
    assert asked.code == 2
    assert "say --yes" in asked.err
    shown = rig.call("prune", "--older-than", "90d", "--dry-run")
    assert shown.code == 0
    assert shown.out.startswith("old  ended 20")
    assert shown.out.endswith("Nothing was removed.\n")
    assert rig.folder("old").is_dir()
    pruned = rig.call("prune", "--older-than", "90d", "--yes")
    assert (pruned.code, pruned.err) == (0, "")
    assert re.search(r"^Removed 1 run, [0-9.]+ kB\.$", pruned.out, flags=re.MULTILINE)
    assert not rig.folder("old").exists()
    assert rig.folder("new").is_dir()
    age(rig, "new")
    kept = rig.call("prune", "--older-than", "90d", "--yes", "--json")
    assert json.loads(kept.out)["runs"] == [], "the newest stays"
    assert (rig.path / "reports" / "latest").is_symlink()
    gone = rig.call("prune", "--older-than", "90d", "--keep", "0", "--yes", "--json")
    assert [run["run_id"] for run in json.loads(gone.out)["runs"]] == ["new"]
    assert list((rig.path / "reports").iterdir()) == []


def test_a_prune_that_can_not_remove_ends_with_7(rig: Rig) -> None:
    """What an earlier prune left, and somebody put a file into, is named."""
    (rig.path / "reports" / ".pruned-night").mkdir(parents=True)
    (rig.path / "reports" / ".pruned-night" / "letter.txt").touch()
    pruned = rig.call("prune", "--older-than", "90d", "--yes")
    assert pruned.code == 7
    assert "it holds 'letter.txt', which no run made" in pruned.out
    refused = rig.call("prune", "--older-than", "90 days", "--yes")
    assert (refused.code, "such as 90d" in refused.err) == (2, True)


def test_what_stays_a_break_has_an_age(rig: Rig) -> None:
    """Three nights with the same shipped allocation; another one is cancelled at last."""
    rig.serve()
    stubborn = make_ids(1)[0]
    rig.server.set_faults(parse_fault(f"status:PENDING_PICK@{stubborn}"))
    for day, more in enumerate(([SHIPPED, stubborn], [SHIPPED, stubborn], [SHIPPED]), start=1):
        source = rig.write([*make_ids(2, start=10 * day), *more])
        assert rig.run(source, run_id=f"night-{day}").code == 3
    told = rig.call("history", "--json")
    assert (told.code, told.err) == (0, "")
    found = {one["allocation_id"]: one for one in json.loads(told.out)["allocations"]}
    assert {one: standing["runs"] for one, standing in found.items()} == {SHIPPED: 3, stubborn: 2}
    assert found[SHIPPED]["since_run"] == "night-1"
    assert "ALLOCATION-2003" in found[SHIPPED]["reason"]
    rig.server.set_faults()
    assert rig.run(rig.write([stubborn, SHIPPED]), run_id="night-4").code == 3
    lines = rig.call("history", "--min-runs", "4").out.splitlines()
    assert lines[1].split()[:2] == [SHIPPED, "4"]
    often = "in 4 runs in a row or more"
    assert lines[-1] == f"1 allocation stands among the breaks {often}; told from 4 runs."
    marked = {row["allocation_id"]: row for row in rig.rows("breaks.csv", "night-4")}
    assert list(marked) == [SHIPPED]
    assert marked[SHIPPED]["runs_in_a_row"] == "4"
    assert marked[SHIPPED]["since"][:10] == rig.summary("night-1")["started_at"][:10]
    standing = rig.summary("night-4")["standing"]
    assert (standing["allocations"], standing["longest_runs"]) == (1, 4)
    page = (rig.folder("night-4") / "report.html").read_text()
    assert "1 of them was a break before, for up to 4 runs in a row" in page
    before = (rig.folder("night-4") / "breaks.csv").read_bytes()
    for day in (1, 2, 3):
        shutil.rmtree(rig.folder(f"night-{day}"))
    again = rig.call("report", "night-4")
    assert again.code == 3
    assert re.search(
        r"^Standing +1 allocation among the breaks again, for up to 4 runs in a row, since 20",
        again.out,
        flags=re.MULTILINE,
    )
    assert (rig.folder("night-4") / "breaks.csv").read_bytes() == before, "told from the journal"
    assert rig.run(rig.write([stubborn, SHIPPED]), run_id="night-5").code == 3
    (rig.folder("night-5") / "reconciliation.parquet").write_bytes(b"edited")
    told = rig.call("history")
    assert told.code == 0
    assert "Left out: reports/night-5/reconciliation.parquet is not as the run wrote it" in told.err


def started(rig: Rig, *words: str, **environment: str) -> Ran:
    """Run the script for a night to its end, as a scheduler does."""
    done = subprocess.run(
        [str(NIGHT), *words],
        cwd=rig.path,
        env=scheduled(rig, **environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=False,
    )
    return Ran(code=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())


def scheduled(rig: Rig, **more: str) -> dict[str, str]:
    """Return what cron gives a job, with the folder of the program and the night's settings."""
    url, account = rig.aim()[1], rig.aim()[3]
    return {
        "HOME": str(rig.path),
        "LOGNAME": "bulkcancel",
        "SHELL": "/bin/sh",
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "XDG_STATE_HOME": str(rig.path / "state"),
        "BULKCANCEL_BASE_URL": url,
        "BULKCANCEL_ACCOUNT": account,
        "BULKCANCEL_TOKEN": TOKEN,
        **more,
    }


def test_a_night_that_is_started_twice_sends_nothing_twice(rig: Rig) -> None:
    """The second start goes on with the first one's run, and the exit codes come through."""
    rig.serve(latency=0.05)
    wanted = make_ids(200)
    source = str(rig.write([*wanted, SHIPPED]))
    words = [str(NIGHT), source, *QUICK, "--yes", "--rate", "150"]
    environment = scheduled(rig, BULKCANCEL_NIGHT="night")
    with subprocess.Popen(words, cwd=rig.path, env=environment) as process:
        wait_for_requests(rig, 40)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 143, "the signal reaches the program itself"
    sent = rig.server.ledger.summary().puts
    assert 40 <= sent < 200
    again = started(rig, source, "--yes", BULKCANCEL_NIGHT="night")
    assert again.code == 3, again.err
    assert rig.server.ledger.summary().puts == 201
    third = started(rig, source, "--yes", BULKCANCEL_NIGHT="night")
    assert third.code == 3
    assert rig.server.ledger.summary().puts == 201
    rig.check([*wanted, SHIPPED])
    refused = started(rig, "nowhere.csv", "--yes")
    assert (refused.code, "there is no such file" in refused.err) == (2, True)


def test_a_night_has_the_name_of_its_day(rig: Rig) -> None:
    """Without a name of its own a night's run is called after the date in UTC."""
    rig.serve()
    assert started(rig, str(rig.write(make_ids(2))), *QUICK, "--yes").code == 0
    names = [path.name for path in (rig.path / "reports").iterdir() if path.name != "latest"]
    assert len(names) == 1
    assert re.fullmatch(r"night-20[0-9]{6}", names[0])


@pytest.mark.parametrize("on", ["breaks", "always"])
def test_three_nights_in_a_row(rig: Rig, on: str) -> None:
    """An outage, a held lock, an empty input: exit codes, metrics, notes and links are right."""
    rig.serve("503=1")
    metrics = rig.path / "night.prom"
    with webhook() as hook:
        posted = hook.notes
        settings = {
            "BULKCANCEL_NOTIFY": hook.url,
            "BULKCANCEL_NOTIFY_ON": on,
            "BULKCANCEL_METRICS_FILE": str(metrics),
        }
        patience = ("--outage-patience", "1", "--max-time", "2")

        def night(name: str, source: Path, *words: str) -> Ran:
            more = {**settings, "BULKCANCEL_NIGHT": name}
            return started(rig, str(source), *QUICK, "--yes", *words, **more)

        first = night("night-1", rig.write(make_ids(50)), *patience)
        assert first.code == 5, first.err
        assert posted[-1]["event"] == "run.ended"
        assert posted[-1]["resume"].endswith("/reports/night-1")
        assert exit_code_in(metrics) == 5
        rig.server.set_faults()
        resumed = night("night-1", rig.path / "ids.csv")
        assert resumed.code == 0, resumed.err
        assert exit_code_in(metrics) == 0
        last_success = series(metrics)["bulkcancel_last_success_timestamp_seconds"]

        source = rig.write(make_ids(400, start=1000), name="second.csv")
        before = rig.server.ledger.summary().puts
        other = rig.start(source, "--rate", "5", run_id="by-hand")
        wait_for_requests(rig, before + 1)
        second = night("night-2", source)  # it ends at once, long before the other one
        assert second.code == 75, second.err
        assert not rig.folder("night-2").exists()
        assert posted[-1]["exit_code"] == 75
        assert posted[-1]["event"] == "run.failed"
        assert "by-hand" in posted[-1]["text"]
        assert exit_code_in(metrics) == 75
        assert series(metrics)["bulkcancel_last_success_timestamp_seconds"] == last_success
        other.send_signal(signal.SIGTERM)
        assert other.wait(60) == 143
        rig.server.set_faults()

        third = night("night-3", rig.write([], name="empty.csv"))
        assert third.code == 0, third.err
        assert exit_code_in(metrics) == 0
        assert (rig.path / "reports" / "latest").resolve().name == "night-3"
    codes = [note["exit_code"] for note in posted]
    assert codes == ([5, 75] if on == "breaks" else [5, 0, 75, 0])
    told = json.dumps(posted)
    assert TOKEN not in told
    assert "hook-sentinel" not in told
    no_secrets(rig.path)
    for path in rig.path.rglob("*"):
        assert not path.is_file() or b"hook-sentinel" not in path.read_bytes(), path
    for ran in (first, resumed, second, third):
        assert "hook-sentinel" not in ran.out + ran.err


def series(metrics: Path) -> dict[str, float]:
    """Return the series of a metrics file that have no label but the schedule."""
    found = re.findall(
        r'^(\w+)\{schedule="night"\} (\S+)$', metrics.read_text(), flags=re.MULTILINE
    )
    return {name: float(value) for name, value in found}


def exit_code_in(metrics: Path) -> float:
    """Return the exit code that a metrics file tells."""
    return series(metrics)["bulkcancel_last_run_exit_code"]
