"""The command ``bulkcancel simulate`` with its options for several ids in one path."""

from __future__ import annotations

import re
import subprocess
import sys
from http.client import HTTPConnection
from typing import Any

import pytest

from bulkcancel.simulator import SEVERAL

A, B, C = (f"62ff5c0bec0aed3c86202c3{number}" for number in range(3))
SHIPPED = "62ff5c0bec0aed3c86205e1d"
COMMAND = (sys.executable, "-m", "bulkcancel", "simulate")


def test_the_options_reach_the_simulator(api: Any) -> None:
    """A process of its own with a mode, a limit and its answer does as they say."""
    words = ("--port", "0", "--several", "all-or-nothing", "--several-most", "2")
    ending = ("--several-over", "400", "--stop-after", "60")
    with subprocess.Popen([*COMMAND, *words, *ending], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            said = re.match(r"Simulator at http://(127\.0\.0\.1):(\d+)", server.stdout.readline())
            assert said is not None
            statuses = [
                _cancel(api, said[1], int(said[2]), ids)
                for ids in ((A, SHIPPED), (A, B, C), (A, B), (SHIPPED,))
            ]
        finally:
            server.terminate()
    assert statuses == [(400, True), (400, False), (200, False), (400, True)]


def _cancel(api: Any, host: str, port: int, ids: tuple[str, ...]) -> tuple[int, bool]:
    """Return the status, and whether the answer speaks of a shipped allocation."""
    connection = HTTPConnection(host, port, timeout=30)
    try:
        path = f"/api/v2/allocation/cancel/{','.join(ids)}"
        connection.request("PUT", path, headers=api.headers)
        answer = connection.getresponse()
        return answer.status, b"ALLOCATION-2003" in answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("words", "shown"), [(("--list-several",), 1), (("--list-several", "--list-faults"), 2)]
)
def test_the_modes_are_listed(words: tuple[str, ...], shown: int) -> None:
    """Each mode with what it does, after the faults where both are asked for; it does not serve."""
    done = subprocess.run(
        [*COMMAND, *words], capture_output=True, text=True, timeout=60, check=True
    )
    lines = done.stdout.splitlines()
    assert [line.split(":")[0] for line in lines[-len(SEVERAL) :]] == [
        f"--several {mode}" for mode in SEVERAL
    ]
    assert (len(lines) > len(SEVERAL)) == (shown > 1)


def test_a_mode_that_is_none_is_a_wrong_use() -> None:
    """Exit 2 with the modes that there are; nothing is served."""
    words = [*COMMAND, "--port", "0", "--stop-after", "0", "--several", "some"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "all-or-nothing" in done.stderr
