"""Rows 40, 41, 49, 57, 58, 60 and 61 of the fault matrix: signals, clocks, terminal, environment.

``doctor``, which is to list the variables of row 58, does not exist yet. Row 59 needs a proxy,
which the program does not use.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time

import pytest
from changing import replace
from quickrun import QuickRig
from rigging import TOKEN, make_ids

from bulkcancel.runner import Clock
from bulkcancel.simulator import SimulatorOptions, SimulatorThread


def wait_for_puts(rig: QuickRig, least: int) -> None:
    """Wait until the server saw so many cancels."""
    give_up = time.monotonic() + 30
    while rig.server.ledger.summary().puts < least:
        assert time.monotonic() < give_up, (rig.path / "err.txt").read_text()
        time.sleep(0.01)


def test_40_sigterm_with_32_in_flight(rig: QuickRig) -> None:
    """No send after the signal, all 32 in flight come to their end, exit 143, totals balance."""
    wanted = make_ids(120)
    rig.serve(latency=1.5)
    process = rig.start(rig.write(wanted), "--concurrency", "32")
    wait_for_puts(rig, 32)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 143, (rig.path / "err.txt").read_text()
    assert rig.server.ledger.summary().puts == 32
    assert rig.outcomes() == {"cancelled": 32, "not_attempted": 88}
    rig.check(wanted)


def test_41_sigint_twice(rig: QuickRig) -> None:
    """The second Ctrl-C does not wait for answers that would take minutes: they are unknown."""
    wanted = make_ids(60)
    rig.serve("hang-applied")
    process = rig.start(rig.write(wanted), "--concurrency", "32")
    wait_for_puts(rig, 32)
    process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    assert process.wait(15) == 130, (rig.path / "err.txt").read_text()
    assert rig.outcomes() == {"unknown": 32, "not_attempted": 28}
    rig.check(wanted, killed=True)


@pytest.mark.parametrize("jump", [-3600.0, 86_400.0])
def test_49_a_wall_clock_that_is_set(
    rig: QuickRig, monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    """The clock is set in mid-run by an hour back, or a day ahead: no wait and no limit moves."""
    wanted = make_ids(60)
    rig.serve(f"hangup-after@{','.join(wanted[::3])}*1", "500*1/GET")
    true_time = Clock.utc

    def set_clock() -> float:
        far = rig.server.ledger.summary().puts > 20
        return true_time() + (jump if far else 0.0)

    monkeypatch.setattr(Clock, "utc", staticmethod(set_clock))
    settings = replace(rig.settings(), max_time=30.0, concurrency=4)
    began = time.monotonic()
    assert rig.work(wanted, settings).exit_code == 0
    assert time.monotonic() - began < 30.0
    assert rig.facts() == {("cancelled", "true", "1"), ("cancelled", "false", "1")}
    rig.check(wanted)


def test_49_a_machine_that_slept(rig: QuickRig) -> None:
    """The process lies still while the server gives up on it: read back, and nothing sent twice."""
    wanted = make_ids(60)
    rig.serve(f"hang-applied:0.6@{','.join(wanted[:7])}", latency=0.05)
    process = rig.start(rig.write(wanted), "--concurrency", "8")
    wait_for_puts(rig, 8)
    process.send_signal(signal.SIGSTOP)
    time.sleep(1.5)
    process.send_signal(signal.SIGCONT)
    assert process.wait(60) == 0, (rig.path / "err.txt").read_text()
    assert [row["verified"] for row in rig.rows()] == ["true"] * 7 + ["false"] * 53
    rig.check(wanted)


@pytest.mark.parametrize("form", ["console", "json"])
def test_57_one_log_line_for_each_event(rig: QuickRig, form: str) -> None:
    """A message full of control characters forges no line of the log and sends no raw escape."""
    wanted = make_ids(5)
    rig.serve("pii-message")
    ran = rig.run(rig.write(wanted), "--verbose", "--log-format", form)
    assert ran.code == 3, ran.err
    lines = ran.err.splitlines()
    assert all(line.isprintable() for line in (*lines, *ran.out.splitlines()))
    settled = [line for line in lines if "allocation.settled" in line]
    assert len(settled) == 5
    assert not [line for line in lines if line.lstrip().startswith("forged")]
    if form == "json":
        assert all(json.loads(line)["event"] for line in lines if line.startswith("{"))
        assert len([line for line in lines if line.startswith("{")]) >= 7
    rig.check(wanted)


def test_58_the_environment_changes_nothing(rig: QuickRig) -> None:
    """Proxy variables, .netrc and SSL_CERT_FILE are ignored: the proxy named never sees a byte."""
    wanted = make_ids(10)
    proxy = rig.stack.enter_context(SimulatorThread(SimulatorOptions(token=TOKEN)))
    rig.serve()
    netrc = rig.path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login someone password something\n")
    netrc.chmod(0o600)
    names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
    environment = rig.environment(
        **dict.fromkeys(names, proxy.origin),
        HOME=str(rig.path), NETRC=str(netrc), SSL_CERT_FILE="/nonexistent",
    )  # fmt: skip
    words = ("run", str(rig.write(wanted)), *rig.aim(), "--yes", "--run-id", "night")
    ran = rig.call(*words, environment=environment)
    assert ran.code == 0, ran.err
    assert proxy.ledger.summary().requests == 0
    assert rig.server.ledger.summary().by_status == {"200": 10}
    rig.check(wanted)


def test_60_a_terminal_that_knows_ascii_only(rig: QuickRig) -> None:
    """In the C locale, without UTF-8 mode, and with names that it can't write: the run is whole."""
    wanted = make_ids(10)
    rig.serve(f"404@{wanted[0]}")
    source = rig.write([f"{one},grün" for one in wanted], "größe.csv", "allocation_id,Größe")
    environment = rig.environment(
        LANG="C", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", PYTHONIOENCODING="ascii"
    )
    words = ("run", str(source), *rig.aim(), "--yes", "--run-id", "night", "--verbose")
    ran = rig.call(*words, environment=environment)
    assert ran.code == 3, ran.err
    assert "Traceback" not in ran.err
    assert rig.rows()[1]["Größe"] == "grün"
    rig.check(wanted)


