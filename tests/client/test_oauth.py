"""Client credentials: the form of the request, what is kept of it, and what is never done."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import anyio
import pytest

from bulkcancel import __version__
from bulkcancel.client import ClientCredentials, ClientOptions, Grant, NoToken, Secret
from bulkcancel.errors import RefusedError

SECRET = "sentinel-secret-41c7"
GOOD = json.dumps({"token_type": "Bearer", "expires_in": 600, "access_token": "tok-1"}).encode()
NO_CLIENT = b'{"error":"invalid_client"}'
GRANTED = Grant(token=Secret("tok-1"), lifetime=600.0, renew_after=480.0)


def source_at(origin: str, secret: str | Path = SECRET, **more: Any) -> ClientCredentials:
    """Return a source that asks a server."""
    return ClientCredentials(
        token_url=f"{origin}/oauth2/v1/token",
        client_secret=Secret(secret) if isinstance(secret, str) else secret,
        **({"client_id": "client-7"} | more),
    )


def fetched(source: ClientCredentials, times: int = 1, **options: Any) -> list[Grant | NoToken]:
    """Ask so many times within one block."""

    async def main() -> list[Grant | NoToken]:
        limits = ClientOptions(**({"timeout": 20.0} | options))
        async with source.opened(limits):
            return [await source.fetch() for _ in range(times)]

    return anyio.run(main)


@pytest.fixture
def peer_of(serve: Callable[..., Any]) -> Callable[..., Any]:
    """Start a server with a script; ``origin`` is its address."""

    def start(*script: Any, **settings: Any) -> Any:
        peer = serve(*script, **settings)
        peer.origin = f"{peer.scheme}://{peer.host}:{peer.port}"
        return peer

    return start


def parts_of(request: bytes) -> tuple[str, dict[str, str], dict[str, list[str]]]:
    """Return a request's first line, its headers by lower-case name, and its form."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode("ascii").split("\r\n")
    pairs = [line.split(": ", 1) for line in lines]
    assert len({name.lower() for name, _ in pairs}) == len(pairs), "a header stands twice"
    form = parse_qs(body.decode("ascii"), keep_blank_values=True, strict_parsing=True)
    return first, {name.lower(): value for name, value in pairs}, form


def basic(client_id: str, secret: str) -> str:
    """Return HTTP Basic for a pair."""
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


def test_the_request_has_the_documented_form(peer_of: Any, steps: Any) -> None:
    """A form by POST, the client by HTTP Basic, and no header beside the needed: no Origin."""
    peer = peer_of(steps.answer(GOOD))
    assert fetched(source_at(peer.origin)) == [GRANTED]
    (request,) = peer.requests
    first, headers, form = parts_of(request)
    assert first == "POST /oauth2/v1/token HTTP/1.1"
    assert headers == {
        "host": f"127.0.0.1:{peer.port}",
        "authorization": basic("client-7", SECRET),
        "accept": "application/json",
        "accept-encoding": "identity",
        "content-type": "application/x-www-form-urlencoded",
        "user-agent": f"bulkcancel/{__version__}",
        "content-length": str(len(request.partition(b"\r\n\r\n")[2])),
    }
    assert form == {"grant_type": ["client_credentials"], "scope": ["s2s"]}
    assert request.endswith(b"grant_type=client_credentials&scope=s2s")


@pytest.mark.parametrize(("scope", "named"), [("a b", ["a b"]), ("", None)])
def test_another_scope_or_none(peer_of: Any, steps: Any, scope: str, named: object) -> None:
    """The scope is the user's affair; an empty one is not named at all."""
    peer = peer_of(steps.answer(GOOD))
    fetched(source_at(peer.origin, scope=scope))
    assert parts_of(peer.requests[0])[2].get("scope") == named


@pytest.mark.parametrize("refusal", ["401 Unauthorized", "400 Bad Request"])
def test_what_basic_does_not_open_the_form_may(peer_of: Any, steps: Any, refusal: str) -> None:
    """Refused as Basic, the pair goes into the form, once; what worked is kept."""
    peer = peer_of(steps.answer(NO_CLIENT, refusal), steps.answer(GOOD))
    assert fetched(source_at(peer.origin, "s+/&="), times=3) == [GRANTED] * 3
    _, headers, form = parts_of(peer.requests[1])
    assert "authorization" not in headers
    assert form["client_id"] == ["client-7"]
    assert form["client_secret"] == ["s+/&="]
    assert form["grant_type"] == ["client_credentials"]
    assert len(peer.requests) == 4
    assert [("authorization" in parts_of(one)[1]) for one in peer.requests[2:]] == [False, False]


