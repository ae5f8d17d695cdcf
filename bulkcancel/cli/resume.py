"""``bulkcancel resume``: go on with a run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from bulkcancel.cli.carry import carry_through
from bulkcancel.cli.configured import OnARun
from bulkcancel.cli.intake import shared_password_of, token_of
from bulkcancel.cli.options import (
    output_options,
    profile_option,
    reports_option,
    shared_password_option,
    telling_options,
    token_options,
)
from bulkcancel.cli.paceoptions import PACE_DEFAULTS, pace_options
from bulkcancel.cli.telling import telling
from bulkcancel.execution import RunSession, RunSettings, find_run

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
    names = (*PACE_DEFAULTS, "fixed_rate", "max_failures", "shared_rate", "shared_rate_user")
    changes = {name: options[name] for name in names if options[name] is not None}
    if options["shared_rate"] == "off":
        changes |= {"shared_rate": None, "shared_rate_user": None}
    # The guards of the start are behind us; what is asked of this resume is said with it.
    changes |= {"canary": None, "limit": options["limit"], "deadline": options["deadline"]}
    if options["ca_file"]:
        changes["ca_file"] = str(options["ca_file"])

    def change(settings: RunSettings) -> RunSettings:
        return replace(settings, **changes)

    with telling(options) as (teller, log):
        token, password = token_of(options), shared_password_of(options)
        folder = find_run(options["reports"], run)
        with RunSession.reopen(folder, log.logger, change) as session:
            teller.began(folder.run_id, folder.path)
            return carry_through(
                session, token, options, log.logger, teller, shared_password=password
            )
