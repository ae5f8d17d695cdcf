"""``bulkcancel run``: plan, confirm, cancel, reconcile, report."""

from __future__ import annotations

import time
from typing import Any

import click

from bulkcancel.cli.carry import carry_through
from bulkcancel.cli.confirm import confirm
from bulkcancel.cli.intake import read_input, settings_from, token_of
from bulkcancel.cli.logs import open_log
from bulkcancel.cli.options import (
    input_options,
    output_options,
    pace_options,
    precheck_option,
    reports_option,
    target_options,
    token_options,
)
from bulkcancel.execution import RunSession, new_run

_EPILOG = """\
\b
Examples:
  bulkcancel run ids.csv --base-url URL --account ACCOUNT
  bulkcancel run ids.parquet --base-url URL --account ACCOUNT --confirm 5000
  zcat ids.csv.gz | bulkcancel run - --base-url URL --account ACCOUNT --yes --json
"""


@click.command(name="run", epilog=_EPILOG, short_help="Plan, confirm, cancel, reconcile, report.")
@input_options
@target_options
@token_options
@pace_options(defaults=True)
@precheck_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--confirm",
    "expected",
    type=int,
    metavar="N",
    help="Do not ask, if N is the number of allocations to be cancelled.",
)
@reports_option
@click.option("--run-id", metavar="ID", help="The run's name; else one with the time in it.")
@output_options
def command(yes: bool, expected: int | None, **options: Any) -> int:  # noqa: FBT001 - by click
    """Cancel the allocations of INPUT and write a reconciliation of every row.

    INPUT is a path to a CSV, TSV, text or Parquet file, or - for standard input. On a terminal
    the plan is shown and the number of allocations asked for; elsewhere --confirm or --yes must
    be given. Ctrl-C lets what is in flight come to its end and writes the report; `bulkcancel
    resume` goes on.
    """
    log = open_log(options["log_format"], verbose=options["verbose"], quiet=options["quiet"])
    settings = settings_from(options)
    token = token_of(options)
    with read_input(options) as manifest:
        confirm(manifest, settings, yes=yes, expected=expected)
        folder = new_run(options["reports"], options["run_id"], now=time.time())
        session = RunSession.begin(folder, manifest, settings, log)
    with session:
        return carry_through(session, token, options, log)
