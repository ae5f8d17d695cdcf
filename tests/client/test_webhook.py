"""A webhook: one post or two, within a time, and never a secret in what is said of it."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from bulkcancel.client import Secret
from bulkcancel.client.webhook import check_webhook, post_note
from bulkcancel.errors import RefusedError

SECRET = "T0SENTINEL/B0SENTINEL/xyzzySENTINEL"
NOTE = {"text": "36 of 38 — “done”", "run_id": "night", "exit_code": 3}


def post(url: str, note: dict[str, Any] | None = None, **options: Any) -> str:
    """Post a note; nothing may take longer than the ten seconds that are promised, and a bit."""

    async def main() -> str:
        with anyio.fail_after(15):
            return await post_note(Secret(url), note or NOTE, **options)

    return anyio.run(main)


@pytest.fixture
def hook(serve: Callable[..., Any]) -> Callable[..., tuple[str, Any]]:
    """Start servers; returns the secret address and the server."""

    def start(*script: Any, **settings: Any) -> tuple[str, Any]:
        peer = serve(*script, **settings)
        return f"http://127.0.0.1:{peer.port}/services/{SECRET}?sig=a%2Fb", peer

    return start


def test_a_note_arrives(hook: Callable[..., tuple[str, Any]], steps: Any) -> None:
    """One POST of JSON to the very address, its query untouched; no cookie, no token."""
    url, peer = hook(steps.answer())
    assert post(url) == ""
    (request,) = peer.requests
    head, _, body = request.partition(b"\r\n\r\n")
    assert head.startswith(f"POST /services/{SECRET}?sig=a%2Fb HTTP/1.1\r\n".encode())
    assert b"content-type: application/json; charset=utf-8" in head.lower()
    assert b"authorization" not in head.lower()
    assert json.loads(body) == NOTE


@pytest.mark.parametrize("first", ["500 Oops", "503 Busy", "429 Slow down", "408 Late"])
def test_a_second_try(hook: Callable[..., tuple[str, Any]], steps: Any, first: str) -> None:
    """After an answer that may pass there is another try, and it may succeed."""
    url, peer = hook(steps.answer(status=first), steps.answer(status="200 OK"))
    assert post(url) == ""
    assert len(peer.requests) == 2


def test_two_tries_and_no_more(hook: Callable[..., tuple[str, Any]], steps: Any) -> None:
    """A webhook that stays sick is named by its host alone, with what it answered."""
    url, peer = hook(steps.answer(status="500 Oops"))
    told = post(url)
    assert told == f"the notification to 127.0.0.1:{peer.port} failed: it answers with HTTP 500"
    assert len(peer.requests) == 2


@pytest.mark.parametrize("status", ["400 Bad", "401 No", "404 Gone", "410 Gone"])
def test_a_refusal_is_final(hook: Callable[..., tuple[str, Any]], steps: Any, status: str) -> None:
    """What another try can't mend is not tried again."""
    url, peer = hook(steps.answer(status=status))
    assert f"HTTP {status[:3]}" in post(url)
    assert len(peer.requests) == 1


def test_a_redirect_is_not_followed(hook: Callable[..., tuple[str, Any]], steps: Any) -> None:
    """The note goes nowhere but to the address that was given."""
    other_url, other = hook(steps.answer())
    url, _ = hook(steps.answer(status="307 Elsewhere", headers=[f"Location: {other_url}"]))
    assert "redirect (HTTP 307), which is not followed" in post(url)
    assert other.requests == []


def test_no_answer(hook: Callable[..., tuple[str, Any]], steps: Any) -> None:
    """A server that hangs up, or is not there, is tried twice and then told of."""
    url, peer = hook(steps.hang_up())
    assert "no answer came" in post(url)
    assert len(peer.requests) == 2
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    told = post(f"http://127.0.0.1:{port}/{SECRET}")
    assert told.startswith(f"the notification to 127.0.0.1:{port} failed: it can't be reached")
    assert "SENTINEL" not in told


def test_silence_has_an_end(hook: Callable[..., tuple[str, Any]], steps: Any) -> None:
    """A server that never answers costs ten seconds in all."""
    url, peer = hook(steps.silence())
    assert "no answer came (no whole answer within the timeout)" in post(url)
    assert len(peer.requests) == 2


def test_an_answer_that_is_too_long_is_an_answer(
    hook: Callable[..., tuple[str, Any]], steps: Any
) -> None:
    """The status is what counts: a note that was taken is not sent again for a long body."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n"
    sent: list[int] = []
    url, peer = hook(steps.flood(head, b"x" * 65536, 1000, sent))
    assert post(url) == ""
    assert len(peer.requests) == 1


def test_no_variable_and_no_file_is_heeded(
    hook: Callable[..., tuple[str, Any]],
    steps: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Neither a proxy of the environment nor a password file has a say."""
    proxy_url, proxy = hook(steps.answer())
    url, peer = hook(steps.answer())
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login jo password sentinel\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HTTP_PROXY", proxy_url)
    monkeypatch.setenv("http_proxy", proxy_url)
    assert post(url) == ""
    assert proxy.requests == []
    assert b"authorization" not in peer.requests[0].lower()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (f"http://hooks.example/{SECRET}", "in the clear"),
        (f"ftp://hooks.example/{SECRET}", "no usable host"),
        (f"hooks.example/{SECRET}", "no usable host"),
        (SECRET, "no usable host"),
        (f"{SECRET}://hooks.example/x", "no usable host"),
        (f"https://jo:{SECRET}@hooks.example/x", "no usable host"),
        ("https://jo:xSENTINEL@hooks.example/x", "no usable host"),
        (f"https://hooks.example/{SECRET} x", "holds a space"),
        (f"https://hooks.example:99999/{SECRET}", "no usable host"),
        (f"https:///{SECRET}", "no usable host"),
        ("", "is empty"),
    ],
)
def test_an_address_that_can_not_be(url: str, words: str) -> None:
    """It is refused before anything is sent, with a sentence that does not show it."""
    with pytest.raises(RefusedError, match=words) as refused:
        check_webhook(Secret(url))
    assert "SENTINEL" not in str(refused.value)
    told = post(url)
    assert told.startswith("no notification was sent: ")
    assert "SENTINEL" not in told


def test_plain_http_is_permitted_where_it_is_asked_for() -> None:
    """To this machine always, elsewhere with leave; the host is what may be shown."""
    assert check_webhook(Secret("http://localhost:8080/x?y=z#f")) == "localhost:8080"
    assert check_webhook(Secret("http://Hooks.Example/x"), allow_http=True) == "hooks.example"
    assert check_webhook(Secret(f"https://hooks.example/{SECRET}?sig=1")) == "hooks.example"


def test_https_is_tls_or_nothing(serve: Callable[..., Any], steps: Any) -> None:
    """An https address whose server speaks no TLS gets no note."""
    peer = serve(steps.answer(), on_connect=lambda _: False)
    assert "can't be reached" in post(f"https://127.0.0.1:{peer.port}/{SECRET}")
    assert (peer.connections, peer.requests) == (2, [])
