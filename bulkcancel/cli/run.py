"""``bulkcancel run``: plan, confirm, cancel, reconcile, report."""

from __future__ import annotations

import time
from typing import Any

import click

from bulkcancel.cli.carry import carry_through
from bulkcancel.cli.configured import Configured
from bulkcancel.cli.confirm import guard
from bulkcancel.cli.intake import read_input, settings_from, token_of
from bulkcancel.cli.options import (
    guard_options,
    input_options,
    output_options,
    precheck_option,
    profile_option,
    reports_option,
    target_options,
    telling_options,
    token_options,
    xlsx_option,
)
from bulkcancel.cli.paceoptions import pace_options
from bulkcancel.cli.telling import telling
from bulkcancel.execution import RunSession, new_run

_EPILOG = """\
\b
Examples:
  bulkcancel run ids.csv --base-url URL --account ACCOUNT
  bulkcancel run ids.parquet --base-url URL --account ACCOUNT --confirm 5000
  zcat ids.csv.gz | bulkcancel run - --base-url URL --account ACCOUNT --yes --json
"""


@click.command(
    cls=Configured,
    name="run",
    epilog=_EPILOG,
    short_help="Plan, confirm, cancel, reconcile, report.",
)
@input_options
@target_options
@token_options
@pace_options(defaults=True)
@precheck_option
@guard_options
@xlsx_option
@telling_options
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--confirm",
    type=int,
    metavar="N",
    help="Do not ask, if N is the number of allocations to be cancelled.",
)
@reports_option
@profile_option
@click.option("--run-id", metavar="ID", help="The run's name; else one with the time in it.")
@output_options
@click.option("--plan-digest", metavar="D", help="Refuse all but what `plan` gave this digest.")
def command(**options: Any) -> int:
    """Cancel the allocations of INPUT and write a reconciliation of every row.

    INPUT is a path to a CSV, TSV, text, Parquet or .xlsx file, a .gz or .zip of a text, or - for
    standard input. On a terminal the plan is shown and the number of allocations asked for;
    elsewhere --confirm or --yes must be given. Ctrl-C lets what is in flight come to its end and
    writes the report; `bulkcancel resume` goes on.
    """
    with telling(options) as (teller, log):
        settings = settings_from(options)
        token = token_of(options)
        with read_input(options) as manifest:
            guard(manifest, settings, options)
            folder = new_run(options["reports"], options["run_id"], now=time.time())
            session = RunSession.begin(folder, manifest, settings, log.logger)
        with session:
            teller.began(folder.run_id, folder.path)
            return carry_through(session, token, options, log.logger, teller)
