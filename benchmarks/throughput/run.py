"""The command: who takes part, how many ids, and where the figures go."""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path

from benchmarks.commandline import add_choice, in_scratch, show, whole
from benchmarks.document import circumstances
from benchmarks.spent import where
from benchmarks.throughput.contenders import CONTENDERS, DURABILITY
from benchmarks.throughput.results import SECTION, durability_part, parts_part, throughput_part
from benchmarks.throughput.rounds import play
from benchmarks.tools import version_of

_SYNCS = 200
_PAGE = 4096


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is asked for, print it and write it into RESULTS.md; return the exit code."""
    given = _parser().parse_args(arguments)
    measure = _durability if given.durability else _throughput
    return in_scratch("throughput", partial(measure, given))


def _throughput(given: argparse.Namespace, folder: Path) -> int:
    chosen = [one for one in CONTENDERS if not given.only or one.name in given.only]
    found = play(chosen, folder, ids=given.ids, concurrency=given.concurrency, rounds=given.rounds)
    versions = (
        version_of("nginx"), version_of("curl"), version_of("parallel"),
        f"aiohttp {version('aiohttp')}", f"httpx {version('httpx')}",
    )  # fmt: skip
    known = {"circumstances": circumstances(*versions), "setting": _setting(given)}
    keep = given.write and not given.only
    show(throughput_part(chosen, found, **known), SECTION, keep=keep)
    if "library" in found:
        show(parts_part(found["library"], **known), SECTION, keep=keep)
    return 0


def _durability(given: argparse.Namespace, folder: Path) -> int:
    found = play(
        DURABILITY, folder, ids=given.ids, concurrency=given.concurrency, rounds=given.rounds
    )
    part = durability_part(
        DURABILITY,
        found,
        circumstances=circumstances(version_of("nginx"), f"aiohttp {version('aiohttp')}"),
        setting=_setting(given),
        sync=seconds_to_sync(folder / "sync"),
    )
    show(part, SECTION, keep=given.write)
    return 0


def seconds_to_sync(path: Path) -> float:
    """Return the median seconds that it takes to bring one page onto the disk."""
    took = []
    with path.open("wb", buffering=0) as file:
        for _ in range(_SYNCS):
            began = time.perf_counter()
            file.write(bytes(_PAGE))
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - began)
    return statistics.median(took)


def _setting(given: argparse.Namespace) -> str:
    return (
        f"{given.ids:,} ids, {given.concurrency} at a time, an answer of 1.5 kB; {where()};"
        f" {given.rounds} rounds, every other one backwards."
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.throughput",
        description="Measure CPU and seconds for one allocation, beside what people use today.",
        epilog="Without --durability it is the table of all contenders.",
    )
    parser.add_argument("--ids", type=whole, default=20_000, metavar="N", help="20000")
    parser.add_argument("--concurrency", type=whole, default=64, metavar="N", help="64")
    parser.add_argument("--rounds", type=whole, default=7, metavar="N", help="7")
    parser.add_argument(
        "--durability", action="store_true", help="the program alone, with journals less durable"
    )
    add_choice(parser, "contenders", (contender.name for contender in CONTENDERS))
    return parser
