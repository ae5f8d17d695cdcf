"""Several real processes under one rate in a real Redis: whether their sum holds, and uses it."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from bisect import bisect_left
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":  # as a script it has no pytest that finds the rigging
    sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from redisserver import RedisServer
from relay import Relay
from rigging import QUICK, Rig, make_ids

_SETTLED = 1.0
"""So many seconds after the first send all processes are up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How requests came in: how many, in how many seconds, at which rate, how many at most in 1 s.

    The rate (requests per second) is that of the busy time: from a second after the first
    request to the last one of the process that ended first.
    """

    requests: int
    seconds: float
    rate: float
    most: int

    def __str__(self) -> str:
        return (
            f"{self.requests:,} requests in {self.seconds:.1f} s; {self.rate:.1f}/s while all were "
            f"busy, {self.most} at most in any second"
        )


def start(rig: Rig, number: int, ids: Sequence[str], *more: str) -> subprocess.Popen[bytes]:
    """Start a run of its own over these ids; it is called ``p<number>``, and so is its output."""
    name = f"p{number}"
    source = rig.write(ids, f"{name}.csv")
    words = ("run", str(source), *rig.aim(), *QUICK, "--yes", "--run-id", name, *more)
    with (rig.path / f"{name}.out").open("wb") as out, (rig.path / f"{name}.err").open("wb") as err:
        process = subprocess.Popen(
            rig.command(*words), cwd=rig.path, env=rig.environment(), stdout=out, stderr=err
        )
    # A campaign that fails half-way must not leave its runs behind.
    rig.stack.callback(process.wait)
    rig.stack.callback(process.kill)
    return process


def pace_of(times: Sequence[float], busy_until: float) -> Pace:
    """Return the pace of requests that came at these moments, in seconds of one clock."""
    ordered = sorted(times)
    began, ended = ordered[0], ordered[-1]
    low, high = bisect_left(ordered, began + _SETTLED), bisect_left(ordered, busy_until)
    lasted = ordered[high - 1] - ordered[low] if high - low > 1 else 0.0
    most = max(bisect_left(ordered, at + 1.0) - place for place, at in enumerate(ordered))
    return Pace(
        requests=len(ordered),
        seconds=ended - began,
        rate=(high - 1 - low) / lasted if lasted else 0.0,
        most=most,
    )


def share(
    rig: Rig,
    redis_url: str | None,
    *,
    processes: int,
    rate: float,
    allocations: int,
    more: Sequence[str],
) -> Pace:
    """Let so many processes cancel ``allocations`` each at one rate; return how they came in.

    Without a ``redis_url`` each has its part of the rate for itself: what the machine gives then is
    what a shared rate has to be held against.

    Raises:
        AssertionError: One did not end well, or its report contradicts the ledger.
    """
    parts = [make_ids(allocations, 1 + allocations * number) for number in range(processes)]
    words = ("--rate", f"{rate / processes:g}", *more)
    if redis_url is not None:
        words = ("--rate", f"{rate:g}", "--shared-rate", redis_url, *more)
    running = [start(rig, number, ids, *words) for number, ids in enumerate(parts)]
    for number, process in enumerate(running):
        assert process.wait(600) == 0, (rig.path / f"p{number}.err").read_text()
    lasts: dict[int, float] = {}
    times: list[float] = []
    owner = {one: number for number, ids in enumerate(parts) for one in ids}
    for entry in rig.server.ledger.entries():
        times.append(entry.monotonic)
        lasts[owner[entry.ids[0]]] = entry.monotonic
    assert len(times) == processes * allocations
    for number in range(processes):
        assert rig.summary(f"p{number}")["outcomes"]["cancelled"] == allocations
    return pace_of(times, min(lasts.values()))


def main() -> int:
    """Measure once from the command line; return 1 when the sum does not hold or is not used."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--rate", type=float, default=400.0)
    parser.add_argument("--allocations", type=int, default=3000, help="of each process")
    parser.add_argument("--latency", type=float, default=0.02, help="of the API, seconds")
    parser.add_argument("--delay", type=float, default=0.0, help="to Redis and back, seconds")
    parser.add_argument("--alone", action="store_true", help="the control: no Redis, a part each")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bulkcancel-shared-") as folder, ExitStack() as stack:
        rig = Rig(path=Path(folder), stack=stack)
        server = RedisServer(folder=rig.path)
        stack.callback(server.kill)
        server.start()
        rig.serve(latency=given.latency)
        url = server.url
        if given.delay:
            relay = Relay(port=server.port, delay=given.delay / 2.0)
            stack.callback(relay.die)
            url = relay.origin.replace("http://", "redis://")
        pace = share(
            rig,
            None if given.alone else url,
            processes=given.processes,
            rate=given.rate,
            allocations=given.allocations,
            more=(),
        )
        used = pace.rate / given.rate
        sys.stdout.write(
            f"{given.processes} processes at {given.rate:g}/s together: {pace} "
            f"({100.0 * used:.1f} % of the rate)\n"
        )
        for number in range(given.processes):
            held = rig.summary(f"p{number}")["pacing"]["seconds_held"]
            sys.stdout.write(f"  p{number} held: {held}\n")
    return 0 if 0.97 <= used <= 1.03 else 1


if __name__ == "__main__":
    raise SystemExit(main())
