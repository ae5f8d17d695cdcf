"""A real Redis of a test's own: on a free port of loopback, in a folder, with nothing kept."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import redis

REDIS = shutil.which("redis-server")


@dataclass
class RedisServer:
    """A server that lives from `start` to `stop` (or `kill`), each time on the same port.

    With a ``password`` it wants that from the user ``default``; ``more`` are words of its own
    command line.
    """

    folder: Path
    password: str | None = None
    more: tuple[str, ...] = ()
    port: int = field(init=False)
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    @property
    def url(self) -> str:
        """Return its address."""
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self) -> redis.Redis:
        """Return a client of the library's plain form, to look at what is kept."""
        return redis.Redis(port=self.port, password=self.password, protocol=2)

    def start(self) -> None:
        """Start it, empty, and wait until it answers."""
        assert REDIS is not None
        words = [
            REDIS, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder),
            "--save", "", "--appendonly", "no", "--daemonize", "no",
            "--logfile", str(self.folder / "redis.log"), *self.more,
        ]  # fmt: skip
        if self.password is not None:
            words += ["--requirepass", self.password]
        self._process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
        ends = time.monotonic() + 20.0
        while True:
            try:
                with self.client() as client:
                    client.ping()
            except redis.ConnectionError:
                assert self._process.poll() is None, "the server did not start"
                assert time.monotonic() < ends, "the server does not answer"
                time.sleep(0.02)
            else:
                return

    def kill(self) -> None:
        """End it at once, as a crash would; what it held is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
