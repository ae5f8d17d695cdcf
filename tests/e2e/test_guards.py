"""The guards of a run: what they refuse is not sent, what they stop can be resumed."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta

import pytest
from rigging import Rig, make_ids

PO, VENDOR = "4500000012", "56"


@pytest.mark.parametrize(
    ("expected", "code"),
    [("20", 0), ("19", 2), ("19±10%", 0), ("30±10%", 2)],
)
def test_64_an_input_of_another_size_is_refused(rig: Rig, expected: str, code: int) -> None:
    """Matrix row 64: --expect-count that does not match: exit 2, no request."""
    rig.serve()
    ran = rig.run(rig.write(make_ids(20)), "--expect-count", expected)
    assert ran.code == code, ran.err
    assert rig.server.ledger.summary().requests == (0 if code else 20)
    if code:
        assert "does not match: the input holds 20 allocations" in ran.err


def test_what_belongs_to_another_is_not_sent(rig: Rig) -> None:
    """Each allocation is read first; of another purchase order or vendor it is rejected."""
    wanted = make_ids(12)
    stranger, other_vendor = wanted[3], wanted[7]
    rig.serve(
        po_number=PO,
        vendor_id=VENDOR,
        owners={stranger: ("77", VENDOR), other_vendor: (PO, "57")},
    )
    ran = rig.run(rig.write(wanted), "--expect-po", PO, "--expect-vendor", VENDOR)
    assert ran.code == 3, ran.err
    breaks = {row["allocation_id"]: row for row in rig.rows("breaks.csv")}
    assert set(breaks) == {stranger, other_vendor}
    assert {row["outcome"] for row in breaks.values()} == {"rejected"}
    assert breaks[stranger]["reason"] == f"not sent: it belongs to purchase order 77, not to {PO}"
    assert breaks[other_vendor]["reason"] == "not sent: it belongs to vendor 57, not to 56"
    truth = rig.server.ledger.summary().allocations
    assert (truth[stranger].puts, truth[other_vendor].puts) == (0, 0)
    rig.check(wanted)


def test_whose_it_is_must_be_known(rig: Rig) -> None:
    """Where the API offers no read, nothing is sent that was to be of one purchase order."""
    rig.serve(read_available=False)
    wanted = make_ids(5)
    ran = rig.run(rig.write(wanted), "--expect-po", PO)
    assert ran.code == 3, ran.err
    assert {row["outcome"] for row in rig.rows()} == {"rejected"}
    assert rig.server.ledger.summary().puts == 0
    rig.check(wanted)


def test_a_status_that_is_not_to_be_cancelled_is_not_sent(rig: Rig) -> None:
    """With a look first, only the statuses named are sent; without one the API decides."""
    wanted = make_ids(6)
    states = {wanted[0]: "SHIPPED", wanted[1]: "REALLOCATED", wanted[2]: "PENDING_DROP"}
    rig.serve(states=states)
    source = rig.write(wanted)
    ran = rig.run(source, "--precheck", "--cancellable", "ALLOCATED,pending_pick")
    assert ran.code == 3, ran.err
    breaks = {row["allocation_id"]: row["reason"] for row in rig.rows("breaks.csv")}
    assert breaks[wanted[0]] == "not sent: its status is SHIPPED, which is not one to cancel"
    assert breaks[wanted[2]] == "not sent: its status is PENDING_DROP, which is not one to cancel"
    truth = rig.server.ledger.summary().allocations
    assert [truth[one].puts for one in wanted[:3]] == [0, 0, 0]
    rig.check(wanted)


def test_a_limit_begins_so_many_and_a_resume_goes_on(rig: Rig) -> None:
    """The rest is not attempted, exit 5; each resume may have a limit of its own."""
    rig.serve()
    wanted = make_ids(30)
    ran = rig.run(rig.write(wanted), "--limit", "10", "--yes")
    assert ran.code == 5, ran.err
    assert rig.summary()["outcomes"]["not_attempted"] == 20
    assert rig.server.ledger.summary().puts == 10
    rig.check(wanted)
    ran = rig.call("resume", "night", "--limit", "15")
    assert ran.code == 5, ran.err
    assert rig.server.ledger.summary().puts == 25
    ran = rig.call("resume", "night")
    assert ran.code == 0, ran.err
    assert rig.server.ledger.summary().puts == 30
    rig.check(wanted)


def test_a_limit_is_what_has_to_be_confirmed(rig: Rig) -> None:
    """--confirm speaks of what is to be cancelled, not of what the input holds."""
    rig.serve()
    source = str(rig.write(make_ids(30)))
    words = ("run", source, *rig.aim(), "--rate", "500", "--limit", "10")
    assert rig.call(*words, "--confirm", "30").code == 2
    assert rig.call(*words, "--confirm", "10").code == 5
    assert rig.server.ledger.summary().puts == 10


def test_a_canary_that_ends_well_lets_the_rest_go(rig: Rig) -> None:
    """Ten first, read back, then the others: all cancelled, ten reads, two stretches."""
    rig.serve()
    wanted = make_ids(60)
    ran = rig.run(rig.write(wanted), "--canary", "10", "--verbose")
    assert ran.code == 0, ran.err
    seen = rig.server.ledger.summary()
    assert (seen.puts, seen.requests) == (60, 70)
    assert "canary.passed" in ran.err
    entries = rig.server.ledger.entries()
    assert {entry.ids for entry in entries[:10]} == {(one,) for one in wanted[:10]}
    reads = [place for place, entry in enumerate(entries) if entry.method == "GET"]
    assert reads == list(range(10, 20)), "nothing is begun before all are read back"
    rig.check(wanted)


def test_64_a_canary_that_fails_stops_the_run(rig: Rig) -> None:
    """Matrix row 64: a step that fails: at most eleven requests for it, exit 5, resumable."""
    wanted = make_ids(60)
    rig.serve(f"status:PENDING_PICK@{wanted[4]}")
    ran = rig.run(rig.write(wanted), "--canary", "10")
    assert ran.code == 5, ran.err
    summary = rig.summary()
    assert summary["outcomes"]["not_attempted"] == 50
    assert f"1 of 10 canaries did not end cancelled; the first is {wanted[4]}" in ran.out
    assert rig.server.ledger.summary().puts == 10
    rig.check(wanted)
    rig.server.set_faults()
    ran = rig.call("resume", "night")
    assert ran.code == 3, ran.err
    assert rig.summary()["outcomes"]["cancelled"] == 59
    rig.check(wanted)


def test_a_canary_whose_read_differs_stops_the_run(rig: Rig) -> None:
    """An API that says CANCELLED and does not do it is found out by the read-back."""
    wanted = make_ids(30)
    rig.serve("status:CANCELLED")
    ran = rig.run(rig.write(wanted), "--canary", "5")
    assert ran.code == 5, ran.err
    assert "was read back: cancelled, and its status now is" in ran.out
    assert rig.server.ledger.summary().puts == 5


def test_a_deadline_stops_in_time_with_a_balanced_report(rig: Rig) -> None:
    """Half of a short time is kept for the end; the rest can be resumed."""
    rig.serve()
    wanted = make_ids(400)
    source = str(rig.write(wanted))
    pace = ("--rate", "20", "--fixed-rate", "--timeout", "2", "--run-id", "night")
    began = time.monotonic()
    ran = rig.call("run", source, *rig.aim(), *pace, "--deadline", "6s", "--yes")
    assert ran.code == 5, ran.err
    assert time.monotonic() - began < 6.0 + 3.0, "start-up and a busy machine allowed for"
    summary = rig.summary()
    assert "The deadline is near" in summary["verdict"]
    assert 20 <= summary["outcomes"]["cancelled"] <= 90
    rig.check(wanted)


def test_a_plan_says_whether_the_deadline_is_kept(rig: Rig) -> None:
    """At the ceiling, or at the limit learned before, it fits or it does not."""
    rig.serve()
    source = str(rig.write(make_ids(100)))
    fits = rig.call("plan", source, *rig.aim(), "--rate", "10", "--deadline", "10m").out
    assert "Deadline   in 10 min: it fits" in fits
    short = rig.call("plan", source, *rig.aim(), "--rate", "1", "--deadline", "1m").out
    assert "Deadline   in 1 min: it does not fit" in short
    soon = (datetime.now().astimezone() + timedelta(hours=2)).strftime("%H:%M")
    clock = rig.call("plan", source, *rig.aim(), "--rate", "10", "--deadline", soon).out
    assert f"Deadline   {soon}, in" in clock


def test_an_unusual_input_is_asked_about(rig: Rig) -> None:
    """After three runs of ten, one of two hundred wants --allow-unusual off a terminal."""
    rig.serve()
    for night in range(3):
        source = rig.write(make_ids(10, start=1 + 10 * night), name=f"{night}.csv")
        assert rig.run(source, run_id=f"night{night}").code == 0
    large = rig.write(make_ids(200, start=1000), name="large.csv")
    ran = rig.run(large, run_id="large")
    assert ran.code == 2
    assert "200 allocations are far more than the earlier runs for this target had" in ran.err
    assert rig.server.ledger.summary().puts == 30
    assert rig.run(large, "--allow-unusual", run_id="large").code == 0


def test_a_protected_profile_wants_number_and_digest(rig: Rig) -> None:
    """--yes is refused; the plan prints what is wanted, and a change of anything is refused."""
    rig.serve()
    source = str(rig.write(make_ids(10)))
    (rig.path / "bulkcancel.toml").write_text(
        f'[profile.prod]\nbase-url = "{rig.server.url}"\naccount = "{rig.aim()[3]}"\n'
        "protected = true\nrate = 500\n"
    )
    plan = json.loads(rig.call("plan", source, "--profile", "prod", "--json").out)
    digest = plan["plan_digest"]
    words = ("run", source, "--profile", "prod")
    for refused in (
        ("--yes",),
        ("--confirm", "10"),
        ("--confirm", "9", "--plan-digest", digest),
        ("--confirm", "10", "--plan-digest", "0" * 16),
        ("--confirm", "10", "--plan-digest", digest, "--rate", "501"),
    ):
        ran = rig.call(*words, *refused)
        assert ran.code == 2, refused
        assert "Nothing was sent" in ran.err
    assert rig.server.ledger.summary().requests == 0
    assert digest in rig.call("plan", source, "--profile", "prod").out
    ran = rig.call(*words, "--confirm", "10", "--plan-digest", digest)
    assert ran.code == 0, ran.err
    rig.write(make_ids(9))
    assert rig.call(*words, "--confirm", "9", "--plan-digest", digest).code == 2


def test_a_plan_heeds_the_expected_count(rig: Rig) -> None:
    """What `run` would refuse for its size `plan` refuses too; an unusual size is said."""
    rig.serve()
    for night in range(3):
        source = rig.write(make_ids(2, start=1 + 10 * night), name=f"{night}.csv")
        assert rig.run(source, run_id=f"night{night}").code == 0
    large = str(rig.write(make_ids(200, start=1000), name="large.csv"))
    ran = rig.call("plan", large, *rig.aim(), "--expect-count", "199")
    assert ran.code == 2
    assert "the input holds 200 allocations" in ran.err
    ran = rig.call("plan", large, *rig.aim(), "--expect-count", "200")
    assert ran.code == 0, ran.err
    assert "earlier runs for this target had: a run wants --allow-unusual" in ran.out
    assert json.loads(rig.call("plan", large, *rig.aim(), "--json").out)["unusual"] is True


@pytest.mark.parametrize("deadline", ["soon", "25:00"])
def test_a_deadline_that_is_none_is_refused_at_once(rig: Rig, deadline: str) -> None:
    """Before the input is read: the file need not even be there."""
    rig.serve()
    ran = rig.call("run", "gone.csv", *rig.aim(), "--yes", "--deadline", deadline)
    assert ran.code == 2
    assert "give a time of day such as 06:00" in ran.err
