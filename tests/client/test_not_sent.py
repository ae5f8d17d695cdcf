"""What fails before the headers are written was certainly not sent, and says why."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bulkcancel.client import Client
from bulkcancel.errors import RefusedError
from bulkcancel.model import Answer, Foreign, NotSent, NotSentCause

ID = "62ff5c0bec0aed3c86202c32"
OPENSSL = shutil.which("openssl")
NEEDS_OPENSSL = pytest.mark.skipif(
    OPENSSL is None, reason="the openssl command makes the test certificates, and isn't installed"
)
CONFIG = """
[req]
distinguished_name=dn
prompt=no
x509_extensions=ca
[dn]
CN=Test
[ca]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign
[good]
subjectAltName=DNS:localhost,IP:127.0.0.1
[other]
subjectAltName=DNS:other.example
"""


@dataclass(frozen=True, kw_only=True)
class Certificates:
    """An authority of our own, and servers' certificates that it signed."""

    authority: Path
    key: Path
    good: Path
    expired: Path
    other: Path

    def server(self, certificate: Path) -> ssl.SSLContext:
        """Return a server's context that shows this certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, self.key)
        return context


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Make the certificates with the openssl command."""
    folder = tmp_path_factory.mktemp("certificates")
    (folder / "config").write_text(CONFIG)

    def openssl(*words: str) -> None:
        assert OPENSSL is not None
        subprocess.run([OPENSSL, *words], cwd=folder, check=True, capture_output=True)

    new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    ours = ("-config", "config", *new_key)
    openssl("req", "-x509", *ours, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2")
    openssl("req", "-new", *ours, "-keyout", "leaf.key", "-out", "leaf.csr")
    for name, section, days in (
        ("good", "good", 2),
        ("expired", "good", -1),
        ("other", "other", 2),
    ):
        openssl(
            "x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-set_serial", "7", "-days", str(days), "-extfile", "config",
            "-extensions", section, "-out", f"{name}.pem",
        )  # fmt: skip
    return Certificates(
        authority=folder / "ca.pem",
        key=folder / "leaf.key",
        good=folder / "good.pem",
        expired=folder / "expired.pem",
        other=folder / "other.pem",
    )


@pytest.fixture
def unsent(call: Any) -> Callable[..., NotSent]:
    """Cancel and read once each; both must not have been sent, for the same reason."""

    def run(base_url: str, **options: Any) -> NotSent:
        async def use(client: Client) -> tuple[Any, Any, int]:
            seen = (await client.cancel(ID)).observation, (await client.read(ID)).observation
            return *seen, client.wire_sends

        cancel, read, sends = call(base_url, use, **options)
        assert isinstance(cancel, NotSent)
        assert isinstance(read, NotSent)
        assert (cancel.cause, sends) == (read.cause, 0)
        return cancel

    return run


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@pytest.mark.parametrize("host", ["http://127.0.0.1", "https://127.0.0.1", "http://localhost"])
def test_a_refused_connection_is_not_sent(unsent: Callable[..., NotSent], host: str) -> None:
    """Nobody listens: the reason is the system's own word, without the address."""
    seen = unsent(f"{host}:{free_port()}/api")
    assert seen == NotSent(cause=NotSentCause.REFUSED, detail="Connection refused")


def test_a_name_that_is_unknown_is_not_sent(unsent: Callable[..., NotSent]) -> None:
    """The look-up fails (for a name too long for any server, so no network is asked)."""
    seen = unsent(f"https://{'a.' * 150}example/api")
    assert seen.cause is NotSentCause.DNS
    assert seen.detail


def test_a_connection_that_is_never_accepted_is_a_connect_timeout(
    unsent: Callable[..., NotSent],
) -> None:
    """A full queue of a server that hangs: the one timeout counts for connecting too."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        place = listener.getsockname()
        fillers = [socket.socket() for _ in range(8)]
        for filler in fillers:
            filler.setblocking(False)  # noqa: FBT003 - the socket's own signature
            filler.connect_ex(place)
        seen = unsent(f"http://127.0.0.1:{place[1]}/api", timeout=0.5)
        for filler in fillers:
            filler.close()
    assert seen.cause is NotSentCause.CONNECT_TIMEOUT


def test_a_silent_handshake_is_a_connect_timeout(
    serve: Any, steps: Any, unsent: Callable[..., NotSent]
) -> None:
    """A port that accepts and then says nothing to the TLS greeting."""
    peer = serve(on_connect=steps.silence(), scheme="https")
    assert unsent(peer.base_url, timeout=0.5).cause is NotSentCause.CONNECT_TIMEOUT


def test_plain_http_on_a_tls_port_is_a_tls_failure(
    serve: Any, steps: Any, unsent: Callable[..., NotSent]
) -> None:
    """The server answers in HTTP to the TLS greeting; it never sees a token."""
    plain = steps.raw(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    seen = unsent(serve(on_connect=plain, scheme="https").base_url)
    assert seen == NotSent(cause=NotSentCause.TLS, detail="wrong version number")


@pytest.mark.parametrize("break_", ["hang_up", "reset"])
def test_a_handshake_that_is_cut_is_a_tls_failure(
    serve: Any, steps: Any, unsent: Callable[..., NotSent], break_: str
) -> None:
    """The connection ends during the handshake, in whichever way."""
    cut = steps.then(steps.await_bytes(), getattr(steps, break_)())
    seen = unsent(serve(on_connect=cut, scheme="https").base_url)
    assert seen.cause is NotSentCause.TLS
    assert "during the TLS handshake" in seen.detail


@NEEDS_OPENSSL
def test_a_trusted_server_is_spoken_to(
    serve: Any, steps: Any, call: Any, certificates: Certificates
) -> None:
    """`ca_file` adds an authority to the system's; by address and by name, connections reused."""
    for host in ("127.0.0.1", "localhost"):
        tls = certificates.server(certificates.good)
        peer = serve(steps.answer(b""), scheme="https", host=host, tls=tls)

        async def use(client: Client) -> list[Any]:
            return [(await client.cancel(ID)).observation for _ in range(3)]

        seen = call(peer.base_url, use, ca_file=certificates.authority)
        assert seen == [Answer(http_status=200, body=Foreign(kind="empty"))] * 3
        assert (len(peer.requests), peer.connections) == (3, 1)


@NEEDS_OPENSSL
@pytest.mark.parametrize("break_", ["hang_up", "reset"])
def test_a_tls_connection_that_breaks_is_one_send(
    serve: Any, steps: Any, call: Any, certificates: Certificates, break_: str
) -> None:
    """The guard holds over TLS as well, on a reused connection too."""
    tls = certificates.server(certificates.good)
    ok = steps.answer(b"")
    peer = serve(ok, getattr(steps, break_)(), ok, scheme="https", tls=tls)

    async def use(client: Client) -> tuple[list[Any], int]:
        seen = [(await client.cancel(ID)).observation for _ in range(2)]
        return seen, client.wire_sends

    seen, sends = call(peer.base_url, use, ca_file=certificates.authority)
    assert isinstance(seen[0], Answer)
    assert not isinstance(seen[1], Answer | NotSent)
    assert (len(peer.requests), peer.connections, sends) == (2, 1, 2)


@NEEDS_OPENSSL
@pytest.mark.parametrize(
    ("name", "trusted", "words"),
    [
        ("good", False, "unable to get local issuer certificate"),
        ("authority", False, "self-signed certificate"),
        ("expired", True, "certificate has expired"),
        ("other", True, "IP address mismatch"),
    ],
)
def test_a_certificate_that_is_not_trusted_is_told_apart(
    serve: Any,
    steps: Any,
    unsent: Callable[..., NotSent],
    certificates: Certificates,
    name: str,
    *,
    trusted: bool,
    words: str,
) -> None:
    """An unknown authority, an expired one or another name: nothing is sent, and it is said why."""
    if name == "authority":
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificates.authority, certificates.authority.with_name("ca.key"))
    else:
        tls = certificates.server(getattr(certificates, name))
    peer = serve(steps.answer(b""), scheme="https", tls=tls)
    seen = unsent(peer.base_url, ca_file=certificates.authority if trusted else None)
    assert seen.cause is NotSentCause.CERTIFICATE
    assert words in seen.detail
    assert peer.requests == []


