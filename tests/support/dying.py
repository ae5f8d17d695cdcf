"""The command, in a process that kills itself at a given moment.

Usage: ``python -m dying before|after|publish N ARGUMENT…``: SIGKILL when the intent of send N is
on the disk and no byte has left, when its answer is there and not noted, or when report N is about
to take its place.
"""

from __future__ import annotations

import os
import signal
import sys

from bulkcancel.cli import run_command
from bulkcancel.client import Client, Exchange

_cancel = Client.cancel


_replace = os.replace


def _arm_publishing(number: int) -> None:
    count = 0

    def dying(source: str, place: str) -> None:
        nonlocal count
        count += 1
        if count == number:
            os.kill(os.getpid(), signal.SIGKILL)
        _replace(source, place)

    os.replace = dying  # type: ignore[assignment] # to die at this very point


def _arm(when: str, number: int) -> None:
    count = 0

    async def dying(self: Client, allocation_id: str) -> Exchange:
        nonlocal count
        count += 1
        mine = count == number
        if mine and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        exchange = await _cancel(self, allocation_id)
        if mine:
            os.kill(os.getpid(), signal.SIGKILL)
        return exchange

    Client.cancel = dying  # type: ignore[method-assign] # to die at this very point


if __name__ == "__main__":
    if sys.argv[1] == "publish":
        _arm_publishing(int(sys.argv[2]))
    else:
        _arm(sys.argv[1], int(sys.argv[2]))
    sys.exit(run_command(sys.argv[3:]))
