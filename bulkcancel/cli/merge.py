"""``bulkcancel merge``: join the runs of all shards of an input."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from bulkcancel.cli.carry import print_finished
from bulkcancel.cli.configured import OnARun
from bulkcancel.cli.options import (
    ca_file_option,
    json_option,
    profile_option,
    reports_option,
    telling_options,
)
from bulkcancel.cli.telling import telling
from bulkcancel.execution import Finished, find_run, merge_runs
from bulkcancel.execution.session import CAME_TO_ITS_END
from bulkcancel.execution.usual import note_size, usual_folder
from bulkcancel.model import Target

_EPILOG = """\
\b
Examples:
  bulkcancel merge night-1 night-2 night-3 night-4
  bulkcancel merge reports/night-? --run-id night --json
"""


@click.command(
    cls=OnARun, name="merge", epilog=_EPILOG, short_help="Join the runs of all shards of an input."
)
@click.argument("runs", metavar="RUN...", nargs=-1, required=True)
@telling_options
@ca_file_option
@reports_option
@profile_option
@click.option("--run-id", metavar="ID", help="The new run's name; else one with the time in it.")
@json_option
def command(
    runs: tuple[str, ...],
    reports: Path,
    run_id: str | None,
    as_json: bool,  # noqa: FBT001 - click passes by name
    **options: Any,
) -> int:
    """Join the runs of all shards of one input, each a run's id or its folder, into a new run.

    Nothing is sent, and the shards' runs are not changed. The new run has one journal and one
    reconciliation, whose totals balance against the whole input; `report`, `verify`, `runs`,
    `history` and `prune` take it as any other, `resume` does not. A shard that is missing, given
    twice, or of another input or target is refused. One that was stopped may be merged: what it
    left is `not_attempted` or `unknown`, the exit code is 5, and it can be resumed and all merged
    again. `--notify` and `--metrics-file` tell of the whole, as a run does of itself.
    """
    options |= {"log_format": "console", "verbose": False, "quiet": False}
    with telling(options) as (teller, log):
        folders = [find_run(reports, run) for run in runs]
        finished = merge_runs(folders, reports, run_id, now=time.time())
        teller.finished(finished)
        if flaw := _note_size(finished):
            log.logger.warning("size.not_kept", reason=flaw)
    print_finished(finished, as_json=as_json)
    return finished.exit_code


def _note_size(finished: Finished) -> str:
    """Keep the size of the whole input for later runs; return what is wrong if it can't be."""
    if finished.exit_code not in CAME_TO_ITS_END:
        return ""
    told = finished.summary["target"]
    target = Target(base_url=told["base_url"], account=told["account"])
    return note_size(usual_folder(), target, finished.summary["rows"]["unique"])
