"""The command, in a process that kills itself around a given send.

Usage: ``python -m dying before|after N ARGUMENT…``: SIGKILL when the intent of send N is on the
disk and no byte has left, or when its answer is there and not noted.
"""

from __future__ import annotations

import os
import signal
import sys

from bulkcancel.cli import run_command
from bulkcancel.client import Client, Exchange

_cancel = Client.cancel


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
    _arm(sys.argv[1], int(sys.argv[2]))
    sys.exit(run_command(sys.argv[3:]))
