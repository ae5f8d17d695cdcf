"""One strategy against one fresh nginx: run, cut off if need be, and what the access log tells."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.pacing.accesslog import AccessLog, Counts, read_access_log
from benchmarks.pacing.nginx import Nginx, limited
from benchmarks.pacing.process import child, end, search_path
from benchmarks.pacing.strategies import ROOT, TOKEN, Job, Strategy

_DRAIN = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a strategy. Times are seconds.

    ``finish`` runs from nginx's first answer to the one that cancelled the last allocation, and is
    ``None`` if that never came. ``whole`` is how long the command ran. ``cancelled`` counts
    allocations. ``exit_code`` is ``None`` if the command was cut off.
    """

    counts: Counts
    cancelled: int
    finish: float | None
    whole: float
    exit_code: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A command at work against an nginx; what it prints goes to files in ``folder``."""

    folder: Path
    nginx: Nginx
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """Interrupt the command as Ctrl-C does, and let it come to its end."""
        end(self.process, signal.SIGINT, with_children=True, patience=_DRAIN)

    def log(self) -> AccessLog:
        """Return what nginx has logged up to now."""
        return read_access_log(self.nginx.access_log)


@contextmanager
def trial(
    strategy: Strategy, folder: Path, *, limit: int, burst: int, ids: int, ceiling: int
) -> Iterator[Trial]:
    """Start nginx with a limit (requests per second), then the strategy on so many ids."""
    here = folder / "client"
    here.mkdir(parents=True)
    names = [f"62ff5c0b{number:012x}aaaa" for number in range(1, ids + 1)]
    (here / "ids.txt").write_text("\n".join(names) + "\n", encoding="utf-8")
    (here / "ids.csv").write_text("\n".join(["allocation_id", *names]) + "\n", encoding="utf-8")
    environment = {
        "PATH": search_path(),
        "PYTHONPATH": str(ROOT),
        "BULKCANCEL_TOKEN": TOKEN,
        "LANG": "C.UTF-8",
        "SHELL": "/bin/sh",
        # Whatever a program leaves behind, it leaves here.
        "HOME": str(here),
        "TMPDIR": str(here),
        "XDG_STATE_HOME": str(here / "state"),
    }
    with limited(folder / "nginx", rate=limit, burst=burst) as nginx:
        job = Job(base_url=nginx.base_url, limit=limit, ceiling=ceiling)
        with child(strategy.command(job), folder=here, environment=environment) as process:
            yield Trial(folder=here, nginx=nginx, process=process)


def measure(
    strategy: Strategy,
    folder: Path,
    *,
    limit: int,
    burst: int,
    ids: int,
    ceiling: int,
    bound: float,
) -> Outcome:
    """Let the strategy cancel so many ids, at most ``bound`` seconds."""
    with trial(strategy, folder, limit=limit, burst=burst, ids=ids, ceiling=ceiling) as running:
        begin = time.monotonic()
        exit_code: int | None = None
        try:
            exit_code = running.process.wait(bound)
        except subprocess.TimeoutExpired:
            running.stop()
        whole = time.monotonic() - begin
        log = running.log()
    cancelled = log.cancelled()
    complete = len(cancelled) == ids
    return Outcome(
        counts=log.counts(),
        cancelled=len(cancelled),
        finish=max(cancelled.values()) - log.begin if complete else None,
        whole=whole,
        exit_code=exit_code,
    )
