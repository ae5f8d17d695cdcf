"""Tokens as people give them to the command: from a file, a variable, an endpoint, a keyring."""

from __future__ import annotations

import importlib.util
import json
import shlex
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from relay import Relay
from rigging import ACCOUNT, TOKEN, Rig, make_ids

from bulkcancel.simulator import SimulatorOptions, SimulatorThread, parse_fault

SECRET = "sentinel-client-secret-8d1f"
ISSUED = "simulated-"
"""How every token that the simulator issues begins."""


def environment(rig: Rig, **more: str) -> dict[str, str]:
    """Return an environment with the client's secret and without a token."""
    plain = {name: text for name, text in rig.environment().items() if "TOKEN" not in name}
    return {**plain, "BULKCANCEL_CLIENT_SECRET": SECRET, **more}


def words(rig: Rig, wanted: list[str], *more: str, token_url: str = "") -> tuple[str, ...]:
    """Return the words of a run that gets its tokens from the simulator."""
    return (
        "run", str(rig.write(wanted)), *rig.aim(), "--rate", "500", "--fixed-rate", "--yes",
        "--token-url", token_url or rig.server.token_url, "--client-id", "simulator-client",
        "--verify-after", "0.1,0.3", "--wait-initial", "0.05", "--wait-max", "0.2",
        "--run-id", "night", "--verbose", *more,
    )  # fmt: skip


def no_secret_in(rig: Rig, *outputs: str) -> None:
    """Assert that neither the secret nor an issued token is in any file or output."""
    texts = [path.read_bytes().decode("latin-1") for path in rig.path.rglob("*") if path.is_file()]
    for text in (*texts, *outputs):
        for secret in (SECRET, ISSUED):
            assert secret not in text


def until(happened: Any) -> None:
    """Wait until something has happened."""
    give_up = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < give_up
        time.sleep(0.01)


def test_client_credentials(rig: Rig) -> None:
    """A run, its verification and a look beforehand, with tokens from an endpoint."""
    rig.serve(client_secret=SECRET)
    wanted = make_ids(50)
    ran = rig.call(*words(rig, wanted), environment=environment(rig))
    assert ran.code == 0, ran.err
    assert rig.server.ledger.summary().tokens == 1
    rig.check(wanted)
    named = environment(
        rig,
        BULKCANCEL_TOKEN_URL=rig.server.token_url,
        BULKCANCEL_CLIENT_ID="simulator-client",
    )
    rig.server.set_faults(parse_fault(f"revoke@{wanted[7]}*1/GET"))
    verified = rig.call("verify", "night", environment=named)
    assert verified.code == 0, verified.err
    assert rig.server.ledger.summary().tokens == 3, "one to begin with, one in place of the revoked"
    rig.server.set_faults()
    planned = rig.call(
        "plan", str(rig.path / "ids.csv"), *rig.aim(), "--rate", "500", "--precheck",
        environment=named,
    )  # fmt: skip
    assert planned.code == 0, planned.err
    assert rig.server.ledger.summary().tokens == 4
    no_secret_in(rig, ran.out, ran.err, verified.out, verified.err, planned.out, planned.err)


@pytest.mark.parametrize("tokens", ["one refused", "all refused", "none"])
def test_a_verification_without_a_token_ends_with_6(rig: Rig, tokens: str) -> None:
    """It says why, and nothing is said of the report that was not read."""
    rig.serve(client_secret=SECRET)
    assert rig.run(rig.write(make_ids(20))).code == 0
    if tokens == "one refused":
        ran = rig.call("verify", "night", environment=rig.environment(BULKCANCEL_TOKEN="stale"))
        assert "the API refuses the token" in ran.out
    else:
        faults = [parse_fault("401/GET")] if tokens == "all refused" else []
        rig.server.set_faults(*faults)
        endpoint = ("--token-url", rig.server.token_url, "--client-id", "simulator-client")
        secret = SECRET if faults else "sentinel-wrong"
        kept = environment(rig, BULKCANCEL_CLIENT_SECRET=secret)
        ran = rig.call("verify", "night", *endpoint, environment=kept)
        assert ("the API refuses the token" if faults else "there is no token") in ran.out
        assert rig.server.ledger.summary().tokens == 2
    assert ran.code == 6, ran.err


