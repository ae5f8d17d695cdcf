"""One size after another: what the program takes for so many rows, against a real nginx."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.accesslog import first_answer
from benchmarks.commandline import say
from benchmarks.nginx import Nginx, serving
from benchmarks.process import child, end
from benchmarks.reading.inputs import write_csv
from benchmarks.spent import Spent, cores, spend
from benchmarks.throughput.contenders import RATE
from benchmarks.throughput.rounds import TEMPLATE
from benchmarks.workplace import ACCOUNT, environment_in

_LOOK_EVERY = 0.05
_PATIENCE = 3600.0


class ScaleError(Exception):
    """The program did not do what was to be measured; says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What an input of so many rows takes.

    ``resume`` is in seconds from the start of ``bulkcancel resume`` to the answer to its first
    request, after a kill when ``killed_at`` requests were answered.
    """

    rows: int
    plan: Spent
    run: Spent
    report: Spent
    killed_at: int
    resume: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """A folder to work in, the environment of its commands, and how they reach nginx."""

    folder: Path
    environment: dict[str, str]
    nginx: Nginx
    concurrency: int

    def words(self, command: str, *more: str) -> list[str]:
        """Return a command line of the program."""
        return [sys.executable, "-m", "bulkcancel", command, *more]

    def starting(self, run_id: str) -> list[str]:
        """Return the command line that runs the input, as fast as it can be sent."""
        return self.words(
            "run", "ids.csv", *self.target(), "--rate", str(RATE), "--fixed-rate",
            "--concurrency", str(self.concurrency), "--run-id", run_id, "--reports", "reports",
            "--yes", "--no-progress", "--quiet",
        )  # fmt: skip

    def target(self) -> list[str]:
        """Return the options that say where to."""
        return ["--base-url", self.nginx.base_url, "--account", ACCOUNT]

    def spend(self, words: Sequence[str], *, alone: bool = False) -> Spent:
        """Run a command to its end, on the client's core if it is not ``alone``."""
        core = None if alone else cores()[1]
        return spend(words, folder=self.folder, environment=self.environment, core=core)


def measure(folder: Path, rows: int, *, concurrency: int, kill_at: float) -> Size:
    """Measure one size; ``kill_at`` is the share of the rows after which the run is killed.

    Raises:
        ScaleError: A command ended before it was to be killed, or sent nothing.
        SystemExit: A command failed; what it said is shown.
    """
    server, _ = cores()
    here = folder / "client"
    environment = environment_in(here)
    write_csv(here / "ids.csv", rows)
    with serving(folder / "nginx", TEMPLATE, {}, core=server) as nginx:
        rig = Rig(folder=here, environment=environment, nginx=nginx, concurrency=concurrency)
        say(f"{rows:,} rows: plan ...")
        plan = rig.spend(rig.words("plan", "ids.csv", *rig.target()))
        say(f"{rows:,} rows: run ...")
        run = rig.spend(rig.starting("whole"))
        say(f"{rows:,} rows: report ...")
        words = rig.words("report", "whole", "--reports", "reports", "--xlsx-rows", "0")
        report = rig.spend(words, alone=True)
        shutil.rmtree(here / "reports")
        say(f"{rows:,} rows: killed, and resumed ...")
        killed_at = _killed(rig, int(rows * kill_at))
        resume = _seconds_to_first(rig)
    return Size(rows=rows, plan=plan, run=run, report=report, killed_at=killed_at, resume=resume)


def startup(*, times: int) -> tuple[float, float]:
    """Return the seconds that ``bulkcancel --help`` and ``python -c pass`` take, the least each.

    They take turns: what else the machine does then slows both.
    """
    _, client = cores()
    program = Path(sys.executable).with_name("bulkcancel")
    starts = [[str(program), "--help"], [sys.executable, "-c", "pass"]]
    turns = [[spend(words, core=client).seconds for words in starts] for _ in range(times)]
    ours, bare = map(min, zip(*turns, strict=True))
    return ours, bare


def _killed(rig: Rig, after: int) -> int:
    """Start the run and kill it when so many requests were answered; return how many were."""
    log = rig.nginx.access_log
    before = log.stat().st_size
    # Each line is as long as the first: all ids are, and so are the times.
    width = len(log.read_bytes()[:1000].partition(b"\n")[0]) + 1
    with _working(rig, rig.starting("killed")) as process:
        _await(process, lambda: (log.stat().st_size - before) // width >= after)
        end(process, signal.SIGKILL)
    return (log.stat().st_size - before) // width


def _seconds_to_first(rig: Rig) -> float:
    log = rig.nginx.access_log
    before = log.stat().st_size
    began = time.time()
    words = rig.words("resume", "killed", "--reports", "reports", "--no-progress", "--quiet")
    with _working(rig, words, alone=True) as process:
        _await(process, lambda: log.stat().st_size > before)
        end(process, signal.SIGKILL)
    return first_answer(log, before) - began


def _working(
    rig: Rig, words: Sequence[str], *, alone: bool = False
) -> AbstractContextManager[subprocess.Popen[bytes]]:
    pinned = () if alone else ("taskset", "--cpu-list", str(cores()[1]))
    return child([*pinned, *words], folder=rig.folder, environment=rig.environment)


def _await(process: subprocess.Popen[bytes], done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not done():
        if process.poll() is not None or time.monotonic() > deadline:
            raise ScaleError(f"The program ended too soon, or sent nothing: {process.args!r}.")
        time.sleep(_LOOK_EVERY)
