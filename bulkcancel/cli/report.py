"""``bulkcancel report``: rebuild the reports of a run from its journal."""

from __future__ import annotations

from pathlib import Path

import click

from bulkcancel.cli.carry import print_finished
from bulkcancel.cli.configured import OnARun
from bulkcancel.cli.options import json_option, profile_option, reports_option
from bulkcancel.execution import find_run, rebuild_reports

_EPILOG = """\
\b
Example:
  bulkcancel report 20261123T224501Z-3f9a
"""


@click.command(
    cls=OnARun,
    name="report",
    epilog=_EPILOG,
    short_help="Rebuild the reports from the journal.",
)
@click.argument("run")
@click.option("--xlsx-rows", type=int, metavar="N", help="As in `run`; else the run's own number.")
@reports_option
@profile_option
@json_option
def command(
    run: str,
    xlsx_rows: int | None,
    reports: Path,
    as_json: bool,  # noqa: FBT001 - click passes by name
) -> int:
    """Rebuild the reports of RUN, a run's id or its folder, from its journal.

    Nothing is sent. The files come out as the run wrote them, byte for byte, unless --xlsx-rows
    says otherwise; the exit code is the run's.
    """
    finished = rebuild_reports(find_run(reports, run), xlsx_rows=xlsx_rows)
    print_finished(finished, as_json=as_json)
    return finished.exit_code
