"""A relay in front of a server that can die and rise again with its state kept."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from dataclasses import dataclass, field


@dataclass
class Relay:
    """Passes connections on to ``port`` of this machine, while it lives.

    ``origin`` is its own address, the same after each rise. While it is dead, connections are
    refused, and those it had are reset. Each piece of data takes ``delay`` seconds each way.
    """

    port: int
    delay: float = 0.0
    origin: str = field(init=False)
    _listener: socket.socket | None = field(default=None, init=False)
    _open: list[socket.socket] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self._place = 0
        self.rise()
        self.origin = f"http://127.0.0.1:{self._place}"

    def rise(self) -> None:
        """Accept connections."""
        self._listener = socket.create_server(("127.0.0.1", self._place), backlog=128)
        self._place = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def die(self) -> None:
        """Refuse connections, and cut off those there are."""
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._open.clear()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:  # it died
                return
            far = socket.create_connection(("127.0.0.1", self.port))
            self._open += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(
                    target=_pass_on, args=(source, sink, self.delay), daemon=True
                ).start()


def _pass_on(source: socket.socket, sink: socket.socket, delay: float) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            if delay:
                time.sleep(delay)
            sink.sendall(piece)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)
