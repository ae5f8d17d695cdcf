"""The command: which strategies, at which limit, and where the figures go."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from benchmarks.pacing.courses import CourseError, run_steady, run_steps
from benchmarks.pacing.nginx import NginxError
from benchmarks.pacing.process import search_path
from benchmarks.pacing.results import SECTION, steady_part, steps_part, table_part
from benchmarks.pacing.strategies import STRATEGIES, Strategy
from benchmarks.pacing.trial import Outcome, measure

_TABLE_LIMIT = 200
_STEADY_LIMIT = 50
_INTERRUPTED = 130
_TERMINATED = 143
_MOST = 10_000.0  # so that whatever is asked for comes to an end


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is asked for, print it and write it into RESULTS.md; return the exit code."""
    given = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _on_sigterm)
    with tempfile.TemporaryDirectory(prefix="bulkcancel-pacing-") as folder:
        try:
            return _measure(given, Path(folder))
        except (CourseError, NginxError) as error:
            _say(str(error))
            return 1
        except KeyboardInterrupt:
            _say("Interrupted; what was started is ended.")
            return _INTERRUPTED


def _measure(given: argparse.Namespace, folder: Path) -> int:
    ceiling: int = given.ceiling
    if given.minutes is None and given.steps is None:
        part = _table(given, folder)
        _show(part, keep=given.write and not given.only)
    if given.minutes is not None:
        limit = given.limit or _STEADY_LIMIT
        _say(f"bulkcancel for {given.minutes:g} min at {limit}/s ...")
        steady = run_steady(
            folder / "steady",
            limit=limit,
            burst=given.burst,
            seconds=given.minutes * 60,
            ceiling=ceiling,
        )
        _show(steady_part(steady, ceiling=ceiling), keep=given.write)
    if given.steps is not None:
        _say(f"bulkcancel at {', '.join(map(str, given.steps))}/s ...")
        steps = run_steps(
            folder / "steps",
            limits=given.steps,
            burst=given.burst,
            seconds=given.step_seconds,
            ceiling=ceiling,
        )
        _show(steps_part(steps, ceiling=ceiling), keep=given.write)
    return 0


def _table(given: argparse.Namespace, folder: Path) -> str:
    limit = given.limit or _TABLE_LIMIT
    bound = given.bound or 30.0 + 5.0 * given.ids / limit
    rows: list[tuple[Strategy, Outcome | str]] = []
    for strategy in STRATEGIES:
        if given.only and strategy.name not in given.only:
            continue
        absent = [name for name in strategy.needs if not shutil.which(name, path=search_path())]
        if absent:
            rows.append((strategy, f"not measured: no {' and no '.join(absent)}"))
            continue
        _say(f"{strategy.name} ...")
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
        type=_whole,
        metavar="N",
        help="nginx's limit, requests/s; 200, with --minutes 50",
    )
    parser.add_argument("--burst", type=_whole, default=20, metavar="N", help="its burst; 20")
    parser.add_argument("--ids", type=_whole, default=4000, metavar="N", help="allocations; 4000")
    parser.add_argument(
        "--ceiling", type=_whole, default=100_000, metavar="N", help="bulkcancel's --rate; 100000"
    )
    parser.add_argument(
        "--bound",
        type=_number,
        metavar="S",
        help="cut a strategy off after that time; 30 s and five times the ideal",
    )
    parser.add_argument(
        "--only",
        nargs="+",
        choices=[strategy.name for strategy in STRATEGIES],
        metavar="NAME",
        help="these strategies; a part of the table is shown, not written: %(choices)s",
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
    parser.add_argument(
        "--no-write", dest="write", action="store_false", help="leave RESULTS.md alone"
    )
    return parser


def _show(part: str, *, keep: bool) -> None:
    sys.stdout.write(f"{part}\n")
    sys.stdout.flush()
    if keep:
        SECTION.write(part)


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _on_sigterm(_number: int, _frame: FrameType | None) -> None:
    # Unwinds like Ctrl-C, so that what was started is ended.
    raise SystemExit(_TERMINATED)


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < _MOST:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0 and below {_MOST:g}")
    return value


def _three(text: str) -> tuple[int, int, int]:
    match [_whole(part) for part in text.split(",")]:
        case [first, second, third]:
            return first, second, third
        case _:
            raise argparse.ArgumentTypeError(f"{text!r} is not three numbers such as 50,20,80")
