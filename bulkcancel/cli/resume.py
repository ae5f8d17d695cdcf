"""``bulkcancel resume``: go on with a run."""

from __future__ import annotations

from typing import Any

import click

from bulkcancel.cli.configured import OnARun
from bulkcancel.cli.options import (
    output_options,
    profile_option,
    reports_option,
    shared_password_option,
    telling_options,
    token_options,
)
from bulkcancel.cli.paceoptions import pace_options
from bulkcancel.execution import opened_aside

_EPILOG = """\
\b
Examples:
  bulkcancel resume 20261123T224501Z-3f9a
  bulkcancel resume reports/20261123T224501Z-3f9a --rate 5
"""


@click.command(
    cls=OnARun,
    name="resume",
    epilog=_EPILOG,
    short_help="Go on with a run that was stopped or killed.",
)
@click.argument("run")
@token_options
@pace_options(defaults=False)
@shared_password_option
@click.option("--limit", type=int, metavar="N", help="Begin N more allocations at most.")
@click.option("--deadline", metavar="TIME|DURATION", help="Stop in time for 06:00, or within 90m.")
@telling_options
@reports_option
@profile_option
@output_options
def command(run: str, **options: Any) -> int:
    """Go on with RUN: a run's id or its folder.

    What has an outcome is left alone, except that every `unknown` is looked at anew. What was
    under way when the run ended is read back before anything is sent again. The target is the
    run's own; pace and patience too, unless an option says otherwise.
    """
    with opened_aside(options["reports"], run) as opened:
        # What sends takes as long to load as a million rows to check: both at once.
        from bulkcancel.cli.resumed import go_on  # noqa: PLC0415

        return go_on(opened, options)
