"""The simulation of pacing itself: reproducible, true to its servers, and quick."""

from __future__ import annotations

import math
from random import Random

import pytest
from limiters import SERVERS, Capacity, Change, bucket, window
from pacing_sim import STRATEGIES, Line, Log, Setting, Share, main, measure, run_against, simulate
from rivals import AllOut, FixedRate

_AT_ONCE = {"50/s, burst 50": 51, "outage": 42}
"""How much more than its capacity a server takes, where not 21: the burst, once emptied anew."""


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_same_seed_gives_the_same_figures(strategy: str) -> None:
    """Chance comes from the seed alone, the server's and the line's; another seed shows."""
    first, again, other = (
        run_against(STRATEGIES[strategy], "stray 429s", Setting(seed=seed, seconds=60.0))
        for seed in (5, 5, 6)
    )
    assert first == again
    assert first != other


@pytest.mark.parametrize("server", [name for name in SERVERS if name not in {"no limit", "outage"}])
def test_perfect_knowledge_loses_nothing(server: str) -> None:
    """At the right rate hardly anything is refused but strays, and the limit is used up."""
    figures = run_against(STRATEGIES["perfect"], server, Setting(seconds=260.0))
    assert figures.refused - figures.strays <= 2
    assert figures.whole.goodput >= 99.5


@pytest.mark.parametrize("server", ["50/s, burst 5", "200/s, burst 20", "100 per 10 s"])
def test_twice_the_rate_is_half_refused(server: str) -> None:
    """What is more than the limit is refused, and what is not is not."""
    figures = run_against(STRATEGIES["double"], server, Setting(seconds=120.0))
    assert figures.whole.refused == pytest.approx(50.0, abs=0.7)
    assert figures.whole.goodput == pytest.approx(100.0, abs=1.0)


@pytest.mark.parametrize("server", [name for name in SERVERS if name != "no limit"])
def test_the_capacity_is_true(server: str) -> None:
    """A client that goes all out gets the capacity, no more than a burst above it."""
    built = SERVERS[server](Random(1))
    if server == "neighbour":
        # Going all out would crowd the neighbour out.
        client = FixedRate(lambda now: 1.01 * built.capacity.at(now))
        log = simulate(client, built, Setting(seconds=240.0))
    else:
        crowd = 14 if server.startswith("200/s") else 5
        log = simulate(AllOut(), built, Setting(seconds=240.0, concurrency=crowd))
    capacity = built.capacity.over(0.0, 240.0)
    assert capacity - 10 <= len(log.accepted) <= capacity + _AT_ONCE.get(server, 21)


def test_a_capacity_is_added_up_and_capped() -> None:
    """Pieces count as long as they last, and only up to the ceiling."""
    capacity = Capacity(pieces=((0.0, 50.0), (10.0, 20.0), (20.0, 80.0)))
    assert [capacity.at(at) for at in (0.0, 9.9, 10.0, 99.0)] == [50.0, 50.0, 20.0, 80.0]
    assert capacity.over(5.0, 21.0) == pytest.approx(5 * 50 + 10 * 20 + 80)
    assert capacity.capped(30.0).over(0.0, 30.0) == pytest.approx(800.0)
    assert capacity.changes() == (
        Change(at=10.0, before=50.0, after=20.0),
        Change(at=20.0, before=20.0, after=80.0),
    )


def test_figures_of_a_log_worked_out_by_hand() -> None:
    """A rise at 100 s answered 20 s later, a fall at 200 s with 3 refusals in 20 s, one late."""
    rates = ((0.0, 100.0, 1.0), (100.0, 120.0, 1.0), (120.0, 200.0, 2.0), (200.0, 300.0, 1.0))
    accepted = [
        start + tick / rate
        for start, end, rate in rates
        for tick in range(int((end - start) * rate))
    ]
    log = Log(
        sends=[0.0, 0.9, 0.95, 1.0, 1.95], accepted=accepted, refused=[205.0, 206.0, 219.0, 221.0]
    )
    capacity = Capacity(pieces=((0.0, 1.0), (100.0, 2.0), (200.0, 1.0)))
    figures = measure(log, capacity, 300.0)
    assert figures.refused_after_fall == 3
    assert figures.seconds_to_rise == pytest.approx(24.0, abs=0.5)
    assert figures.most_in_a_second == 3
    assert figures.whole == Share(refused=100.0 * 4 / 384, goodput=95.0)
    assert figures.later.goodput == pytest.approx(100.0 * 320 / 340)
    assert figures.worst is None


def test_the_worst_ten_minutes_are_found() -> None:
    """Ten good minutes do not hide that others were bad; the first minute never counts."""
    log = Log(accepted=[float(at) for at in range(1200) if not 700 <= at < 760], refused=[30.0])
    figures = measure(log, Capacity(pieces=((0.0, 1.0),)), 1200.0)
    assert figures.worst == Share(refused=0.0, goodput=90.0)


def test_a_send_within_a_retry_after_is_seen() -> None:
    """A client that does not listen is found out; one that does is not."""
    deaf = simulate(AllOut(), bucket(50.0, 5, retry_after=5.0), Setting(seconds=10.0))
    assert deaf.sends_in_pause > 1000
    heeds = FixedRate(lambda _: 100.0)
    log = simulate(heeds, window(100, 10.0, says_when=True), Setting(seconds=60.0))
    assert log.sends_in_pause == 0
    assert len(log.accepted) == 600
    assert 0 < len(log.refused) < 60


def test_the_line_takes_its_time() -> None:
    """The cap on what is in flight, the round trip and slow answers bound what goes through."""
    quick = Setting(seconds=60.0, concurrency=2, line=Line(base=0.1, jitter=0.0))
    log = simulate(AllOut(), bucket(1000.0, 5), quick)
    assert len(log.sends) == pytest.approx(2 * 600, abs=2)
    slow = Line(base=0.1, jitter=0.0, slow_share=0.5, slow=1.8)
    log = simulate(AllOut(), bucket(1000.0, 5), Setting(seconds=60.0, concurrency=2, line=slow))
    assert len(log.sends) == pytest.approx(2 * 60, rel=0.25)


def test_an_outage_fails_and_is_no_capacity() -> None:
    """During the 60 s all that is sent fails, which is no refusal, and nothing could be had."""
    figures = run_against(STRATEGIES["perfect"], "outage", Setting(seconds=300.0))
    assert 0 < figures.failed <= 60
    assert figures.refused == 0
    assert figures.whole.goodput == pytest.approx(100.0, abs=0.5)
    assert not math.isinf(figures.seconds_to_rise or math.inf)


def test_the_table_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """The script shows a row for each server that is asked for."""
    assert main(["--seconds", "20", "--server", "burst 50", "--strategy", "perfect"]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split() == ["perfect"]
    assert row.split() == ["50/s,", "burst", "50", "0.00/99.9"]
