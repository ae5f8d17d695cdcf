"""Speak to the API: one call is one wire send, and what came of it is a value."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Final, Self

import msgspec
from multidict import CIMultiDict
from yarl import URL

from bulkcancel.client.allowance import allowance_in
from bulkcancel.client.decode import read_body
from bulkcancel.client.http import Connections, Reply
from bulkcancel.client.options import ClientOptions
from bulkcancel.client.query import LARGEST_PAGE, QueryExchange, Question, listing_of
from bulkcancel.client.retry_after import seconds_to_wait
from bulkcancel.client.secret import Secret
from bulkcancel.client.several import read_several, several_url
from bulkcancel.client.target import check_target, site_context
from bulkcancel.client.tls import tls_context
from bulkcancel.client.wire import SendCount, headers_for
from bulkcancel.errors import RefusedError
from bulkcancel.model import Answer, Body, NoAnswer, NotSent, Observation, Target
from bulkcancel.model.listing import Listing
from bulkcancel.version import __version__

_SENDABLE_ID: Final = re.compile(r"[A-Za-z0-9._~-]{1,200}")
_JSON: Final = {"Content-Type": "application/json"}


class Exchange(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one call gave, how many seconds it took, and the number of the token it carried."""

    observation: Observation
    elapsed: float
    token_number: int = 0


