"""To whom a client's secret is shown, and that it comes out nowhere."""

from __future__ import annotations

import base64
import gc
import json
import logging
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from tlsing import OPENSSL, make_certificates

from bulkcancel.client import ClientCredentials, ClientOptions, Grant, NoToken, Secret

NEEDS_OPENSSL = pytest.mark.skipif(
    OPENSSL is None, reason="the openssl command makes the test certificates, and isn't installed"
)
SECRET = "SENTINEL-secret-41c7"
BASIC = base64.b64encode(f"client-7:{SECRET}".encode()).decode()
GOOD = json.dumps({"token_type": "Bearer", "expires_in": 600, "access_token": "tok-1"}).encode()


def fetched(token_url: str, **options: Any) -> tuple[ClientCredentials, Grant | NoToken]:
    """Ask an address once."""
    source = ClientCredentials(
        token_url=token_url, client_id="client-7", client_secret=Secret(SECRET)
    )

    async def main() -> Grant | NoToken:
        async with source.opened(ClientOptions(**({"timeout": 1.0} | options))):
            return await source.fetch()

    return source, anyio.run(main, backend_options={"debug": True})


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an authority and certificates signed by it."""
    folder = tmp_path_factory.mktemp("certificates")
    make_certificates(folder)
    return folder


@pytest.fixture
def door(serve: Any, steps: Any, certificates: Path) -> Iterator[Any]:
    """Open servers behind TLS."""

    def open_one(leaf: str) -> Any:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates / f"{leaf}.pem", certificates / "leaf.key")
        return serve(steps.answer(GOOD), tls=context, scheme="https")

    return open_one  # type: ignore[return-value] # a fixture that gives a function


@NEEDS_OPENSSL
@pytest.mark.parametrize("leaf", ["expired", "other", "good"])
def test_an_untrusted_certificate_sees_no_secret(door: Any, certificates: Path, leaf: str) -> None:
    """Expired, for another host, or of an unknown authority: not one byte of a request."""
    peer = door(leaf)
    trusted = None if leaf == "good" else certificates / "ca.pem"
    _, seen = fetched(f"https://127.0.0.1:{peer.port}/token", ca_file=trusted, timeout=10.0)
    assert isinstance(seen, NoToken)
    assert "certificate that is not trusted" in seen.reason
    assert "--ca-file" in seen.reason
    assert seen.patience == 0.0
    assert peer.requests == []


@NEEDS_OPENSSL
def test_the_users_own_authority_is_trusted(door: Any, certificates: Path) -> None:
    """`--ca-file` counts for the token endpoint too."""
    peer = door("good")
    url = f"https://127.0.0.1:{peer.port}/token"
    _, seen = fetched(url, ca_file=certificates / "ca.pem", timeout=10.0)
    assert isinstance(seen, Grant)
    assert len(peer.requests) == 1


def scripts(steps: Any) -> list[list[Any]]:
    """Return servers that repeat the secret wherever they can."""
    echo = f"{SECRET} {BASIC}".encode()
    headers = [f"X-Echo: {echo.decode()}", f"Location: http://{SECRET}/", f"Set-Cookie: a={SECRET}"]
    body = json.dumps({"error": SECRET.lower(), "error_description": echo.decode()}).encode()
    return [
        [steps.answer(body, f"{status} {echo.decode()}", headers)]
        for status in (200, 302, 400, 401, 403, 404, 429, 500, 503)
    ] + [
        [steps.answer(echo, headers=headers)],
        [steps.answer(b"<html>" + echo, "500 Error", headers)],
        [steps.raw(echo + b"\r\n\r\n")],
        [steps.raw(b"HTTP/1.1 200 OK\r\n" + echo + b"\r\n\r\n")],
        [steps.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + echo)],
        [steps.raw(b"HTTP/1.1 200 OK\r\nX: " + echo * 999 + b"\r\n\r\n")],
        [steps.answer(echo * 9_000)],
        [steps.silence()],
        [steps.reset()],
        [steps.hang_up()],
    ]


def assert_clean(text: str) -> None:
    """Fail if the secret is in the text, as it is or as Basic has it."""
    assert "sentinel" not in text.lower()
    assert BASIC not in text


def test_no_secret_comes_out_whatever_the_server_does(
    serve: Any, steps: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Every value, log line (down to asyncio's own debugging) and printed byte is clean."""
    caplog.set_level(logging.DEBUG)
    addresses = [f"http://127.0.0.1:{serve(*script).port}/token" for script in scripts(steps)]
    addresses += ["http://127.0.0.1:1/token", f"https://{'a.' * 150}example/token"]
    for address in addresses:
        source, seen = fetched(address)
        assert isinstance(seen, NoToken), address
        assert_clean(f"{seen!r} {seen!s} {source!r} {vars(source)!r}")
    gc.collect()  # whatever aiohttp says about lost connections, it says now
    logging.getLogger("asyncio").debug("the log is being watched")
    assert "the log is being watched" in caplog.text
    for record in caplog.records:
        assert_clean(f"{record.getMessage()} {record.args!r} {record.exc_text}")
    assert_clean(caplog.text)
    assert_clean("".join(capfd.readouterr()))
