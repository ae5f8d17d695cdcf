"""On a terminal: the plan, the question, the progress bar."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import time

import pytest
from rigging import Rig, make_ids

CTRL_C = "\x03"


def talk(
    rig: Rig, words: list[str], answer: str, environment: dict[str, str], asks: str = "Type "
) -> tuple[int, str]:
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
        if not answered and asks.encode() in seen:
            if answer == CTRL_C:  # the terminal is not the process's own: nobody else sends it
                time.sleep(0.3)  # a signal just before the read is lost: Python's own race
                process.send_signal(signal.SIGINT)
            else:
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


@pytest.mark.parametrize(
    ("answer", "code", "sent", "words"),
    [
        ("y", 0, 30, "All 30 allocations are cancelled."),
        ("n", 5, 5, "After 5 canaries the answer was not to go on"),
        ("", 5, 5, "After 5 canaries the answer was not to go on"),
        (CTRL_C, 130, 5, "Interrupted after the canaries"),
    ],
)
def test_canaries_are_shown_and_asked_about(
    rig: Rig, answer: str, code: int, sent: int, words: str
) -> None:
    """Only yes goes on; whatever else, the report is written and the rest can be resumed."""
    rig.serve()
    source = rig.write(make_ids(30))
    line = rig.command("run", str(source), *rig.aim(), "--canary", "5", "--yes", "--run-id", "r")
    ended, screen = talk(rig, line, answer, rig.environment(TERM="xterm"), asks="Go on with")
    assert ended == code, screen
    asked = "5 canaries: 5 cancelled, all read back as they should be. Go on with the other 25?"
    assert asked in screen
    assert words in screen
    assert rig.server.ledger.summary().puts == sent
    assert rig.summary("r")["control"]["balanced"]
    assert rig.call("resume", "r").code == 0
