"""The command as the first process of a container, which ignores what it has no handler for."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

CONTAINED = ["unshare", "--pid", "--fork", "--kill-child"]
PATIENCE = 30.0


def refused_here() -> str:
    """Return why no process can be the first of its container here, or nothing."""
    if shutil.which("unshare") is None:
        return "there is no unshare (util-linux) here"
    tried = subprocess.run([*CONTAINED, "true"], capture_output=True, text=True, check=False)
    return tried.stderr.strip() and f"no PID namespace can be made here: {tried.stderr.strip()}"


@pytest.mark.skipif(bool(refused_here()), reason=refused_here())
def test_it_ends_when_told_to_while_it_reads() -> None:
    """Without a handler it would go on reading, and then send."""
    program = [sys.executable, "-m", "bulkcancel", "plan", "-"]
    with subprocess.Popen(
        [*CONTAINED, *program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as outer:
        try:
            first = _child_that_handles(outer, signal.SIGTERM)
            os.kill(first, signal.SIGTERM)
            assert outer.wait(PATIENCE) == 128 + signal.SIGTERM
        finally:
            outer.kill()
        assert outer.stdout is not None
        assert outer.stdout.read() == b""


def _child_that_handles(outer: subprocess.Popen[bytes], number: signal.Signals) -> int:
    """Wait for the only child to have a handler of the signal; return its id."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        for child in Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text().split():
            for line in Path(f"/proc/{child}/status").read_text().splitlines():
                name, _, mask = line.partition(":")
                if name == "SigCgt" and int(mask, 16) >> (number - 1) & 1:
                    return int(child)
        assert outer.poll() is None, "it ended before it was told to"
        time.sleep(0.02)
    pytest.fail(f"no handler of {number.name} after {PATIENCE:.0f} s")
