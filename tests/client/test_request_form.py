"""A request has the documented form, and nothing is sent for what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anyio
import pytest

from bulkcancel import __version__
from bulkcancel.client import Client, ClientOptions, Secret
from bulkcancel.errors import RefusedError
from bulkcancel.model import (
    AllocationView,
    Answer,
    ApiMessage,
    OneAllocation,
    Target,
)

ID = "62ff5c0bec0aed3c86202c32"
ACCOUNT = "1234abcd5678efgh9ijklmno"
CANCELLED = json.dumps([{"allocationId": ID, "statusCode": "CANCELLED", "version": 3}]).encode()
PROOF = Answer(
    http_status=200,
    body=OneAllocation(view=AllocationView(allocation_id=ID, status="CANCELLED", version=3)),
)


def head_of(request: bytes) -> tuple[str, dict[str, str]]:
    """Return a request's first line, and its headers by their names in lower case."""
    first, *lines = request.decode("ascii").rstrip("\r\n").split("\r\n")
    pairs = [line.split(": ", 1) for line in lines]
    assert len({name.lower() for name, _ in pairs}) == len(pairs), "a header stands twice"
    return first, {name.lower(): value for name, value in pairs}


def test_a_cancel_has_the_documented_form(serve: Any, steps: Any, call: Any) -> None:
    """Method, path, token and site context as the API asks, and no header beside the needed."""
    peer = serve(steps.answer(CANCELLED))
    target = Target(base_url=peer.base_url + "/", account=ACCOUNT, channel=12, stage="production")
    exchange = call(peer.base_url, lambda client: client.cancel(ID), target=target, token="tok-1")
    assert exchange.observation == PROOF
    assert exchange.elapsed > 0
    (request,) = peer.requests
    first, headers = head_of(request)
    assert first == f"PUT /api/v2/allocation/cancel/{ID} HTTP/1.1"
    assert headers == {
        "host": f"127.0.0.1:{peer.port}",
        "authorization": "Bearer tok-1",
        "x-site-context": f'{{"channel":12,"account":"{ACCOUNT}","stage":"production"}}',
        "accept": "application/json",
        "accept-encoding": "identity",
        "user-agent": f"bulkcancel/{__version__}",
        "content-length": "0",
    }


def test_a_read_has_the_documented_form(serve: Any, steps: Any, call: Any) -> None:
    """A read is a GET of the allocation itself, with the same headers and no body."""
    peer = serve(steps.answer(CANCELLED[1:-1]))
    assert call(peer.base_url, lambda client: client.read(ID)).observation == PROOF
    (request,) = peer.requests
    first, headers = head_of(request)
    assert first == f"GET /api/v2/allocation/{ID} HTTP/1.1"
    assert set(headers) == {
        "host", "authorization", "x-site-context", "accept", "accept-encoding", "user-agent",
    }  # fmt: skip


@pytest.mark.parametrize("allocation_id", ["a", "007", "A-1_b~c.d", "...", "x" * 200])
def test_an_odd_id_stands_in_the_path_as_it_is(
    serve: Any, steps: Any, call: Any, allocation_id: str
) -> None:
    """What the allow-list lets pass is neither quoted nor resolved on its way."""
    peer = serve(steps.answer(b""))
    call(peer.base_url, lambda client: client.cancel(allocation_id))
    assert (
        head_of(peer.requests[0])[0].split(" ")[1] == f"/api/v2/allocation/cancel/{allocation_id}"
    )


@pytest.mark.parametrize(
    "allocation_id",
    ["", ".", "..", "../x", "a/b", "a,b", "a%2fb", "a?b", "a#b", "a b", "a\r\nX: y", "a\n",
     "\u200ba", "\u0661", "a\x00", "x" * 201, "a;b", "a:b", "@a"],
)  # fmt: skip
def test_an_id_that_could_change_the_path_is_never_sent(
    serve: Any, steps: Any, call: Any, allocation_id: str
) -> None:
    """Such an id is a fault of the caller, caught before a connection is made."""
    peer = serve(steps.answer(CANCELLED))
    for name in ("cancel", "read"):
        with pytest.raises(RefusedError, match=r"1 to 200 letters"):
            call(peer.base_url, lambda client, name=name: getattr(client, name)(allocation_id))
    assert (peer.connections, peer.requests) == (0, [])


def test_a_new_token_counts_from_the_next_call(serve: Any, steps: Any, call: Any) -> None:
    """After a refresh every new request carries the new token, and only it."""
    peer = serve(steps.answer(b'"bad first-token"', status="401 Unauthorized"))

    async def use(client: Client) -> list[Any]:
        seen = [await client.cancel(ID)]
        client.use_token(Secret("second-token"))
        seen.append(await client.read(ID))
        with pytest.raises(RefusedError, match="the token is empty"):
            client.use_token(Secret("third\r\nX: y"))
        return [*seen, await client.cancel(ID)]

    seen = call(peer.base_url, use, token="first-token")
    sent = [head_of(request)[1]["authorization"] for request in peer.requests]
    assert sent == ["Bearer first-token", "Bearer second-token", "Bearer second-token"]
    assert seen[0].observation.body == ApiMessage(text="bad [redacted]")


def test_no_variable_and_no_file_of_the_user_changes_a_request(
    serve: Any, steps: Any, call: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proxies and `.netrc` are ignored; cookies are never kept."""
    proxy = serve(steps.answer(CANCELLED))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login jane password sentinel\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    peer = serve(steps.answer(CANCELLED, headers=["Set-Cookie: a=b; Path=/"]))

    async def use(client: Client) -> list[Any]:
        return [await client.cancel(ID), await client.cancel(ID)]

    assert [one.observation for one in call(peer.base_url, use)] == [PROOF, PROOF]
    assert proxy.connections == 0
    for request in peer.requests:
        _, headers = head_of(request)
        assert headers["authorization"].startswith("Bearer ")
        assert "cookie" not in headers


def test_a_client_is_used_inside_its_block() -> None:
    """A call outside of `async with` is a fault of the program, and sends nothing."""
    client = Client(
        Target(base_url="http://127.0.0.1:9", account=ACCOUNT), Secret("x"), ClientOptions()
    )
    with pytest.raises(RuntimeError, match="outside"):
        anyio.run(client.cancel, ID)
    assert client.wire_sends == 0


def test_a_client_without_a_token_sends_nothing(serve: Any, steps: Any) -> None:
    """The token may come later, but before the first call; else it is a fault of the program."""
    peer = serve(steps.answer(CANCELLED))

    async def main() -> Any:
        target = Target(base_url=peer.base_url, account=ACCOUNT)
        async with Client(target, None, ClientOptions(timeout=20.0)) as client:
            with pytest.raises(RuntimeError, match="before it has a token"):
                await client.cancel(ID)
            assert peer.requests == []
            assert client.use_token(Secret("tok-1")) == 1
            return await client.cancel(ID)

    exchange = anyio.run(main)
    assert (exchange.observation, exchange.token_number) == (PROOF, 1)
