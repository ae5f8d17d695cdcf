"""The guard around one call: at most one wire send, and whether it happened."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import aiohttp

if TYPE_CHECKING:
    from aiohttp import ClientHandlerType, ClientRequest, ClientResponse


class LostError(Exception):
    """Carries a failure past aiohttp, which would send again if it recognised it."""

    def __init__(self, failure: Exception) -> None:
        super().__init__("no answer to the one send")
        self.failure = failure


class EarlyAnswerError(aiohttp.ClientError):
    """An answer was there before the request: it belongs to another one."""


class SecondSendError(aiohttp.ClientError):
    """aiohttp wanted to send a request again by itself."""


class SendCount:
    """How many requests had their headers written."""

    __slots__ = ("total",)

    def __init__(self) -> None:
        self.total = 0


class OneSend:
    """One call's guard; a request carries it as its middleware and as its trace context.

    aiohttp repeats a PUT or a GET once, silently, when a connection breaks before the answer. It
    does so for two kinds of exceptions only, so here they are wrapped in one that it doesn't
    know; and should it ever try again all the same, both hooks refuse.

    aiohttp also takes what a server sent on an idle connection for the answer to the next
    request on it. A true answer can't be there before the event loop has turned once.
    """

    __slots__ = ("_count", "_entered", "_loop_turned", "headers_written")

    def __init__(self, count: SendCount) -> None:
        self._count = count
        self._entered = False
        self._loop_turned = False
        self.headers_written = False
        """Whether the server may have seen the request; set just before the first byte leaves."""

    def note_headers(self) -> None:
        """Take note that the headers are about to be written; refuse to do it twice.

        Raises:
            SecondSendError: they were written before.
        """
        if self.headers_written:
            raise SecondSendError
        self.headers_written = True
        self._count.total += 1
        # Runs before any read of the loop's next turn; nothing waits between here and the write.
        asyncio.get_running_loop().call_soon(self._note_turn)

    def _note_turn(self) -> None:
        self._loop_turned = True

    async def middleware(
        self, request: ClientRequest, handler: ClientHandlerType
    ) -> ClientResponse:
        """Let one send pass (aiohttp runs a middleware anew for each of its own repeats).

        Raises:
            EarlyAnswerError: the answer isn't one to this request.
            LostError: the connection failed in a way that aiohttp would answer with a repeat.
            SecondSendError: this is a repeat.
        """
        if self._entered:
            raise SecondSendError
        self._entered = True
        try:
            response = await handler(request)
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as failure:
            raise LostError(failure) from None
        if not self._loop_turned:
            response.close()
            raise EarlyAnswerError
        return response
