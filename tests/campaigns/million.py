"""A million allocations end to end, and once more with a kill in the middle: the same report."""

# The server is an nginx that says of each allocation that it is cancelled: what is tried here is
# the program's own bookkeeping at that size. Truth is held against a ledger by the other campaigns.

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

if __name__ == "__main__":  # as a script it finds neither the benchmarks nor what tests share
    sys.path.insert(0, str(Path(__file__).parents[2]))

import pyarrow.parquet as pq

from benchmarks.nginx import serving
from benchmarks.process import child
from benchmarks.reading.inputs import write_csv
from benchmarks.spent import spend
from benchmarks.throughput.rounds import TEMPLATE
from benchmarks.workplace import ACCOUNT, environment_in

_WHAT_BECAME = ["row", "allocation_id", "outcome", "status", "version", "duplicate_of"]


def words(url: str, run_id: str) -> list[str]:
    """Return the command line of a run as fast as it can be sent."""
    return [
        sys.executable, "-m", "bulkcancel", "run", "ids.csv", "--base-url", url, "--account",
        ACCOUNT, "--rate", "100000", "--fixed-rate", "--concurrency", "64", "--run-id", run_id,
        "--verify-after", "1,5", "--yes", "--no-progress", "--quiet",
    ]  # fmt: skip


def summary_of(folder: Path, run_id: str) -> dict[str, Any]:
    """Return a run's summary."""
    found: dict[str, Any] = json.loads(
        (folder / "reports" / run_id / "summary.json").read_text(encoding="utf-8")
    )
    return found


def rows_of(folder: Path, run_id: str) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of a run's reconciliation, with what became of each."""
    with pq.ParquetFile(folder / "reports" / run_id / "reconciliation.parquet") as file:
        for batch in file.iter_batches(batch_size=20_000, columns=_WHAT_BECAME):
            yield batch.to_pylist()


def differences(folder: Path, one: str, other: str) -> int:
    """Return how many rows differ between two runs' reconciliations.

    A row whose answer was lost with the process was read back: that has no HTTP status of a cancel
    and another reason, which are left out here.
    """
    count = 0
    for mine, theirs in zip_longest(rows_of(folder, one), rows_of(folder, other)):
        if mine is None or theirs is None:
            raise AssertionError("the reconciliations are not of one length")
        for left, right in zip(mine, theirs, strict=True):
            count += left != right
    return count


def say(sentence: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


def main() -> int:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--kill-at", type=float, default=0.6, help="share of the rows sent")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bulkcancel-million-") as scratch:
        folder = Path(scratch) / "client"
        environment = environment_in(folder)
        write_csv(folder / "ids.csv", given.rows)
        with serving(Path(scratch) / "nginx", TEMPLATE, {}, core=0) as nginx:
            spent = spend(words(nginx.base_url, "whole"), folder=folder, environment=environment)
            whole = summary_of(folder, "whole")
            say(
                f"{given.rows:,} ids: {spent.seconds:.0f} s, {spent.cpu:.0f} s of CPU, "
                f"{spent.peak:.0f} MiB at most; {whole['verdict']}"
            )
            assert whole["exit_code"] == 0
            assert whole["control"]["balanced"]
            answered = _lines(nginx.access_log)
            assert answered == given.rows, f"{answered:,} requests"
            with child(
                words(nginx.base_url, "killed"), folder=folder, environment=environment
            ) as process:
                while _lines(nginx.access_log) - answered < given.rows * given.kill_at:
                    assert process.poll() is None, "it ended before it was killed"
                    time.sleep(0.2)
                process.send_signal(signal.SIGKILL)
                process.wait()
            before = _lines(nginx.access_log) - answered
            spent = spend(
                [sys.executable, "-m", "bulkcancel", "resume", "killed", "--quiet"],
                folder=folder,
                environment=environment,
            )
            again = _lines(nginx.access_log) - answered - given.rows
        killed = summary_of(folder, "killed")
        say(
            f"killed after {before:,}, resumed: {spent.seconds:.0f} s, {spent.peak:.0f} MiB; "
            f"{again} requests more than rows (read back); {killed['verdict']}"
        )
        assert killed["exit_code"] == 0
        assert killed["control"]["balanced"]
        assert killed["control"]["hash_total_outcomes"] == whole["control"]["hash_total_outcomes"]
        assert killed["outcomes"] == whole["outcomes"]
        assert 0 <= again <= 2 * 64
        assert (count := differences(folder, "whole", "killed")) == 0, f"{count} rows differ"
        say("The two reconciliations are the same, row by row.")
    return 0


def _lines(log: Path) -> int:
    """Return how many requests were answered: each line is as long as the first, or a byte off."""
    with log.open("rb") as file:
        return sum(part.count(b"\n") for part in iter(lambda: file.read(1 << 20), b""))


if __name__ == "__main__":
    raise SystemExit(main())
