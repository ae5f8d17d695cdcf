"""Whole runs of the real command against the simulator."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pandas as pd
import pytest
from rigging import Rig, make_ids


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_five_thousand(rig: Rig, form: str) -> None:
    """Five thousand ids as CSV and as Parquet: exit 0, input order, versions, ledger agrees."""
    rig.serve()
    wanted = make_ids(5000)
    source = rig.path / f"ids.{form}"
    frame = pd.DataFrame({"allocation_id": wanted, "note": [f"n{i}" for i in range(5000)]})
    if form == "csv":
        frame.to_csv(source, index=False)
    else:
        frame.to_parquet(source)
    ran = rig.run(source)
    assert ran.code == 0, ran.err
    rows = rig.rows()
    assert [row["allocation_id"] for row in rows] == wanted
    assert [row["note"] for row in rows] == list(frame["note"])
    truth = rig.server.ledger.summary().allocations
    assert all(int(row["version"]) == truth[row["allocation_id"]].version for row in rows)
    assert rig.server.ledger.summary().puts == 5000
    rig.check(wanted)
    parquet = pd.read_parquet(rig.folder() / "reconciliation.parquet")
    assert list(parquet["allocation_id"]) == wanted


def test_a_mixed_file(rig: Rig) -> None:
    """Breaks make exit 3, each is named with its reason, and retry.csv is an ordinary input."""
    good = make_ids(20)
    missing, shipped = "62ff5c0bec0aed3c862040f4", "62ff5c0bec0aed3c86205e1d"
    stubborn = make_ids(21)[-1]
    rig.serve(f"status:PENDING_PICK@{stubborn}", f"421@{good[0]}")
    rows = [*good, missing, shipped, stubborn, good[3], "", missing]
    ran = rig.run(rig.write(rows))
    assert ran.code == 3, ran.err
    breaks = {row["allocation_id"]: row for row in rig.rows("breaks.csv")}
    assert set(breaks) == {missing, shipped, stubborn, good[0]}
    assert breaks[missing]["outcome"] == "not_found"
    assert "AllocationRequestId Not Found" in breaks[missing]["reason"]
    assert breaks[shipped]["outcome"] == "not_cancelled"
    assert "ALLOCATION-2003" in breaks[shipped]["reason"]
    assert breaks[stubborn]["outcome"] == "not_cancelled"
    assert breaks[stubborn]["status"] == rig.server.ledger[stubborn].status
    assert breaks[good[0]]["outcome"] == "failed"
    assert len(rig.rows("breaks.csv")) == 5, "the second row of the missing one is a break too"
    rig.check([*good, missing, shipped, stubborn])
    rig.server.set_faults()
    again = rig.run(rig.folder() / "retry.csv", run_id="again")
    assert again.code == 0, again.err
    assert [row["allocation_id"] for row in rig.rows(run_id="again")] == [good[0]]


def test_effect_then_hang_up(rig: Rig) -> None:
    """A server that takes effect and hangs up: cancelled after a read-back, one PUT each."""
    wanted = make_ids(40)
    rig.serve("hangup-after*1")
    ran = rig.run(rig.write(wanted))
    assert ran.code == 0, ran.err
    assert {(row["outcome"], row["verified"], row["attempts"]) for row in rig.rows()} == {
        ("cancelled", "true", "1")
    }
    assert rig.server.ledger.summary().puts == 40
    rig.check(wanted)


def _wait_for_requests(rig: Rig, least: int) -> None:
    give_up = time.monotonic() + 60
    while rig.server.ledger.summary().puts < least:
        assert time.monotonic() < give_up, (rig.path / "err.txt").read_text()
        time.sleep(0.02)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_drains(rig: Rig, number: int, code: int) -> None:
    """Ctrl-C in mid-run: what is in flight ends, the report balances; resume does the rest."""
    wanted = make_ids(400)
    rig.serve(latency=0.05)
    process = rig.start(rig.write(wanted), "--rate", "200")
    _wait_for_requests(rig, 50)
    process.send_signal(number)
    assert process.wait(60) == code, (rig.path / "err.txt").read_text()
    outcomes = rig.summary()["outcomes"]
    assert outcomes["not_attempted"] > 0
    assert outcomes["unknown"] == 0, "what was in flight came to its end"
    rig.check(wanted)
    sent_before = rig.server.ledger.summary().puts
    resumed = rig.call("resume", "night", *("--rate", "2000"))
    assert resumed.code == 0, resumed.err
    assert rig.server.ledger.summary().puts == 400, "no id was sent twice"
    assert sent_before < 400
    rig.check(wanted)


def test_the_second_signal_does_not_wait(rig: Rig) -> None:
    """A second Ctrl-C ends within moments; what was in flight is unknown until the resume."""
    wanted = make_ids(30)
    rig.serve("hang*1", latency=0.01)
    process = rig.start(rig.write(wanted))
    _wait_for_requests(rig, 16)
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert process.poll() is None, "the first one waits for what is in flight"
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130
    assert rig.summary()["outcomes"]["unknown"] == 16
    rig.check(wanted, killed=True)
    resumed = rig.call("resume", "night", "--timeout", "2")
    assert resumed.code == 0, resumed.err
    rig.check(wanted, killed=True)


def test_kill_and_resume(rig: Rig) -> None:
    """After kill -9 a resume brings every outcome into agreement with the ledger."""
    wanted = make_ids(300)
    rig.serve(latency=0.03)
    process = rig.start(rig.write(wanted), "--rate", "300")
    _wait_for_requests(rig, 60)
    process.kill()
    process.wait(20)
    rebuilt = rig.call("report", "night")
    assert rebuilt.code == 5, rebuilt.err
    rig.check(wanted, killed=True)
    resumed = rig.call("resume", "night")
    assert resumed.code == 0, resumed.err
    rig.check(wanted, killed=True)
    assert rig.server.ledger.summary().puts <= 300 + 16
    rewritten = (rig.folder() / "summary.json").read_bytes()
    detail = (rig.folder() / "reconciliation.parquet").read_bytes()
    assert rig.call("report", "night").code == 0
    assert (rig.folder() / "summary.json").read_bytes() == rewritten, "byte for byte"
    assert (rig.folder() / "reconciliation.parquet").read_bytes() == detail, "byte for byte"


def test_stdin_and_json(rig: Rig) -> None:
    """An input from a pipe, the summary as JSON on standard output and nothing else there."""
    rig.serve()
    wanted = make_ids(5)
    text = "allocation_id\n" + "\n".join(wanted) + "\n"
    words = ("run", "-", *rig.aim(), "--confirm", "5", "--run-id", "night", "--json")
    ran = rig.call(*words, stdin=text.encode())
    assert ran.code == 0, ran.err
    assert json.loads(ran.out) == rig.summary()
    rig.check(wanted)


def test_the_files_are_the_owners_own(rig: Rig) -> None:
    """Nobody else can read a run folder's files."""
    rig.serve()
    assert rig.run(rig.write(make_ids(3))).code == 0
    for path in rig.folder().iterdir():
        assert path.stat().st_mode & 0o077 == 0, path.name
    assert sorted(path.name for path in rig.folder().iterdir()) == [
        "breaks.csv",
        "journal.sqlite",
        "reconciliation.csv",
        "reconciliation.parquet",
        "reconciliation.xlsx",
        "report.html",
        "retry.csv",
        "run.log",
        "summary.json",
    ]