@pytest.mark.parametrize("way", ["variable", "file"])
def test_a_wrong_secret(rig: Rig, way: str) -> None:
    """Exit 6 at once, no cancel sent, the secret in no output, file or log; a resume finishes."""
    rig.serve(client_secret="another-one")
    wanted = make_ids(50)
    more: tuple[str, ...] = ()
    kept = environment(rig)
    if way == "file":
        del kept["BULKCANCEL_CLIENT_SECRET"]
        (rig.path.parent / "client.secret").write_text(SECRET + "\n")
        more = ("--client-secret-file", str(rig.path.parent / "client.secret"))
    ran = rig.call(*words(rig, wanted, *more, "--log-format", "json"), environment=kept)
    assert ran.code == 6, ran.err
    assert "invalid_client: the client id or its secret is wrong there" in ran.out
    assert "bulkcancel resume" in ran.out
    ledger = rig.server.ledger.summary()
    assert (ledger.puts, ledger.gets, ledger.tokens) == (0, 0, 2)
    assert rig.summary()["outcomes"]["not_attempted"] == 50
    assert rig.summary()["attempts"]["not_sent"] == {}, "nothing was as good as on its way"
    rig.check(wanted)
    no_secret_in(rig, ran.out, ran.err)
    events = [json.loads(line) for line in ran.err.splitlines()]
    assert "token.not_renewed" in [event["event"] for event in events]
    assert rig.call("resume", "night", "--rate", "2000").code == 0
    rig.check(wanted)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--token-file", "nowhere"), "the token file nowhere can't be read: No such file"),
        (("--token-url", "http://idp.example/t", "--client-id", "c"), "in the clear"),
        (("--token-url", "https://idp.example/t"), "without --client-id"),
    ],
)
def test_what_can_be_seen_beforehand_is_refused_beforehand(
    rig: Rig, options: tuple[str, ...], said: str
) -> None:
    """Exit 2, and not even a run folder."""
    rig.serve()
    run = ("run", str(rig.write(make_ids(5))), *rig.aim(), "--yes", *options)
    ran = rig.call(*run, environment=environment(rig))
    assert ran.code == 2, ran.err
    assert said in ran.err
    assert rig.server.ledger.summary().requests == 0
    assert not (rig.path / "reports").exists()


class Recorder(ThreadingHTTPServer):
    """An API that cancels all, takes every token, and notes in order which it was shown."""

    daemon_threads = True
    shown: list[str]

    @property
    def url(self) -> str:
        """The base address."""
        return f"http://127.0.0.1:{self.server_address[1]}/api/v2"


