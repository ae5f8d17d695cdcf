"""Rows 12 to 19, 62 and 63 of the fault matrix: answers that are slow, broken, or not the API's.

Times are scaled down: a total timeout of 30 s is half a second here.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from changing import replace
from quickrun import QuickRig
from rigging import make_ids

from bulkcancel.breaker import BreakerOptions

MEGABYTE = 1 << 20
PATIENT = BreakerOptions(
    probe_first=0.01, probe_most=0.05, patience=20.0, foreign_in_a_row=1_000_000
)
"""A breaker that does not mind answers of another shape, so that each is seen to its end."""


def memory(name: str) -> int:
    """Return a figure of this process in bytes: VmRSS, or VmHWM for the most since `forget`."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024


def forget_peak() -> None:
    """Let the most memory used count from now on."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def test_12_a_drip_ends_at_the_total_timeout(rig: QuickRig) -> None:
    """A body that comes byte by byte is cut at the total timeout, and the one slot is free again.

    Whole, it would take minutes.
    """
    wanted = make_ids(20)
    rig.serve(f"drip:1@{wanted[3]}")
    finished = rig.work(wanted, replace(rig.settings(), timeout=0.5, concurrency=1))
    assert finished.exit_code == 0
    slow = rig.rows()[3]
    assert (slow["outcome"], slow["verified"], slow["attempts"]) == ("cancelled", "true", "1")
    assert finished.summary["attempts"]["no_answer"] == {"timeout": 1}
    rig.check(wanted)


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("truncated", "truncated"),
        ("bad-status-line", "bad_http"),
        ("http-0.9", "bad_http"),
        ("oversized", "oversized"),
    ],
)
def test_13_18_19_a_broken_answer_is_in_doubt(rig: QuickRig, fault: str, cause: str) -> None:
    """Truncated, oversized, garbage or HTTP/0.9: never believed, read back, sent once."""
    wanted = make_ids(20)
    rig.serve(f"{fault}*1")
    finished = rig.work(wanted, replace(rig.settings(), breaker=PATIENT))
    assert finished.exit_code == 0
    assert rig.facts() == {("cancelled", "true", "1")}
    assert finished.summary["attempts"]["no_answer"] == {cause: 20}
    rig.check(wanted)


@pytest.mark.parametrize("fault", ["truncated-unapplied", "bad-status-line-unapplied"])
def test_13_19_a_broken_answer_is_not_believed(rig: QuickRig, fault: str) -> None:
    """The same where nothing took effect: read back as active, and sent a second time."""
    wanted = make_ids(20)
    rig.serve(f"{fault}*1")
    assert rig.work(wanted, replace(rig.settings(), breaker=PATIENT)).exit_code == 0
    assert rig.facts() == {("cancelled", "false", "2")}
    rig.check(wanted)


@pytest.mark.parametrize("fault", ["garbage", "html", "empty-200", "empty-array", "html-applied"])
def test_14_16_three_foreign_answers_in_a_row_stop(rig: QuickRig, fault: str) -> None:
    """Invalid JSON, HTML, nothing or an empty list with 200: the third in a row stops, exit 5."""
    wanted = make_ids(40)
    rig.serve(fault)
    # However slow the machine is, none of the three is read back before the last one came.
    settings = replace(rig.settings(), concurrency=1, verify_after=(30.0,))
    finished = rig.work(wanted, settings)
    assert finished.exit_code == 5
    assert "3 answers in a row were not the API's" in finished.verdict
    assert rig.server.ledger.summary().puts == 3
    assert rig.outcomes() == {"unknown": 3, "not_attempted": 37}
    rig.check(wanted)
    rig.server.set_faults()
    assert rig.resume().exit_code == 0
    rig.check(wanted)


@pytest.mark.parametrize("fault", ["garbage", "html", "empty-200", "empty-array"])
def test_14_16_single_foreign_answers_are_in_doubt(rig: QuickRig, fault: str) -> None:
    """One such answer for a single allocation is in doubt, and read back."""
    wanted = make_ids(20)
    rig.serve(f"{fault}@{wanted[4]},{wanted[9]},{wanted[14]}*1")
    finished = rig.work(wanted, replace(rig.settings(), concurrency=1))
    assert finished.exit_code == 0
    again = "2" if fault == "html" else "1"
    assert [row["attempts"] for row in rig.rows()][4::5] == [again, again, again, "1"]
    rig.check(wanted)


STATUSES = ["PENDING_PICK", "ALLOCATED", "SHIPPED", "cancelled ", "cancelled", "SCRATCHED_V9"]


@pytest.mark.parametrize("status", STATUSES)
def test_15_another_status_is_read_back(rig: QuickRig, status: str) -> None:
    """HTTP 200 with another status, known or new: `not_cancelled` unless the GET says so."""
    wanted = make_ids(20)
    rig.serve(f'status:"{status}"@{wanted[0]}', f'status-applied:"{status}"@{wanted[1]}')
    finished = rig.work(wanted)
    assert finished.exit_code == 3
    kept, took_effect = rig.rows()[:2]
    assert (kept["outcome"], kept["verified"], kept["attempts"]) == ("not_cancelled", "true", "1")
    assert kept["status"] == rig.server.ledger[wanted[0]].status
    assert (took_effect["outcome"], took_effect["verified"]) == ("cancelled", "true")
    rig.check(wanted)


def test_15_partly_cancelled_is_never_counted_as_cancelled(rig: QuickRig) -> None:
    """PARTIALLY_CANCELLED is an outcome of its own, and a break."""
    wanted = make_ids(20)
    rig.serve(f"partial@{wanted[7]}")
    assert rig.work(wanted).exit_code == 3
    assert rig.outcomes() == {"cancelled": 19, "partially_cancelled": 1}
    assert [row["allocation_id"] for row in rig.rows("breaks.csv")] == [wanted[7]]
    rig.check(wanted)


@pytest.mark.parametrize("fault", ["other-id", "several", "other-id-unapplied"])
def test_16_another_allocation_in_the_answer_stops_at_the_first(rig: QuickRig, fault: str) -> None:
    """Another id, or two objects: the run stops there and then, exit 5."""
    wanted = make_ids(40)
    rig.serve(f"{fault}@{wanted[5]}")
    finished = rig.work(wanted, replace(rig.settings(), concurrency=1))
    assert finished.exit_code == 5
    assert "another allocation" in finished.verdict
    assert rig.server.ledger.summary().puts == 6
    assert rig.outcomes() == {"cancelled": 5, "unknown": 1, "not_attempted": 34}
    rig.check(wanted)
    rig.server.set_faults()
    assert rig.resume().exit_code == 0
    rig.check(wanted)


@pytest.mark.parametrize(
    "fault", ["no-version", "version-string", "version-nan", "version-huge", "deep-json"]
)
def test_17_an_answer_of_a_wrong_shape_is_in_doubt(rig: QuickRig, fault: str) -> None:
    """No version, a wrong one, or JSON nested 100,000 deep: read back, no crash, little memory."""
    wanted = make_ids(20)
    rig.serve(f"{fault}*1")
    forget_peak()
    before = memory("VmRSS")
    finished = rig.work(wanted, replace(rig.settings(), breaker=PATIENT))
    assert memory("VmHWM") - before < 10 * MEGABYTE
    assert finished.exit_code == 0
    assert rig.facts() == {("cancelled", "true", "1")}
    rig.check(wanted)


@pytest.mark.parametrize("fault", ["oversized", "gzip-bomb"])
def test_18_a_huge_body_is_cut(rig: QuickRig, fault: str) -> None:
    """A body of 100 MB, plain or packed, costs next to no memory and is in doubt."""
    wanted = make_ids(8)
    rig.serve(f"{fault}*1")
    rig.server.set_faults()
    assert rig.work(make_ids(2), run_id="warm-up").exit_code == 0
    rig.serve(f"{fault}*1")
    forget_peak()
    before = memory("VmRSS")
    finished = rig.work(wanted, replace(rig.settings(), breaker=PATIENT))
    assert memory("VmHWM") - before < 20 * MEGABYTE
    assert finished.exit_code == 0
    assert rig.facts() == {("cancelled", "true", "1")}
    rig.check(wanted)


def test_19_a_huge_header_is_in_doubt(rig: QuickRig) -> None:
    """A header of 20 kB is no answer that is believed."""
    wanted = make_ids(20)
    rig.serve("big-header*1")
    finished = rig.work(wanted, replace(rig.settings(), breaker=PATIENT))
    assert finished.exit_code == 0
    assert rig.facts() == {("cancelled", "true", "1")}
    assert finished.summary["attempts"]["no_answer"] == {"bad_http": 20}
    rig.check(wanted)


def test_62_slices_and_disorder_leave_the_report_in_order(rig: QuickRig) -> None:
    """Answers out of order and in 1-byte slices: all cancelled, the report in input order."""
    wanted = make_ids(60)
    rig.serve("drip:20000=0.3", latency=0.01, latency_jitter=0.15)
    finished = rig.work(wanted, replace(rig.settings(), concurrency=32))
    assert finished.exit_code == 0
    assert [row["allocation_id"] for row in rig.rows()] == wanted
    assert rig.facts() == {("cancelled", "false", "1")}
    arrived = [entry.ids[0] for entry in rig.server.ledger.entries()]
    settled = sorted(rig.rows(), key=lambda row: row["settled_at"])
    assert [row["allocation_id"] for row in settled] != arrived, "they did overtake each other"
    rig.check(wanted)


def test_63_half_of_the_fleet_without_a_version(rig: QuickRig) -> None:
    """Every second answer without a version: each is read back on its own, nothing stops."""
    wanted = make_ids(40)
    rig.serve(f"no-version@{','.join(wanted[::2])}")
    assert rig.work(wanted, replace(rig.settings(), concurrency=1)).exit_code == 0
    assert [row["verified"] for row in rig.rows()] == ["true", "false"] * 20
    assert {row["attempts"] for row in rig.rows()} == {"1"}
    rig.check(wanted)


def test_63_a_fleet_without_any_version_stops(rig: QuickRig) -> None:
    """When no answer has a version the breaker decides: exit 5 at the third."""
    wanted = make_ids(40)
    rig.serve("no-version")
    finished = rig.work(wanted, replace(rig.settings(), concurrency=1))
    assert finished.exit_code == 5
    assert rig.server.ledger.summary().puts == 3
    rig.check(wanted)