@NEEDS_OPENSSL
def test_variables_change_neither_trust_nor_secrecy(
    serve: Any,
    steps: Any,
    call: Any,
    unsent: Callable[..., NotSent],
    certificates: Certificates,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`SSL_CERT_FILE` adds no authority and `SSLKEYLOGFILE` writes down no key."""
    keys = tmp_path / "keys"
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    monkeypatch.setenv("SSLKEYLOGFILE", str(keys))
    tls = certificates.server(certificates.good)
    peer = serve(steps.answer(b""), scheme="https", tls=tls)
    assert unsent(peer.base_url).cause is NotSentCause.CERTIFICATE
    call(peer.base_url, lambda client: client.cancel(ID), ca_file=certificates.authority)
    assert len(peer.requests) == 1
    assert not keys.exists()


def test_a_ca_file_that_cannot_be_used_is_refused(call: Any, tmp_path: Path) -> None:
    """A missing file and one without a certificate each have their own sentence."""
    base_url = "https://127.0.0.1:9/api"
    with pytest.raises(RefusedError, match="can't be read: No such file"):
        call(base_url, lambda client: client.cancel(ID), ca_file=tmp_path / "missing.pem")
    (tmp_path / "odd.pem").write_text("no certificate")
    with pytest.raises(RefusedError, match="no certificate in PEM form"):
        call(base_url, lambda client: client.cancel(ID), ca_file=tmp_path / "odd.pem")