def test_what_basic_opened_is_kept(peer_of: Any, steps: Any) -> None:
    """A refusal later on is not answered by showing the secret in other ways."""
    peer = peer_of(steps.answer(GOOD), steps.answer(NO_CLIENT, "401 Unauthorized"))
    granted, refused = fetched(source_at(peer.origin), times=2)
    assert granted == GRANTED
    assert isinstance(refused, NoToken)
    assert len(peer.requests) == 2


def test_odd_characters_are_quoted_for_basic_and_plain_at_last(peer_of: Any, steps: Any) -> None:
    """RFC 6749 quotes before base64; for servers that do not know it, the pair goes as it is."""
    no = steps.answer(NO_CLIENT, "401 Unauthorized")
    peer = peer_of(no, no, steps.answer(GOOD))
    assert fetched(source_at(peer.origin, "a+b/c=", client_id="c:7")) == [GRANTED]
    shown = [parts_of(one)[1].get("authorization") for one in peer.requests]
    assert shown == [basic("c%3A7", "a%2Bb%2Fc%3D"), None, basic("c:7", "a+b/c=")]


def test_a_wrong_secret_is_shown_twice_and_no_more(peer_of: Any, steps: Any) -> None:
    """As Basic and in the form; then the words of the first refusal are told, for good."""
    peer = peer_of(
        steps.answer(NO_CLIENT, "401 Unauthorized"),
        steps.answer(b'{"error":"invalid_request"}', "400 Bad Request"),
    )
    (seen,) = fetched(source_at(peer.origin))
    assert seen == NoToken(
        reason=f"the token endpoint {peer.origin}/oauth2/v1/token answered HTTP 401, "
        "invalid_client: the client id or its secret is wrong there",
        patience=0.0,
    )
    assert len(peer.requests) == 2


@pytest.mark.parametrize("how", ["hang_up", "reset"])
def test_one_try_is_one_wire_send(peer_of: Any, steps: Any, how: str) -> None:
    """A connection that breaks is not tried again behind our back, reused or not."""
    peer = peer_of(steps.answer(GOOD), getattr(steps, how)())
    granted, broken = fetched(source_at(peer.origin), times=2)
    assert granted == GRANTED
    assert isinstance(broken, NoToken)
    assert "gave no whole answer" in broken.reason
    assert broken.patience is None, "as long as the run is patient"
    assert len(peer.requests) == 2


def test_a_redirect_is_not_followed(peer_of: Any, steps: Any) -> None:
    """Neither here nor elsewhere: the secret stays with whom it was named for."""
    other = peer_of(steps.answer(GOOD))
    to = [f"Location: {other.origin}/oauth2/v1/token"]
    for status in ("302 Found", "307 Temporary Redirect", "308 Permanent Redirect"):
        peer = peer_of(steps.answer(b"", status, to))
        (seen,) = fetched(source_at(peer.origin))
        assert isinstance(seen, NoToken)
        assert "never followed" in seen.reason
        assert len(peer.requests) == 1
    assert other.connections == 0


