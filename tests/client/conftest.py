"""A scriptable raw TCP server: it records every request's bytes and does as it is told.

The tests take it as `Any`: test folders are no packages, so its types can't be imported there.
"""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import anyio
import pytest

from bulkcancel.client import Client, ClientOptions, Secret
from bulkcancel.model import Target

ACCOUNT = "1234abcd5678efgh9ijklmno"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.SENTINEL-SECRET-0123456789.c2lnbmF0dXJl"
ALLOCATION_ID = "62ff5c0bec0aed3c86202c32"

Step = Callable[[socket.socket], bool]
"""Does something to a connection after a request; returns whether the connection goes on."""


@dataclass
class Peer:
    """A server on 127.0.0.1 whose steps are taken in order, one a request; the last one stays.

    ``on_connect`` runs for each connection before anything is read. ``requests`` are the requests
    read, head and body, ``connections`` the number of connections accepted.
    """

    steps: Sequence[Step]
    on_connect: Step | None = None
    tls: ssl.SSLContext | None = None
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    scheme: str = "http"
    host: str = "127.0.0.1"

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)

    @property
    def base_url(self) -> str:
        """The address to aim a client at."""
        return f"{self.scheme}://{self.host}:{self.port}/api/v2"

    def close(self) -> None:
        """Close every socket and wait for every thread."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for one in self._open:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()

    def _start(self, work: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:  # closed: the test is over
                return
            with self._lock:
                self.connections += 1
                self._open.append(accepted)
            self._start(self._serve, accepted)

    def _serve(self, plain: socket.socket) -> None:
        # An OSError here is the client hanging up, which is its right.
        with plain, contextlib.suppress(OSError):
            if self.on_connect and not self.on_connect(plain):
                return
            if self.tls is None:
                self._converse(plain)
            else:
                with self.tls.wrap_socket(plain, server_side=True) as wrapped:
                    self._converse(wrapped)

    def _converse(self, connection: socket.socket) -> None:
        while head := read_request(connection):
            with self._lock:
                step = self.steps[min(len(self.requests), len(self.steps) - 1)]
                self.requests.append(head)
            if not step(connection):
                return


def read_request(connection: socket.socket) -> bytes:
    """Return one request, head and body, or nothing at the connection's end."""
    request = b""
    while (missing := _missing(request)) > 0:
        piece = connection.recv(missing)
        if not piece:
            return b""
        request += piece
    return request


def _missing(request: bytes) -> int:
    """Return how many bytes of a request may still be read without touching the next one."""
    head, end, body = request.partition(b"\r\n\r\n")
    if not end:
        return 1
    length = re.search(rb"(?i)\r\ncontent-length: ([0-9]+)", head)
    return int(length[1]) - len(body) if length else 0


class Steps:
    """What a server can do; each is a step for `Peer`."""

    @staticmethod
    def answer(
        body: bytes = b"",
        status: str = "200 OK",
        headers: Sequence[str] = (),
        *,
        keep: bool = True,
    ) -> Step:
        """Send a whole answer with its length."""
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
        return Steps.raw("\r\n".join(lines).encode() + b"\r\n\r\n" + body, keep=keep)

    @staticmethod
    def raw(data: bytes, *, keep: bool = False) -> Step:
        """Send these bytes."""

        def step(connection: socket.socket) -> bool:
            connection.sendall(data)
            return keep

        return step

    @staticmethod
    def hang_up() -> Step:
        """Close the connection in good order."""
        return lambda _: False

    @staticmethod
    def reset() -> Step:
        """Close the connection with a reset."""

        def step(connection: socket.socket) -> bool:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False

        return step

    @staticmethod
    def then(*steps: Step) -> Step:
        """Take several steps after one request, as long as each lets the connection go on."""
        return lambda connection: all(step(connection) for step in steps)

    @staticmethod
    def await_bytes() -> Step:
        """Wait until the next request's bytes have come, and leave them unread."""

        def step(connection: socket.socket) -> bool:
            connection.recv(1, socket.MSG_PEEK)
            return True

        return step

    @staticmethod
    def silence() -> Step:
        """Say nothing until the client hangs up."""

        def step(connection: socket.socket) -> bool:
            connection.settimeout(60)
            while connection.recv(65536):
                pass
            return False

        return step

    @staticmethod
    def drip(data: bytes, every: float = 0.05) -> Step:
        """Send one byte at a time, for ever or until the client hangs up."""

        def step(connection: socket.socket) -> bool:
            for value in data:
                connection.sendall(bytes([value]))
                time.sleep(every)
            return False

        return step

    @staticmethod
    def flood(head: bytes, piece: bytes, times: int, sent: list[int]) -> Step:
        """Send a head and then many equal pieces, noting in ``sent`` how many bytes went."""

        def step(connection: socket.socket) -> bool:
            connection.sendall(head)
            for _ in range(times):
                connection.sendall(piece)
                sent.append(len(piece))
            return False

        return step


@pytest.fixture
def steps() -> type[Steps]:
    """What a server can do."""
    return Steps


@pytest.fixture
def serve() -> Iterator[Callable[..., Peer]]:
    """Start servers; each is closed when the test ends."""
    peers: list[Peer] = []

    def start(*script: Step, **settings: Any) -> Peer:
        peers.append(Peer(steps=script or (Steps.hang_up(),), **settings))
        return peers[-1]

    yield start
    for peer in peers:
        peer.close()


@pytest.fixture
def call() -> Callable[..., Any]:
    """Run an async function with a client aimed at a base URL, and return its result."""

    def run(
        base_url: str,
        use: Callable[[Client], Any],
        *,
        token: str = TOKEN,
        target: Target | None = None,
        **options: Any,
    ) -> Any:
        async def main() -> Any:
            aim = target or Target(base_url=base_url, account=ACCOUNT)
            limits = ClientOptions(**({"timeout": 20.0} | options))
            async with Client(aim, Secret(token), limits) as client:
                return await use(client)

        return anyio.run(main)

    return run
