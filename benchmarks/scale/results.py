"""The section "Scale" of RESULTS.md, and the plot beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.document import RESULTS, Section, paragraph
from benchmarks.scale.measure import Size
from benchmarks.scale.plot import memory_plot

PLOT = "memory.svg"
BOUND = 350.0
"""The target for the peak of a run of a million rows, MiB."""

_PARTS = ("### Rows", "### Start-up")
_HEAD = """\
| rows | plan, s | peak, MiB | run, s | CPU, s | µs CPU each | ids/s | peak, MiB | report, s | \
CPU, s | peak, MiB | resume, s |
|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"""

SECTION = Section(
    heading="## Scale",
    preface="""\
The program as a process of its own, from its start to its end, over inputs of several sizes;
`make bench-scale` writes this. Peak memory is the resident set that the system accounts to the
process.""",
    parts=_PARTS,
)


def rows_part(sizes: Sequence[Size], *, circumstances: str, setting: str, kill_at: float) -> str:
    """Return the part with a row for each size."""
    table = "\n".join(map(_row, sizes))
    words = f"""{setting} The run goes with `--rate` far above what is sent, `--fixed-rate`, FULL
        durability and all its reports; the report is the same from the journal, without rows in
        the workbook (`--xlsx-rows 0`), with every core: it asks no server. Resume, which has every
        core too, is the time from the start of `bulkcancel resume` to the answer to its first
        request, after the run was killed (`kill -9`) at {kill_at:.0%} of the rows."""
    return f"""\
{_PARTS[0]}

{circumstances}

{paragraph(words)}

{_HEAD}
{table}

{_growth(sizes)}![Peak memory over the number of rows]({PLOT})"""


def startup_part(ours: float, bare: float, *, circumstances: str, times: int) -> str:
    """Return the part on what `--help` takes; both in seconds."""
    return f"""\
{_PARTS[1]}

{circumstances}

`bulkcancel --help` takes {ours * 1000:.0f} ms, `python -c pass` {bare * 1000:.0f} ms: a ratio of
{ours / bare:.1f}. The least of {times} each, in turn."""


def write_plot(sizes: Sequence[Size], beside: Path = RESULTS) -> None:
    """Write the plot of the peaks into the folder of RESULTS.md."""
    (beside.parent / PLOT).write_text(plot_of(sizes), encoding="utf-8")


def plot_of(sizes: Sequence[Size]) -> str:
    """Return the plot of the peaks."""
    lines = {
        "run": [(float(one.rows), one.run.peak) for one in sizes],
        "report": [(float(one.rows), one.report.peak) for one in sizes],
        "plan": [(float(one.rows), one.plan.peak) for one in sizes],
    }
    return memory_plot(lines, title="Peak memory over the number of rows", bound=BOUND)


def _row(size: Size) -> str:
    run = size.run
    cells = (
        f"{size.rows:,}",
        f"{size.plan.seconds:.2f}",
        f"{size.plan.peak:,.0f}",
        f"{run.seconds:,.1f}",
        f"{run.cpu:,.1f}",
        f"{run.cpu / size.rows * 1e6:,.0f}",
        f"{size.rows / run.seconds:,.0f}",
        f"{run.peak:,.0f}",
        f"{size.report.seconds:.2f}",
        f"{size.report.cpu:.2f}",
        f"{size.report.peak:,.0f}",
        f"{size.resume:.2f}",
    )
    return f"| {' | '.join(cells)} |"


def _growth(sizes: Sequence[Size]) -> str:
    if len(sizes) < 2:  # noqa: PLR2004 - it takes two to grow
        return ""
    smaller, larger = sizes[-2:]
    grown = larger.run.peak - smaller.run.peak
    return (
        f"From {smaller.rows:,} to {larger.rows:,} rows the peak of a run grows by"
        f" {grown:,.0f} MiB.\n\n"
    )
