"""One input divided among processes, and joined again: the same as if one had done it all."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Sequence
from functools import partial

import pytest
from rigging import ACCOUNT, QUICK, TOKEN, Rig, make_ids

import bulkcancel
from bulkcancel.decision import shard_of
from bulkcancel.errors import RefusedError

SHIPPED = "62ff5c0bec0aed3c86205e1d"
TELLING = ("row", "allocation_id", "outcome", "status", "duplicate_of")


def start(rig: Rig, source: str, index: int, of: int, *more: str) -> subprocess.Popen[bytes]:
    """Start the run of a shard, named by its variable as schedulers do it."""
    words = ("run", source, *rig.aim(), *QUICK, "--yes", "--run-id", f"night-{index}", *more)
    with (rig.path / f"err-{index}.txt").open("wb") as err:
        process = subprocess.Popen(
            rig.command(*words),
            cwd=rig.path,
            env=rig.environment(BULKCANCEL_SHARD=f"{index}/{of}"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=err,
        )
    rig.stack.callback(process.wait)
    rig.stack.callback(process.kill)
    return process


def told(rig: Rig, run_id: str) -> list[tuple[str, ...]]:
    """Return what a reconciliation says of each row, without times and counts."""
    return [tuple(row[name] for name in TELLING) for row in rig.rows(run_id=run_id)]


def ids_of(ids: Sequence[str], index: int, of: int) -> list[str]:
    """Return which ids belong to a shard."""
    return [one for one in ids if shard_of(one, of) == index]


def test_four_processes_do_as_one_would(rig: Rig) -> None:
    """One of them is killed in the middle, resumed, and all are merged: the same outcomes."""
    stubborn, *ids = make_ids(601)
    lines = [*ids[:300], "bad", "", stubborn, *ids[300:], SHIPPED, *ids[:5], SHIPPED]
    source = rig.write([f"{line},note" if line else "," for line in lines],
                       header="allocation_id,note")  # fmt: skip
    wanted = [*ids, stubborn, SHIPPED]
    faults = f"status:PENDING_PICK@{stubborn}"
    rig.serve(faults)
    assert rig.run(source, "--skip-invalid", run_id="alone").code == 3
    alone = told(rig, "alone")

    rig.serve(faults, latency=0.02)
    started = [start(rig, str(source), index, 4, "--skip-invalid") for index in (1, 2, 4)]
    victim = start(rig, str(source), 3, 4, "--skip-invalid", "--rate", "40")
    own = set(ids_of(wanted, 3, 4))
    give_up = time.monotonic() + 60
    while sum(set(entry.ids) <= own for entry in rig.server.ledger.entries()) < 20:
        assert time.monotonic() < give_up, (rig.path / "err-3.txt").read_text()
        time.sleep(0.02)
    victim.send_signal(signal.SIGKILL)
    victim.wait(20)
    assert {process.wait(120) for process in started} <= {0, 3}

    names = [f"night-{index}" for index in (1, 2, 3, 4)]
    early = rig.call("merge", *names, "--run-id", "early")
    assert early.code == 5, early.err
    assert "shard 3 (`bulkcancel resume night-3`) of 4 is unfinished" in early.out
    rig.check(wanted, killed=True, run_id="early")
    assert rig.call("resume", "night-3", "--rate", "2000").code in {0, 3}

    merged = rig.call("merge", *names, "--run-id", "night", "--json")
    assert merged.code == 3, merged.err
    assert told(rig, "night") == alone
    rig.check(wanted, killed=True)
    summary = json.loads(merged.out)
    assert summary == rig.summary()
    assert summary["rows"] == rig.summary("alone")["rows"]
    for name in ("sha256", "digest", "hash_total"):
        assert summary["input"][name] == rig.summary("alone")["input"][name]
    truth = rig.server.ledger.summary().allocations
    assert sum(one.status == "CANCELLED" for one in truth.values()) == len(ids)

    listed = {run["run_id"]: run for run in json.loads(rig.call("runs", "--json").out)}
    assert (listed["night"]["state"], listed["night"]["resumable"]) == ("breaks", False)
    assert rig.call("report", "night").code == 3
    resumed = rig.call("resume", "night")
    assert (resumed.code, "resume those and merge again" in resumed.err) == (2, True)
    verified = rig.call("verify", "night", "--rate", "2000")
    assert verified.code == 0, verified.err
    found = json.loads(rig.call("history", "--min-runs", "1", "--json").out)
    assert found["runs"] == 2, "the run alone, and the newest merge; no shard, no earlier merge"
    assert (rig.path / "reports" / "latest").resolve().name == "night"


def test_a_shard_is_planned(rig: Rig) -> None:
    """The plan says which share of how many, and what a run of it would cancel."""
    rig.serve()
    ids = make_ids(100)
    own = ids_of(ids, 2, 4)
    source = str(rig.write(ids))
    words = ("plan", source, *rig.aim(), "--shard", "2/4", "--expect-count", "100")
    plan = rig.call(*words)
    assert plan.code == 0, plan.err
    assert "Rows       100 read: 100 allocations," in plan.out
    assert f"Shard      2 of 4: {len(own)} allocations of 100\n" in plan.out
    assert f"Ids        {own[0]} … {own[-1]}\n" in plan.out
    assert f"To cancel  {len(own)} allocations\n" in plan.out
    facts = json.loads(rig.call(*words, "--json").out)
    assert facts["to_cancel"] == facts["rows"]["unique"] == len(own)
    assert facts["shard"]["whole"]["unique"] == 100
    assert (facts["shard"]["index"], facts["shard"]["of"]) == (2, 4)
    other = json.loads(rig.call(*words[:-3], "3/4", "--json").out)
    assert other["plan_digest"] != facts["plan_digest"]
    again = json.loads(rig.call(*words[:-3], "02/04", "--json").out)
    assert again["plan_digest"] == facts["plan_digest"]


def test_what_a_shard_cancels_is_confirmed(rig: Rig) -> None:
    """--confirm speaks of the share, --expect-count of the whole input."""
    rig.serve()
    ids = make_ids(50)
    own = len(ids_of(ids, 1, 2))
    assert own != 50
    words = ("run", str(rig.write(ids)), *rig.aim(), *QUICK, "--shard", "1/2")
    refused = rig.call(*words, "--confirm", "50")
    assert (refused.code, f"there are {own} allocations" in refused.err) == (2, True)
    refused = rig.call(*words, "--confirm", str(own), "--expect-count", str(own))
    assert (refused.code, "the input holds 50 allocations" in refused.err) == (2, True)
    ran = rig.call(*words, "--confirm", str(own), "--expect-count", "50", "--run-id", "night")
    assert ran.code == 0, ran.err
    assert rig.server.ledger.summary().puts == own
    assert rig.summary()["shard"]["whole"]["unique"] == 50
    rig.check(ids_of(ids, 1, 2))


def test_a_bad_row_stops_every_shard(rig: Rig) -> None:
    """The whole input is checked by each: none begins what another one refuses."""
    rig.serve()
    source = rig.write([*make_ids(9), *(f"bad-{number}" for number in range(30))])
    for index in (1, 2, 3):
        ran = rig.run(source, "--shard", f"{index}/3", run_id=f"night-{index}")
        assert ran.code == 2
        assert "30 of 39 rows are invalid" in ran.err
        (listed,) = (rig.path / "reports").glob("refused-*.csv")
        assert len(listed.read_text().splitlines()) == 31, "all of them, in every shard"
        listed.unlink()
    assert rig.server.ledger.summary().requests == 0


def test_a_share_that_is_none_is_refused_at_once(rig: Rig) -> None:
    """Before the input is read: the file need not even be there."""
    rig.serve()
    for shard in ("0/4", "5/4", "two"):
        ran = rig.call("run", "gone.csv", *rig.aim(), "--yes", "--shard", shard)
        assert ran.code == 2
        assert f"--shard {shard} is no share such as 2/4" in ran.err


def test_a_shard_at_work_keeps_others_out(rig: Rig) -> None:
    """The same shard, the whole input and another number end with 75; another shard works."""
    rig.serve(latency=0.05)
    ids = make_ids(300)
    source = rig.write(ids)
    process = start(rig, str(source), 1, 2, "--rate", "5")
    give_up = time.monotonic() + 60
    while not rig.server.ledger.summary().puts:
        assert time.monotonic() < give_up, (rig.path / "err-1.txt").read_text()
        time.sleep(0.02)
    same = rig.run(source, "--shard", "1/2", run_id="same")
    assert (same.code, "shard 1 of 2" in same.err, "run night-1," in same.err) == (75, True, True)
    assert rig.run(source, run_id="whole").code == 75
    assert rig.run(source, "--shard", "2/3", run_id="other").code == 75
    merged = rig.call("merge", "night-1")
    assert (merged.code, "in use by another process" in merged.err) == (75, True)
    assert rig.run(source, "--shard", "2/2", run_id="night-2").code == 0
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 143
    assert rig.run(source, run_id="whole").code == 0, "the shards are done: it is free"
    assert [path.name for path in sorted((rig.path / "reports").iterdir())] == [
        "latest", "night-1", "night-2", "whole",
    ]  # fmt: skip


def test_the_usual_size_is_that_of_whole_inputs(rig: Rig) -> None:
    """Shards note none and are measured by their whole input; a merge notes it."""
    rig.serve()
    for night in (1, 2, 3):
        source = rig.write(make_ids(4, start=10 * night), name=f"{night}.csv")
        for index in (1, 2):
            ran = rig.run(source, "--shard", f"{index}/2", run_id=f"{night}-{index}")
            assert ran.code == 0, ran.err
    large = rig.write(make_ids(300, start=1000), name="large.csv")
    plan = ("plan", str(large), *rig.aim(), "--json")
    assert json.loads(rig.call(*plan).out)["unusual"] is False, "nothing is usual yet"
    for night in (1, 2, 3):
        assert rig.call("merge", f"{night}-1", f"{night}-2").code == 0
    assert json.loads(rig.call(*plan).out)["unusual"] is True
    assert json.loads(rig.call(*plan, "--shard", "7/30").out)["unusual"] is True
    ran = rig.run(large, "--shard", "7/30")
    assert (ran.code, "300 allocations are far more" in ran.err) == (2, True)


def test_the_library_takes_a_share(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a shard in its settings; the number to confirm is the share's."""
    monkeypatch.setenv("XDG_STATE_HOME", str(rig.path / "state"))
    rig.serve()
    ids = make_ids(20)
    own = ids_of(ids, 2, 3)
    source = bulkcancel.InputOptions(path=str(rig.write(ids)))
    target = bulkcancel.Target(base_url=rig.server.url, account=ACCOUNT)
    settings = bulkcancel.RunSettings(target=target, rate=2000.0, fixed_rate=True, shard="2/3")
    call = partial(bulkcancel.run, source, settings, token=bulkcancel.Secret(TOKEN))
    reports = rig.path / "reports"
    with pytest.raises(RefusedError, match=f"Shard 2 of 3 holds {len(own)} allocations"):
        call(confirm=20, reports=reports)
    finished = call(confirm=len(own), reports=reports, run_id="night")
    assert finished.exit_code == 0
    rig.check(own)


@pytest.mark.parametrize("words", [(), ("gone",)])
def test_a_merge_of_nothing_is_refused(rig: Rig, words: Sequence[str]) -> None:
    """Without a run, or with one that is not there: exit 2."""
    assert rig.call("merge", *words).code == 2
    assert not (rig.path / "reports").exists()


def test_a_run_of_another_share_is_not_gone_on_with(rig: Rig) -> None:
    """--or-resume keeps to the share that was asked for: another one's run is refused."""
    rig.serve()
    source = rig.write(make_ids(20))
    assert rig.run(source, "--or-resume", "--shard", "1/2").code == 0
    sent = rig.server.ledger.summary().puts
    for words, said in (
        (("--shard", "2/2"), "Run night is shard 1/2 of its input, not shard 2/2"),
        ((), "Run night is shard 1/2 of its input, not the whole"),
    ):
        refused = rig.run(source, "--or-resume", *words)
        assert (refused.code, said in refused.err) == (2, True), refused.err
    assert rig.run(source, "--or-resume", "--shard", "1/2").code == 0
    assert rig.server.ledger.summary().puts == sent
