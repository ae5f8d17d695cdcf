"""On a terminal: the plan, the question, the progress bar."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time

import pytest
from rigging import Rig, make_ids


def talk(rig: Rig, words: list[str], answer: str, environment: dict[str, str]) -> tuple[int, str]:
    """Run a command on a terminal, answer its one question; return exit code and screen."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        words, cwd=rig.path, env=environment, stdin=follower, stdout=follower, stderr=follower
    )
    os.close(follower)
    seen, answered, give_up = b"", False, time.monotonic() + 60
    while time.monotonic() < give_up:
        if not select.select([leader], [], [], 0.5)[0]:
            continue
        try:
            chunk = os.read(leader, 65536)
        except OSError:  # the other side is closed: how a terminal says that it is over
            break
        if not chunk:
            break
        seen += chunk
        if not answered and b"Type " in seen:
            os.write(leader, answer.encode() + b"\n")
            answered = True
    os.close(leader)
    return process.wait(30), seen.decode()


@pytest.mark.parametrize(("answer", "code"), [("30", 0), ("31", 2), ("yes", 2), ("", 2)])
def test_the_number_must_be_typed(rig: Rig, answer: str, code: int) -> None:
    """Only the number of allocations begins a run; the screen shows target, account and counts."""
    rig.serve(latency=0.02)
    source = rig.write(make_ids(30))
    words = rig.command("run", str(source), *rig.aim(), "--stage", "uat", "--rate", "500")
    ended, screen = talk(rig, words, answer, rig.environment(TERM="xterm"))
    assert ended == code, screen
    for part in (rig.server.url, "stage uat", "30 allocations", "can't be undone"):
        assert part in screen
    assert rig.server.ledger.summary().puts == (30 if code == 0 else 0)
    assert ("All 30 allocations are cancelled." in screen) == (code == 0)


def test_no_colour_when_asked(rig: Rig) -> None:
    """NO_COLOR is honoured: no colour code on the screen."""
    rig.serve(latency=0.02)
    source = rig.write(make_ids(10))
    words = rig.command("run", str(source), *rig.aim(), "--verbose")
    ended, screen = talk(rig, words, "10", rig.environment(TERM="xterm", NO_COLOR="1"))
    assert ended == 0, screen
    assert "\x1b[3" not in screen
