"""``bulkcancel history``: which allocations stay breaks, run after run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click

from bulkcancel.cli.configured import OnARun
from bulkcancel.cli.options import json_option, profile_option, reports_option
from bulkcancel.cli.pipes import say
from bulkcancel.cli.runs import short_time
from bulkcancel.execution.catalogue import SummaryTarget
from bulkcancel.execution.history import History, history
from bulkcancel.reconcile.ages import Standing
from bulkcancel.report.cells import one_line
from bulkcancel.report.words import counted

_Found = tuple[SummaryTarget, str, Standing]

_EPILOG = """\
\b
Examples:
  bulkcancel history
  bulkcancel history --min-runs 5 --json
"""


@click.command(
    cls=OnARun, name="history", epilog=_EPILOG, short_help="Allocations that stay breaks."
)
@click.option(
    "--min-runs",
    type=click.IntRange(min=1),
    default=2,
    show_default=True,
    metavar="N",
    help="Only those that were breaks in N runs in a row, or more.",
)
@reports_option
@profile_option
@json_option
def command(reports: Path, min_runs: int, as_json: bool) -> None:  # noqa: FBT001 - by click
    """Show which allocations stood among the breaks for how many runs in a row.

    Told from the published reports. Runs whose input did not hold an allocation count neither
    way; one that ended cancelled is forgotten. The longest standing come first.
    """
    found = history(reports)
    shown = sorted(
        (
            (target, allocation_id, standing)
            for target, known in found.standing.items()
            for allocation_id, standing in known.items()
            if standing.runs >= min_runs
        ),
        key=lambda one: (-one[2].runs, one[2].since.started_at, one[1]),
    )
    for reason in found.left_out:
        click.echo(f"Left out: {one_line(reason)}", err=True)
    if as_json:
        say(json.dumps(_as_json(found, shown), indent=2, ensure_ascii=False))
    else:
        say("\n".join(_lines(found, shown, min_runs)))


def _lines(found: History, shown: list[_Found], min_runs: int) -> Iterator[str]:
    several = len(found.standing) > 1
    if shown:
        width = max(len(allocation_id) for _, allocation_id, _ in shown)
        yield f"{'allocation':<{width}}  {'runs':>4}  {'since (UTC)':<16}  {'outcome':<19}  reason"
        for target, allocation_id, standing in shown:
            where = f"  [{target.base_url}, account {target.account}]" if several else ""
            yield (
                f"{allocation_id:<{width}}  {standing.runs:>4}"
                f"  {short_time(standing.since.started_at):<16}  {standing.outcome:<19}"
                f"  {one_line(standing.reason)}{where}"
            )
    often = "" if min_runs == 1 else f" in {min_runs} runs in a row or more"
    noun = "allocation stands" if len(shown) == 1 else "allocations stand"
    yield (
        f"{len(shown):,} {noun} among the breaks{often}; told from {counted(found.runs, 'run')}."
    )


def _as_json(found: History, shown: list[_Found]) -> dict[str, object]:
    return {
        "runs": found.runs,
        "left_out": list(found.left_out),
        "allocations": [
            {
                "allocation_id": allocation_id,
                "base_url": target.base_url,
                "account": target.account,
                "stage": target.stage,
                "runs": standing.runs,
                "since": standing.since.started_at,
                "since_run": standing.since.run_id,
                "last": standing.last.started_at,
                "last_run": standing.last.run_id,
                "outcome": standing.outcome,
                "reason": standing.reason,
            }
            for target, allocation_id, standing in shown
        ],
    }