def test_a_slow_drip_ends_with_the_timeout(peer_of: Any, steps: Any) -> None:
    """An answer byte by byte is given up in time."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n"
    peer = peer_of(steps.drip(head + b"x" * 9000, every=0.05))
    (seen,) = fetched(source_at(peer.origin), timeout=0.4)
    assert isinstance(seen, NoToken)
    assert "timeout" in seen.reason
    assert seen.patience is None


def test_a_huge_body_is_cut_off(peer_of: Any, steps: Any) -> None:
    """No more than 64 KiB are read, and what sends more is no token endpoint."""
    sent: list[int] = []
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n"
    peer = peer_of(steps.flood(head, b"x" * 65536, 1500, sent))
    (seen,) = fetched(source_at(peer.origin))
    assert isinstance(seen, NoToken)
    assert "more than 65536 bytes" in seen.reason
    assert seen.patience == 0.0
    assert sum(sent) < 50_000_000


def test_nobody_listens(peer_of: Any) -> None:
    """Refused connections are passing trouble."""
    peer = peer_of()
    peer.close()
    (seen,) = fetched(source_at(peer.origin))
    assert isinstance(seen, NoToken)
    assert "can't be reached (refused: Connection refused)" in seen.reason
    assert seen.patience is None


@pytest.mark.parametrize(
    ("token_url", "words"),
    [
        ("http://idp.example/token", "the token URL .* in the clear"),
        ("ftp://127.0.0.1/token", "doesn't begin with https"),
        (f"https://u:{SECRET}@idp.example/token", "user information"),
        (f"https://idp.example/token?client_secret={SECRET}", "query or a fragment"),
        ("https://idp.example/a//token", "empty part"),
        ("", "the token URL is empty"),
    ],
)
def test_an_address_that_cannot_be(token_url: str, words: str) -> None:
    """Looked at before anything is sent; nothing secret in it is shown."""
    source = ClientCredentials(token_url=token_url, client_id="a", client_secret=Secret(SECRET))
    with pytest.raises(RefusedError, match=words) as caught:
        source.check(ClientOptions())
    assert SECRET not in str(caught.value)


def test_http_elsewhere_is_permitted_like_the_targets() -> None:
    """`--allow-http` counts for the token endpoint as well."""
    source = source_at("http://idp.example")
    source.check(ClientOptions(allow_http=True))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"client_id": ""}, "client id"),
        ({"client_id": "a b"}, "client id"),
        ({"client_id": "a\r\nb"}, "client id"),
        ({"scope": "a\nb"}, "scope"),
        ({"scope": 'a"b'}, "scope"),
        ({"scope": " a"}, "scope"),
    ],
)
def test_an_id_or_scope_that_cannot_be(more: dict[str, str], words: str) -> None:
    """Refused before anything is sent."""
    with pytest.raises(RefusedError, match=words):
        source_at("https://idp.example", **more).check(ClientOptions())


def test_a_secret_that_cannot_be(tmp_path: Path) -> None:
    """An empty or broken secret is refused before anything is sent, and not shown."""
    for secret in ("", f"{SECRET}\nx"):
        with pytest.raises(RefusedError) as caught:
            source_at("https://idp.example", secret).check(ClientOptions())
        assert SECRET not in str(caught.value)
    with pytest.raises(RefusedError, match=r"client secret file .* can't be read"):
        source_at("https://idp.example", tmp_path / "missing").check(ClientOptions())


def test_the_secrets_file_is_read_for_each_request(
    peer_of: Any, steps: Any, tmp_path: Path
) -> None:
    """A secret that was changed in mid-run counts from the next request on."""
    file = tmp_path / "secret"
    file.write_text("first\n")
    peer = peer_of(steps.answer(GOOD))
    source = source_at(peer.origin, file)

    async def main() -> Grant | NoToken:
        async with source.opened(ClientOptions()):
            await source.fetch()
            file.write_text("second\n")
            await source.fetch()
            file.unlink()
            return await source.fetch()

    gone = anyio.run(main)
    shown = [parts_of(one)[1]["authorization"] for one in peer.requests]
    assert shown == [basic("client-7", "first"), basic("client-7", "second")]
    assert isinstance(gone, NoToken)
    assert "can't be read" in gone.reason
    assert gone.patience is not None
    assert gone.patience > 0, "somebody may just be replacing it"


def test_no_variable_and_no_file_of_the_user_changes_a_request(
    peer_of: Any, steps: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proxies and `.netrc` are ignored; cookies are never kept."""
    proxy = peer_of(steps.answer(GOOD))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.origin)
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login jane password sentinel\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    peer = peer_of(steps.answer(GOOD, headers=["Set-Cookie: a=b; Path=/"]))
    assert fetched(source_at(peer.origin), times=2) == [GRANTED, GRANTED]
    assert proxy.connections == 0
    for request in peer.requests:
        _, headers, _ = parts_of(request)
        assert headers["authorization"] == basic("client-7", SECRET)
        assert "cookie" not in headers


def test_it_is_used_inside_its_block_by_one_run() -> None:
    """Anything else is a fault of the program."""
    source = source_at("http://127.0.0.1:9")
    with pytest.raises(RuntimeError, match="outside"):
        anyio.run(source.fetch)

    async def twice() -> None:
        async with source.opened(ClientOptions()):
            source.opened(ClientOptions())

    with pytest.raises(RuntimeError, match="one run at a time"):
        anyio.run(twice)