def test_60_nobody_reads_what_it_says(rig: QuickRig) -> None:
    """Standard output and standard error closed by their reader: the run is whole all the same."""
    wanted = make_ids(10)
    rig.serve()
    read_end, write_end = os.pipe()
    os.close(read_end)
    words = ("run", str(rig.write(wanted)), *rig.aim(), "--yes", "--run-id", "night", "--verbose")
    try:
        subprocess.run(
            rig.command(*words), cwd=rig.path, env=rig.environment(), stdin=subprocess.DEVNULL,
            stdout=write_end, stderr=write_end, timeout=60, check=False,
        )  # fmt: skip
    finally:
        os.close(write_end)
    assert rig.outcomes() == {"cancelled": 10}
    rig.check(wanted)


def test_61_fewer_files_than_connections(rig: QuickRig) -> None:
    """64 open files and 200 requests at a time: concurrency is lowered with a warning."""
    wanted = make_ids(250)
    rig.serve(latency=0.3)
    shell = shutil.which("sh")
    assert shell is not None
    words = ("run", str(rig.write(wanted)), *rig.aim(), "--yes", "--run-id", "night")
    more = ("--rate", "5000", "--concurrency", "200")
    done = subprocess.run(
        [shell, "-c", 'ulimit -n 64; exec "$@"', "sh", *rig.command(*words, *more)],
        cwd=rig.path,
        env=rig.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "concurrency" in done.stderr
    assert rig.summary()["attempts"]["not_sent"] == {}, "no send failed for want of a file"
    rig.check(wanted)
