"""Plans of the real command: what was read, what would be sent, what a look foretells."""

from __future__ import annotations

import json

from rigging import Rig, make_ids

PO, VENDOR = "4500000012", "56"


def test_a_plan_sends_nothing(rig: Rig) -> None:
    """Without --precheck the server sees no request at all."""
    rig.serve()
    ran = rig.call("plan", str(rig.write(make_ids(3))), *rig.aim())
    assert ran.code == 0, ran.err
    assert ran.out.endswith("Nothing was sent.\n")
    assert rig.server.ledger.summary().requests == 0


def test_a_look_beforehand_foretells_by_status_and_names_strangers(rig: Rig) -> None:
    """With --precheck each allocation is read, none is cancelled, and strangers are named."""
    wanted = make_ids(20)
    stranger, other_vendor, missing = wanted[3], wanted[4], "62ff5c0bec0aed3c862040f4"
    rig.serve(
        po_number=PO,
        vendor_id=VENDOR,
        owners={stranger: ("77", "57"), other_vendor: (PO, "57")},
        states={wanted[0]: "CANCELLED", wanted[1]: "SHIPPED", wanted[2]: "REALLOCATED"},
    )
    source = str(rig.write([*wanted, missing, wanted[5], ""]))
    ran = rig.call("plan", source, *rig.aim(), "--rate", "500", "--precheck")
    assert ran.code == 0, ran.err
    lines = {line.strip() for line in ran.out.splitlines()}
    assert "Forecast   21 allocations read" in lines
    assert f"PO         {PO} for 19 of 20" in lines
    assert f"! PO 77 for 1 allocation (row 5: {stranger})" in lines
    strangers = f"(row 5: {stranger}, row 6: {other_vendor})"
    assert f"! Vendor 57 for 2 allocations {strangers}" in lines
    assert "No cancel was sent." in lines
    seen = rig.server.ledger.summary()
    assert (seen.puts, seen.requests) == (0, 21)
    ran = rig.call("plan", source, *rig.aim(), "--rate", "500", "--precheck", "--json")
    plan = json.loads(ran.out)
    foretold = {one["status"]: one["outcome"] for one in plan["forecast"]["foretold"]}
    assert foretold["CANCELLED"] == "already_cancelled"
    assert foretold["SHIPPED"] == "not_cancelled"
    assert foretold["REALLOCATED"] == "not_cancelled"
    assert foretold[None] == "not_found"
    assert sum(one["allocations"] for one in plan["forecast"]["foretold"]) == 21
    assert plan["forecast"]["vendor_id"]["usual"] == {"value": VENDOR, "allocations": 18}
    assert plan["forecast"]["po_number"]["differing"] == [
        {"value": "77", "allocations": 1, "examples": [[5, stranger]]}
    ]


def test_a_look_with_a_refused_token_ends_with_6(rig: Rig) -> None:
    """A plan whose look can't be finished says so in its exit code."""
    rig.serve()
    wrong = {**rig.environment(), "BULKCANCEL_TOKEN": "stale"}
    source = str(rig.write(make_ids(5)))
    ran = rig.call("plan", source, *rig.aim(), "--precheck", environment=wrong)
    assert ran.code == 6
    assert "The look was stopped early: the API refuses the token" in ran.out
    assert rig.server.ledger.summary().puts == 0


def test_a_look_needs_a_token(rig: Rig) -> None:
    """Without a token --precheck is refused before the input is read."""
    rig.serve()
    without = {name: text for name, text in rig.environment().items() if "TOKEN" not in name}
    source = str(rig.write(make_ids(1)))
    ran = rig.call("plan", source, *rig.aim(), "--precheck", environment=without)
    assert ran.code == 2
    assert "no token" in ran.err


def test_the_report_holds_the_forecast_against_the_end(rig: Rig) -> None:
    """After a run with --precheck the summary and the terminal say what came out otherwise."""
    wanted = make_ids(20)
    stubborn, before = wanted[0], wanted[1]
    rig.serve(f"status:PENDING_PICK@{stubborn}", states={before: "CANCELLED"})
    ran = rig.run(rig.write(wanted), "--precheck")
    assert ran.code == 3, ran.err
    assert "Forecast   19 of 20 as foretold, 1 otherwise" in ran.out
    forecast = rig.summary()["forecast"]
    assert (forecast["allocations"], forecast["as_foretold"], forecast["otherwise"]) == (20, 19, 1)
    cells = {(cell["foretold"], cell["outcome"]) for cell in forecast["cells"]}
    assert cells == {
        ("cancelled", "cancelled"),
        ("cancelled", "not_cancelled"),
        ("already_cancelled", "already_cancelled"),
    }
    again = rig.call("report", "night")
    assert rig.summary()["forecast"] == forecast
    assert "Forecast   19 of 20 as foretold, 1 otherwise" in again.out


def test_a_run_without_a_look_has_no_forecast(rig: Rig) -> None:
    """Read-backs after a send foretell nothing."""
    rig.serve("hangup-after*1")
    ran = rig.run(rig.write(make_ids(3)))
    assert ran.code == 0, ran.err
    assert rig.summary()["forecast"] is None
    assert "Forecast" not in ran.out


def test_a_plan_tells_how_long_it_takes_at_the_limit_learned_before(rig: Rig) -> None:
    """A limit that an earlier run learned is shown, with the time it means."""
    rig.serve(rate=30.0, burst=2)
    wanted = make_ids(150)
    learn = ("--rate", "300", "--verify-after", "0.1,0.3", "--yes")
    ran = rig.call("run", str(rig.write(wanted)), *rig.aim(), *learn, "--run-id", "learn")
    assert ran.code == 0, ran.err
    limit = rig.summary("learn")["pacing"]["learned_limit"]
    assert limit is not None
    plan = rig.call("plan", str(rig.write(wanted)), *rig.aim(), "--rate", "300", "--json")
    facts = json.loads(plan.out)
    assert abs(facts["known_limit"] - limit) < 0.01
    assert abs(facts["likely_seconds"] - 149 / facts["known_limit"]) < 0.001
    words = rig.call("plan", str(rig.write(wanted)), *rig.aim(), "--rate", "300").out
    assert "requests/s, learned by an earlier run: about" in words


def test_a_plan_says_what_an_earlier_run_cancelled(rig: Rig) -> None:
    """Ids that a recent run cancelled and that are asked for again are named with that run."""
    rig.serve()
    assert rig.run(rig.write(make_ids(5)), run_id="first").code == 0
    source = str(rig.write(make_ids(8, start=3), name="again.csv"))
    ran = rig.call("plan", source, *rig.aim())
    assert "Before     3 allocations cancelled by run first, which ended 20" in ran.out
    facts = json.loads(rig.call("plan", source, *rig.aim(), "--json").out)
    assert [run["allocations"] for run in facts["cancelled_before"]] == [3]
