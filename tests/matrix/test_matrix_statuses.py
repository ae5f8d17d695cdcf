"""Rows 25, 26 and 33 to 35 of the fault matrix: refusals, gateways that fail, already cancelled.

Row 32 (503 for all, for a while) stands with the throttling.
"""

from __future__ import annotations

import pytest
from changing import replace
from quickrun import QuickRig
from rigging import make_ids


@pytest.mark.parametrize("code", ["404", "410"])
def test_25_unknown_ids_are_not_found(rig: QuickRig, code: str) -> None:
    """3 % unknown in the API's own shape: `not_found` are exactly these, exit 3."""
    wanted = make_ids(60)
    missing = [wanted[10], wanted[40]]
    rig.serve(f"410@{','.join(missing)}", states=dict.fromkeys(missing, "missing"))
    if code == "404":
        rig.server.set_faults()
    finished = rig.work(wanted)
    assert finished.exit_code == 3
    found = [row["allocation_id"] for row in rig.rows() if row["outcome"] == "not_found"]
    assert found == missing
    assert rig.outcomes() == {"cancelled": 58, "not_found": 2}
    assert finished.summary["attempts"]["by_http_status"][code] == 2
    rig.check(wanted)


@pytest.mark.parametrize("fault", ["html-404", "empty-404", "html-404-applied"])
def test_26_a_404_of_a_proxy_halts(rig: QuickRig, fault: str) -> None:
    """A 404 that is not the API's stops the run; nothing is called `not_found`."""
    wanted = make_ids(60)
    rig.serve(f"{fault}@{wanted[20]}")
    finished = rig.work(wanted, replace(rig.settings(), concurrency=1))
    assert finished.exit_code == 5
    assert "wrong base URL, or a proxy" in finished.verdict
    assert rig.outcomes() == {"cancelled": 20, "unknown": 1, "not_attempted": 39}
    rig.check(wanted)


@pytest.mark.parametrize("code", ["500", "502", "504", "520", "408", "html-502"])
def test_33_one_in_twenty_fails(rig: QuickRig, code: str) -> None:
    """5 % of the requests fail: all are cancelled finally, and only those were sent again."""
    wanted = make_ids(60)
    rig.serve(f"{code}=0.05")
    finished = rig.work(wanted)
    assert finished.exit_code == 0
    assert rig.outcomes() == {"cancelled": 60}
    failed = rig.server.ledger.summary().by_fault[code]
    assert failed > 0
    assert finished.summary["attempts"]["sent"] == 60 + failed
    rig.check(wanted)


@pytest.mark.parametrize("code", ["500", "503", "504", "408", "html-502", "429", "503:0"])
def test_34_failed_but_applied(rig: QuickRig, code: str) -> None:
    """Each id fails once although it took effect: cancelled, never sent twice when in doubt."""
    wanted = make_ids(30)
    kind, colon, argument = code.partition(":")
    rig.serve(f"{kind}-applied{colon}{argument}*1")
    assert rig.work(wanted).exit_code == 0
    throttled = code in {"429", "503:0"}
    # A refusal for rate says that nothing was applied: it is sent again without a look.
    expected = ("cancelled", "false", "2") if throttled else ("cancelled", "true", "1")
    assert rig.facts() == {expected}
    rig.check(wanted)


@pytest.mark.parametrize("answer", ["ok", "400", "409", "500"])
def test_35_already_cancelled_at_the_first_attempt(rig: QuickRig, answer: str) -> None:
    """Told "already" as 409, 400 or 500: `already_cancelled`, read back, no endless repeat."""
    wanted = make_ids(20)
    before = dict.fromkeys(wanted[:5], "CANCELLED")
    rig.serve(states=before, already=answer)
    assert rig.work(wanted).exit_code == 0
    rows = rig.rows()
    assert {row["attempts"] for row in rows} == {"1"}
    if answer == "ok":
        # A plain 200 that shows CANCELLED says nothing of who did it, or when.
        assert rig.outcomes() == {"cancelled": 20}
    else:
        assert {(row["outcome"], row["verified"]) for row in rows[:5]} == {
            ("already_cancelled", "true")
        }
        assert rig.outcomes() == {"already_cancelled": 5, "cancelled": 15}
    rig.check(wanted)


@pytest.mark.parametrize(
    ("answer", "outcome", "code"),
    [("400", "already_cancelled", 0), ("409", "already_cancelled", 0), ("500", "unknown", 4)],
)
def test_35_already_cancelled_where_nothing_can_be_read(
    rig: QuickRig, answer: str, outcome: str, code: int
) -> None:
    """Without a GET a firm refusal is believed; a server that broke while saying so is not."""
    wanted = make_ids(20)
    rig.serve(states=dict.fromkeys(wanted[:5], "CANCELLED"), already=answer, read_available=False)
    assert rig.work(wanted).exit_code == code
    assert {row["outcome"] for row in rig.rows()[:5]} == {outcome}
    assert {row["attempts"] for row in rig.rows()[:5]} == {"1"}
    rig.check(wanted)
