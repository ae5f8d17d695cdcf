"""Rows 1 to 11 of the fault matrix: connections that fail before, during and after a send.

Times are scaled down.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from changing import replace
from quickrun import QuickRig
from rigging import make_ids
from tlsing import OPENSSL, Doorway, make_certificates

from bulkcancel.breaker import BreakerOptions

NEEDS_OPENSSL = pytest.mark.skipif(
    OPENSSL is None, reason="the openssl command makes the test certificates, and isn't installed"
)
SOON_GIVING_UP = BreakerOptions(probe_first=0.01, probe_most=0.05, first_contact=0.2)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the certificates once."""
    folder = tmp_path_factory.mktemp("certificates")
    make_certificates(folder)
    return folder


@pytest.fixture
def doorway(rig: QuickRig) -> Iterator[Any]:
    """Open doorways to the simulator; they are closed when the test ends."""
    made: list[Doorway] = []

    def open_one(context: ssl.SSLContext | None) -> Doorway:
        made.append(Doorway(port=int(rig.server.origin.rpartition(":")[2]), context=context))
        return made[-1]

    yield open_one
    for one in made:
        one.close()


def test_01_refused_for_a_while_then_served(rig: QuickRig) -> None:
    """Nobody listens at first: the run waits, then each is sent once; unsent is counted apart."""
    wanted = make_ids(30)
    with socket.socket() as place:
        # Bound and not listening: connections are refused, and nobody else takes the port.
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        place.bind(("127.0.0.1", 0))
        port = place.getsockname()[1]

        def open_late() -> None:
            place.close()
            rig.serve(port=port)

        opener = threading.Timer(0.8, open_late)
        opener.start()
        finished = rig.work(wanted, rig.settings(f"http://127.0.0.1:{port}/api/v2"))
        opener.join()
    assert finished.exit_code == 0
    assert rig.facts() == {("cancelled", "false", "1")}
    sends = finished.summary["attempts"]
    assert sends["sent"] == 30
    assert sends["not_sent"]["refused"] > 0
    rig.check(wanted)


def test_02_a_name_that_does_not_exist(rig: QuickRig) -> None:
    """A host name that nobody knows: exit 5 after the time for a first contact, nothing sent."""
    wanted = make_ids(20)
    rig.serve()
    settings = replace(
        rig.settings("https://no-such-host.invalid/api/v2"), breaker=SOON_GIVING_UP, timeout=5.0
    )
    finished = rig.work(wanted, settings)
    assert finished.exit_code == 5
    assert rig.outcomes() == {"not_attempted": 20}
    assert finished.summary["attempts"]["sent"] == 0
    assert set(finished.summary["attempts"]["not_sent"]) <= {"dns", "withdrawn"}
    rig.check(wanted)


