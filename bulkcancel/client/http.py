"""One exchange over HTTP: at most one wire send, a bounded answer, and each failure as a value."""

# aiohttp's session is left out, and its parts are used one by one. It repeats a PUT or a GET once,
# silently, when a connection breaks before the answer; it follows redirects, keeps cookies and
# heeds variables. None of that may happen here, and what does nothing of it costs less as well: a
# request takes a quarter to a third less (`make bench-throughput`, the bare loops).

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

import aiohttp
import msgspec
from yarl import URL

from bulkcancel.client.failures import no_answer, not_sent
from bulkcancel.client.wire import Request, SendCount, UnaskedError
from bulkcancel.model import NoAnswer, NoAnswerCause, NotSent

if TYPE_CHECKING:
    from aiohttp.connector import Connection
    from multidict import CIMultiDict

# Node closes an idle connection after 5 s, others later. A send that meets such a close is in
# doubt, so a connection is given up before; a reconnect costs little at a pace that slow.
_KEEP_IDLE: Final = 4.0
_TRIES: Final = 3
_UNBOUNDED: Final = aiohttp.ClientTimeout(total=None, sock_connect=None)
"""One timeout stands around the whole exchange; none is needed within."""


class Reply(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A whole answer as it came; nothing of it has been looked at."""

    http_status: int
    headers: Mapping[str, str]
    body: bytes


class Connections:
    """Connections that are kept for the next request; an async context manager.

    ``timeout`` (seconds) bounds one exchange whole: name look-up, connection, answer and body.
    No redirect is followed, no cookie kept, no variable heeded, and nothing sent twice.
    """

    def __init__(self, tls: ssl.SSLContext | None, *, timeout: float) -> None:
        self._tls = tls
        self._timeout = timeout
        self._connector: aiohttp.TCPConnector | None = None

    async def __aenter__(self) -> Self:
        self._connector = aiohttp.TCPConnector(
            ssl=self._tls or True,
            limit=0,  # a queue here would hide waiting from the pacer; the caller bounds
            keepalive_timeout=_KEEP_IDLE,
            resolver=aiohttp.ThreadedResolver(),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        connector, self._connector = self._connector, None
        if connector is not None:
            await connector.close()

    async def exchange(
        self,
        method: str,
        url: URL,
        count: SendCount,
        *,
        headers: CIMultiDict[str],
        max_body: int,
        data: bytes | None = None,
    ) -> Reply | NoAnswer | NotSent:
        """Send once and return what came of it; never raises for what a network or server can do.

        A body of more than ``max_body`` bytes is cut off and is no answer. ``headers`` are those of
        `headers_for`.
        """
        if self._connector is None:
            raise RuntimeError("connections are used outside of their `async with`")
        begun = False
        connection: Connection | None = None
        response: aiohttp.ClientResponse | None = None
        status: int | None = None
        try:
            async with asyncio.timeout(self._timeout):
                request = Request(method, url, headers=headers, data=data)
                connection = await _connected(self._connector, request)
                begun = True  # from here on the server may have seen it
                count.total += 1
                response = await request.send(connection)
                await response.start(connection)
                status = response.status
                body = await _bounded_body(response, max_body)
        except Exception as error:  # noqa: BLE001 - the one boundary: every failure has a meaning
            if begun:
                return no_answer(error, http_status=status)
            return not_sent(error, is_tls=url.scheme == "https")
        finally:
            # After a whole body the connection is back in the pool and this does nothing; in
            # any other case the connection is closed, and what is left in it never read.
            if response is not None:
                response.close()
            elif connection is not None:
                connection.close()
        if body is None:
            return NoAnswer(
                cause=NoAnswerCause.OVERSIZED,
                detail=f"a body of more than {max_body} bytes",
                http_status=status,
            )
        return Reply(http_status=response.status, headers=response.headers, body=body)


async def _connected(connector: aiohttp.TCPConnector, request: Request) -> Connection:
    """Return a connection on which nothing came that nobody asked for.

    Raises:
        UnaskedError: Three were not so, such as those of a server that speaks first.
    """
    for _ in range(_TRIES):
        connection = await connector.connect(request, traces=[], timeout=_UNBOUNDED)
        protocol = connection.protocol
        # What a server sent on an idle connection would be taken for this request's answer.
        if protocol is not None and not protocol.should_close:
            protocol.set_response_params(read_until_eof=True, auto_decompress=False)
            return connection
        connection.close()
    raise UnaskedError


async def _bounded_body(response: aiohttp.ClientResponse, most: int) -> bytes | None:
    """Return the body, or ``None`` as soon as it is longer than ``most`` bytes."""
    content = response.content
    body = await content.read(most + 1)
    while len(body) <= most:
        if content.at_eof() or not (more := await content.read(most + 1 - len(body))):
            return body
        body += more
    return None
