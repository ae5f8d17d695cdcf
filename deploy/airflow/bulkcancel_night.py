"""An Airflow DAG for a nightly run: each retry goes on with the same run.

The worker needs `bulkcancel` and `bulkcancel-night` on its PATH, a local disk for the reports, and
the settings (base URL, account, token file and so on) in its environment, by their BULKCANCEL_
names, or in a settings file.
"""

# ruff: noqa: INP001 - Airflow reads a folder of such files, which is no package

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta

from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowException, AirflowFailException

FOLDER = "/var/lib/bulkcancel"
HOPELESS = {
    2: "the input or a setting was refused; nothing was sent",
    3: "finished, and some allocations were not cancelled: see breaks.csv",
    6: "the API refuses the token",
    7: "the journal or the report could not be written, or does not balance",
}
"""What another try can't mend. All else is tried again, and goes on where the run was."""


@dag(
    schedule="30 1 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,  # a night that was missed is not made up for with a stale input
    max_active_runs=1,
    default_args={"retries": 6, "retry_delay": timedelta(minutes=10)},
    tags=["bulkcancel"],
)
def bulkcancel_night() -> None:
    """Cancel tonight's allocations."""

    @task
    def cancel(ds_nodash: str | None = None) -> str:
        """Begin the run of a night, or go on with it."""
        environment = {**os.environ, "BULKCANCEL_NIGHT": f"night-{ds_nodash}"}
        words = ["bulkcancel-night", "inputs/night.csv", "--yes", "--deadline", "06:00"]
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
            raise AirflowException(f"bulkcancel ended with {code}; the next try goes on with it")
        return f"{FOLDER}/reports/night-{ds_nodash}/summary.json"

    cancel()


bulkcancel_night()
