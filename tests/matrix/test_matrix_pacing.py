"""Rows 27, 28 and 31 of the fault matrix with a pacer that learns: the real command at real limits.

Rows 29 and 30 take minutes: they are played in virtual time, with the campaigns, and the real
nginx is met by the benchmark.
"""

from __future__ import annotations

import json
import re

import pytest
from quickrun import QuickRig
from rigging import make_ids

from bulkcancel.simulator import LedgerSnapshot

LATENCY = 0.02
PACE = ("--yes", "--run-id", "night", "--no-progress", "--wait-initial", "0.05")


def learn(rig: QuickRig, count: int, *more: str, run_id: str = "night") -> str:
    """Cancel so many allocations with a high ceiling; return what the command said."""
    words = ("run", str(rig.write(make_ids(count))), *rig.aim(), *PACE[:2], run_id, *PACE[3:])
    ran = rig.call(*words, "--rate", "1000", "--concurrency", "64", *more)
    assert ran.code == 0, ran.err
    return ran.err


def known_limit(log: str) -> float:
    """Return the limit that the run says it began with."""
    said = re.search(r"known_limit=([0-9.]+)", log)
    assert said is not None, log
    return float(said[1])


def arrivals(ledger: LedgerSnapshot, status: int | None = None) -> list[float]:
    """Return when requests arrived, those answered so only if a status is given."""
    entries = ledger.entries()
    return [one.monotonic for one in entries if status is None or one.status == status]


def test_27_a_limit_that_nobody_published(rig: QuickRig) -> None:
    """100/s without a header: found, few refusals, no attempt spent, told in the summary."""
    rig.serve(rate=100.0, burst=20, latency=LATENCY)
    log = learn(rig, 700, "--max-attempts", "1")
    pacing = rig.summary()["pacing"]
    assert rig.outcomes() == {"cancelled": 700}
    assert 0 < pacing["throttled"] <= 35
    assert pacing["throttled"] == len(arrivals(rig.server.ledger, 429))
    assert 70.0 <= pacing["learned_limit"] <= 140.0
    assert pacing["seconds_held"]["learned limit"] > 0
    assert "pace.held" in log
    rig.check(make_ids(700))


def test_27_the_next_run_begins_below_it(rig: QuickRig) -> None:
    """What one run learned is where the next one starts; with a fixed rate it is not asked for."""
    rig.serve(rate=100.0, burst=20, latency=LATENCY)
    learn(rig, 400)
    learned = rig.summary()["pacing"]["learned_limit"]
    (kept,) = (rig.path / "state" / "bulkcancel" / "limits").glob("*.json")
    limit = json.loads(kept.read_text())["limit"]
    assert limit == pytest.approx(learned, abs=0.01)
    assert known_limit(learn(rig, 120, run_id="second")) == pytest.approx(limit, abs=0.01)
    kept.write_text("nonsense")
    assert "known_limit=None" in learn(rig, 30, run_id="third")


def test_28_no_request_from_any_worker_within_a_retry_after(rig: QuickRig) -> None:
    """Each 429 says 2 s: from then on nothing arrives until they are over."""
    rig.serve(rate=40.0, burst=5, latency=LATENCY, retry_after="2")
    learn(rig, 150)
    everyone, refused = arrivals(rig.server.ledger), arrivals(rig.server.ledger, 429)
    assert refused
    for at in refused:
        # What was under way when the answer came is not called back.
        early = [one for one in everyone if at + LATENCY + 0.2 < one < at + 2.0]
        assert early == []
    assert "retry-after" in rig.summary()["pacing"]["seconds_held"]
    rig.check(make_ids(150))


@pytest.mark.parametrize("style", ["ratelimit", "x-delta", "x-epoch"])
def test_31_headers_lower_the_ceiling(rig: QuickRig, style: str) -> None:
    """A window that tells its limit is never overdrawn, however high our own ceiling is."""
    rig.serve(window=(40, 4.0), advertise=style, latency=LATENCY)
    learn(rig, 60)
    assert rig.summary()["pacing"]["throttled"] == 0
    rig.check(make_ids(60))


def test_31_the_same_window_overdrawn(rig: QuickRig) -> None:
    """Without those headers the same run is refused: the test above can fail."""
    rig.serve(window=(40, 4.0), advertise="malformed", latency=LATENCY)
    learn(rig, 60)
    assert rig.summary()["pacing"]["throttled"] > 0
    rig.check(make_ids(60))


def test_no_burst_over_any_second(rig: QuickRig) -> None:
    """200/s at a server without a limit: evenly spaced from the first request on."""
    rig.serve(latency=LATENCY)
    words = ("run", str(rig.write(make_ids(900))), *rig.aim(), *PACE, "--rate", "200")
    ran = rig.call(*words)
    assert ran.code == 0, ran.err
    times = arrivals(rig.server.ledger)
    most = max(sum(at <= one < at + 1.0 for one in times) for at in times)
    # Two percent, and what a loaded machine delivers late.
    assert most <= 204 + 20
    assert rig.summary()["pacing"]["throttled"] == 0
