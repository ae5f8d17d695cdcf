"""Four shards of one input under one rate in Redis: one is killed and resumed, all are merged."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

if __name__ == "__main__":  # as a script it has no pytest that finds the rigging
    sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from redisserver import RedisServer
from rigging import QUICK, Rig, make_ids
from shared_rate import Pace, pace_of


def shards(rig: Rig, redis_url: str, *, shards: int, rate: float, ids: Sequence[str]) -> Pace:
    """Cancel an input by so many shards at once; the last is killed and resumed, all are merged.

    Returns how the requests of all came in together.

    Raises:
        AssertionError: A shard did not end well, or the merge contradicts the ledger.
    """
    source = str(rig.write(ids))
    shared = ("--rate", f"{rate:g}", "--shared-rate", redis_url)

    def start(name: str, *words: str) -> subprocess.Popen[bytes]:
        out, err = rig.path / f"{name}.out", rig.path / f"{name}.err"
        with out.open("ab") as said, err.open("ab") as complained:
            process = subprocess.Popen(
                rig.command(*words),
                cwd=rig.path,
                env=rig.environment(),
                stdout=said,
                stderr=complained,
            )
        rig.stack.callback(process.wait)
        rig.stack.callback(process.kill)
        return process

    names = [f"shard-{number}" for number in range(1, shards + 1)]
    running = {
        name: start(
            name, "run", source, *rig.aim(), *QUICK, *shared, "--yes", "--run-id", name,
            "--shard", f"{number}/{shards}",
        )
        for number, name in enumerate(names, start=1)
    }  # fmt: skip
    victim = names[-1]
    while rig.server.ledger.summary().puts < len(ids) // 3:
        assert running[victim].poll() is None, (rig.path / f"{victim}.err").read_text()
        time.sleep(0.1)
    running[victim].send_signal(signal.SIGKILL)
    running[victim].wait()
    early = rig.call("merge", *names)
    assert early.code == 75, "the others are at work"
    running[victim] = start(victim, "resume", victim)
    for name, process in running.items():
        assert process.wait(900) == 0, (rig.path / f"{name}.err").read_text()
    merged = rig.call("merge", *names, "--run-id", "merged")
    assert merged.code == 0, merged.err
    rig.check(ids, run_id="merged", killed=True)
    summary = rig.summary("merged")
    assert summary["outcomes"]["cancelled"] == summary["rows"]["read"] == len(ids)
    entries = rig.server.ledger.entries()
    owner = {row["allocation_id"]: name for name in names for row in rig.rows(run_id=name)}
    lasts = {owner[entry.ids[0]]: entry.monotonic for entry in entries}
    return pace_of([entry.monotonic for entry in entries], min(lasts.values()))


def main() -> int:
    """Do it once from the command line; return 1 when the sum does not hold or is not used."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", type=int, default=4)
    parser.add_argument("--rate", type=float, default=400.0)
    parser.add_argument("--ids", type=int, default=20_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bulkcancel-shards-") as folder, ExitStack() as stack:
        rig = Rig(path=Path(folder), stack=stack)
        server = RedisServer(folder=rig.path)
        stack.callback(server.kill)
        server.start()
        rig.serve(latency=0.02)
        pace = shards(
            rig, server.url, shards=given.shards, rate=given.rate, ids=make_ids(given.ids)
        )
    used = pace.rate / given.rate
    sys.stdout.write(
        f"{given.shards} shards at {given.rate:g}/s together, one killed and resumed: {pace} "
        f"({100.0 * used:.1f} % of the rate); merged, balanced, in agreement with the ledger\n"
    )
    return 0 if 0.97 <= used <= 1.03 else 1


if __name__ == "__main__":
    raise SystemExit(main())
