"""An nginx of our own with a limit: started on a free port, told another limit, ended."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

from benchmarks.pacing.process import child, search_path

_TEMPLATE = Path(__file__).with_name("nginx.conf.in")
_WORKER = re.compile(r"start worker process (\d+)")
_READY_WITHIN = 10.0
_LOOK_EVERY = 0.005


class NginxError(Exception):
    """Nginx did not do what it was asked; says what it wrote about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nginx:
    """One that runs. ``folder`` holds its configuration and its logs."""

    process: Popen[bytes]
    folder: Path
    port: int
    burst: int

    @property
    def base_url(self) -> str:
        """The API's base address."""
        return f"http://127.0.0.1:{self.port}/api/v2"

    @property
    def access_log(self) -> Path:
        """The file with a line for each request that was answered."""
        return self.folder / "access.log"

    def reload(self, rate: int) -> float:
        """Put another limit (requests per second) in place; return when it was, in Unix seconds.

        The bucket keeps what is in it: nginx takes the zone over and gives it the new rate.

        Raises:
            NginxError: no new worker came up.
        """
        before = self._workers()
        _configure(self.folder, port=self.port, rate=rate, burst=self.burst)
        self.process.send_signal(signal.SIGHUP)
        self._await_worker(more_than=len(before))
        return time.time()

    def await_start(self) -> None:
        """Wait until it answers.

        Raises:
            NginxError: it does not.
        """
        self._await_worker(more_than=0)

    def _await_worker(self, *, more_than: int) -> None:
        # Workers come up after the port is bound and the configuration is read.
        deadline = time.monotonic() + _READY_WITHIN
        while len(self._workers()) <= more_than:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise NginxError(f"nginx brought no worker up:\n{self._errors()}")
            time.sleep(_LOOK_EVERY)

    def _workers(self) -> list[str]:
        return _WORKER.findall(self._errors())

    def _errors(self) -> str:
        path = self.folder / "error.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


@contextmanager
def limited(folder: Path, *, rate: int, burst: int) -> Iterator[Nginx]:
    """Run nginx in a folder with a limit of ``rate`` requests per second.

    Raises:
        NginxError: it is not installed, or does not start.
    """
    program = shutil.which("nginx", path=search_path())
    if program is None:
        raise NginxError("nginx is not installed; tests/install.sh does it.")
    folder.mkdir()
    port = _free_port()
    _configure(folder, port=port, rate=rate, burst=burst)
    words = [program, "-p", f"{folder}/", "-c", "nginx.conf", "-e", "error.log"]
    with child(words, folder=folder, environment={"PATH": search_path()}) as process:
        nginx = Nginx(process=process, folder=folder, port=port, burst=burst)
        nginx.await_start()
        yield nginx


def _configure(folder: Path, *, port: int, rate: int, burst: int) -> None:
    text = _TEMPLATE.read_text(encoding="utf-8")
    for name, value in (("PORT", port), ("RATE", rate), ("BURST", burst)):
        text = text.replace(f"@{name}@", str(value))
    (folder / "nginx.conf").write_text(text, encoding="utf-8")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
