"""The peak memory of a command that refuses its input."""

from __future__ import annotations

import sys
from pathlib import Path

from rigging import Rig

MEGABYTE = 1 << 20

_MEASURED = """
import sys
from pathlib import Path
from bulkcancel.cli import run_command
code = run_command(sys.argv[1:])
print(next(line for line in Path("/proc/self/status").open() if line.startswith("VmHWM")))
sys.exit(code)
"""


def peak_of_refusal(rig: Rig, path: Path, said: str) -> int:
    """Let a run refuse an input in a sentence that holds ``said``; return its peak in bytes."""
    words = ("run", str(path), *rig.aim(), "--yes", "--run-id", "night")
    ran = rig.started([sys.executable, "-c", _MEASURED, *words])
    assert ran.code == 2, ran.err
    assert said in ran.err
    assert "Traceback" not in ran.err
    return int(ran.out.split("VmHWM:")[1].split()[0]) * 1024
