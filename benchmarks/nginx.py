"""An nginx of our own: started on a free port, told other settings, ended."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

from benchmarks.process import child, search_path

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
    template: Path
    values: Mapping[str, int]

    @property
    def base_url(self) -> str:
        """The API's base address."""
        return f"http://127.0.0.1:{self.port}/api/v2"

    @property
    def access_log(self) -> Path:
        """The file with a line for each request that was answered."""
        return self.folder / "access.log"

    def reload(self, **changed: int) -> float:
        """Put other values of the template in place; return when they were, in Unix seconds.

        A bucket of requests keeps what is in it: nginx takes it over and gives it the new rate.

        Raises:
            NginxError: no new worker came up.
        """
        before = self._workers()
        _configure(self.folder, self.template, {**self.values, **changed})
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
def serving(
    folder: Path, template: Path, values: Mapping[str, int], *, core: int | None = None
) -> Iterator[Nginx]:
    """Run nginx in a folder, on one core if it is named.

    ``values`` take the places of their names (``@NAME@``) in the template; the port's is filled in.

    Raises:
        NginxError: it is not installed, or does not start.
    """
    program = shutil.which("nginx", path=search_path())
    if program is None:
        raise NginxError("nginx is not installed; tests/install.sh does it.")
    folder.mkdir()
    port = _free_port()
    values = {"PORT": port, **values}
    _configure(folder, template, values)
    words = [program, "-p", f"{folder}/", "-c", "nginx.conf", "-e", "error.log"]
    if core is not None:
        words = ["taskset", "--cpu-list", str(core), *words]
    with child(words, folder=folder, environment={"PATH": search_path()}) as process:
        nginx = Nginx(process=process, folder=folder, port=port, template=template, values=values)
        nginx.await_start()
        yield nginx


def _configure(folder: Path, template: Path, values: Mapping[str, int]) -> None:
    text = template.read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    (folder / "nginx.conf").write_text(text, encoding="utf-8")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
