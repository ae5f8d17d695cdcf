"""Measure plans over inputs of several sizes, and pandas beside them; write the table."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa

from benchmarks.document import Section, circumstances
from benchmarks.reading.inputs import write_csv, write_parquet, write_xlsx
from benchmarks.spent import Spent, spend

_SECTION = Section(
    heading="## Reading",
    preface="""\
`bulkcancel plan` as a process of its own, from its start to its end, and pandas reading the same
file as text in another; `make bench-reading` writes this. Peak memory is the resident set that the
system accounts to the process.""",
    parts=("### Plans",),
)
_HEAD = """\
| rows | input | MB on disk | plan, s | peak, MiB | pandas, s | peak, MiB | ratio of seconds |
|---:|---|---:|---:|---:|---:|---:|---:|"""
_PANDAS = {
    "csv": "pd.read_csv(path, dtype=str, keep_default_na=False)",
    "gz": "pd.read_csv(path, dtype=str, keep_default_na=False)",
    "parquet": "pd.read_parquet(path)",
    "xlsx": "pd.read_excel(path, dtype=str, engine='calamine')",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table and write it into RESULTS.md; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reading", description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--largest", type=int, default=5_000_000, help="CSV and Parquet only")
    parser.add_argument("--sheets", type=int, default=1_000_000, help="most rows of a workbook")
    parser.add_argument("--times", type=int, default=3, help="the fastest of so many counts")
    parser.add_argument("--no-write", dest="write", action="store_false")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bulkcancel-reading-") as folder:
        lines = []
        for rows in [*asked.rows, *([asked.largest] if asked.largest else [])]:
            for path in _inputs(Path(folder), rows, largest=rows == asked.largest, asked=asked):
                lines.append(_row(path, rows, asked.times))
                print(lines[-1], flush=True)  # noqa: T201 - the command's output
                path.unlink()
    table = "\n".join([_HEAD, *lines])
    versions = (f"pandas {pd.__version__}", f"pyarrow {pa.__version__}")
    part = f"### Plans\n\n{circumstances(*versions)}\n\n{_words(asked)}\n\n{table}"
    if asked.write:
        _SECTION.write(part)
    return 0


def _words(asked: argparse.Namespace) -> str:
    repeats = f"; of the {asked.largest:,} rows 20 % repeat an earlier id" if asked.largest else ""
    return f"Four columns{repeats}. The fastest of {asked.times} each."


def _inputs(folder: Path, rows: int, *, largest: bool, asked: argparse.Namespace) -> list[Path]:
    repeats = 0.2 if largest else 0.0
    paths = [folder / "ids.csv", folder / "ids.parquet"]
    write_csv(paths[0], rows, repeats=repeats)
    write_parquet(paths[1], rows, repeats=repeats)
    if not largest:
        paths.append(folder / "ids.csv.gz")
        write_csv(paths[-1], rows)
    if not largest and rows <= asked.sheets:
        paths.append(folder / "ids.xlsx")
        write_xlsx(paths[-1], rows)
    return paths


def _row(path: Path, rows: int, times: int) -> str:
    plan = [
        sys.executable, "-m", "bulkcancel", "plan", str(path),
        "--base-url", "http://127.0.0.1:1/api/v2", "--account", "1234abcd5678efgh9ijklmno",
    ]  # fmt: skip
    code = f"import sys, pandas as pd; path = sys.argv[1]; {_PANDAS[path.suffix[1:]]}"
    ours = _fastest([spend(plan) for _ in range(times)])
    theirs = _fastest([spend([sys.executable, "-c", code, str(path)]) for _ in range(times)])
    cells = (
        f"{rows:,}", path.name.removeprefix("ids."), f"{path.stat().st_size / 1e6:,.1f}",
        f"{ours.seconds:.2f}", f"{ours.peak:,.0f}", f"{theirs.seconds:.2f}",
        f"{theirs.peak:,.0f}", f"{ours.seconds / theirs.seconds:.2f}",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _fastest(found: Sequence[Spent]) -> Spent:
    return min(found, key=lambda spent: spent.seconds)
