"""The command: which strategies, at which limit, and where the figures go."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks.commandline import add_choice, in_scratch, say, show, whole
from benchmarks.nginx import NginxError
from benchmarks.pacing.courses import CourseError, run_steady, run_steps
from benchmarks.pacing.results import SECTION, steady_part, steps_part, table_part
from benchmarks.pacing.strategies import STRATEGIES, Strategy
from benchmarks.pacing.trial import Outcome, measure
from benchmarks.tools import missing

_TABLE_LIMIT = 200
_STEADY_LIMIT = 50
_MOST = 10_000.0  # so that whatever is asked for comes to an end


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is asked for, print it and write it into RESULTS.md; return the exit code."""
    given = _parser().parse_args(arguments)
    return in_scratch("pacing", partial(_measure, given), (CourseError, NginxError))


def _measure(given: argparse.Namespace, folder: Path) -> int:
    ceiling: int = given.ceiling
    if given.minutes is None and given.steps is None:
        part = _table(given, folder)
        show(part, SECTION, keep=given.write and not given.only)
    if given.minutes is not None:
        limit = given.limit or _STEADY_LIMIT
        say(f"bulkcancel for {given.minutes:g} min at {limit}/s ...")
        steady = run_steady(
            folder / "steady",
            limit=limit,
            burst=given.burst,
            seconds=given.minutes * 60,
            ceiling=ceiling,
        )
        show(steady_part(steady, ceiling=ceiling), SECTION, keep=given.write)
    if given.steps is not None:
        say(f"bulkcancel at {', '.join(map(str, given.steps))}/s ...")
        steps = run_steps(
            folder / "steps",
            limits=given.steps,
            burst=given.burst,
            seconds=given.step_seconds,
            ceiling=ceiling,
        )
        show(steps_part(steps, ceiling=ceiling), SECTION, keep=given.write)
    return 0


def _table(given: argparse.Namespace, folder: Path) -> str:
    limit = given.limit or _TABLE_LIMIT
    bound = given.bound or 30.0 + 5.0 * given.ids / limit
    rows: list[tuple[Strategy, Outcome | str]] = []
    for strategy in STRATEGIES:
        if given.only and strategy.name not in given.only:
            continue
        if absent := missing(*strategy.needs):
            rows.append((strategy, f"not measured: no {' and no '.join(absent)}"))
            continue
        say(f"{strategy.name} ...")
        outcome = measure(
            strategy,
            folder / strategy.name,
            limit=limit,
            burst=given.burst,
            ids=given.ids,
            ceiling=given.ceiling,
            bound=bound,
        )
        rows.append((strategy, outcome))
    return table_part(
        rows, limit=limit, burst=given.burst, ids=given.ids, ceiling=given.ceiling, bound=bound
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.pacing",
        description="Measure the program's pace, and its rivals', against nginx's limit_req.",
        epilog="Without --minutes and --steps it is the table of all strategies.",
    )
    parser.add_argument(
        "--limit",
        type=whole,
        metavar="N",
        help="nginx's limit, requests/s; 200, with --minutes 50",
    )
    parser.add_argument("--burst", type=whole, default=20, metavar="N", help="its burst; 20")
    parser.add_argument("--ids", type=whole, default=4000, metavar="N", help="allocations; 4000")
    parser.add_argument(
        "--ceiling", type=whole, default=100_000, metavar="N", help="bulkcancel's --rate; 100000"
    )
    parser.add_argument(
        "--bound",
        type=_number,
        metavar="S",
        help="cut a strategy off after that time; 30 s and five times the ideal",
    )
    parser.add_argument(
        "--minutes", type=_number, metavar="M", help="a steady run of the program alone"
    )
    parser.add_argument(
        "--steps",
        type=_three,
        nargs="?",
        const=(50, 20, 80),
        metavar="A,B,C",
        help="a run of the program alone while nginx is told three limits; 50,20,80",
    )
    parser.add_argument(
        "--step-seconds", type=_number, default=60.0, metavar="S", help="how long each; 60"
    )
    add_choice(parser, "strategies", (strategy.name for strategy in STRATEGIES))
    return parser


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < _MOST:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0 and below {_MOST:g}")
    return value


def _three(text: str) -> tuple[int, int, int]:
    match [whole(part) for part in text.split(",")]:
        case [first, second, third]:
            return first, second, third
        case _:
            raise argparse.ArgumentTypeError(f"{text!r} is not three numbers such as 50,20,80")
