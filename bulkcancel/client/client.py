"""Speak to the API: one call is one wire send, and what came of it is a value."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace, TracebackType
from typing import Final, Self
from urllib.parse import quote

import aiohttp
from yarl import URL

from bulkcancel.client.allowance import allowance_in
from bulkcancel.client.decode import read_body
from bulkcancel.client.failures import no_answer, not_sent
from bulkcancel.client.options import ClientOptions
from bulkcancel.client.retry_after import seconds_to_wait
from bulkcancel.client.secret import Secret
from bulkcancel.client.target import check_target, site_context
from bulkcancel.client.tls import tls_context
from bulkcancel.client.wire import LostError, OneSend, SendCount
from bulkcancel.errors import RefusedError
from bulkcancel.model import Answer, NoAnswer, NoAnswerCause, Observation, Target
from bulkcancel.version import __version__

_SENDABLE_ID: Final = re.compile(r"[A-Za-z0-9._~-]{1,200}")
# Node closes an idle connection after 5 s, others later. A send that meets such a close is in
# doubt, so a connection is given up before; a reconnect costs little at a pace that slow.
_KEEP_IDLE: Final = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What one call gave, and how many seconds it took."""

    observation: Observation
    elapsed: float


class Client:
    """Sends cancels and reads to one target; an async context manager.

    A call makes at most one wire send and never raises for anything that a network or a server
    can do: that is its result. It raises `asyncio.CancelledError`, and on faults of the program.

    Raises:
        RefusedError: the target, the token or the CA file can't be used.
    """

    def __init__(
        self,
        target: Target,
        token: Secret,
        options: ClientOptions,
        *,
        newer_token: Callable[[], Secret | None] | None = None,
    ) -> None:
        self._target = check_target(target, options)
        self._options = options
        self._is_tls = self._target.base_url.startswith("https:")
        self._tls = tls_context(options.ca_file) if self._is_tls else None
        self._session: aiohttp.ClientSession | None = None
        self._under_way = 0
        self._cancels = SendCount()
        self._reads = SendCount()
        self._newer_token = newer_token
        self.token_number = 0
        """Counts the tokens used so far: a refusal of an older one says nothing of this one."""
        self.use_token(token)

    def renew_token(self, refused: int) -> bool:
        """See to it that another token is in use than the refused one, known by its number.

        Returns whether one is; without a source of newer tokens only one that came meanwhile.
        """
        if self.token_number > refused:
            return True
        token = self._newer_token() if self._newer_token is not None else None
        if token is None or token == self._token:
            return False
        self.use_token(token)
        return True

    def use_token(self, token: Secret) -> None:
        """Send ``token`` from the next call on; calls under way keep theirs.

        Raises:
            RefusedError: the token can't stand in a header.
        """
        if not token.is_sendable():
            raise RefusedError(
                "the token is empty, or holds a space, a line break or a character beyond ASCII"
            )
        self._token = token
        self.token_number += 1
        self._headers = {
            "Authorization": f"Bearer {token.reveal()}",
            "x-site-context": site_context(self._target),
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": f"bulkcancel/{__version__}",
        }

    @property
    def cancels_sent(self) -> int:
        """How many cancels had their headers written to a connection."""
        return self._cancels.total

    @property
    def reads_sent(self) -> int:
        """How many reads had their headers written to a connection."""
        return self._reads.total

    @property
    def wire_sends(self) -> int:
        """How many requests of both kinds had their headers written to a connection."""
        return self._cancels.total + self._reads.total

    async def __aenter__(self) -> Self:
        trace = aiohttp.TraceConfig()
        trace.on_request_headers_sent.append(_note_headers)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                ssl=self._tls or True,
                limit=0,  # a queue here would hide waiting from the pacer; `connections` bounds
                keepalive_timeout=_KEEP_IDLE,
                resolver=aiohttp.ThreadedResolver(),
            ),
            timeout=aiohttp.ClientTimeout(total=self._options.timeout),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=["Content-Type"],
            auto_decompress=False,
            trust_env=False,
            raise_for_status=False,
            trace_configs=[trace],
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def cancel(self, allocation_id: str) -> Exchange:
        """Ask the API once to cancel one allocation.

        Raises:
            RefusedError: the id can't stand in a path, or more calls than ``connections`` are
                under way; nothing was sent.
        """
        url = self._url("/allocation/cancel/", allocation_id)
        return await self._call("PUT", url, OneSend(self._cancels))

    async def read(self, allocation_id: str) -> Exchange:
        """Ask the API once what it knows of one allocation.

        Raises:
            RefusedError: as for `cancel`.
        """
        url = self._url("/allocation/", allocation_id)
        return await self._call("GET", url, OneSend(self._reads))

    def _url(self, route: str, allocation_id: str) -> URL:
        if not _SENDABLE_ID.fullmatch(allocation_id) or allocation_id in {".", ".."}:
            raise RefusedError(
                "an allocation id to send has to be 1 to 200 letters, digits and . _ ~ - only"
            )
        prefix = self._target.base_url + route
        url = URL(prefix + quote(allocation_id, safe="~"), encoded=True)
        # The id is checked above and `encoded` forbids rewriting: this holds, or nothing is sent.
        path = prefix.partition("://")[2].partition("/")[2]
        if url.raw_path != f"/{path}{allocation_id}" or url.raw_query_string:
            raise RefusedError(f"the id {allocation_id} would change the address of the request")
        return url

    async def _call(self, method: str, url: URL, send: OneSend) -> Exchange:
        if self._session is None:
            raise RuntimeError("the client is used outside of its `async with`")
        if self._under_way >= self._options.connections:
            raise RefusedError(
                f"more than {self._options.connections} calls at a time: the connections of the "
                "client have to be at least the concurrency"
            )
        self._under_way += 1
        started = time.monotonic()
        try:
            observation = await self._observe(self._session, method, url, send)
        finally:
            self._under_way -= 1
        return Exchange(observation=observation, elapsed=time.monotonic() - started)

    async def _observe(
        self, session: aiohttp.ClientSession, method: str, url: URL, send: OneSend
    ) -> Observation:
        token = self._token  # the one that this request carries, whatever comes meanwhile
        try:
            response = await session.request(
                method,
                url,
                headers=self._headers,
                allow_redirects=False,
                middlewares=(send.middleware,),
                trace_request_ctx=send,
            )
        except Exception as error:  # noqa: BLE001 - the one boundary: every failure has a meaning
            failure = error.failure if isinstance(error, LostError) else error
            if send.headers_written:
                return no_answer(failure)
            return not_sent(failure, is_tls=self._is_tls)
        try:
            body = await _bounded_body(response, self._options.max_body)
        except Exception as error:  # noqa: BLE001 - the same boundary, with the head in hand
            return no_answer(error, http_status=response.status)
        finally:
            # After a whole body the connection is back in the pool and this does nothing; in
            # any other case the connection is closed, and what is left in it never read.
            response.close()
        if body is None:
            return NoAnswer(
                cause=NoAnswerCause.OVERSIZED,
                detail=f"a body of more than {self._options.max_body} bytes",
                http_status=response.status,
            )
        return _answer(response, body, token)


async def _note_headers(
    _session: aiohttp.ClientSession,
    context: SimpleNamespace,
    _params: aiohttp.TraceRequestHeadersSentParams,
) -> None:
    send: OneSend = context.trace_request_ctx
    send.note_headers()


async def _bounded_body(response: aiohttp.ClientResponse, most: int) -> bytes | None:
    """Return the body, or ``None`` as soon as it is longer than ``most`` bytes."""
    body = bytearray()
    while chunk := await response.content.read(most + 1 - len(body)):
        body += chunk
        if len(body) > most:
            return None
    return bytes(body)


def _answer(response: aiohttp.ClientResponse, body: bytes, token: Secret) -> Answer:
    headers = response.headers
    return Answer(
        http_status=response.status,
        body=read_body(
            body,
            http_status=response.status,
            content_type=headers.get("Content-Type", ""),
            content_encoding=headers.get("Content-Encoding", ""),
            token=token,
        ),
        retry_after=seconds_to_wait(headers.get("Retry-After"), headers.get("Date")),
        allowance=allowance_in(headers),
    )
