"""A clean-up after a cancelled purchase order: find, plan, canary, run, verify."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from rigging import ACCOUNT, QUICK, TOKEN, Ran, Rig, make_ids, no_secrets

from bulkcancel.simulator import PERSONAL_SENTINELS

PO, VENDOR = "4500000012", "56"
OURS, STRANGERS = make_ids(12), make_ids(2, start=13)
SERVED = {
    "stock": 40,
    "po_number": "7",
    "owners": dict.fromkeys(OURS, (PO, VENDOR)) | dict.fromkeys(STRANGERS, (PO, "57")),
    "states": {OURS[0]: "SHIPPED", OURS[1]: "CANCELLED"},
}
FOUND = OURS[2:]


def find(rig: Rig, *more: str, po: str = PO) -> Ran:
    """Look for the purchase order."""
    return rig.call("find", "--po", po, *rig.aim(), "--wait-initial", "0.01", *more)


def ids(text: str) -> list[str]:
    """Return the ids in a CSV text."""
    return [row["allocation_id"] for row in csv.DictReader(io.StringIO(text))]


def nothing_private(*texts: str) -> None:
    """Assert that no text holds the token or personal data."""
    for needle in (TOKEN, *PERSONAL_SENTINELS):
        assert not any(needle in text for text in texts)


def test_a_purchase_order_is_cleaned_up(rig: Rig) -> None:
    """What is found goes in as it is; two of another vendor, smuggled in, are not sent."""
    rig.serve(**SERVED)
    found = find(rig, "--vendor", VENDOR)
    assert found.code == 0, found.err
    assert ids(found.out) == FOUND
    assert "2 of another vendor (57), 1 already CANCELLED, 1 SHIPPED" in found.err
    guards = f"--expect-count 10 --expect-po {PO} --expect-vendor {VENDOR}"
    assert f"Next       bulkcancel run FILE {guards}" in found.err
    nothing_private(found.out, found.err)
    source = rig.path / "gone.csv"
    source.write_text(found.out)

    plan = rig.call("plan", str(source), *rig.aim(), "--precheck", "--rate", "500")
    assert (plan.code, "would be cancelled                  10" in plan.out) == (0, True)

    extra = "".join(f"{one},,,,,,,,,,\n" for one in STRANGERS)
    source.write_text(found.out + extra)
    assert rig.run(source, *guards.split(), run_id="refused").code == 2
    ran = rig.run(source, "--canary", "3", *guards.replace("10", "12", 1).split())
    assert ran.code == 3, ran.err
    outcomes = {row["allocation_id"]: row["outcome"] for row in rig.rows()}
    assert outcomes == dict.fromkeys(FOUND, "cancelled") | dict.fromkeys(STRANGERS, "rejected")
    truth = rig.server.ledger.summary().allocations
    assert {one for one in truth if truth[one].puts} == set(FOUND)
    assert rig.rows()[0]["input_po_number"] == PO
    rig.check([*FOUND, *STRANGERS])
    assert rig.call("verify", "night").code == 0

    again = find(rig, "--vendor", VENDOR)
    assert (again.code, ids(again.out)) == (0, [])
    assert "11 already CANCELLED" in again.err


def test_none_is_an_input_that_a_run_accepts(rig: Rig) -> None:
    """Exit 0 and a header; the run of it ends with 0 as well, and nothing is sent."""
    rig.serve(**SERVED)
    found = find(rig, po="no-such")
    assert (found.code, ids(found.out)) == (0, [])
    assert found.out.startswith("allocation_id,po_number,vendor_id,status,")
    assert "Found      none" in found.err
    assert "--unfiltered" in found.err
    assert "The API says: No allocations found" in found.err
    source = rig.path / "none.csv"
    source.write_text(found.out)
    ran = rig.run(source, "--expect-count", "0")
    assert ran.code == 0, ran.err
    assert rig.server.ledger.summary().puts == 0


def test_a_filter_that_the_api_ignores_is_applied_here(rig: Rig) -> None:
    """It is said so, and how many were looked at; with a bound it stops before the end."""
    rig.serve(**SERVED, query_filters="ignored")
    found = find(rig, "--page-size", "15")
    assert found.code == 0, found.err
    assert ids(found.out) == sorted([*FOUND, *STRANGERS])
    assert "Looked at  40 allocations, in 2 readings" in found.err
    assert "26 of another purchase order" in found.err
    assert "does not keep to the filter" in found.err
    assert f"They are of 2 vendors (10 of {VENDOR}, 2 of 57): --vendor keeps to one." in found.err
    stopped = find(rig, "--page-size", "15", "--max-scanned", "39")
    assert (stopped.code, stopped.out) == (5, "")
    assert "Error: 40 allocations were looked at" in stopped.err


@pytest.mark.parametrize(
    ("fault", "options", "code", "said"),
    [
        ("500@query/POST", {}, 5, "no answer to a query in 4 tries"),
        ("401@query/POST", {}, 6, "the API refuses the token"),
        ("pii-message@query/POST", {}, 5, "the API refuses the query: HTTP 400"),
        ("500@token/POST", {"query_offset": "ignored"}, 5, "no two of 4 readings in a row"),
    ],
)
def test_trouble_prints_nothing(
    rig: Rig, fault: str, options: dict[str, str], code: int, said: str
) -> None:
    """Standard output stays empty, so a file made of it is no input; nor is FILE touched."""
    rig.serve(fault, **SERVED, **options)
    seen = find(rig, "--page-size", "5", "--wait-max", "0.02")
    assert (seen.code, seen.out) == (code, "")
    assert said in seen.err
    nothing_private(seen.err)
    (rig.path / "gone.csv").write_text(seen.out)
    assert rig.run(rig.path / "gone.csv").code == 2
    seen = find(rig, "--page-size", "5", "--wait-max", "0.02", "--output", "found.csv")
    assert (seen.code, seen.out) == (code, "")
    assert not (rig.path / "found.csv").exists()


def test_a_file_is_not_written_over_unasked(rig: Rig) -> None:
    """Refused before anything is sent; with --force the new content takes its place whole."""
    rig.serve(**SERVED)
    path = rig.path / "found.csv"
    path.write_text("mine\n")
    refused = find(rig, "--output", "found.csv")
    assert (refused.code, refused.out) == (2, "")
    assert "found.csv is there already; --force" in refused.err
    assert rig.server.ledger.summary().requests == 0
    assert path.read_text() == "mine\n"
    done = find(rig, "--output", "found.csv", "--force")
    assert (done.code, done.out) == (0, "")
    assert len(ids(path.read_text())) == 12
    assert "bulkcancel run found.csv --expect-count 12" in done.err
    no_secrets(rig.path)


def test_the_result_as_json(rig: Rig) -> None:
    """All counts, and the allocations unless a file has them."""
    rig.serve(**SERVED)
    seen = json.loads(find(rig, "--vendor", VENDOR, "--json").out)
    assert [one["allocation_id"] for one in seen["allocations"]] == FOUND
    assert (seen["found"], seen["looked_at"], seen["passes"]) == (10, 14, 2)
    assert {"reason": "of another vendor", "value": "57", "allocations": 2} in seen["left_out"]
    told = find(rig, "--json", "--output", "found.csv")
    seen = json.loads(told.out)
    assert (seen["found"], seen["output"], "allocations" in seen) == (12, "found.csv", False)
    nothing_private(told.out, told.err)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--po", "45*"), "--po takes no wildcard"),
        (("--po", PO, "--vendor", "*"), "--vendor takes no wildcard"),
        (("--po", ""), "--po takes a text that is not empty"),
        ((), "Missing option '--po'"),
        (("--po", PO, "--status", "any", "--status", "SHIPPED"), "--status any stands"),
        (("--po", PO, "--page-size", "0"), "--page-size"),
        (("--po", PO, "--rate", "0"), "--rate"),
        (("--po", PO, "--id-pattern", "["), "--id-pattern"),
        (("--po", PO, "--output", "no-such/x.csv"), "there is no folder no-such"),
    ],
)
def test_what_can_not_be_looked_for_is_refused(rig: Rig, words: tuple[str, ...], said: str) -> None:
    """With a sentence, exit 2, and before anything is sent."""
    rig.serve(**SERVED)
    seen = rig.call("find", *words, *rig.aim())
    assert (seen.code, seen.out) == (2, "")
    assert said in seen.err
    assert rig.server.ledger.summary().requests == 0


def test_statuses_may_be_named_and_joined(rig: Rig) -> None:
    """In any case; one that is not documented is looked for, and said to be none."""
    rig.serve(**SERVED)
    seen = find(rig, "--status", "shipped,CANCELLED", "--status", "Odd")
    assert (seen.code, ids(seen.out)) == (0, OURS[:2])
    assert "ODD is no documented status." in seen.err
    assert len(ids(find(rig, "--status", "any").out)) == 14


def test_a_full_disk_is_no_success(rig: Rig) -> None:
    """A result that could not be written whole ends with 7, wherever it was to go."""
    rig.serve(**SERVED)
    with Path("/dev/full").open("w") as full:
        words = rig.command("find", "--po", PO, *rig.aim())
        done = subprocess.run(
            words, cwd=rig.path, env=rig.environment(), stdout=full, stderr=subprocess.PIPE,
            check=False, text=True,
        )  # fmt: skip
    assert done.returncode == 7, done.stderr
    assert "Standard output can't be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_pipe_that_nobody_reads_is_no_success(rig: Rig) -> None:
    """What was to be an input did not arrive; it is said so, without a traceback."""
    rig.serve(**SERVED)
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            rig.command("find", "--po", PO, *rig.aim()),
            cwd=rig.path, env=rig.environment(), stdout=write, stderr=subprocess.PIPE,
            check=False, text=True,
        )  # fmt: skip
    finally:
        os.close(write)
    assert done.returncode == 7, done.stderr
    assert "Broken pipe" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -15)])
def test_an_interrupted_search_prints_nothing(rig: Rig, number: int, code: int) -> None:
    """It ends at once: there is nothing to drain, and half a result is none."""
    rig.serve(**SERVED, latency=30.0)
    process = rig.spawn("find", "--po", PO, *rig.aim(), "--output", "found.csv", "--json")
    while not rig.server.ledger.summary().requests and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(number)
    assert process.wait(timeout=60) == code
    assert (rig.path / "out.txt").read_bytes() == b""
    assert not (rig.path / "found.csv").exists()
    assert b"Traceback" not in (rig.path / "err.txt").read_bytes()


def test_target_token_and_pace_may_come_from_a_profile(rig: Rig) -> None:
    """As for every other command; what is looked for is said anew each time."""
    rig.serve(**SERVED)
    (rig.path / "bulkcancel.toml").write_text(
        f'[profile.prod]\nbase-url = "{rig.server.url}"\naccount = "{rig.aim()[3]}"\nrate = 500\n'
    )
    seen = rig.call("find", "--po", PO, "--profile", "prod")
    assert (seen.code, len(ids(seen.out))) == (0, 12)
    environment = rig.environment(BULKCANCEL_PO=PO, BULKCANCEL_VENDOR=VENDOR)
    assert rig.call("find", "--profile", "prod", environment=environment).code == 2


def test_the_simulator_serves_a_stock_for_a_rehearsal(rig: Rig) -> None:
    """As a command of its own, with a stock of one purchase order and an API that is difficult."""
    simulator = rig.spawn(
        "simulate", "--port", "0", "--token", TOKEN, "--stock", "9", "--po", PO, "--vendor", VENDOR,
        "--query-filters", "ignored", "--query-offset", "rounded", "--query-cap", "4",
        "--query-moves", "1", "--stop-after", "120",
    )  # fmt: skip
    said = rig.path / "out.txt"
    while not (address := re.search(r"http://\S+/api/v2", said.read_text())):
        assert simulator.poll() is None
        time.sleep(0.02)
    aim = ("--base-url", address.group(), "--account", ACCOUNT)
    seen = rig.call("find", "--po", PO, "--vendor", VENDOR, *aim, "--wait-initial", "0.01")
    assert (seen.code, ids(seen.out)) == (0, make_ids(9)), seen.err
    assert "in 3 readings of which the last two are alike" in seen.err
    said.unlink()  # a simulator says which token it takes


def test_the_result_may_go_straight_into_a_run(rig: Rig) -> None:
    """A pipe is an input like any other."""
    rig.serve(**SERVED)
    found = find(rig, "--vendor", VENDOR)
    words = ("run", "-", *rig.aim(), *QUICK, "--confirm", "10", "--run-id", "night")
    ran = rig.call(*words, stdin=found.out.encode())
    assert ran.code == 0, ran.err
    rig.check(FOUND)