class _Sent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one send gave before it was read, and the token that it carried."""

    seen: Reply | NoAnswer | NotSent
    elapsed: float
    token: Secret
    token_number: int


class Client:
    """Sends cancels, reads and queries to one target; an async context manager.

    A call makes at most one wire send and never raises for anything that a network or a server
    can do: that is its result. It raises `asyncio.CancelledError`, and on faults of the program.
    Without a ``token`` it has to be given one by `use_token` before the first call.

    Raises:
        RefusedError: the target, the token or the CA file can't be used.
    """

    def __init__(self, target: Target, token: Secret | None, options: ClientOptions) -> None:
        self._target = check_target(target, options)
        self._options = options
        self._base = URL(self._target.base_url, encoded=True)
        self._path = self._base.raw_path.rstrip("/")
        is_tls = self._target.base_url.startswith("https:")
        self._tls = tls_context(options.ca_file) if is_tls else None
        self._connections = Connections(self._tls, timeout=options.timeout)
        self._under_way = 0
        self._cancels = SendCount()
        self._reads = SendCount()
        self._token: Secret | None = None
        self._headers: CIMultiDict[str] = CIMultiDict()
        self.token_number = 0
        """Counts the tokens used so far: a refusal of an older one says nothing of this one."""
        if token is not None:
            self.use_token(token)

    def use_token(self, token: Secret) -> int:
        """Send ``token`` from the next call on, and return its number; calls under way keep theirs.

        Raises:
            RefusedError: the token can't stand in a header.
        """
        if not token.is_sendable():
            raise RefusedError(
                "the token is empty, or holds a space, a line break or a character beyond ASCII"
            )
        self._token = token
        self.token_number += 1
        self._headers = headers_for(
            self._base,
            {
                "Authorization": f"Bearer {token.reveal()}",
                "x-site-context": site_context(self._target),
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                "User-Agent": f"bulkcancel/{__version__}",
            },
        )
        return self.token_number

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
        await self._connections.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._connections.__aexit__(kind, error, traceback)

    async def cancel(self, allocation_id: str) -> Exchange:
        """Ask the API once to cancel one allocation.

        Raises:
            RefusedError: the id can't stand in a path, or more calls than ``connections`` are
                under way; nothing was sent.
        """
        url = self._url("/allocation/cancel/", allocation_id)
        return _exchange(await self._send("PUT", url, self._cancels))

    async def cancel_several(self, allocation_ids: Sequence[str]) -> Exchange:
        """Ask the API once to cancel several allocations; at most 50, each once.

        Raises:
            RefusedError: as for `cancel`, or the list is empty, too long or repeats an id.
        """
        route = "/allocation/cancel/"
        singles = [self._url(route, one) for one in allocation_ids]
        url = several_url(self._target.base_url + route, singles)
        sent = await self._send("PUT", url, self._cancels, shown=len(singles))
        return _exchange(sent, read_several)

    async def read(self, allocation_id: str) -> Exchange:
        """Ask the API once what it knows of one allocation.

        Raises:
            RefusedError: as for `cancel`.
        """
        url = self._url("/allocation/", allocation_id)
        return _exchange(await self._send("GET", url, self._reads))

    async def query(self, question: Question) -> QueryExchange:
        """Ask the API once for a page of allocations; it counts as a read.

        Raises:
            RefusedError: more calls than ``connections`` are under way; nothing was sent.
        """
        url = URL(f"{self._target.base_url}/allocation/query", encoded=True)
        sent = await self._send("POST", url, self._reads, question.as_json())
        seen: Reply | Listing | Observation = sent.seen
        if isinstance(seen, Reply):
            seen = listing_of(seen, sent.token) or _answer(seen, sent.token)
        return QueryExchange(
            observation=seen,
            elapsed=sent.elapsed,
            token_number=sent.token_number,
        )

    def _url(self, route: str, allocation_id: str) -> URL:
        if not _SENDABLE_ID.fullmatch(allocation_id) or allocation_id in {".", ".."}:
            raise RefusedError(
                "an allocation id to send has to be 1 to 200 letters, digits and . _ ~ - only"
            )
        # None of these characters is one that a URL quotes.
        path = f"{self._path}{route}{allocation_id}"
        url = self._base.with_path(path, encoded=True)
        # `encoded` forbids rewriting: this holds, or nothing is sent.
        if url.raw_path_qs != path:
            raise RefusedError(f"the id {allocation_id} would change the address of the request")
        return url

    async def _send(
        self,
        method: str,
        url: URL,
        count: SendCount,
        question: bytes | None = None,
        *,
        shown: int = 1,
    ) -> _Sent:
        """Send once, with a ``question`` as its JSON body, whose answer may then be a page long.

        Any other answer may be as long as ``shown`` allocations can be.
        """
        if self._token is None:
            raise RuntimeError("the client is used before it has a token")
        if self._under_way >= self._options.connections:
            raise RefusedError(
                f"more than {self._options.connections} calls at a time: the connections of the "
                "client have to be at least the concurrency"
            )
        # The token that this request carries, whatever comes meanwhile.
        token, number = self._token, self.token_number
        self._under_way += 1
        started = time.monotonic()
        try:
            headers = self._headers
            if question is not None:
                headers = headers.copy()
                headers.update(_JSON)
            seen = await self._connections.exchange(
                method,
                url,
                count,
                headers=headers,
                max_body=self._options.max_body * shown if question is None else LARGEST_PAGE,
                data=question,
            )
        finally:
            self._under_way -= 1
        elapsed = time.monotonic() - started
        return _Sent(seen=seen, elapsed=elapsed, token=token, token_number=number)


def _exchange(sent: _Sent, read: Callable[..., Body] = read_body) -> Exchange:
    seen = sent.seen
    return Exchange(
        observation=_answer(seen, sent.token, read) if isinstance(seen, Reply) else seen,
        elapsed=sent.elapsed,
        token_number=sent.token_number,
    )


def _answer(reply: Reply, token: Secret, read: Callable[..., Body] = read_body) -> Answer:
    headers = reply.headers
    retry_after = headers.get("Retry-After")
    return Answer(
        http_status=reply.http_status,
        body=read(
            reply.body,
            http_status=reply.http_status,
            content_type=headers.get("Content-Type", ""),
            content_encoding=headers.get("Content-Encoding", ""),
            token=token,
        ),
        retry_after=None
        if retry_after is None
        else seconds_to_wait(retry_after, headers.get("Date")),
        allowance=allowance_in(headers),
    )
