"""``bulkcancel plan``: what a run would do."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anyio
import click

from bulkcancel.cli.configured import Configured
from bulkcancel.cli.confirm import UNUSUAL, check_count, is_far_larger
from bulkcancel.cli.intake import read_input, settings_from, shared_password_of, token_of
from bulkcancel.cli.options import (
    guard_options,
    input_options,
    json_option,
    precheck_option,
    profile_option,
    reports_option,
    shared_password_option,
    target_options,
    token_options,
    xlsx_option,
)
from bulkcancel.cli.paceoptions import pace_options
from bulkcancel.cli.pipes import say
from bulkcancel.cli.planned import (
    before_lines,
    plan_facts,
    plan_lines,
    precheck_lines,
    reading_seconds,
)
from bulkcancel.client import Secret, TokenSource
from bulkcancel.errors import ExitCode
from bulkcancel.execution import Precheck, RunSettings, known_limit, precheck
from bulkcancel.execution.guards import plan_digest
from bulkcancel.execution.history import CancelledBefore, recently_cancelled
from bulkcancel.manifest import Manifest
from bulkcancel.model import RowKind
from bulkcancel.report.words import counted, seconds_in_words

_RECENT = 30 * 86_400.0

_EPILOG = """\
\b
Examples:
  bulkcancel plan inputs/sample.csv --base-url URL --account ACCOUNT
  bulkcancel plan clean-up.xlsx --sheet Orders --precheck --base-url URL --account ACCOUNT
  some-query | bulkcancel plan - --id-column id --base-url URL --account ACCOUNT --json
"""


@click.command(
    cls=Configured, name="plan", epilog=_EPILOG, short_help="Read and check the input; no cancel."
)
@input_options
@target_options
@token_options
@pace_options(defaults=True)
@shared_password_option
@precheck_option
@guard_options
@xlsx_option
@reports_option
@profile_option
@json_option
def command(as_json: bool, **options: Any) -> int:  # noqa: FBT001 - click passes by name
    """Read and check INPUT and show what a run would do. No cancel is sent.

    INPUT is a path to a CSV, TSV, text, Parquet or .xlsx file, a .gz or .zip of a text, or - for
    standard input. With --precheck each allocation is read from the API, the outcome foretold
    by its status, and named what belongs to another purchase order or vendor than the rest.
    """
    settings = settings_from(options)
    token = token_of(options) if settings.precheck else None
    password = shared_password_of(options, settings) if settings.precheck else None
    with read_input(options) as manifest:
        check_count(manifest, options)
        limit = known_limit(settings, now=time.time())
        seen = None
        if token is not None:
            seen = _look(manifest, settings, token, password)
        unusual = is_far_larger(manifest, settings)
        before = _cancelled_before(manifest, settings, options["reports"])
        if as_json:
            facts = plan_facts(manifest, settings, limit=limit, seen=seen, before=before)
            facts["unusual"] = unusual
            say(json.dumps(facts, indent=2))
        else:
            lines = [*plan_lines(manifest, settings, limit), *before_lines(before)]
            if seen is not None:
                lines += precheck_lines(seen)
            if unusual and not options["allow_unusual"]:
                lines.append(f"{UNUSUAL}: a run wants --allow-unusual")
            lines.append(f"Digest     {plan_digest(manifest.facts, settings)}")
            say("\n".join([*lines, _ending(seen)]))
    return ExitCode.OK if seen is None else seen.exit_code


def _cancelled_before(
    manifest: Manifest, settings: RunSettings, reports: Path
) -> Sequence[CancelledBefore]:
    """Return which runs of the last thirty days cancelled some of these allocations."""
    if not reports.is_dir():
        return ()
    ids = (
        row.allocation_id
        for rows in manifest.rows()
        for row in rows
        if row.kind is RowKind.ALLOCATION and row.allocation_id is not None
    )
    return recently_cancelled(reports, settings.target, ids, within=_RECENT, now=time.time())


def _look(
    manifest: Manifest, settings: RunSettings, token: TokenSource, password: Secret | None
) -> Precheck:
    """Read each allocation; says first how long that takes."""
    least = seconds_in_words(reading_seconds(manifest, settings))
    reads = counted(manifest.counts.unique, "allocation")
    click.echo(f"Reading {reads} from the API: at least {least} ...", err=True)
    return anyio.run(precheck, manifest, settings, token, password)


def _ending(seen: Precheck | None) -> str:
    if seen is None:
        return "Nothing was sent."
    if seen.stopped:
        return f"The look was stopped early: {seen.stopped}. No cancel was sent."
    return "No cancel was sent."
