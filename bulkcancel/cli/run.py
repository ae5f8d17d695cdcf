"""``bulkcancel run``: plan, confirm, cancel, reconcile, report."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import click
from structlog.typing import FilteringBoundLogger

from bulkcancel.cli.carry import carry_through
from bulkcancel.cli.configured import Configured
from bulkcancel.cli.confirm import guard
from bulkcancel.cli.intake import read_input, settings_from, shared_password_of, token_of
from bulkcancel.cli.options import (
    guard_options,
    input_options,
    output_options,
    precheck_option,
    profile_option,
    reports_option,
    shared_password_option,
    target_options,
    telling_options,
    token_options,
    xlsx_option,
)
from bulkcancel.cli.paceoptions import pace_options
from bulkcancel.cli.telling import telling
from bulkcancel.errors import RefusedError, UnbegunError
from bulkcancel.execution import RunFolder, RunSession, RunSettings, new_run

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
@shared_password_option
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
@click.option(
    "--or-resume",
    is_flag=True,
    help="If the run of --run-id was begun, go on with it, by its own settings.",
)
@output_options
@click.option("--plan-digest", metavar="D", help="Refuse all but what `plan` gave this digest.")
def command(**options: Any) -> int:
    """Cancel the allocations of INPUT and write a reconciliation of every row.

    INPUT is a path to a CSV, TSV, text, Parquet or .xlsx file, a .gz or .zip of a text, or - for
    standard input. On a terminal the plan is shown and the number of allocations asked for;
    elsewhere --confirm or --yes must be given. Ctrl-C lets what is in flight come to its end and
    writes the report; `bulkcancel resume` goes on.
    """
    if options["or_resume"] and not options["run_id"]:
        raise click.UsageError("--or-resume needs --run-id: which run to go on with.")
    with telling(options) as (teller, log):
        settings = settings_from(options)
        token = token_of(options)
        password = shared_password_of(options, settings)
        begun = _begun(options, settings, log.logger) if options["or_resume"] else None
        with begun or _begin(options, settings, log.logger) as session:
            teller.began(session.folder.run_id, session.path)
            return carry_through(
                session, token, options, log.logger, teller, shared_password=password
            )


def _begin(options: dict[str, Any], settings: RunSettings, log: FilteringBoundLogger) -> RunSession:
    """Read the input, ask what is to be asked, and return a new run."""
    with read_input(options) as manifest:
        guard(manifest, settings, options)
        folder = new_run(options["reports"], options["run_id"], now=time.time())
        return RunSession.begin(folder, manifest, settings, log)


def _begun(
    options: dict[str, Any], settings: RunSettings, log: FilteringBoundLogger
) -> RunSession | None:
    """Return the run of that id, reopened; ``None`` if there is none that was begun.

    Raises:
        RefusedError: It was begun with another input or for another target.
    """
    folder = RunFolder(run_id=options["run_id"], path=options["reports"] / options["run_id"])
    if not folder.journal.is_file():
        return None

    def as_asked(own: RunSettings) -> RunSettings:
        if own.target != settings.target:
            raise RefusedError(
                f"Run {folder.run_id} was begun for another target ({own.target.base_url}, "
                f"account {own.target.account}): --or-resume does not go on with it. Give this "
                "run another --run-id."
            )
        if own.shard != settings.shard:
            raise RefusedError(
                f"Run {folder.run_id} is {_share(own)} of its input, not {_share(settings)}: "
                "--or-resume does not go on with it. Give each shard a --run-id of its own."
            )
        # What is asked of one start is said with each; all else is as the run was begun.
        return replace(own, canary=None, limit=settings.limit, deadline=settings.deadline)

    try:
        return RunSession.reopen(folder, log, as_asked, of_input=options["input_path"])
    except UnbegunError:
        return None


def _share(settings: RunSettings) -> str:
    return f"shard {settings.shard}" if settings.shard else "the whole"
