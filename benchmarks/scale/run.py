"""The command: which sizes, and where the figures go."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path

from benchmarks.commandline import add_no_write, in_scratch, show, whole
from benchmarks.document import circumstances
from benchmarks.nginx import NginxError
from benchmarks.scale.measure import ScaleError, measure, startup
from benchmarks.scale.results import SECTION, rows_part, startup_part, write_plot
from benchmarks.spent import where
from benchmarks.tools import version_of

_KILL_AT = 0.6
_STARTS = 40


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print it and write it into RESULTS.md; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scale",
        description="Measure seconds and memory of plan, run, report and resume.",
    )
    parser.add_argument(
        "--rows",
        type=whole,
        nargs="+",
        default=[10_000, 100_000, 1_000_000],
        metavar="N",
        help="rising; 10000 100000 1000000",
    )
    parser.add_argument("--concurrency", type=whole, default=64, metavar="N", help="64")
    add_no_write(parser)
    given = parser.parse_args(arguments)
    return in_scratch("scale", partial(_measure, given), (NginxError, ScaleError))


def _measure(given: argparse.Namespace, folder: Path) -> int:
    ours, bare = startup(times=_STARTS)
    part = startup_part(ours, bare, circumstances=circumstances(), times=_STARTS)
    show(part, SECTION, keep=given.write)
    sizes = []
    for rows in sorted(given.rows):
        here = folder / str(rows)
        sizes.append(measure(here, rows, concurrency=given.concurrency, kill_at=_KILL_AT))
        shutil.rmtree(here)  # a million rows and their journals fill a disk
    known = circumstances(version_of("nginx"), f"aiohttp {version('aiohttp')}")
    setting = f"Four columns, {given.concurrency} at a time; {where()}."
    part = rows_part(sizes, circumstances=known, setting=setting, kill_at=_KILL_AT)
    show(part, SECTION, keep=given.write)
    if given.write:
        write_plot(sizes)
    return 0
