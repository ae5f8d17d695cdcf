"""Misbehaviour on the connection itself: the faults of the family WIRE."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TypeAlias

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from bulkcancel.simulator.faults import Fault
from bulkcancel.simulator.replies import Reply

Pause: TypeAlias = Callable[[float], Awaitable[bool]]
"""Wait so many seconds; false where the simulator stops first."""

_Play: TypeAlias = Callable[[web.BaseRequest], Awaitable[None]]

_PIECE = 1 << 16


class RawAnswer(web.StreamResponse):
    """An answer that writes its own bytes, or none; the connection is closed after it."""

    def __init__(self, play: _Play) -> None:
        super().__init__()
        self._play = play

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Write the bytes."""
        await self._play(request)
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Write nothing more."""


class DroppedAnswer(web.Response):
    """An ordinary answer after which the connection is closed without having said so."""

    def __init__(self, reply: Reply, *, after: float, by_reset: bool) -> None:
        super().__init__(
            status=reply.status,
            body=reply.body,
            headers={**reply.headers, "Content-Type": reply.content_type},
        )
        self._after = after
        self._by_reset = by_reset
        self._transport: asyncio.Transport | None = None

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Write the head."""
        self._transport = request.transport
        return await super().prepare(request)

    async def write_eof(self, data: bytes = b"") -> None:
        """Write the body, then drop the connection."""
        await super().write_eof(data)
        if self._transport is not None:
            transport = self._transport
            drop = (lambda: _reset(transport)) if self._by_reset else transport.close
            asyncio.get_running_loop().call_later(self._after, drop)


def silence() -> web.StreamResponse:
    """Return an answer without a byte: the connection is closed."""
    return RawAnswer(_close)


def misbehaving(fault: Fault, reply: Reply, pause: Pause) -> web.StreamResponse:
    """Return what a fault of the family WIRE makes of an answer."""
    match fault.base:
        case "hangup":
            return silence()
        case "reset":
            return RawAnswer(_reset_it)
        case "hang":
            return RawAnswer(lambda request: _hang(request, pause, fault.number))
        case "drop-idle" | "reset-idle" as base:
            return DroppedAnswer(reply, after=fault.number, by_reset=base == "reset-idle")
        case "drip":
            return RawAnswer(lambda request: _drip(request, reply, pause, fault.number))
        case "truncated":
            half = reply.body[: len(reply.body) // 2]
            return _sending(_head(reply) + half)
        case "oversized":
            return RawAnswer(lambda request: _stream(request, reply, int(fault.number)))
        case "bad-status-line":
            return _sending(_head(reply).replace(b"HTTP/1.1 ", b"HPPT/1.x nought ", 1) + reply.body)
        case "http-0.9":
            return _sending(reply.body)
        case base:
            raise AssertionError(base)


def _sending(raw: bytes) -> web.StreamResponse:
    async def play(request: web.BaseRequest) -> None:
        await request.writer.write(raw)

    return RawAnswer(play)


def _head(reply: Reply, *, length: str | None = None) -> bytes:
    phrase = HTTPStatus(reply.status).phrase
    lines = [
        f"HTTP/1.1 {reply.status} {phrase}",
        f"Content-Type: {reply.content_type}",
        length or f"Content-Length: {len(reply.body)}",
        *(f"{name}: {value}" for name, value in reply.headers.items()),
    ]
    return "\r\n".join((*lines, "", "")).encode()


async def _close(request: web.BaseRequest) -> None:
    if request.transport is not None:
        request.transport.close()


async def _reset_it(request: web.BaseRequest) -> None:
    if request.transport is not None:
        _reset(request.transport)


def _reset(transport: asyncio.Transport) -> None:
    """Close the connection by RST: lingering for no time throws away what is on its way."""
    if transport.is_closing():
        return
    connection: socket.socket = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def _hang(request: web.BaseRequest, pause: Pause, seconds: float) -> None:
    await pause(seconds)
    await _close(request)


async def _drip(request: web.BaseRequest, reply: Reply, pause: Pause, rate: float) -> None:
    await request.writer.write(_head(reply))
    for place in range(len(reply.body)):
        if not await pause(1 / rate):
            return
        await request.writer.write(reply.body[place : place + 1])


async def _stream(request: web.BaseRequest, reply: Reply, size: int) -> None:
    """Send a valid answer in chunks, with so many bytes of blanks behind it."""
    await request.writer.write(_head(reply, length="Transfer-Encoding: chunked"))
    await request.writer.write(_chunk(reply.body))
    left = max(0, size - len(reply.body))
    while left:
        piece = b" " * min(left, _PIECE)
        left -= len(piece)
        await request.writer.write(_chunk(piece))
        await request.writer.drain()
    await request.writer.write(b"0\r\n\r\n")


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)
