"""The command in a process of its own that finds its modules loaded: a third of the work."""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

_SERVER = Path(__file__).with_name("warmserver.py")
_LOCALE = "C.UTF-8"
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}
"""Keeps numpy and pyarrow from starting threads when they are loaded."""


def can_be_warm(environment: Mapping[str, str]) -> bool:
    """Say whether a command finds nothing in its environment that counts as Python starts."""
    special = ("PYTHON", "LC_", "COVERAGE", "TZ")
    return environment.get("LANG") == _LOCALE and not any(
        name.startswith(special) for name in environment
    )


def call_warm(
    words: Sequence[str], *, cwd: Path, environment: Mapping[str, str], timeout: float
) -> tuple[int, bytes, bytes]:
    """Run the command to its end, without input; return its exit code and what it printed.

    Raises:
        subprocess.TimeoutExpired: It took longer; it was killed.
    """
    asked = json.dumps({"words": list(words), "cwd": str(cwd), "environment": dict(environment)})
    with (
        Path(os.devnull).open("rb") as nothing,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        told, tell = socket.socketpair()
        with told:
            with tell:
                files = [nothing.fileno(), out.fileno(), err.fileno(), tell.fileno()]
                socket.send_fds(_server(), [asked.encode()], files)
            code = _end_of(told, words, timeout)
        out.seek(0)
        err.seek(0)
        return code, out.read(), err.read()


def _end_of(told: socket.socket, words: Sequence[str], timeout: float) -> int:
    """Return the exit code that a command's keeper tells of."""
    said, ends_at = b"", time.monotonic() + timeout
    try:
        while said.count(b"\n") < 2:
            told.settimeout(max(0.001, ends_at - time.monotonic()))
            more = told.recv(100)
            assert more, "the command's keeper came to an end before it"
            said += more
    except TimeoutError as error:
        if said:
            os.kill(int(said), signal.SIGKILL)
        raise subprocess.TimeoutExpired(list(words), timeout) from error
    return int(said.split()[1])


@cache
def _server() -> socket.socket:
    """Return the connection to a process that has all loaded; it ends with this one."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, str(_SERVER), str(its.fileno())],
        pass_fds=[its.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env={**kept, "LANG": _LOCALE, **_ONE_THREAD},
    )
    its.close()

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    assert ours.recv(1) == b"!", "the program can't be loaded"
    return ours
