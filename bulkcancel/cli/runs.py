"""``bulkcancel runs``: the runs of a reports folder, and how each stands."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import click

from bulkcancel.cli.configured import OnARun
from bulkcancel.cli.options import json_option, profile_option, reports_option
from bulkcancel.cli.pipes import say
from bulkcancel.execution.catalogue import RunLine, RunState, list_runs
from bulkcancel.report.cells import one_line

_NO_FIGURES = frozenset({RunState.UNREADABLE, RunState.UNBEGUN})
_NOTHING = "-"

_EPILOG = """\
\b
Examples:
  bulkcancel runs
  bulkcancel runs --last 5
  bulkcancel runs --json
"""


@click.command(cls=OnARun, name="runs", epilog=_EPILOG, short_help="The runs, and how each stands.")
@click.option("--last", type=click.IntRange(min=1), metavar="N", help="Only the newest N.")
@reports_option
@profile_option
@json_option
def command(reports: Path, last: int | None, as_json: bool) -> None:  # noqa: FBT001 - by click
    """List the runs, the newest last, and how each stands.

    Nothing is locked and nothing changed: a run that is working goes on undisturbed. The figures
    are those of its published report; of a run without one they are its journal's.
    """
    runs = list_runs(reports)
    shown = runs if last is None else runs[-last:]
    if as_json:
        say(json.dumps([_as_json(run) for run in shown], indent=2, ensure_ascii=False))
    elif not shown:
        say(f"There are no runs in {reports}.")
    else:
        say("\n".join(run_table(shown)))


def run_table(runs: Sequence[RunLine]) -> Iterator[str]:
    """Yield the list as aligned lines, its heading first."""
    width = max(3, *(len(run.run_id) for run in runs))
    yield (
        f"{'run':<{width}}  {'started (UTC)':<16}  {'state':<14}  {'exit':>4}"
        f"  {'allocations':>11}  {'cancelled':>11}  {'breaks':>9}  {'unknown':>9}"
    )
    for run in runs:
        head = f"{one_line(run.run_id):<{width}}  {short_time(run.started_at):<16}  {run.state:<14}"
        if run.state in _NO_FIGURES:
            yield f"{head}  {one_line(run.sentence)}"
            continue
        code = _NOTHING if run.exit_code is None else str(run.exit_code)
        line = (
            f"{head}  {code:>4}  {_count(run.allocations):>11}  {_count(run.cancelled):>11}"
            f"  {_count(run.breaks):>9}  {_count(run.unknowns):>9}"
        )
        yield f"{line}  resumable" if run.resumable else line


def short_time(moment: str | None) -> str:
    """Return a time (ISO 8601, UTC) to the minute, as people read it."""
    return moment[:16].replace("T", " ") if moment else _NOTHING


def _count(count: int | None) -> str:
    return _NOTHING if count is None else f"{count:,}"


def _as_json(run: RunLine) -> dict[str, object]:
    return {**asdict(run), "path": str(run.path)}
