"""``bulkcancel plan``: what a run would do."""

from __future__ import annotations

import json
from typing import Any

import click

from bulkcancel.cli.intake import read_input, settings_from
from bulkcancel.cli.options import (
    input_options,
    json_option,
    pace_options,
    reports_option,
    target_options,
)
from bulkcancel.cli.show import plan_facts, plan_lines

_EPILOG = """\
\b
Examples:
  bulkcancel plan inputs/sample.csv --base-url URL --account ACCOUNT
  some-query | bulkcancel plan - --id-column id --base-url URL --account ACCOUNT --json
"""


@click.command(name="plan", epilog=_EPILOG, short_help="Read and check the input; sends nothing.")
@input_options
@target_options
@pace_options(defaults=True)
@reports_option
@json_option
def command(as_json: bool, **options: Any) -> None:  # noqa: FBT001 - click passes by name
    """Read and check INPUT and show what a run would do. Nothing is sent.

    INPUT is a path to a CSV, TSV, text or Parquet file, or - for standard input.
    """
    settings = settings_from(options)
    with read_input(options) as manifest:
        if as_json:
            click.echo(json.dumps(plan_facts(manifest, settings), indent=2))
            return
        for line in plan_lines(manifest, settings):
            click.echo(line)
    click.echo("Nothing was sent.")
