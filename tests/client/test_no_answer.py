"""Whatever comes in place of an answer has its own word, after exactly one request."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from bulkcancel.client import Client
from bulkcancel.model import (
    AllocationView,
    Answer,
    ApiMessage,
    Foreign,
    NoAnswer,
    NoAnswerCause,
    OneAllocation,
)

ID = "62ff5c0bec0aed3c86202c32"
CANCELLED = json.dumps([{"allocationId": ID, "statusCode": "CANCELLED", "version": 3}]).encode()
PROOF = OneAllocation(view=AllocationView(allocation_id=ID, status="CANCELLED", version=3))
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(CANCELLED), CANCELLED)


def once(peer: Any, call: Any, **options: Any) -> Any:
    """Cancel once and return what was observed; the server must have seen one request."""

    async def use(client: Client) -> tuple[Any, int]:
        return (await client.cancel(ID)).observation, client.wire_sends

    observation, sends = call(peer.base_url, use, **options)
    assert (len(peer.requests), peer.connections, sends) == (1, 1, 1)
    return observation


@pytest.mark.parametrize(
    ("data", "cause", "http_status"),
    [
        (b"", NoAnswerCause.DISCONNECTED, None),
        (b"HTTP/1.1 200 OK\r\nContent-", NoAnswerCause.DISCONNECTED, None),
        (b"HTTP/1.1 100 Continue\r\n\r\n", NoAnswerCause.DISCONNECTED, None),
        (b"garbage\r\n\r\n", NoAnswerCause.BAD_HTTP, None),
        (b"HTTP/1.1 abc OK\r\n\r\n", NoAnswerCause.BAD_HTTP, None),
        (b"<html>an answer of HTTP/0.9</html>", NoAnswerCause.BAD_HTTP, None),
        (b"SSH-2.0-OpenSSH_9.2\r\n", NoAnswerCause.BAD_HTTP, None),
        (OK + b"X: " + b"a" * 20_000 + b"\r\n\r\n" + CANCELLED, NoAnswerCause.BAD_HTTP, None),
        (OK + b"X: a\r\n" * 5_000 + b"\r\n" + CANCELLED, NoAnswerCause.BAD_HTTP, None),
        (OK + b"Content-Length: 1\r\nContent-Length: 99\r\n\r\n1", NoAnswerCause.BAD_HTTP, None),
        (OK + b"Content-Length: -1\r\n\r\n1", NoAnswerCause.BAD_HTTP, None),
        (OK + b"Content-Length: 500\r\n\r\n" + CANCELLED, NoAnswerCause.TRUNCATED, 200),
        (b'HTTP/1.1 404 No\r\nContent-Length: 9\r\n\r\n"no"', NoAnswerCause.TRUNCATED, 404),
        (CHUNKED, NoAnswerCause.TRUNCATED, 200),
    ],
)
def test_an_answer_that_is_no_whole_http_is_in_doubt(
    serve: Any, steps: Any, call: Any, data: bytes, cause: NoAnswerCause, http_status: int | None
) -> None:
    """The cause is named; the status is known if the head came whole."""
    seen = once(serve(steps.raw(data)), call)
    assert isinstance(seen, NoAnswer)
    assert (seen.cause, seen.http_status) == (cause, http_status)
    assert seen.detail


def test_a_reset_is_in_doubt(serve: Any, steps: Any, call: Any) -> None:
    """A reset after the request was read says nothing of what it did."""
    seen = once(serve(steps.reset()), call)
    assert seen == NoAnswer(cause=NoAnswerCause.RESET, detail="Connection reset by peer")


def test_a_reset_in_the_body_is_in_doubt(serve: Any, steps: Any, call: Any) -> None:
    """The status is known, the answer isn't."""
    peer = serve(
        steps.then(steps.raw(OK + b"Content-Length: 9\r\n\r\n1", keep=True), steps.reset())
    )
    seen = once(peer, call)
    assert isinstance(seen, NoAnswer)
    assert seen.cause in {NoAnswerCause.TRUNCATED, NoAnswerCause.RESET}


@pytest.mark.parametrize(
    "data",
    [
        OK + b"Content-Length: %d\r\n\r\n%s" % (len(CANCELLED), CANCELLED),
        b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + OK + b"\r\n" + CANCELLED,
        b"HTTP/1.0 200 OK\r\n\r\n" + CANCELLED,
        CHUNKED + b"0\r\n\r\n",
    ],
)
def test_every_way_to_end_a_body_is_understood(
    serve: Any, steps: Any, call: Any, data: bytes
) -> None:
    """By length, by chunks or by the connection's end, after interim answers too."""
    assert once(serve(steps.raw(data)), call) == Answer(http_status=200, body=PROOF)


