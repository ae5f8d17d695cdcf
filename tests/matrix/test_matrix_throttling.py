"""Rows 28, 31 and 32 of the fault matrix: Retry-After in all its forms, told limits, an outage.

Those with a pacer that learns stand in `test_matrix_pacing`.
Times are scaled down: a pause of 7 s is one of 1 s here.
"""

from __future__ import annotations

import threading
from typing import get_args

import pytest
from changing import replace
from quickrun import QuickRig
from rigging import make_ids

from bulkcancel.breaker import BreakerOptions
from bulkcancel.simulator.headers import Advertise

EXACT = 0.99
"""The pause that is asked for, less what two clocks of one machine may differ."""


def gap_after_refusal(rig: QuickRig, status: int) -> float:
    """Return the seconds between the last request answered so and the next one."""
    entries = rig.server.ledger.entries()
    last = max(place for place, entry in enumerate(entries) if entry.status == status)
    return entries[last + 1].monotonic - entries[last].monotonic


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("form", ["1", "date+1"])
def test_28_retry_after_holds_all_sending(rig: QuickRig, status: int, form: str) -> None:
    """Seconds, or a date by the server's own clock: nothing at all is sent before (I9)."""
    wanted = make_ids(20)
    # An hour ahead: only the answer's own Date makes sense of its Retry-After.
    rig.serve(f"{status}:{form}@{wanted[5]}*1", clock_skew=3600.0)
    finished = rig.work(wanted, replace(rig.settings(), concurrency=1))
    assert finished.exit_code == 0
    assert gap_after_refusal(rig, status) >= EXACT
    assert rig.rows()[5]["attempts"] == "2"
    rig.check(wanted)


@pytest.mark.parametrize("form", ["date-60", "-5", "²", "1e9", "soon", "7, 8", "0", "99999999999"])
def test_28_what_says_nothing_is_our_own_backoff(rig: QuickRig, form: str) -> None:
    """A date gone by, a negative number, nonsense: our own short backoff, no pause, no crash."""
    wanted = make_ids(20)
    rig.serve(f"429:{form}@{wanted[5]}*1")
    finished = rig.work(wanted, replace(rig.settings(), concurrency=1))
    assert finished.exit_code == 0
    assert finished.summary["pacing"]["throttled"] == 1
    assert finished.summary["pacing"]["seconds_working"] < 30
    rig.check(wanted)


def test_28_429_without_a_header_costs_no_attempt(rig: QuickRig) -> None:
    """Six refusals for rate in a row with a limit of four attempts: sent until it is accepted."""
    wanted = make_ids(10)
    rig.serve(f"429@{wanted[2]}*6")
    assert rig.work(wanted).exit_code == 0
    assert rig.rows()[2]["attempts"] == "7"
    rig.check(wanted)


@pytest.mark.parametrize("form", ["86400", "1000000000", "date+86400"])
def test_28_a_pause_beyond_all_patience_stops(rig: QuickRig, form: str) -> None:
    """A day, or thirty years: the run stops, exit 5, and can be resumed."""
    wanted = make_ids(20)
    rig.serve(f"429:{form}@{wanted[5]}*1")
    patience = BreakerOptions(patience=900.0)
    finished = rig.work(wanted, replace(rig.settings(), concurrency=1, breaker=patience))
    assert finished.exit_code == 5
    assert finished.resumable
    assert rig.outcomes() == {"cancelled": 5, "failed": 1, "not_attempted": 14}
    rig.check(wanted)
    assert rig.resume().exit_code == 0
    rig.check(wanted)


@pytest.mark.parametrize("sick", [("503",), ("503", "503/GET")])
def test_32_503_for_a_while(rig: QuickRig, sick: tuple[str, ...]) -> None:
    """All is answered 503, or the cancels only, then it heals: few are sent in vain, exit 0."""
    wanted = make_ids(200)
    rig.serve(*sick)
    healer = threading.Timer(2.0, rig.server.set_faults)
    healer.start()
    assert rig.work(wanted).exit_code == 0
    healer.join()
    assert rig.outcomes() == {"cancelled": 200}
    assert rig.server.ledger.summary().puts <= 1.2 * 200
    rig.check(wanted)


@pytest.mark.parametrize("style", get_args(Advertise))
def test_31_headers_that_tell_a_limit_do_no_harm(rig: QuickRig, style: Advertise) -> None:
    """Every known form of RateLimit headers, and a malformed one: all are cancelled, once."""
    wanted = make_ids(40)
    rig.serve(advertise=style, window=(1000, 60.0))
    assert rig.work(wanted).exit_code == 0
    assert rig.facts() == {("cancelled", "false", "1")}
    rig.check(wanted)


@pytest.mark.parametrize("style", get_args(Advertise))
def test_31_a_limit_that_is_met_and_told(rig: QuickRig, style: Advertise) -> None:
    """The same where the limit does refuse: nothing is lost, and a refusal costs no attempt."""
    wanted = make_ids(30)
    rig.serve(advertise=style, rate=20.0, burst=10)  # so low that a slow machine meets it too
    finished = rig.work(wanted, replace(rig.settings(), max_attempts=1))
    assert finished.exit_code == 0
    # A policy that names the rate in so many words is kept to; the others are met with.
    assert (finished.summary["pacing"]["throttled"] > 0) is (style != "ratelimit")
    rig.check(wanted)
