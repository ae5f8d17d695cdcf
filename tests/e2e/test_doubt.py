"""In doubt, dead and half-dead servers: nothing lost, nothing sent twice without need."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections import Counter

import pytest
from rigging import Rig, make_ids


def test_four_faults_at_once(rig: Rig) -> None:
    """Resets and 500s, before and after the effect: all cancelled, what took effect sent once."""
    rig.serve("reset-after=0.05*1", "reset-before=0.05*1", "500-applied=0.05*1", "500=0.05*1")
    wanted = make_ids(1000)
    ran = rig.run(rig.write(wanted))
    assert ran.code == 0, ran.err
    rig.check(wanted)
    ledger = rig.server.ledger
    struck = Counter(entry.fault for entry in ledger.entries() if entry.fault)
    assert set(struck) == {"reset-after", "reset-before", "500-applied", "500"}
    for entry in ledger.entries():
        if entry.method == "PUT":
            taken = ledger[entry.ids[0]].effect_sequence
            assert taken is not None
            assert entry.sequence <= taken, "nothing is sent once it has taken effect"


def test_dead_in_mid_run(rig: Rig) -> None:
    """A server that dies and comes back: the run pauses, probes, goes on by itself, exit 0."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    ledger = rig.path / "ledger.jsonl"

    def serve() -> subprocess.Popen[bytes]:
        words = rig.command(
            "simulate", "--port", str(port), "--token", rig.environment()["BULKCANCEL_TOKEN"],
            "--latency", "0.02", "--ledger", str(ledger), "--stop-after", "100",
        )  # fmt: skip
        process = subprocess.Popen(words, env=rig.environment(), stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert b"Simulator at" in process.stdout.readline()
        return process

    wanted = make_ids(300)
    server = serve()
    words = (
        "run", str(rig.write(wanted)), "--base-url", f"http://127.0.0.1:{port}/api/v2",
        "--account", "1234abcd5678efgh9ijklmno", "--rate", "100", "--verify-after", "0.1,0.3",
        "--wait-max", "0.2", "--yes", "--run-id", "night", "--verbose",
    )  # fmt: skip
    with (rig.path / "err.txt").open("wb") as err:
        run = subprocess.Popen(
            rig.command(*words), cwd=rig.path, env=rig.environment(), stderr=err,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
    try:
        while not ledger.exists() or ledger.read_bytes().count(b"\n") < 60:
            time.sleep(0.02)
            assert run.poll() is None
        server.kill()
        server.wait(10)
        time.sleep(3)
        assert run.poll() is None, "it waits"
        server.stdout and server.stdout.close()
        server = serve()
        assert run.wait(60) == 0, (rig.path / "err.txt").read_text()
    finally:
        for process in (run, server):
            process.kill()
            process.wait(10)
        if server.stdout is not None:
            server.stdout.close()
    assert rig.summary()["outcomes"]["cancelled"] == 300
    assert rig.summary()["attempts"]["not_sent"]["refused"] >= 1
    effects = Counter(
        entry["ids"][0]
        for entry in map(json.loads, ledger.read_text().splitlines())
        if entry.get("event") == "request" and entry["method"] == "PUT" and entry["applied"]
    )
    # The second simulator knows nothing of the first: an id that both cancelled was sent twice,
    # which only one in flight at the death may be.
    assert set(effects) <= set(wanted)
    assert sum(effects.values()) - len(effects) <= 16


def test_reused_connections_that_are_dropped(rig: Rig) -> None:
    """64 workers and a server that drops idle connections: no request that the report lacks.

    A send that runs into the close is an attempt without an answer, whether the server saw it or
    not; nothing is repeated behind the report's back, and nothing once it has taken effect.
    """
    rig.serve("drop-idle:0=0.3")
    wanted = make_ids(2000)
    ran = rig.run(rig.write(wanted), "--concurrency", "64", "--rate", "1000")
    assert ran.code == 0, ran.err
    rig.check(wanted, killed=True)
    attempts, ledger = rig.summary()["attempts"], rig.server.ledger.summary()
    answered = attempts["by_http_status"]["200"]
    assert answered <= ledger.puts <= attempts["sent"]
    assert attempts["sent"] == answered + sum(attempts["no_answer"].values())
    assert ledger.effects == 2000
    for entry in rig.server.ledger.entries():
        if entry.method == "PUT":
            taken = ledger.allocations[entry.ids[0]].effect_sequence
            assert taken is not None
            assert entry.sequence <= taken


@pytest.mark.parametrize(("limit", "code"), [("5", 5), ("10%", 5), ("60", 3), ("50%", 3)])
def test_max_failures(rig: Rig, limit: str, code: int) -> None:
    """More bad ends than allowed stop the run; what was not sent stays so, and resumes."""
    rig.serve("409=0.3")
    wanted = make_ids(150)
    ran = rig.run(rig.write(wanted), "--max-failures", limit, "--concurrency", "4")
    assert ran.code == code, ran.err
    assert ("--max-failures" in rig.summary()["verdict"]) == (code == 5)
    assert (rig.summary()["outcomes"]["not_attempted"] > 0) == (code == 5)
    rig.check(wanted)


def test_a_run_of_unknown_ids_stops(rig: Rig) -> None:
    """When the API knows none of many ids in a row, account or file are wrong: the run stops."""
    wanted = [f"62ff5c0b{number:012x}40f4" for number in range(300)]
    rig.serve()
    ran = rig.run(rig.write(wanted), "--concurrency", "4")
    assert ran.code == 5, ran.err
    assert "knew none of 50 ids in a row" in rig.summary()["verdict"]
    assert rig.summary()["outcomes"]["not_attempted"] > 200
    rig.check(wanted)


def test_a_wait_that_is_too_long_stops(rig: Rig) -> None:
    """A Retry-After beyond --outage-patience ends the run at once, resumable."""
    rig.serve("429:86400+5..6")
    wanted = make_ids(50)
    ran = rig.run(rig.write(wanted), "--outage-patience", "60")
    assert ran.code == 5, ran.err
    assert "86,400 s" in rig.summary()["verdict"]
    rig.check(wanted)
    assert rig.call("resume", "night", "--rate", "2000").code == 0
    rig.check(wanted)


def test_drain_is_bounded(rig: Rig) -> None:
    """A stop waits --drain seconds for what is in flight, then those are unknown."""
    rig.serve("hang*1", latency=0.01)
    wanted = make_ids(30)
    process = rig.start(rig.write(wanted), "--drain", "0.5")
    give_up = time.monotonic() + 60
    while rig.server.ledger.summary().puts < 16:
        assert time.monotonic() < give_up
        time.sleep(0.02)
    process.terminate()
    assert process.wait(20) == 143
    assert rig.summary()["outcomes"]["unknown"] == 16
    rig.check(wanted, killed=True)
    assert rig.call("resume", "night", "--timeout", "2").code == 0
    rig.check(wanted, killed=True)


def test_one_run_at_a_time(rig: Rig) -> None:
    """The same input for the same account twice at once: the second ends with 75, unsent."""
    rig.serve(latency=0.2)
    wanted = make_ids(40)
    source = rig.write(wanted)
    process = rig.start(source, "--rate", "4")
    give_up = time.monotonic() + 60
    while not rig.server.ledger.summary().puts:
        assert time.monotonic() < give_up
        time.sleep(0.02)
    second = rig.run(source, run_id="second")
    assert second.code == 75, second.err
    assert "run night, process" in second.err
    assert str(process.pid) in second.err
    assert not rig.folder("second").exists()
    same = rig.call("resume", "night")
    assert same.code == 75, same.err
    assert "run night" in same.err
    assert process.wait(60) == 0
    assert rig.server.ledger.summary().puts == 40
    rig.check(wanted)


def test_precheck(rig: Rig) -> None:
    """With --precheck what is cancelled is not sent, and the report knows who cancelled what."""
    wanted = make_ids(30)
    before, rival = wanted[3], wanted[7]
    rig.serve(f"rival:409@{rival}", states={before: "CANCELLED"})
    ran = rig.run(rig.write(wanted), "--precheck")
    assert ran.code == 0, ran.err
    rows = {row["allocation_id"]: row for row in rig.rows()}
    assert rows[before]["outcome"] == "already_cancelled"
    assert (rows[before]["cancelled_by"], rows[before]["attempts"]) == ("before_run", "0")
    assert (rows[rival]["outcome"], rows[rival]["cancelled_by"]) == ("already_cancelled", "other")
    others = [row for one, row in rows.items() if one not in {before, rival}]
    assert {row["cancelled_by"] for row in others} == {"this_run"}
    assert all(int(row["version"]) == int(row["version_before"]) + 1 for row in others)
    assert rig.server.ledger[before].puts == 0
    rig.check(wanted)


def test_verify(rig: Rig) -> None:
    """A verification reads all again, names what no longer agrees, and sends no cancel."""
    wanted = make_ids(30)
    rig.serve(f"409@{wanted[4]}")
    assert rig.run(rig.write(wanted)).code == 3
    before = rig.server.ledger.summary()
    agreeing = rig.call("verify", "night", "--rate", "2000")
    assert agreeing.code == 0, agreeing.err
    assert rig.server.ledger.summary().gets == before.gets + 30
    rig.server.set_faults()
    other = subprocess.run(
        [
            sys.executable, "-c",
            ("import sys, urllib.request as u; u.urlopen(u.Request(sys.argv[1], method='PUT', "
            "headers={'Authorization': 'Bearer ' + sys.argv[2], "
            "'x-site-context': sys.argv[3]})).read()"),
            f"{rig.server.url}/allocation/cancel/{wanted[4]}",
            rig.environment()["BULKCANCEL_TOKEN"],
            json.dumps({"account": "1234abcd5678efgh9ijklmno"}),
        ],
        check=True,
    )  # fmt: skip
    assert other.returncode == 0
    differing = rig.call("verify", "night", "--rate", "2000", "--json")
    assert differing.code == 3, differing.err
    assert json.loads(differing.out)["counts"] == {"agrees": 29, "differs": 1}
    (row,) = [row for row in rig.rows("verification.csv") if row["agreement"] == "differs"]
    assert row["allocation_id"] == wanted[4]
    assert row["status_now"] == "CANCELLED"
    sampled = rig.call("verify", "night", "--rate", "2000", "--sample", "5")
    assert len(rig.rows("verification.csv")) == 5, sampled.err
    assert rig.server.ledger.summary().puts == before.puts + 1
