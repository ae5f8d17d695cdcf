"""An Airflow DAG that divides an input among mapped tasks, and merges their runs into one.

The workers need what `bulkcancel_night.py` says, and the same local disk for all: run these tasks
on one worker. Each shard has a `--rate` of its own, and together they may send that much more,
unless BULKCANCEL_SHARED_RATE in the workers' environment names a Redis that keeps one for all.
"""

# ruff: noqa: INP001 - Airflow reads a folder of such files, which is no package

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowException, AirflowFailException

FOLDER = "/var/lib/bulkcancel"
SHARDS = 4
HOPELESS = {
    2: "the input or a setting was refused; nothing was sent",
    3: "finished, and some allocations were not cancelled: see breaks.csv",
    6: "the API refuses the token",
    7: "a journal or a report could not be written, or does not balance",
}
"""What another try can't mend. All else is tried again."""


def call(words: Sequence[str], **variables: str) -> None:
    """Run a command to its end, gently stopped if the task is; raise by its exit code."""
    environment = {**os.environ, **variables}
    with subprocess.Popen(words, cwd=FOLDER, env=environment) as process:  # noqa: S603 - ours
        try:
            code = process.wait()
        except BaseException:
            # The task is being stopped: let what is in flight end, and the report be written.
            process.terminate()
            process.wait()
            raise
    if code in HOPELESS:
        raise AirflowFailException(f"bulkcancel ended with {code}: {HOPELESS[code]}")
    if code:
        raise AirflowException(f"bulkcancel ended with {code}; it is tried again")


@dag(
    schedule="30 1 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,  # a night that was missed is not made up for with a stale input
    max_active_runs=1,
    default_args={"retries": 6, "retry_delay": timedelta(minutes=10)},
    tags=["bulkcancel"],
)
def bulkcancel_shards() -> None:
    """Cancel tonight's allocations by several processes."""

    @task(max_active_tis_per_dagrun=SHARDS)
    def cancel(shard: int, ds_nodash: str | None = None) -> None:
        """Begin the run of a shard, or go on with it."""
        call(
            ["bulkcancel-night", "inputs/night.csv", "--yes", "--deadline", "06:00"],
            BULKCANCEL_NIGHT=f"night-{ds_nodash}-{shard}",
            BULKCANCEL_SHARD=f"{shard}/{SHARDS}",
        )

    # However the shards ended: what became of each allocation stands in one report.
    @task(trigger_rule="all_done")
    def merge(ds_nodash: str | None = None) -> None:
        """Join the runs of all shards; another try merges anew, into another run."""
        call(["bulkcancel", "merge", *(f"night-{ds_nodash}-{one}" for one in range(1, SHARDS + 1))])

    cancel.expand(shard=list(range(1, SHARDS + 1))) >> merge()


bulkcancel_shards()
