"""One strategy against one fresh nginx: run, cut off if need be, and what the access log tells."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.accesslog import AccessLog, Counts, read_access_log
from benchmarks.nginx import Nginx, serving
from benchmarks.pacing.strategies import Job, Strategy
from benchmarks.process import child, end
from benchmarks.workplace import workplace

_DRAIN = 60.0
_TEMPLATE = Path(__file__).with_name("nginx.conf.in")


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
    environment = workplace(here, ids)
    values = {"RATE": limit, "BURST": burst}
    with serving(folder / "nginx", _TEMPLATE, values) as nginx:
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
