"""The pacing benchmark: what it reads from a log, how it writes results, and one real trial."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.accesslog import AccessLog, Counts, Entry, read_access_log
from benchmarks.pacing.results import SECTION
from benchmarks.pacing.strategies import STRATEGIES
from benchmarks.pacing.trial import measure
from benchmarks.tools import missing

NEEDS_NGINX = pytest.mark.skipif(
    bool(missing("nginx")),
    reason="there is no nginx here; tests/install.sh installs it",
)


def entry(at: float, status: int = 200, name: str = "a", method: str = "PUT") -> Entry:
    """Return one answer."""
    path = f"/api/v2/allocation/cancel/{name}"
    return Entry(at=at, worker=1, status=status, method=method, path=path)


def test_a_log_is_counted() -> None:
    """Accepted, refused and others are told apart, within a stretch of time."""
    log = AccessLog([entry(3.0, 502), entry(1.0), entry(2.0, 429), entry(4.0, 429), entry(5.0)])
    assert log.begin == 1.0
    assert log.counts() == Counts(requests=5, accepted=2, refused=2, others=1)
    assert log.counts(2.0, 4.0) == Counts(requests=2, accepted=0, refused=1, others=1)
    assert log.counts().refused_share == 0.4
    assert AccessLog([]).counts().refused_share == 0.0


def test_an_allocation_is_cancelled_once() -> None:
    """The first cancel that was let through counts; refusals and reads do not."""
    read = entry(2.0, name="b", method="GET")
    log = AccessLog([entry(1.0, 429), read, entry(3.0), entry(4.0), entry(5.0, name="c")])
    assert log.cancelled() == {"a": 3.0, "c": 5.0}


def test_a_rate_is_reached_at_the_end_of_a_window() -> None:
    """Two a second from 10 s on: the first 5 s that hold ten end at 15 s at the earliest."""
    log = AccessLog([entry(at / 2.0) for at in range(20, 60)])
    found = log.seconds_to_rate(2.0, start=10.0, stop=40.0, window=5.0)
    assert found == pytest.approx(5.0)
    assert log.seconds_to_rate(3.0, start=10.0, stop=40.0, window=5.0) is None
    slow = AccessLog(
        [*(entry(float(at)) for at in range(10)), *(entry(10 + at / 4) for at in range(80))]
    )
    late = slow.seconds_to_rate(4.0, start=0.0, stop=40.0, window=5.0)
    assert late == pytest.approx(14.75, abs=0.3)


def test_a_log_is_read(tmp_path: Path) -> None:
    """The form that the configuration gives it; a path may hold anything."""
    (tmp_path / "access.log").write_text(
        "1000.250 77 200 PUT /api/v2/allocation/cancel/x\n1000.500 78 429 GET /a b\n"
    )
    log = read_access_log(tmp_path / "access.log")
    assert log.counts() == Counts(requests=2, accepted=1, refused=1, others=0)
    assert log.cancelled() == {"x": 1000.25}


def test_a_part_takes_the_place_of_its_elder(tmp_path: Path) -> None:
    """Other parts and other sections stay; the order is fixed; the same part changes nothing."""
    one = SECTION.placed("# Results\n\n## Speed\n\nfast\n", "### Steps\n\nfirst")
    two = SECTION.placed(one, "### Steady\n\nsecond")
    three = SECTION.placed(two, "### Steps\n\nthird")
    assert "first" not in three
    assert three.index("## Speed") < three.index("### Steady") < three.index("### Steps")
    assert SECTION.placed(three, "### Steps\n\nthird") == three
    SECTION.write("### Steady\n\nx", tmp_path / "RESULTS.md")
    assert (tmp_path / "RESULTS.md").read_text().startswith("# Results")
    assert [path.name for path in tmp_path.iterdir()] == ["RESULTS.md"]


@NEEDS_NGINX
def test_27_the_program_at_a_real_nginx(tmp_path: Path) -> None:
    """Matrix row 27: 50/s, burst 20, no header: all cancelled, hardly any refused, by nginx's log.

    The first of it is the search for the limit, which the half percent of a long run is not.
    """
    ours = next(one for one in STRATEGIES if one.name == "bulkcancel")
    outcome = measure(ours, tmp_path, limit=50, burst=20, ids=300, ceiling=1000, bound=90.0)
    assert (outcome.exit_code, outcome.cancelled) == (0, 300)
    assert outcome.counts.others == 0
    assert 0 < outcome.counts.refused <= 25
