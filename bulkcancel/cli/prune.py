"""``bulkcancel prune``: remove run folders that ended long ago."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from bulkcancel.cli.configured import OnARun
from bulkcancel.cli.options import json_option, profile_option, reports_option
from bulkcancel.cli.pipes import say
from bulkcancel.cli.runs import short_time
from bulkcancel.errors import ExitCode, RefusedError
from bulkcancel.execution.latest import LATEST, drop_dangling_latest
from bulkcancel.execution.pruning import (
    Prunable,
    PruningPlan,
    Spared,
    parse_age,
    plan_pruning,
    prune,
)
from bulkcancel.journal import utc
from bulkcancel.report.cells import one_line
from bulkcancel.report.words import counted

_STEP = 1000

_EPILOG = """\
\b
Examples:
  bulkcancel prune --older-than 90d --dry-run
  bulkcancel prune --older-than 90d --keep 10 --yes
"""


@click.command(
    cls=OnARun, name="prune", epilog=_EPILOG, short_help="Remove run folders that ended long ago."
)
@click.option("--older-than", metavar="AGE", required=True, help="Such as 90d, 12w or 1y.")
@click.option(
    "--keep",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    metavar="N",
    help="The newest N runs stay, however old they are.",
)
@click.option("--resumable", is_flag=True, help="Also runs that could be resumed or reported.")
@click.option("--dry-run", is_flag=True, help="Only show what would be removed.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@reports_option
@profile_option
@json_option
def command(
    reports: Path,
    older_than: str,
    keep: int,
    *,
    resumable: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Remove the folders of runs that ended longer ago than AGE.

    A run that is at work stays, and so do a folder that holds a file which no run made, and,
    without --resumable, a run that could be gone on with. A removal that was cut off is finished
    by the next one. Ends with 0, or with 7 if a folder could not be removed.
    """
    age = parse_age(older_than)
    plan = plan_pruning(reports, older_than=age, keep=keep, resumable=resumable, now=time.time())
    if not as_json:
        say("\n".join(_plan_lines(plan)))
    if dry_run:
        done: list[Prunable | Spared] = []
    else:
        _confirm(plan, yes=yes)
        done = list(prune(reports, plan))
        link_dropped = bool(done) and drop_dangling_latest(reports)
    removed = [one for one in done if isinstance(one, Prunable)]
    spared = [*plan.spared, *(one for one in done if isinstance(one, Spared))]
    if as_json:
        say(json.dumps(_as_json(plan, removed, spared, dry_run=dry_run), indent=2))
    elif dry_run:
        say("Nothing was removed.")
    else:
        say("\n".join(_done_lines(plan, removed, spared)))
        if link_dropped:
            say(f"{reports / LATEST} led to one of them, and is removed.")
    return ExitCode.UNSOUND if any(one.failed for one in spared) else ExitCode.OK


def _plan_lines(plan: PruningPlan) -> Iterator[str]:
    for one in plan.remove:
        yield (
            f"{one.run.run_id}  ended {short_time(utc(one.ended))}  {one.run.state}"
            f"  {_size(one.size)}"
        )
    for name in plan.unfinished:
        yield f"{one_line(name)}  what an earlier prune left"
    for spared in plan.spared:
        yield f"{spared.name}  stays: {one_line(spared.reason)}"
    total = sum(one.size for one in plan.remove)
    yield f"{counted(len(plan.remove), 'run')} to remove, {_size(total)}."


def _done_lines(
    plan: PruningPlan, removed: Sequence[Prunable], spared: Sequence[Spared]
) -> Iterator[str]:
    for one in spared[len(plan.spared) :]:
        yield f"{one_line(one.name)}  stays: {one_line(one.reason)}"
    total = sum(one.size for one in removed)
    yield f"Removed {counted(len(removed), 'run')}, {_size(total)}."


def _confirm(plan: PruningPlan, *, yes: bool) -> None:
    """Return if the runs may be removed.

    Raises:
        RefusedError: The operator says no, or there is no terminal to ask at and no ``--yes``.
    """
    if yes or not (plan.remove or plan.unfinished):
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise RefusedError("There is no terminal to ask at: say --yes. Nothing was removed.")
    question = f"Remove {counted(len(plan.remove), 'run')}, with journals and reports?"
    if not click.confirm(question, default=False, err=True):
        raise RefusedError("Nothing was removed.")


def _as_json(
    plan: PruningPlan, removed: Sequence[Prunable], spared: Sequence[Spared], *, dry_run: bool
) -> dict[str, object]:
    shown = plan.remove if dry_run else removed
    return {
        "dry_run": dry_run,
        "runs": [
            {
                "run_id": one.run.run_id,
                "ended_at": utc(one.ended),
                "state": one.run.state,
                "bytes": one.size,
            }
            for one in shown
        ],
        "bytes": sum(one.size for one in shown),
        "spared": [{"name": one.name, "reason": one.reason} for one in spared],
    }


def _size(count: int) -> str:
    """Return a number of bytes as people read it: 512 B, 4.2 kB, 1.3 MB."""
    if count < _STEP:
        return f"{count} B"
    size, units = count / _STEP, ["kB", "MB", "GB", "TB"]
    while size >= _STEP and len(units) > 1:
        size, units = size / _STEP, units[1:]
    return f"{size:,.1f} {units[0]}"
