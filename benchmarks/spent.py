"""What a command takes: seconds, CPU and memory, its children included."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# What a process weighed before it became another program counts for that one too: so the command
# is started by a small one.
_LAUNCHER = """
import os, sys, time
core, words = sys.argv[1], sys.argv[2:]
if core:
    os.sched_setaffinity(0, {int(core)})
at, began = time.time(), time.perf_counter()
pid = os.posix_spawnp(words[0], words, os.environ)
_, status, usage = os.wait4(pid, 0)
seconds = time.perf_counter() - began
print(at, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status) % 256)
"""
_MIB = 1024  # the system counts in KiB


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What one command took from its start to its end, and what it printed.

    ``began`` is its start in Unix seconds. ``seconds`` are of the clock, ``cpu`` of the processor,
    of the system's share and of all children that it waited for. ``peak`` is the resident set of
    the largest process among them, in MiB.
    """

    began: float
    seconds: float
    cpu: float
    peak: float
    out: str


def spend(
    words: Sequence[str],
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    core: int | None = None,
) -> Spent:
    """Run a command to its end, on one core if it is named.

    It is sent SIGTERM when the benchmark ends before it does.

    Raises:
        SystemExit: It failed; what it said is shown.
    """
    pinned = "" if core is None else str(core)
    done = subprocess.run(  # noqa: S603 - the benchmark's own commands
        [
            sys.executable, "-S", "-E", "-c", _LAUNCHER, pinned,
            "setpriv", "--pdeathsig", "TERM", "--", *words,
        ],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    if done.returncode:
        said = f"{done.stdout[-2000:]}{done.stderr[-2000:]}"
        raise SystemExit(f"{' '.join(words)} ended with {done.returncode}: {said}")
    began, seconds, cpu, peak = done.stderr.split()[-4:]
    return Spent(
        began=float(began),
        seconds=float(seconds),
        cpu=float(cpu),
        peak=int(peak) / _MIB,
        out=done.stdout,
    )


def cores() -> tuple[int, int]:
    """Return a core for the server and one for the client; the same if there is only one."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[-1]


def where() -> str:
    """Say which cores those are."""
    server, client = cores()
    return "nginx on one core, the client on another" if server != client else "all on one core"