def test_an_answer_in_slices_of_one_byte_is_whole(serve: Any, steps: Any, call: Any) -> None:
    """How the bytes are cut on the wire changes nothing."""
    data = OK + b"Content-Length: %d\r\n\r\n%s" % (len(CANCELLED), CANCELLED)
    assert once(serve(steps.drip(data, every=0.001)), call).body == PROOF


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("same_host", [True, False])
def test_a_redirect_is_an_answer_and_never_followed(
    serve: Any, steps: Any, call: Any, status: int, *, same_host: bool
) -> None:
    """Where it points to sees no request, and so no token."""
    other = serve(steps.answer(CANCELLED))
    place = "/api/v2/else" if same_host else f"http://localhost:{other.port}/"
    moved = steps.answer(b"", f"{status} Moved", [f"Location: {place}"])
    peer = serve(moved, steps.answer(CANCELLED))
    assert once(peer, call) == Answer(http_status=status, body=Foreign(kind="empty"))
    assert other.connections == 0


@pytest.mark.parametrize(
    ("status", "http_status"),
    [("204 No Content", 204), ("304 Not Modified", 304), ("500 Error", 500), ("999 Odd", 999)],
)
def test_an_empty_answer_is_an_answer(
    serve: Any, steps: Any, call: Any, status: str, http_status: int
) -> None:
    """Any status with nothing behind it is told as it is."""
    seen = once(serve(steps.answer(b"", status)), call)
    assert seen == Answer(http_status=http_status, body=Foreign(kind="empty"))


def test_a_page_is_foreign_and_a_message_is_the_apis(serve: Any, steps: Any, call: Any) -> None:
    """The content type reaches the reader of bodies."""
    page = steps.answer(b'"no"', "404 Not Found", ["Content-Type: text/html"])
    assert once(serve(page), call) == Answer(http_status=404, body=Foreign(kind="html"))
    own = steps.answer(b'"no"', "404 Not Found", ["Content-Type: application/json"])
    assert once(serve(own), call) == Answer(http_status=404, body=ApiMessage(text="no"))


def test_a_compressed_body_is_not_unpacked(serve: Any, steps: Any, call: Any) -> None:
    """A small answer that would grow to 20 MB stays small and counts as foreign."""
    packed = gzip.compress(b" " * 20_000_000)
    assert len(packed) < 65536
    peer = serve(steps.answer(packed, headers=["Content-Encoding: gzip"]))
    assert once(peer, call) == Answer(http_status=200, body=Foreign(kind="encoded"))


@pytest.mark.parametrize("extra", [0, 1])
def test_a_body_is_read_up_to_its_limit(serve: Any, steps: Any, call: Any, extra: int) -> None:
    """At the limit it is whole, one byte more and it is oversized."""
    body = b'"' + b"a" * (998 + extra) + b'"'
    seen = once(serve(steps.answer(body)), call, max_body=1000)
    if extra:
        assert seen.cause is NoAnswerCause.OVERSIZED
        assert seen.http_status == 200
    else:
        assert isinstance(seen.body, ApiMessage)


@pytest.mark.parametrize(
    "head", [b"Content-Length: 104857600\r\n\r\n", b"\r\n", b"Content-Encoding: gzip\r\n\r\n"]
)
def test_an_endless_body_is_cut(serve: Any, steps: Any, call: Any, head: bytes) -> None:
    """Of 100 MB the most part is never taken from the network: the connection is closed."""
    sent: list[int] = []
    peer = serve(steps.flood(OK + head, b" " * 1_048_576, 100, sent))
    seen = once(peer, call)
    assert seen.cause is NoAnswerCause.OVERSIZED
    peer.close()
    assert sum(sent) < 50 * 1_048_576


def test_silence_is_cut_by_the_timeout(serve: Any, steps: Any, call: Any) -> None:
    """A server that never answers costs the timeout, and leaves a doubt."""
    seen = once(serve(steps.silence()), call, timeout=1.0)
    assert seen == NoAnswer(
        cause=NoAnswerCause.TIMEOUT, detail="no whole answer within the timeout"
    )


@pytest.mark.parametrize(("head", "http_status"), [(b"", None), (OK + b"\r\n", 200)])
def test_a_slow_drip_is_cut_by_the_same_timeout(
    serve: Any, steps: Any, call: Any, head: bytes, http_status: int | None
) -> None:
    """A byte now and then doesn't keep a call alive, neither in the head nor in the body."""
    slow = b" " * 3_000 if head else OK + b"X: " + b"a" * 3_000
    peer = serve(steps.then(steps.raw(head, keep=True), steps.drip(slow, every=0.02)))
    seen = once(peer, call, timeout=1.0)
    assert (seen.cause, seen.http_status) == (NoAnswerCause.TIMEOUT, http_status)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        (["Retry-After: 7"], 7.0),
        (
            ["Retry-After: Sun, 06 Nov 1994 12:01:30 GMT", "Date: Sun, 06 Nov 1994 12:00:00 GMT"],
            90.0,
        ),
        (["Retry-After: -5"], None),
        (["Retry-After: \u00b2"], None),
        ([], None),
    ],
)
def test_the_wait_that_a_server_asks_for_is_passed_on(
    serve: Any, steps: Any, call: Any, headers: list[str], seconds: float | None
) -> None:
    """`Retry-After` comes out in seconds, measured by the answer's own date."""
    seen = once(serve(steps.answer(b"", "429 Too Many Requests", headers)), call)
    assert (seen.http_status, seen.retry_after) == (429, seconds)
