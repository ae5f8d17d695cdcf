"""Reaching the Redis of a shared rate: TLS, passwords, and what else may stand there."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
from redisserver import REDIS, RedisServer
from tlsing import OPENSSL, Doorway, make_certificates

from bulkcancel.client import Secret
from bulkcancel.model import Target
from bulkcancel.pacing import Grant
from bulkcancel.shared import NoGrant, SharedRate
from bulkcancel.simulator import SimulatorOptions, SimulatorThread

TARGET = Target(base_url="http://127.0.0.1:1/api/v2", account="1234abcd5678efgh9ijklmno")
PASSWORD = "sentinel-of-redis"
WITHOUT = """
import sys
sys.modules["redis"] = None
from bulkcancel.cli import main
main()
"""
NEEDS_OPENSSL = pytest.mark.skipif(OPENSSL is None, reason="openssl makes the certificates")


def asked(rate: SharedRate) -> Grant | NoGrant:
    """Return the answer to one question."""

    async def main() -> Grant | NoGrant:
        async with rate.opened(TARGET) as schedule:
            return await schedule.ask(400.0, slots=1, pause=0.0)

    return anyio.run(main)


def reason(rate: SharedRate) -> str:
    """Return why there is no answer; it can't be the password's fault."""
    seen = asked(rate)
    assert isinstance(seen, NoGrant)
    assert not seen.denied
    assert PASSWORD not in seen.reason
    return seen.reason


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[RedisServer]:
    """Give a server that wants a password."""
    if REDIS is None:
        pytest.skip("there is no redis-server here; tests/install.sh installs it")
    server = RedisServer(folder=tmp_path, password=PASSWORD)
    server.start()
    yield server
    server.kill()


def test_a_password(guarded: RedisServer) -> None:
    """The right one opens, alone or with the user's name; none and a wrong one are denied."""
    right, wrong = Secret(PASSWORD), Secret("another")
    for user in (None, "default"):
        assert isinstance(asked(SharedRate(url=guarded.url, password=right, user=user)), Grant)
    for denied in (
        SharedRate(url=guarded.url),
        SharedRate(url=guarded.url, password=wrong),
        SharedRate(url=guarded.url, password=right, user="nobody"),
    ):
        seen = asked(denied)
        assert seen == NoGrant(reason="refuses the user or the password", denied=True)


def test_a_user_who_may_not_run_scripts(guarded: RedisServer) -> None:
    """That is denied as well: asking again changes nothing."""
    with guarded.client() as client:
        client.acl_setuser("shards", enabled=True, passwords=["+other"], categories=["+@read"])
    seen = asked(SharedRate(url=guarded.url, user="shards", password=Secret("other")))
    assert isinstance(seen, NoGrant)
    assert seen.denied


def test_a_password_that_is_not_wanted(server: RedisServer) -> None:
    """A server without any is not told apart by trying: the sentence says what it refuses."""
    seen = asked(SharedRate(url=server.url, password=Secret(PASSWORD)))
    assert isinstance(seen, NoGrant)
    assert PASSWORD not in seen.reason


@NEEDS_OPENSSL
def test_tls(server: RedisServer, tmp_path: Path) -> None:
    """A certificate that we trust is taken; another, an expired one and one of a stranger not."""
    make_certificates(tmp_path)
    trusted = tmp_path / "ca.pem"
    for name, words in (
        ("good", ""),
        ("expired", "a certificate that is not trusted (certificate has expired"),
        ("other", "a certificate that is not trusted (IP address mismatch"),
    ):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / f"{name}.pem", tmp_path / "leaf.key")
        door = Doorway(port=server.port, context=context)
        url = door.base_url.replace("https://", "rediss://").removesuffix("/api/v2")
        try:
            if not words:
                assert isinstance(asked(SharedRate(url=url, ca_file=trusted)), Grant)
                assert "not trusted" in reason(SharedRate(url=url))
                continue
            assert words in reason(SharedRate(url=url, ca_file=trusted))
        finally:
            door.close()


@pytest.mark.parametrize("scheme", ["redis", "rediss"])
def test_a_server_that_says_nothing(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not waited for without end, nor is a TLS that it does not speak."""
    pytest.importorskip("redis", reason="the library redis is an extra")
    monkeypatch.setattr("bulkcancel.shared.redis_schedule._TIMEOUT", 0.5)
    door = Doorway(port=9, context=None)
    port = door.base_url.partition("127.0.0.1:")[2].partition("/")[0]
    try:
        words = reason(SharedRate(url=f"{scheme}://127.0.0.1:{port}"))
    finally:
        door.close()
    assert words == "did not answer within 0.5 s"


def test_nobody_there() -> None:
    """A port where nobody listens, and a name that does not exist."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"redis://127.0.0.1:{taken.getsockname()[1]}"
        assert reason(SharedRate(url=url)) == "can't be reached (Connection refused)"
    assert "can't be reached" in reason(SharedRate(url="redis://nobody.invalid"))


def test_another_server_there() -> None:
    """What speaks HTTP is no Redis; the sentence does not show what it said."""
    with SimulatorThread(SimulatorOptions(token=PASSWORD)) as api:
        words = reason(SharedRate(url=api.origin.replace("http://", "redis://")))
    assert "HTTP" not in words
    assert words


def test_a_key_of_another_kind(server: RedisServer) -> None:
    """Somebody else's data under our name is not overwritten; the sentence names the refusal."""
    asked(SharedRate(url=server.url))
    with server.client() as client:
        (name,) = client.keys()
        client.set(name, "something else")
        assert "refuses to run the schedule" in reason(SharedRate(url=server.url))
        assert client.get(name) == b"something else"


def test_a_server_that_takes_no_writes(guarded: RedisServer) -> None:
    """A replica holds no schedule: the sentence names the refusal, and it is asked again."""
    rate = SharedRate(url=guarded.url, password=Secret(PASSWORD))
    with guarded.client() as client:
        client.replicaof("127.0.0.1", 1)
        assert "refuses to run the schedule (ReadOnlyError)" in reason(rate)
        client.replicaof("no", "one")
    assert isinstance(asked(rate), Grant)


def test_a_cluster(tmp_path: Path) -> None:
    """A node of one is told from a Redis alone."""
    if REDIS is None:
        pytest.skip("there is no redis-server here; tests/install.sh installs it")
    bus = RedisServer(folder=tmp_path).port  # else it is the port and 10,000, which may be too high
    node = RedisServer(
        folder=tmp_path, more=("--cluster-enabled", "yes", "--cluster-port", str(bus))
    )
    node.start()
    try:
        assert reason(SharedRate(url=node.url)).startswith("is part of a cluster")
    finally:
        node.kill()


def test_without_the_library_the_sentence_says_how_to_get_it(tmp_path: Path) -> None:
    """Redis is an extra: who shares a rate without it is told so before anything is made."""
    (tmp_path / "ids.csv").write_text("allocation_id\n62ff5c0b000000000001aaaa\n")
    words = [
        "run", "ids.csv", "--base-url", "http://127.0.0.1:9/api/v2", "--account", TARGET.account,
        "--yes", "--shared-rate", "redis://127.0.0.1:1",
    ]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, *words],
        cwd=tmp_path,
        env={"BULKCANCEL_TOKEN": "t", "XDG_STATE_HOME": str(tmp_path / "state"), "HOME": "/"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "pip install 'bulkcancel[shared-rate]'" in done.stderr
    assert not (tmp_path / "reports").exists()
