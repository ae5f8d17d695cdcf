"""Starts the command again and again without loading its modules anew: each a process of its own.

Run as a program, with the number of a connected UNIX socket. Each message is JSON of ``words``,
``cwd`` and ``environment``, with four open files: the command's standard input, output and error,
and one into which go a line with the number of its process and, at its end, one with its exit code.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import runpy
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import bulkcancel.cli

LARGEST = 1 << 20
"""The most bytes of a message."""

_HEAVY = (
    "bulkcancel.library",
    "bulkcancel.manifest.parquet",
    "bulkcancel.manifest.repeats",
    "bulkcancel.manifest.xlsx",
    "bulkcancel.report.detail",
    "bulkcancel.report.lookup",
    "bulkcancel.report.page",
    "bulkcancel.report.readback",
    "bulkcancel.report.workbook",
)
"""What the command loads only when it needs it."""


def main(connection: socket.socket) -> None:
    """Load the program, then start it as often as asked, until the other end is closed."""
    for module in pkgutil.iter_modules(bulkcancel.cli.__path__, "bulkcancel.cli."):
        importlib.import_module(module.name)
    for name in _HEAVY:
        importlib.import_module(name)
    # A fork takes one thread with it: with more there might be a lock that nobody lets go of.
    threads = list(Path("/proc/self/task").iterdir())
    if len(threads) != 1:
        raise RuntimeError(f"{len(threads)} threads run once the program is loaded")
    # Pages that the collector does not write to are shared with the commands.
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks for the end of a keeper
    connection.sendall(b"!")
    while True:
        content, files, _, _ = socket.recv_fds(connection, LARGEST, 4)
        if not content:
            return
        if os.fork() == 0:
            connection.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _keep(json.loads(content), files)
            return
        for one in files:
            os.close(one)


def _keep(asked: dict[str, Any], files: list[int]) -> None:
    """Start the command and tell of its end; return in its own process only."""
    *streams, report = files
    command = os.fork()
    if command:
        os.write(report, b"%d\n" % command)
        _, status = os.waitpid(command, 0)
        with suppress(BrokenPipeError):  # nobody waits for it any more
            os.write(report, b"%d\n" % os.waitstatus_to_exitcode(status))
        os._exit(0)
    for number, one in enumerate(streams):
        os.dup2(one, number)
    for one in files:
        os.close(one)
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv[1:] = asked["words"]
    # As `python -m` has it; what was loaded stays.
    sys.path[0] = asked["cwd"]


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv.pop(1))))
    if sys.argv[1:]:
        runpy.run_module("bulkcancel", run_name="__main__", alter_sys=True)
