"""Rows 20 to 24 of the fault matrix: redirects, refused and short tokens, forbidden accounts."""

from __future__ import annotations

import threading
import time

import pytest
from changing import replace
from quickrun import QuickRig
from rigging import TOKEN, make_ids

from bulkcancel.client import ClientCredentials, Grant, NoToken, Secret, TokenSource
from bulkcancel.simulator import SimulatorOptions, SimulatorThread

CLIENT_SECRET = "sentinel-client-secret-8d1f"
ISSUED = b"simulated-"
"""How every token that the simulator issues begins."""


def no_secret_in(rig: QuickRig) -> None:
    """Assert that no file holds the client's secret or a token that was issued to it."""
    for path in rig.path.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert CLIENT_SECRET.encode() not in content, path.name
            assert ISSUED not in content, path.name


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


def client_of(rig: QuickRig) -> ClientCredentials:
    """Return the simulator's own client, as a source of tokens."""
    return ClientCredentials(
        token_url=rig.server.token_url,
        client_id="simulator-client",
        client_secret=Secret(CLIENT_SECRET),
    )


def expired_share(rig: QuickRig) -> float:
    """Return which share of the cancels came with a token that was refused as expired."""
    cancels = [entry for entry in rig.server.ledger.entries() if entry.method == "PUT"]
    return sum(entry.token == "expired" for entry in cancels) / len(cancels)


@pytest.mark.parametrize("hit", [0, 40, 99])
def test_21_a_token_revoked_with_32_in_flight(rig: QuickRig, hit: int) -> None:
    """All that were in flight meet 401: exactly one refresh, all rows finish, two sends at most."""
    wanted = make_ids(100)
    rig.serve(f"revoke@{wanted[hit]}*1", latency=0.02, client_secret=CLIENT_SECRET)
    settings = replace(rig.settings(), concurrency=32)
    assert rig.work(wanted, settings, token=client_of(rig)).exit_code == 0
    ledger = rig.server.ledger.summary()
    assert ledger.tokens == 2, "the first token, and one refresh"
    assert ledger.by_status["401"] >= 1
    assert set(rig.outcomes()) == {"cancelled"}
    assert max(int(row["attempts"]) for row in rig.rows()) <= 2
    rig.check(wanted)
    no_secret_in(rig)


def test_21_a_second_revocation_is_survived_too(rig: QuickRig) -> None:
    """A token that served in between was good: its end is no reason to stop."""
    wanted = make_ids(100)
    faults = [f"revoke@{wanted[place]}*1" for place in (10, 60)]
    rig.serve(*faults, latency=0.02, client_secret=CLIENT_SECRET)
    settings = replace(rig.settings(), concurrency=4)
    assert rig.work(wanted, settings, token=client_of(rig)).exit_code == 0
    assert rig.server.ledger.summary().tokens == 3
    rig.check(wanted)


def test_21_all_tokens_expired_with_32_in_flight(rig: QuickRig) -> None:
    """As when the server forgets them all: one refresh for 32 refusals."""
    wanted = make_ids(300)
    rig.serve(latency=0.05, client_secret=CLIENT_SECRET)
    session = rig.begin(wanted, replace(rig.settings(), concurrency=32))

    def forget() -> None:
        while rig.server.ledger.summary().puts < 64:
            time.sleep(0.005)
        rig.server.expire_tokens()

    other = threading.Thread(target=forget, daemon=True)
    other.start()
    assert rig.carry(session, token=client_of(rig)).exit_code == 0
    other.join(10)
    ledger = rig.server.ledger.summary()
    assert ledger.tokens == 2
    assert 1 <= ledger.by_status["401"] <= 32
    rig.check(wanted)


def test_22_every_token_is_refused(rig: QuickRig) -> None:
    """401 for ever: one refresh, then the run stops, exit 6, the rest unsent."""
    wanted = make_ids(40)
    rig.serve("401", client_secret=CLIENT_SECRET)
    settings = replace(rig.settings(), concurrency=4)
    finished = rig.work(wanted, settings, token=client_of(rig))
    assert finished.exit_code == 6
    assert "The API refuses the token" in finished.verdict
    ledger = rig.server.ledger.summary()
    assert ledger.tokens == 2, "the first token, and one refresh"
    assert ledger.puts <= 8
    assert max(int(row["attempts"]) for row in rig.rows()) <= 2
    assert rig.outcomes()["not_attempted"] >= 32
    assert set(rig.outcomes()) == {"failed", "not_attempted"}
    rig.check(wanted)
    no_secret_in(rig)
    rig.server.set_faults()
    assert rig.carry(rig.reopen(), token=client_of(rig)).exit_code == 0
    rig.check(wanted)


class Numbered(TokenSource):
    """Has another token each time, as somebody's own source may."""

    def __init__(self) -> None:
        self.given = 0

    async def fetch(self) -> Grant | NoToken:
        """Return the next one."""
        self.given += 1
        return Grant(token=Secret(f"sentinel-numbered-token-{self.given}"))


def test_22_a_newer_token_is_refused_too(rig: QuickRig) -> None:
    """Whatever the source, it is asked once more, and no more."""
    wanted = make_ids(40)
    rig.serve("401")
    source = Numbered()
    finished = rig.work(wanted, replace(rig.settings(), concurrency=4), token=source)
    assert finished.exit_code == 6
    assert source.given == 2
    assert rig.server.ledger.summary().puts <= 8
    assert rig.outcomes()["not_attempted"] >= 32
    assert "sentinel-numbered" not in rig.log_path.read_text()
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


def test_23_tokens_that_live_shorter_than_the_run(rig: QuickRig) -> None:
    """Each is replaced before it ends: no failure, next to no refusal, one request for each."""
    wanted = make_ids(400)
    rig.serve(client_secret=CLIENT_SECRET, token_lifetime=3.0)
    settings = replace(rig.settings(), rate=50.0, concurrency=4)
    assert rig.work(wanted, settings, token=client_of(rig)).exit_code == 0
    assert rig.outcomes() == {"cancelled": 400}
    assert rig.server.ledger.summary().tokens >= 4, "eight seconds, and tokens of three"
    assert expired_share(rig) <= 0.01
    assert rig.log_path.read_text().count("token.renewed") == rig.server.ledger.summary().tokens
    rig.check(wanted)
    no_secret_in(rig)


def test_23_a_pause_that_outlasts_the_token(rig: QuickRig) -> None:
    """Those that stand at the gate for longer than their token lives go with the next one."""
    wanted = make_ids(40)
    rig.serve(f"429:4@{wanted[10]}*1", client_secret=CLIENT_SECRET, token_lifetime=3.0)
    assert rig.work(wanted, token=client_of(rig)).exit_code == 0
    assert set(rig.server.ledger.summary().by_status) == {"200", "429"}
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