def test_an_empty_input(rig: Rig) -> None:
    """A file with a header and no rows: nothing to cancel, exit 0, a report that says so."""
    rig.serve()
    ran = rig.run(rig.write([]))
    assert ran.code == 0, ran.err
    assert rig.summary()["rows"]["read"] == 0
    assert rig.server.ledger.summary().requests == 0


def test_output_that_nobody_reads(rig: Rig) -> None:
    """A closed standard output does not touch the run."""
    rig.serve()
    source = rig.write(make_ids(5))
    read_end, write_end = os.pipe()
    os.close(read_end)
    words = rig.command("run", str(source), *rig.aim(), "--yes", "--run-id", "night")
    try:
        done = subprocess.run(
            words, cwd=rig.path, env=rig.environment(), stdout=write_end, stderr=subprocess.PIPE,
            timeout=60, check=False,
        )  # fmt: skip
    finally:
        os.close(write_end)
    assert b"Traceback" not in done.stderr
    assert rig.summary()["outcomes"]["cancelled"] == 5
    rig.check(make_ids(5))


def test_skip_invalid(rig: Rig) -> None:
    """With --skip-invalid the good rows go, the bad ones are breaks."""
    rig.serve()
    wanted = make_ids(4)
    rows = [*wanted[:2], "62ff,5c0b", "6.2E+10", *wanted[2:]]
    ran = rig.run(rig.write([f'"{row}"' for row in rows]), "--skip-invalid")
    assert ran.code == 3, ran.err
    assert [row["row"] for row in rig.rows("breaks.csv")] == ["4", "5"]
    rig.check(wanted)


def test_other_columns_travel(rig: Rig) -> None:
    """Other columns stand in the report under their own names, and formulas are harmless."""
    rig.serve()
    (one,) = make_ids(1)
    source = rig.write([f"{one},\"=cmd|'/C calc'!A0\",-5"], header="Allocation ID,note,quantity")
    assert rig.run(source).code == 0
    (row,) = rig.rows()
    assert row["note"] == "'=cmd|'/C calc'!A0"
    assert row["quantity"] == "-5"
    frame = pd.read_parquet(rig.folder() / "reconciliation.parquet")
    assert frame["note"].iloc[0] == "=cmd|'/C calc'!A0"


def test_the_report_is_read_by_others(rig: Rig) -> None:
    """The CSV is plain: another reader finds the same cells."""
    rig.serve()
    assert rig.run(rig.write(make_ids(10))).code == 0
    path: Path = rig.folder() / "reconciliation.csv"
    with path.open(newline="", encoding="utf-8") as file:
        plain = list(csv.DictReader(file))
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    assert frame.to_dict("records") == plain


def test_a_run_is_begun_or_gone_on_with(rig: Rig) -> None:
    """--or-resume: the second start sends nothing twice, and another input or target is refused."""
    rig.serve()
    wanted = make_ids(30)
    source = rig.write(wanted)
    first = rig.run(source, "--or-resume", "--limit", "10")
    assert first.code == 5, first.err
    assert rig.server.ledger.summary().puts == 10
    other = rig.run(rig.write(make_ids(3, start=90), name="other.csv"), "--or-resume")
    assert (other.code, "was begun with another input" in other.err) == (2, True)
    account = rig.run(source, "--or-resume", "--account", "9999abcd5678efgh9ijklmno")
    assert (account.code, "was begun for another target" in account.err) == (2, True)
    assert rig.server.ledger.summary().puts == 10
    second = rig.run(source, "--or-resume")
    assert second.code == 0, second.err
    third = rig.run(source, "--or-resume")
    assert third.code == 0, third.err
    assert rig.server.ledger.summary().puts == 30
    rig.check(wanted)
    nameless = rig.call("run", str(source), *rig.aim(), "--yes", "--or-resume")
    assert (nameless.code, "--or-resume needs --run-id" in nameless.err) == (2, True)
