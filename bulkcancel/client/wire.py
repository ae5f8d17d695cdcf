"""The guard around one call: at most one wire send, and whether it happened."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

import aiohttp

if TYPE_CHECKING:
    from aiohttp import ClientResponse
    from aiohttp.connector import Connection


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
    """One call's guard: whatever happens, its request is sent once.

    aiohttp repeats a PUT or a GET once, silently, when a connection breaks before the answer;
    `without_repeats` forbids it, and should it try all the same, the guard refuses.

    aiohttp also takes what a server sent on an idle connection for the answer to the next
    request on it. A true answer can't be there before the event loop has turned once.
    """

    __slots__ = ("_count", "headers_written", "loop_turned")

    def __init__(self, count: SendCount) -> None:
        self._count = count
        self.headers_written = False
        """Whether the server may have seen the request; set just before the first byte leaves."""
        self.loop_turned = False
        """Whether an answer may be one to this request."""

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
        self.loop_turned = True


SENDING: Final[ContextVar[OneSend]] = ContextVar("SENDING")
"""The guard of the call that the running task makes."""


class GuardedRequest(aiohttp.ClientRequest):
    """A request that asks its call's guard before it writes anything.

    A trace or a middleware could do the same, for a fifth of what a request costs in all.
    """

    async def send(self, conn: Connection) -> ClientResponse:
        """Send, if the guard lets it."""
        SENDING.get().note_headers()
        return await super().send(conn)


def without_repeats(session: aiohttp.ClientSession) -> aiohttp.ClientSession:
    """Return the session, forbidden to repeat a request by itself.

    Raises:
        RuntimeError: this version of aiohttp has no such switch.
    """
    # aiohttp's own tests turn it off this way; there is no public one.
    if getattr(session, "_retry_connection", None) is not True:
        raise RuntimeError("this version of aiohttp repeats requests, and can't be told not to")
    session._retry_connection = False  # noqa: SLF001 - see above
    return session
