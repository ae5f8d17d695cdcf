"""One exchange over HTTP: at most one wire send, a bounded answer, and each failure as a value."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Final

import aiohttp
import msgspec
from yarl import URL

from bulkcancel.client.failures import no_answer, not_sent
from bulkcancel.client.wire import (
    SENDING,
    EarlyAnswerError,
    GuardedRequest,
    OneSend,
    without_repeats,
)
from bulkcancel.model import NoAnswer, NoAnswerCause, NotSent

# Node closes an idle connection after 5 s, others later. A send that meets such a close is in
# doubt, so a connection is given up before; a reconnect costs little at a pace that slow.
_KEEP_IDLE: Final = 4.0


class Reply(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A whole answer as it came; nothing of it has been looked at."""

    http_status: int
    headers: Mapping[str, str]
    body: bytes


def open_session(tls: ssl.SSLContext | None, *, timeout: float) -> aiohttp.ClientSession:
    """Return a session that follows no redirect, keeps no cookie and heeds no variable.

    ``timeout`` (seconds) bounds one exchange whole: name look-up, connection, answer and body.
    """
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            ssl=tls or True,
            limit=0,  # a queue here would hide waiting from the pacer; the caller bounds
            keepalive_timeout=_KEEP_IDLE,
            resolver=aiohttp.ThreadedResolver(),
        ),
        timeout=aiohttp.ClientTimeout(total=timeout),
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=["Content-Type"],
        auto_decompress=False,
        trust_env=False,
        raise_for_status=False,
        request_class=GuardedRequest,
    )
    return without_repeats(session)


async def exchange(
    session: aiohttp.ClientSession,
    method: str,
    url: URL,
    send: OneSend,
    *,
    headers: Mapping[str, str],
    max_body: int,
    data: bytes | None = None,
) -> Reply | NoAnswer | NotSent:
    """Send once and return what came of it; never raises for what a network or a server can do.

    A body of more than ``max_body`` bytes is cut off and is no answer.
    """
    SENDING.set(send)
    try:
        response = await session.request(
            method, url, data=data, headers=headers, allow_redirects=False
        )
    except Exception as error:  # noqa: BLE001 - the one boundary: every failure has a meaning
        if send.headers_written:
            return no_answer(error)
        return not_sent(error, is_tls=url.scheme == "https")
    if not send.loop_turned:
        response.close()
        return no_answer(EarlyAnswerError())
    try:
        body = await _bounded_body(response, max_body)
    except Exception as error:  # noqa: BLE001 - the same boundary, with the head in hand
        return no_answer(error, http_status=response.status)
    finally:
        # After a whole body the connection is back in the pool and this does nothing; in
        # any other case the connection is closed, and what is left in it never read.
        response.close()
    if body is None:
        return NoAnswer(
            cause=NoAnswerCause.OVERSIZED,
            detail=f"a body of more than {max_body} bytes",
            http_status=response.status,
        )
    return Reply(http_status=response.status, headers=response.headers, body=body)


async def _bounded_body(response: aiohttp.ClientResponse, most: int) -> bytes | None:
    """Return the body, or ``None`` as soon as it is longer than ``most`` bytes."""
    content = response.content
    body = await content.read(most + 1)
    while len(body) <= most:
        if content.at_eof() or not (more := await content.read(most + 1 - len(body))):
            return body
        body += more
    return None
