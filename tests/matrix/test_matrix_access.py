"""Rows 20, 22, 24 of the fault matrix: redirects, refused tokens, forbidden accounts.

Rows 21 and 23 (a token that is refreshed by client credentials) have no such flow yet.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from quickrun import QuickRig
from rigging import TOKEN, make_ids

from bulkcancel.client import Secret
from bulkcancel.simulator import SimulatorOptions, SimulatorThread


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("elsewhere", [True, False])
def test_20_a_redirect_is_never_followed(rig: QuickRig, code: int, *, elsewhere: bool) -> None:
    """Any redirect, here or to another host, stops the run; its target never sees a request."""
    wanted = make_ids(30)
    other = rig.stack.enter_context(SimulatorThread(SimulatorOptions(token=TOKEN)))
    where = f",{other.url}/allocation/{wanted[0]}" if elsewhere else ""
    rig.serve(f'redirect:"{code}{where}"')
    finished = rig.work(wanted, replace(rig.settings(), concurrency=4))
    assert finished.exit_code == 5
    assert f"HTTP {code}" in finished.verdict
    assert other.ledger.summary().requests == 0
    assert not [entry for entry in rig.server.ledger.entries() if "redirected" in entry.path]
    assert rig.server.ledger.summary().puts <= 4
    assert set(rig.outcomes()) == {"failed", "not_attempted"}
    rig.check(wanted)


def test_20_a_redirect_of_a_read_is_never_followed(rig: QuickRig) -> None:
    """A read-back that is redirected stops the run too; what was in doubt stays unknown."""
    wanted = make_ids(30)
    other = rig.stack.enter_context(SimulatorThread(SimulatorOptions(token=TOKEN)))
    rig.serve(
        f"hangup-after@{wanted[3]}*1", f'redirect:"302,{other.url}/allocation/{wanted[3]}"/GET'
    )
    finished = rig.work(wanted)
    assert finished.exit_code == 5
    assert other.ledger.summary().requests == 0
    assert rig.rows()[3]["outcome"] == "unknown"
    rig.check(wanted)


def test_22_a_token_that_is_always_refused(rig: QuickRig) -> None:
    """401 for ever: one newer token is tried, then the run stops, exit 6, the rest unsent."""
    wanted = make_ids(40)
    rig.serve("401")
    asked = []

    def newer() -> Secret:
        asked.append(1)
        return Secret("sentinel-newer-token-31")

    finished = rig.work(wanted, replace(rig.settings(), concurrency=4), newer_token=newer)
    assert finished.exit_code == 6
    assert asked
    assert rig.server.ledger.summary().puts <= 8
    assert max(int(row["attempts"]) for row in rig.rows()) <= 2
    assert rig.outcomes()["not_attempted"] >= 32
    assert set(rig.outcomes()) == {"failed", "not_attempted"}
    assert "sentinel-newer-token" not in rig.log_path.read_text()
    rig.check(wanted)


@pytest.mark.parametrize("fault", ["401", "403-token"])
def test_22_a_refused_token_without_another(rig: QuickRig, fault: str) -> None:
    """Without a newer token the first refusal stops the run."""
    wanted = make_ids(40)
    rig.serve(fault)
    finished = rig.work(wanted, replace(rig.settings(), concurrency=4))
    assert finished.exit_code == 6
    assert rig.server.ledger.summary().puts <= 4
    rig.check(wanted)
    rig.server.set_faults()
    assert rig.resume().exit_code == 0
    rig.check(wanted)


def test_24_forbidden_for_all(rig: QuickRig) -> None:
    """403 for every allocation: the breaker stops the run at the fifth, exit 6."""
    wanted = make_ids(60)
    rig.serve("403", latency=0.02)
    finished = rig.work(wanted, replace(rig.settings(), concurrency=8))
    assert finished.exit_code == 6
    sent = rig.server.ledger.summary().puts
    assert 5 <= sent <= 5 + 8
    assert rig.outcomes() == {"rejected": sent, "not_attempted": 60 - sent}
    rig.check(wanted)


def test_24_a_few_forbidden_ones_do_not_stop(rig: QuickRig) -> None:
    """403 for some allocations rejects these and no others."""
    wanted = make_ids(60)
    rig.serve(f"403@{','.join(wanted[::10])}")
    assert rig.work(wanted, replace(rig.settings(), concurrency=1)).exit_code == 3
    assert rig.outcomes() == {"rejected": 6, "cancelled": 54}
    rig.check(wanted)
