"""The systemd units: systemd takes them, and they wait as long as a stop may last."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from bulkcancel.cli.paceoptions import PACE_DEFAULTS

UNITS = (
    "bulkcancel.service",
    "bulkcancel.timer",
    "bulkcancel-prune.service",
    "bulkcancel-prune.timer",
)
SERVICES = tuple(unit for unit in UNITS if unit.endswith(".service"))
REPORTS, NOTIFICATION = 30, 10
"""Seconds for the reports of a million rows, and for a webhook that does not answer."""

WHERE = "/usr/local/lib/bulkcancel/bin/"


def settings(unit: Path) -> dict[str, list[str]]:
    """Return what a unit sets, by name."""
    found: dict[str, list[str]] = {}
    for line in unit.read_text(encoding="utf-8").splitlines():
        name, sign, value = line.partition("=")
        if sign and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_takes_them(deploy: Path, tmp_path: Path, systemd_analyze: str, unit: str) -> None:
    """`systemd-analyze verify` has nothing to say, with the program where the units expect it."""
    for name in UNITS:
        text = (deploy / "systemd" / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace(WHERE, f"{tmp_path}/"), encoding="utf-8")
    for program in ("bulkcancel", "bulkcancel-night"):
        (tmp_path / program).write_text("#!/bin/sh\n", encoding="utf-8")
        (tmp_path / program).chmod(0o755)
    done = subprocess.run(
        [systemd_analyze, "verify", "--man=no", str(tmp_path / unit)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_fault_in_a_unit_would_be_noticed(tmp_path: Path, systemd_analyze: str) -> None:
    """The check above can fail: a misspelt setting is named."""
    unit = tmp_path / "bad.service"
    unit.write_text("[Service]\nType=oneshot\nExecStart=/bin/true\nTimeoutStopSeconds=5\n")
    done = subprocess.run(
        [systemd_analyze, "verify", "--man=no", str(unit)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "TimeoutStopSeconds" in done.stderr


@pytest.mark.parametrize("unit", SERVICES)
def test_they_are_locked_down(deploy: Path, systemd_analyze: str, unit: str) -> None:
    """By systemd's own rating a service could reach 1.5 of 10 at most."""
    words = [systemd_analyze, "security", "--offline=true", "--threshold=15"]
    path = str(deploy / "systemd" / unit)
    done = subprocess.run([*words, path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout.splitlines()[-1]


def test_a_stop_has_time_to_drain(deploy: Path) -> None:
    """A stop may last longer than the drain, the reports and the notification take together."""
    (seconds,) = settings(deploy / "systemd" / "bulkcancel.service")["TimeoutStopSec"]
    drain, timeout = PACE_DEFAULTS["drain"], PACE_DEFAULTS["timeout"]
    assert isinstance(drain, float)
    assert isinstance(timeout, float)
    assert int(seconds) >= drain + timeout + REPORTS + NOTIFICATION


def test_the_program_is_found(deploy: Path) -> None:
    """The PATH of the service holds the folder of the programs: one starts the other by name."""
    found = settings(deploy / "systemd" / "bulkcancel.service")
    assert any(f"PATH={WHERE.rstrip('/')}:" in line for line in found["Environment"])
    assert all(line.startswith(WHERE) for line in found["ExecStart"])


def test_the_token_is_no_part_of_the_unit(deploy: Path, variables: frozenset[str]) -> None:
    """The token comes in as a credential; every variable that the unit sets is one of ours."""
    found = settings(deploy / "systemd" / "bulkcancel.service")
    assert found["LoadCredential"] == ["token:/etc/bulkcancel/token"]
    named = {name for line in found["Environment"] for name in re.findall(r"BULKCANCEL_\w+", line)}
    assert named == {"BULKCANCEL_TOKEN_FILE"}
    assert named <= variables