class _Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        """Cancel."""
        assert isinstance(self.server, Recorder)
        self.server.shown.append(self.headers["Authorization"].removeprefix("Bearer "))
        one = {"allocationId": self.path.rpartition("/")[2], "statusCode": "CANCELLED"}
        body = json.dumps([one | {"version": 2}]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep silent."""


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    """Serve such an API."""
    with Recorder(("127.0.0.1", 0), _Answering) as server:
        server.shown = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_a_token_file_rewritten_in_mid_run(rig: Rig, recorder: Recorder) -> None:
    """The new token is used from the next send on, without any refusal of the old one."""
    wanted, file = make_ids(300), rig.path / "token.secret"
    file.write_text("first-token")
    process = rig.spawn(
        "run", str(rig.write(wanted)), "--base-url", recorder.url, "--account", ACCOUNT,
        "--rate", "200", "--fixed-rate", "--concurrency", "4", "--yes", "--run-id", "night",
        "--token-file", str(file),
    )  # fmt: skip
    until(lambda: len(recorder.shown) >= 50)
    newer = rig.path / "newer"
    newer.write_text("second-token\n")
    newer.replace(file)
    before = len(recorder.shown)
    assert process.wait(60) == 0, (rig.path / "err.txt").read_text()
    assert len(recorder.shown) == 300
    assert set(recorder.shown[:50]) == {"first-token"}
    # What was in flight, or just past its look at the file, may still show the old one.
    assert set(recorder.shown[before + 8 :]) == {"second-token"}


def test_a_token_through_a_pipe(rig: Rig, recorder: Recorder) -> None:
    """A shell's <(command) is read once, and that is enough."""
    run = rig.command("run", str(rig.write(make_ids(5))), "--base-url", recorder.url)
    script = rig.path / "script"
    options = f"--account {ACCOUNT} --yes --rate 500 --token-file <(echo piped-token)"
    script.write_text(f"exec {shlex.join(run)} {options}\n")
    done = subprocess.run(
        ["bash", str(script)],  # noqa: S607 - the user's own shell
        cwd=rig.path,
        env=rig.environment(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert recorder.shown == ["piped-token"] * 5


@pytest.fixture
def relay(rig: Rig) -> Iterator[Relay]:
    """Serve, with a relay before the token endpoint that can die and rise again."""
    rig.serve(client_secret=SECRET, token_lifetime=2.0)
    made = Relay(port=int(rig.server.origin.rpartition(":")[2]))
    yield made
    made.die()


def test_an_endpoint_that_is_down_at_the_start_and_comes(rig: Rig, relay: Relay) -> None:
    """It is asked again for a while; then the run goes its way."""
    relay.die()
    wanted = make_ids(50)
    rise = threading.Timer(3.0, relay.rise)
    rise.start()
    ran = rig.call(
        *words(rig, wanted, token_url=f"{relay.origin}/v1/token"), environment=environment(rig)
    )
    rise.join()
    assert ran.code == 0, ran.err
    assert "token.not_renewed" in ran.err
    assert "Connection refused" in ran.err
    rig.check(wanted)


def test_an_endpoint_that_is_down_for_good(rig: Rig, relay: Relay) -> None:
    """After the patience: exit 6, nothing sent, resumable."""
    relay.die()
    wanted = make_ids(50)
    ran = rig.call(
        *words(rig, wanted, "--outage-patience", "1", token_url=f"{relay.origin}/v1/token"),
        environment=environment(rig),
    )
    assert ran.code == 6, ran.err
    assert "can't be reached (refused: Connection refused)" in ran.out
    assert rig.server.ledger.summary().requests == 0
    rig.check(wanted)
    assert rig.call("resume", "night", "--rate", "2000").code == 0
    rig.check(wanted)


def test_an_endpoint_that_dies_in_mid_run(rig: Rig, relay: Relay) -> None:
    """The old token is used to its end; then the run waits, and goes on when the endpoint does."""
    wanted = make_ids(200)
    (rig.path / "client.secret").write_text(SECRET)
    process = rig.spawn(
        *words(
            rig, wanted, "--rate", "50", "--client-secret-file", str(rig.path / "client.secret"),
            token_url=f"{relay.origin}/v1/token",
        )
    )  # fmt: skip
    until(lambda: rig.server.ledger.summary().puts >= 10)
    relay.die()
    until(lambda: "token.not_renewed" in (rig.path / "err.txt").read_text())
    time.sleep(1.5)
    relay.rise()
    assert process.wait(60) == 0, (rig.path / "err.txt").read_text()
    (rig.path / "client.secret").unlink()
    ledger = rig.server.ledger.summary()
    assert ledger.by_status["200"] == 200 + ledger.tokens
    rig.check(wanted)
    no_secret_in(rig)


def test_an_endpoint_that_stays_dead_in_mid_run(rig: Rig, relay: Relay) -> None:
    """When the old token has ended and the patience too: exit 6, a balanced report, resumable."""
    wanted = make_ids(300)
    (rig.path / "client.secret").write_text(SECRET)
    process = rig.spawn(
        *words(
            rig, wanted, "--rate", "50", "--client-secret-file", str(rig.path / "client.secret"),
            "--outage-patience", "1", token_url=f"{relay.origin}/v1/token",
        )
    )  # fmt: skip
    until(lambda: rig.server.ledger.summary().puts >= 10)
    relay.die()
    assert process.wait(60) == 6, (rig.path / "err.txt").read_text()
    (rig.path / "client.secret").unlink()
    # On a busy machine a request may arrive after the end of the token that it carries.
    known = ("The token has expired, and there is no newer one", "The API refuses the token")
    assert any(words in rig.summary()["verdict"] for words in known)
    outcomes = rig.summary()["outcomes"]
    assert outcomes["cancelled"] > 0
    assert outcomes["not_attempted"] > 0
    assert outcomes["unknown"] == 0
    rig.check(wanted)
    no_secret_in(rig)
    assert rig.call("resume", "night", "--rate", "2000").code == 0
    rig.check(wanted)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("html/POST", "no JSON object"),
        ("500/POST", "answered HTTP 500"),
        ("503:3600/POST", "answered HTTP 503, and asks to wait 3,600 s"),
        ("redirect:307/POST", "redirects (HTTP 307), which is never followed"),
        ("drip:2/POST", "gave no whole answer (timeout"),
        ("hang/POST", "gave no whole answer (timeout"),
        ("oversized/POST", "a body of more than 65536 bytes"),
        ("gzip-bomb:9000000/POST", "no JSON object"),
        ("reset/POST", "gave no whole answer (reset"),
        ("bad-status-line/POST", "gave no whole answer (bad_http"),
    ],
)
def test_an_endpoint_that_is_none(rig: Rig, fault: str, said: str) -> None:
    """Whatever stands there, a sentence says what it did; exit 6, and nothing was sent."""
    rig.serve(fault, client_secret=SECRET)
    wanted = make_ids(5)
    ran = rig.call(
        *words(rig, wanted, "--outage-patience", "0.5", "--timeout", "0.5"),
        environment=environment(rig),
    )
    assert ran.code == 6, ran.err
    assert said in ran.out
    ledger = rig.server.ledger.summary()
    assert ledger.requests == ledger.tokens, "nothing but token requests"
    rig.check(wanted)
    no_secret_in(rig, ran.out, ran.err)


def test_a_redirect_elsewhere_shows_the_secret_to_nobody(rig: Rig) -> None:
    """The address it leads to sees no request."""
    other = rig.stack.enter_context(SimulatorThread(SimulatorOptions(token=TOKEN)))
    rig.serve(f'redirect:"308,{other.token_url}"/POST', client_secret=SECRET)
    ran = rig.call(*words(rig, make_ids(5)), environment=environment(rig))
    assert ran.code == 6, ran.err
    assert other.ledger.summary().requests == 0


def test_a_stop_does_not_wait_for_a_token(rig: Rig) -> None:
    """Ctrl-C while the endpoint hangs: the run ends in order, at once."""
    rig.serve("hang:60/POST", client_secret=SECRET)
    (rig.path / "client.secret").write_text(SECRET)
    wanted = make_ids(5)
    process = rig.spawn(
        *words(
            rig, wanted, "--client-secret-file", str(rig.path / "client.secret"), "--drain", "50"
        )
    )
    until(lambda: rig.server.ledger.summary().tokens == 1)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130
    (rig.path / "client.secret").unlink()
    assert rig.summary()["outcomes"]["not_attempted"] == 5
    rig.check(wanted)


@pytest.mark.skipif(
    importlib.util.find_spec("keyring") is None, reason="the library keyring is an extra"
)
def test_a_token_and_a_secret_from_the_keyring(rig: Rig) -> None:
    """`--token-keyring` and `--client-secret-keyring` name an entry as `keyring set` does."""
    rig.serve(client_secret=SECRET)
    folder = rig.path.parent / "backend"
    folder.mkdir()
    (folder / "ring.py").write_text(
        "from keyring.backend import KeyringBackend\n"
        "class Ring(KeyringBackend):\n"
        "    priority = 1\n"
        "    def set_password(self, service, username, password): raise NotImplementedError\n"
        "    def get_password(self, service, username):\n"
        f"        return {{('oms', 'token'): {TOKEN!r}, ('oms', 'secret'): {SECRET!r}}}"
        ".get((service, username))\n"
    )
    spec = importlib.util.find_spec("keyring")
    assert spec is not None
    assert spec.origin is not None
    beside = Path(spec.origin).parents[1]
    ring = {
        "PYTHONPATH": f"{folder}:{beside}",
        "PYTHON_KEYRING_BACKEND": "ring.Ring",
    }
    plain = {n: t for n, t in environment(rig, **ring).items() if "SECRET" not in n}
    source = str(rig.write(make_ids(5)))
    run = ("run", source, *rig.aim(), "--rate", "500", "--yes")
    ran = rig.call(*run, "--token-keyring", "oms/token", "--run-id", "night", environment=plain)
    assert ran.code == 0, ran.err
    endpoint = ("--token-url", rig.server.token_url, "--client-id", "simulator-client")
    by_secret = ("--client-secret-keyring", "oms/secret", "--run-id", "other")
    ran = rig.call(*run, *endpoint, *by_secret, environment=plain)
    assert ran.code == 0, ran.err
    missing = rig.call(*run, "--token-keyring", "oms/nobody", environment=plain)
    assert missing.code == 2
    assert "the keyring entry oms/nobody is not there" in missing.err
    shutil.rmtree(folder)  # a keyring holds secrets, and nothing else may
    no_secret_in(rig, ran.out, ran.err)
