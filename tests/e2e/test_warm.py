"""What the tests' own quick start of the command must not change: all is as with a cold one."""

from __future__ import annotations

import json
import subprocess
import time

import pytest
from rigging import Rig
from warm import call_warm, can_be_warm

from bulkcancel.errors import LockedError
from bulkcancel.journal import JOURNAL_NAME, Journal


@pytest.mark.parametrize(
    "words",
    [
        ("--version",),
        ("plan",),
        ("plan", "no-such.csv", "--base-url", "https://oms.example/api", "--account", "a"),
        ("config", "show", "--base-url", "https://oms.example/api", "--json"),
        ("runs", "--reports", "."),
    ],
)
def test_a_warm_command_says_what_a_cold_one_says(
    rig: Rig, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code and both streams, in a folder and an environment of its own."""
    environment = rig.environment(BULKCANCEL_ACCOUNT="of-the-environment")
    monkeypatch.setenv("BULKCANCEL_ACCOUNT", "of-the-tests")
    warm = rig.call(*words, environment=environment)
    cold = rig.started(rig.command(*words), environment=environment)
    assert warm == cold
    assert warm.out or warm.err


def test_nothing_of_one_is_left_to_the_next(rig: Rig) -> None:
    """Each is a process of its own."""
    words = ("config", "show", "--json")
    file = rig.path / "bulkcancel.toml"
    file.write_text("rate = 7\n")
    assert json.loads(rig.call(*words).out)["settings"]["rate"]["value"] == 7
    file.unlink()
    assert json.loads(rig.call(*words).out)["settings"]["rate"]["origin"] == "default"


def test_one_that_takes_too_long_is_killed(rig: Rig) -> None:
    """As `subprocess.run` does it: the run can be opened, so nobody works on it any more."""
    rig.serve(latency=60.0)
    source = rig.write(["62ff5c0b000000000001aaaa"])
    words = ("run", str(source), *rig.aim(), "--yes", "--run-id", "night", "--timeout", "50")
    with pytest.raises(subprocess.TimeoutExpired):
        call_warm(words, cwd=rig.path, environment=rig.environment(), timeout=8)
    ends = time.monotonic() + 20
    while True:
        try:
            Journal.open(rig.folder() / JOURNAL_NAME).close()
        except LockedError:
            assert time.monotonic() < ends, "it goes on"
            time.sleep(0.05)
        else:
            break


def test_what_counts_as_python_starts_makes_it_cold(rig: Rig) -> None:
    """A locale, a time zone or a switch of Python itself."""
    assert can_be_warm(rig.environment())
    for name in ("PYTHONUTF8", "LC_ALL", "TZ", "COVERAGE_PROCESS_CONFIG"):
        assert not can_be_warm(rig.environment(**{name: "1"}))
    assert not can_be_warm(rig.environment(LANG="C"))
