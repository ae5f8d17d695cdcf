"""``bulkcancel resume``: go on with a run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from bulkcancel.cli.carry import carry_through
from bulkcancel.cli.intake import token_of
from bulkcancel.cli.logs import open_log
from bulkcancel.cli.options import (
    PACE_DEFAULTS,
    output_options,
    pace_options,
    reports_option,
    token_options,
)
from bulkcancel.execution import RunSession, RunSettings, find_run

_EPILOG = """\
\b
Examples:
  bulkcancel resume 20261123T224501Z-3f9a
  bulkcancel resume reports/20261123T224501Z-3f9a --rate 5
"""


@click.command(
    name="resume", epilog=_EPILOG, short_help="Go on with a run that was stopped or killed."
)
@click.argument("run")
@token_options
@pace_options(defaults=False)
@reports_option
@output_options
def command(run: str, **options: Any) -> int:
    """Go on with RUN: a run's id or its folder.

    What has an outcome is left alone, except that every `unknown` is looked at anew. What was
    under way when the run ended is read back before anything is sent again. The target is the
    run's own; pace and patience too, unless an option says otherwise.
    """
    log = open_log(options["log_format"], verbose=options["verbose"], quiet=options["quiet"])
    token = token_of(options)
    names = (*PACE_DEFAULTS, "fixed_rate", "max_failures")
    changes = {name: options[name] for name in names if options[name] is not None}
    if options["ca_file"]:
        changes["ca_file"] = str(options["ca_file"])

    def change(settings: RunSettings) -> RunSettings:
        return replace(settings, **changes)

    with RunSession.reopen(find_run(options["reports"], run), log, change) as session:
        return carry_through(session, token, options, log)