def test_03_the_name_service_fails_in_mid_run(
    rig: QuickRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No name is found for a while, and each send wants one: the run goes on, none has failed."""
    wanted = make_ids(60)
    rig.serve()
    ask, failed = socket.getaddrinfo, list[float]()

    def failing(*question: Any, **more: Any) -> Any:
        down = rig.server.ledger.summary().puts >= 20
        if down and (not failed or time.monotonic() - failed[0] < 1.0):
            failed.append(time.monotonic())
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return ask(*question, **more)

    monkeypatch.setattr(socket, "getaddrinfo", failing)
    # Each send makes a connection of its own, and each connection asks for the address.
    forgetful = partial(aiohttp.TCPConnector, use_dns_cache=False)
    monkeypatch.setattr(
        aiohttp, "TCPConnector", lambda **options: forgetful(**{**options, "keepalive_timeout": 0})
    )
    named = rig.server.url.replace("127.0.0.1", "localhost")
    finished = rig.work(wanted, replace(rig.settings(named), concurrency=4))
    assert finished.exit_code == 0
    assert finished.summary["attempts"]["not_sent"]["dns"] == len(failed) > 0
    assert rig.facts() == {("cancelled", "false", "1")}
    rig.check(wanted)


@NEEDS_OPENSSL
@pytest.mark.parametrize("flaw", ["expired", "other", "self-signed"])
def test_04_an_untrusted_certificate_stops_at_once(
    rig: QuickRig, certificates: Path, doorway: Any, flaw: str
) -> None:
    """Expired, for another host, or of an unknown authority: exit 5, not one byte of a request."""
    wanted = make_ids(20)
    rig.serve()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf = "good" if flaw == "self-signed" else flaw
    context.load_cert_chain(certificates / f"{leaf}.pem", certificates / "leaf.key")
    door = doorway(context)
    trusted = None if flaw == "self-signed" else str(certificates / "ca.pem")
    settings = replace(rig.settings(door.base_url), ca_file=trusted, concurrency=4)
    finished = rig.work(wanted, settings)
    assert finished.exit_code == 5
    assert "certificate is not trusted" in finished.verdict
    assert rig.outcomes() == {"not_attempted": 20}
    assert finished.summary["attempts"]["sent"] == 0
    assert 1 <= door.connections <= 4
    assert door.received == 0
    rig.check(wanted)


@NEEDS_OPENSSL
def test_04_a_trusted_certificate_is_served(
    rig: QuickRig, certificates: Path, doorway: Any
) -> None:
    """The same doorway with a good certificate lets everything through: the test above can fail."""
    wanted = make_ids(20)
    rig.serve()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "good.pem", certificates / "leaf.key")
    door = doorway(context)
    settings = replace(rig.settings(door.base_url), ca_file=str(certificates / "ca.pem"))
    assert rig.work(wanted, settings).exit_code == 0
    assert door.received > 0
    rig.check(wanted)


def test_05_tls_to_a_plain_port(rig: QuickRig) -> None:
    """A port that speaks plain HTTP to a TLS handshake: nothing is sent, exit 5."""
    wanted = make_ids(20)
    rig.serve()
    plain = rig.server.url.replace("http:", "https:")
    finished = rig.work(wanted, replace(rig.settings(plain), breaker=SOON_GIVING_UP))
    assert finished.exit_code == 5
    assert rig.outcomes() == {"not_attempted": 20}
    assert set(finished.summary["attempts"]["not_sent"]) <= {"tls", "withdrawn"}
    rig.check(wanted)


def test_05_a_silent_handshake(rig: QuickRig, doorway: Any) -> None:
    """A port that accepts and says nothing: the handshake times out, which is no send."""
    wanted = make_ids(20)
    rig.serve()
    door = doorway(None)
    settings = replace(rig.settings(door.base_url), breaker=SOON_GIVING_UP, timeout=0.3)
    finished = rig.work(wanted, settings)
    assert finished.exit_code == 5
    assert rig.outcomes() == {"not_attempted": 20}
    assert finished.summary["attempts"]["sent"] == 0
    assert set(finished.summary["attempts"]["not_sent"]) <= {"connect_timeout", "withdrawn"}
    rig.check(wanted)


@pytest.mark.parametrize("fault", ["hangup-after", "reset-after"])
def test_06_effect_then_hang_up_is_found_by_a_read(rig: QuickRig, fault: str) -> None:
    """The server takes effect and hangs up: cancelled, verified, and one PUT each, not two."""
    wanted = make_ids(30)
    rig.serve(f"{fault}*1")
    assert rig.work(wanted).exit_code == 0
    assert rig.facts() == {("cancelled", "true", "1")}
    assert rig.server.ledger.summary().puts == 30
    rig.check(wanted)


@pytest.mark.parametrize("already", ["ok", "400", "409", "500"])
def test_06_effect_then_hang_up_without_reads(rig: QuickRig, already: str) -> None:
    """Without a GET the cancel is repeated; "already cancelled" then confirms it: two sends."""
    wanted = make_ids(30)
    rig.serve("hangup-after*1", read_available=False, already=already)
    assert rig.work(wanted).exit_code == 0
    assert {(outcome, sends) for outcome, _, sends in rig.facts()} == {("cancelled", "2")}
    assert rig.server.ledger.summary().effects == 30
    rig.check(wanted)


@pytest.mark.parametrize("fault", ["hangup-before", "reset-before"])
@pytest.mark.parametrize("readable", [True, False])
def test_07_hang_up_without_effect_is_sent_again(
    rig: QuickRig, fault: str, *, readable: bool
) -> None:
    """The server hangs up and does nothing: still active when read, so sent a second time."""
    wanted = make_ids(30)
    rig.serve(f"{fault}*1", read_available=readable)
    assert rig.work(wanted).exit_code == 0
    assert rig.facts() == {("cancelled", "false", "2")}
    assert rig.server.ledger.summary().puts == 60
    rig.check(wanted)


def test_08_a_reset_on_a_kept_connection(rig: QuickRig) -> None:
    """A reset on a connection in use again is in doubt; nothing is repeated behind our back."""
    wanted = make_ids(30)
    rig.serve(f"reset-before@{','.join(wanted[1::2])}*1")
    assert rig.work(wanted, replace(rig.settings(), concurrency=1)).exit_code == 0
    assert [row["attempts"] for row in rig.rows()] == ["1", "2"] * 15
    rig.check(wanted)


def test_08_a_kept_connection_that_dies_between_two_sends(rig: QuickRig) -> None:
    """The server resets idle connections while the next send is due: all cancelled all the same."""
    wanted = make_ids(30)
    rig.serve("reset-idle:0.02")
    assert rig.work(wanted, replace(rig.settings(), concurrency=1, rate=49.0)).exit_code == 0
    assert rig.outcomes() == {"cancelled": 30}
    # A send that meets the reset is one of ours that the server never read.
    rig.check(wanted, killed=True)


def test_09_never_an_answer_but_an_effect(rig: QuickRig) -> None:
    """One allocation never gets an answer: the read-back shows that it is cancelled."""
    wanted = make_ids(20)
    rig.serve(f"hang-applied:30@{wanted[6]}")
    assert rig.work(wanted, replace(rig.settings(), timeout=0.4)).exit_code == 0
    slow = rig.rows()[6]
    assert (slow["outcome"], slow["verified"], slow["attempts"]) == ("cancelled", "true", "1")
    rig.check(wanted)


def test_10_never_an_answer_and_no_reads(rig: QuickRig) -> None:
    """The same without a GET: unknown after four sends, exit 4, in the breaks and the retries."""
    wanted = make_ids(20)
    rig.serve(f"hang-applied:30@{wanted[6]}", read_available=False)
    finished = rig.work(wanted, replace(rig.settings(), timeout=0.4))
    assert finished.exit_code == 4
    assert rig.outcomes() == {"cancelled": 19, "unknown": 1}
    assert rig.rows()[6]["attempts"] == "4"
    assert [row["allocation_id"] for row in rig.rows("breaks.csv")] == [wanted[6]]
    assert [row["allocation_id"] for row in rig.rows("retry.csv")] == [wanted[6]]
    rig.check(wanted)


@pytest.mark.parametrize("verify_after", [(0.05, 0.1), (0.1, 1.5)])
@pytest.mark.parametrize("readable", [True, False])
def test_11_an_effect_that_comes_late(
    rig: QuickRig, verify_after: tuple[float, ...], *, readable: bool
) -> None:
    """Effect and answer come after our timeout: cancelled or unknown, two PUTs at most."""
    wanted = make_ids(10)
    rig.serve("late:0.9*1", read_available=readable)
    settings = replace(
        rig.settings(), timeout=0.3, verify_after=verify_after, concurrency=10, max_attempts=2
    )
    finished = rig.work(wanted, settings)
    assert finished.exit_code in {0, 4}
    assert set(rig.outcomes()) <= {"cancelled", "unknown"}
    assert max(rig.server.ledger[one].puts for one in wanted) <= 2
    rig.check(wanted)
