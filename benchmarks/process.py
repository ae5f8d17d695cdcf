"""A child process that does not outlive the benchmark, and is ended by its own id only."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

SYSTEM_FOLDERS = "/usr/sbin:/sbin"
"""Where Debian puts nginx; not everybody's PATH has it."""

_PATIENCE = 10.0


def search_path() -> str:
    """Return the PATH that programs are looked for in."""
    return f"{os.environ.get('PATH', os.defpath)}:{SYSTEM_FOLDERS}"


@contextmanager
def child(
    words: Sequence[str], *, folder: Path, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command in a folder; what it prints goes to files there, and it is ended at the end.

    It gets a session of its own, so that Ctrl-C reaches it through `end` alone; should the
    benchmark itself be killed, the kernel sends the child SIGTERM.
    """
    with (folder / "out.txt").open("wb") as out, (folder / "err.txt").open("wb") as err:
        process = subprocess.Popen(  # noqa: S603 - the benchmark's own commands
            ["setpriv", "--pdeathsig", "TERM", "--", *words],  # noqa: S607 - Debian's util-linux
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        end(process, signal.SIGTERM)


def end(
    process: subprocess.Popen[bytes],
    sign: signal.Signals,
    *,
    with_children: bool = False,
    patience: float = _PATIENCE,
) -> None:
    """Send a signal and wait, at most ``patience`` seconds; then end it with all that it started.

    Harmless when it has ended already.
    """
    if process.poll() is not None:
        return
    # Nobody has waited for it yet, so its id, which is its group's too, can't be anybody else's.
    if with_children:
        os.killpg(process.pid, sign)
    else:
        process.send_signal(sign)
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
