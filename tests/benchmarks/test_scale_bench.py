"""The scale benchmark: its table, its plot, and one real measuring of a small input."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.accesslog import first_answer
from benchmarks.scale.measure import Size, measure, startup
from benchmarks.scale.plot import memory_plot
from benchmarks.scale.results import plot_of, rows_part, startup_part, write_plot
from benchmarks.spent import Spent, cores, spend
from benchmarks.tools import missing

SVG = "{http://www.w3.org/2000/svg}"


def spent(peak: float, seconds: float = 2.0) -> Spent:
    """Return what a command took, with half the time on the processor."""
    return Spent(began=0.0, seconds=seconds, cpu=seconds / 2, peak=peak, out="")


def size(rows: int, peak: float) -> Size:
    """Return what so many rows took."""
    return Size(
        rows=rows,
        plan=spent(peak / 4),
        run=spent(peak),
        report=spent(peak / 2),
        killed_at=rows // 2,
        resume=1.5,
    )


def test_the_table_has_a_row_for_each_size() -> None:
    """Figures for one allocation are of the run's own CPU; the growth is of the largest two."""
    sizes = [size(1_000, 150.0), size(10_000, 200.0), size(100_000, 260.0)]
    part = rows_part(sizes, circumstances="Today.", setting="Here.", kill_at=0.5)
    rows = [line for line in part.splitlines() if re.match(r"\| [0-9]", line)]
    assert rows[1] == (
        "| 10,000 | 2.00 | 50 | 2.0 | 1.0 | 100 | 5,000 | 200 | 2.00 | 1.00 | 100 | 1.50 |"
    )
    assert len(rows) == 3
    assert {line.count("|") for line in part.splitlines() if line.startswith("|")} == {13}
    assert "From 10,000 to 100,000 rows the peak of a run grows by 60 MiB." in part
    alone = rows_part(sizes[:1], circumstances="Today.", setting="Here.", kill_at=0.5)
    assert "grows" not in alone


def test_start_up_is_a_ratio() -> None:
    """The program's start is held against that of Python alone."""
    part = startup_part(0.06, 0.02, circumstances="Today.", times=3)
    assert "`bulkcancel --help` takes 60 ms, `python -c pass` 20 ms: a ratio of\n3.0." in part


def test_the_plot_stands_beside_the_results(tmp_path: Path) -> None:
    """It is a drawing of its own with a line for plan, run and report."""
    write_plot([size(1_000, 150.0), size(10_000, 200.0)], tmp_path / "RESULTS.md")
    drawn = ET.parse(tmp_path / "memory.svg").getroot()  # noqa: S314 - our own file
    names = [text.text for text in drawn.iter(f"{SVG}text")]
    assert {"run", "report", "plan", "target, 350", "1,000", "10,000"} <= set(names)
    assert len(list(drawn.iter(f"{SVG}polyline"))) == 3


MIB = st.floats(min_value=1.0, max_value=1e6, allow_nan=False)


@settings(deadline=None)
@given(
    st.lists(
        st.lists(st.tuples(st.integers(1, 10**8).map(float), MIB), min_size=1, max_size=4),
        min_size=1,
        max_size=4,
    ),
    MIB,
)
def test_all_that_is_plotted_lies_in_the_drawing(
    lines: list[list[tuple[float, float]]], bound: float
) -> None:
    """Whatever the figures, points lie between the axes, higher ones higher, and no label twice."""
    named = {f"<{number}>": points for number, points in enumerate(lines)}
    drawn = ET.fromstring(memory_plot(named, title="x & y", bound=bound))  # noqa: S314 - our own
    _, _, width, height = map(float, drawn.attrib["viewBox"].split())
    circles = [
        (float(one.attrib["cx"]), float(one.attrib["cy"])) for one in drawn.iter(f"{SVG}circle")
    ]
    assert all(0 <= x <= width and 0 <= y <= height for x, y in circles)
    flat = [mib for points in lines for _, mib in points]
    assert min(zip(flat, circles, strict=True))[1][1] == max(y for _, y in circles)
    labels = sorted(
        float(one.attrib["y"]) for one in drawn.iter(f"{SVG}text") if (one.text or "")[:1] == "<"
    )
    assert all(other - one >= 15 for one, other in pairwise(labels))


def test_one_size_can_be_plotted() -> None:
    """A single size makes points instead of lines."""
    assert "nan" not in plot_of([size(1_000, 150.0)])


def test_the_first_answer_after_a_place_in_the_log(tmp_path: Path) -> None:
    """What was logged before the place does not count."""
    path = tmp_path / "access.log"
    path.write_text("1000.250 77 200 PUT /x\n1001.500 77 200 GET /y\n")
    assert first_answer(path, 0) == 1000.25
    assert first_answer(path, len("1000.250 77 200 PUT /x\n")) == 1001.5
    with pytest.raises(ValueError, match="convert"):
        first_answer(path, path.stat().st_size)


def test_children_and_memory_are_counted(tmp_path: Path) -> None:
    """What a child of the command takes counts; what the benchmark weighs does not."""
    burden = bytearray(200 << 20)
    code = "import sys; print('said'); x = bytearray(64 << 20); sum(range(3_000_000))"
    words = ["sh", "-c", f'"$0" -S -c "{code}"', "python3"]
    seen = spend(words, folder=tmp_path, core=cores()[1])
    assert len(burden) == 200 << 20
    assert seen.out == "said\n"
    assert 64 <= seen.peak <= 150
    assert seen.cpu > 0.01
    assert seen.began > 0


def test_a_command_that_fails_is_shown() -> None:
    """Its exit code and what it said end the benchmark."""
    with pytest.raises(SystemExit, match=r"ended with 7: .*no luck"):
        spend(["sh", "-c", "echo no luck; exit 7"])


def test_both_starts_are_measured() -> None:
    """The program's help and Python alone each take some time."""
    assert all(seconds > 0 for seconds in startup(times=1))


@pytest.mark.skipif(
    bool(missing("nginx")), reason="there is no nginx here; tests/install.sh installs it"
)
def test_a_small_input_is_measured(tmp_path: Path) -> None:
    """Plan, run, report and a resume after a kill, against a real nginx."""
    seen = measure(tmp_path / "one", 2_000, concurrency=4, kill_at=0.25)
    assert seen.rows == 2_000
    assert 500 <= seen.killed_at < 2_000
    assert seen.resume > 0
    assert min(one.peak for one in (seen.plan, seen.run, seen.report)) > 20
