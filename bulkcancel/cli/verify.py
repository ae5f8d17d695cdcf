"""``bulkcancel verify``: read the allocations of a run again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anyio
import click

from bulkcancel.cli.configured import OnARun
from bulkcancel.cli.intake import shared_password_of, token_of
from bulkcancel.cli.options import (
    json_option,
    profile_option,
    reports_option,
    shared_password_option,
    token_options,
)
from bulkcancel.errors import ExitCode
from bulkcancel.execution import Verified, find_run, verify
from bulkcancel.report.words import counted

_EPILOG = """\
\b
Examples:
  bulkcancel verify 20261123T224501Z-3f9a
  bulkcancel verify 20261123T224501Z-3f9a --sample 200 --rate 5
"""


@click.command(
    cls=OnARun, name="verify", epilog=_EPILOG, short_help="Read a run's allocations again."
)
@click.argument("run")
@token_options
@click.option("--sample", type=click.IntRange(min=1), metavar="N", help="Read N, by chance.")
@click.option("--rate", type=float, metavar="N", help="Ceiling, requests/s; else the run's.")
@shared_password_option
@reports_option
@profile_option
@json_option
def command(
    run: str,
    sample: int | None,
    rate: float | None,
    reports: Path,
    as_json: bool,  # noqa: FBT001 - click passes by name
    **options: Any,
) -> int:
    """Read the allocations of RUN again and hold them against its report.

    Sends no cancel. Writes verification.csv into the run folder. Ends with 0 if every outcome
    agrees with what the API shows now, else with 3; if it had to stop early, with 5, or with 6 for
    want of a token. An outcome that was unknown and can be read now is no disagreement:
    `bulkcancel resume` settles it.
    """
    folder, token = find_run(reports, run), token_of(options)
    password = shared_password_of(options)

    async def work() -> Verified:
        return await verify(
            folder,
            token,
            rate=rate,
            sample=sample,
            ca_file=options["ca_file"],
            shared_password=password,
        )

    found = anyio.run(work)
    if as_json:
        counts = {agreement.value: count for agreement, count in found.counts.items()}
        facts = {"counts": counts, "reads": found.reads, "stopped": found.stopped or None}
        click.echo(json.dumps({**facts, "exit_code": found.exit_code}, indent=2))
        return found.exit_code
    total = sum(found.counts.values())
    if found.stopped:
        click.echo(f"Stopped early: {found.stopped}")
    agrees = found.exit_code is ExitCode.OK
    click.echo(
        f"{counted(total, 'allocation')} read again: "
        + ("the report agrees with the API." if agrees else "the report does not agree everywhere.")
    )
    for agreement, count in sorted(found.counts.items()):
        click.echo(f"  {agreement:<20}{count:>12,}")
    click.echo(f"Report     {folder.path / 'verification.csv'}")
    return found.exit_code
