"""Runs of the real command at their true length: many faults at once, and a server that dies."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

if __name__ == "__main__":  # as a script it has no pytest that finds the rigging
    sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from relay import Relay
from rigging import ACCOUNT, Rig, make_ids

FOUR_FAULTS = ("reset-after", "reset-before", "500-applied", "500")


def four_faults(rig: Rig, ids: int = 5000) -> str:
    """Let 5 % each of the sends go wrong in four ways; return what came of it, in words.

    Raises:
        AssertionError: The exit code is not 0, report and ledger disagree on an id, or an
            allocation that had taken effect was sent again.
    """
    wanted = make_ids(ids)
    rig.serve(*(f"{fault}=0.05" for fault in FOUR_FAULTS), seed=1)
    pace = ("--rate", "500", "--concurrency", "32", "--verify-after", "1,3", "--wait-max", "2")
    began = time.monotonic()
    ran = rig.call(
        "run", str(rig.write(wanted)), *rig.aim(), *pace, "--yes", "--run-id", "night"
    )  # fmt: skip
    took = time.monotonic() - began
    assert ran.code == 0, ran.err[-2000:]
    rig.check(wanted)
    hit: dict[str, int] = {}
    cancelled: set[str] = set()
    again = 0
    for entry in rig.server.ledger.entries():
        if entry.method != "PUT":
            continue
        again += bool(cancelled.intersection(entry.ids))
        if entry.fault is not None:
            hit[entry.fault] = hit.get(entry.fault, 0) + 1
        if entry.applied:
            cancelled.update(entry.ids)
    assert again == 0, f"{again} sends of what had taken effect"
    assert set(hit) == set(FOUR_FAULTS)
    sends = rig.summary()["attempts"]["sent"]
    return f"{ids:,} ids, {sends:,} sends in {took:.0f} s, faults {hit}, 0 sent again after effect"


def outage(rig: Rig, seconds: float = 90.0, ids: int = 2500) -> str:
    """Let the server be dead for so long in mid-run; return what came of it, in words.

    Raises:
        AssertionError: The run did not pause and go on by itself, or report and ledger disagree.
    """
    wanted = make_ids(ids)
    rig.serve()
    relay = Relay(port=int(rig.server.origin.rpartition(":")[2]))
    rig.stack.callback(relay.die)
    words = (
        "run", str(rig.write(wanted)), "--base-url", f"{relay.origin}/api/v2", "--account", ACCOUNT,
        "--rate", "100", "--yes", "--run-id", "night", "--no-progress",
    )  # fmt: skip
    process = rig.spawn(*words)
    while rig.server.ledger.summary().puts < ids // 3:
        assert process.poll() is None, (rig.path / "err.txt").read_text()
        time.sleep(0.05)
    relay.die()
    died = rig.server.ledger.summary().puts
    time.sleep(seconds)
    assert rig.server.ledger.summary().puts <= died + 16, "it was dead"
    relay.rise()
    rose = time.monotonic()
    while rig.server.ledger.summary().puts <= died + 16:
        assert process.poll() is None, (rig.path / "err.txt").read_text()
        time.sleep(0.05)
    back = time.monotonic() - rose
    assert process.wait(600) == 0, (rig.path / "err.txt").read_text()
    # A send that met the dead server's reset is one of ours that it never read.
    rig.check(wanted, killed=True)
    unsent = sum(rig.summary()["attempts"]["not_sent"].values())
    return (
        f"dead for {seconds:.0f} s after {died:,} of {ids:,} sends: {unsent} connections refused "
        f"meanwhile, on again {back:.1f} s after it rose, exit 0"
    )


CAMPAIGNS: dict[str, Callable[[Rig], str]] = {"four-faults": four_faults, "outage": outage}


def main() -> int:
    """Run one campaign, or all, from the command line; return 1 when a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*CAMPAIGNS, []], help="all, if none is named")
    broken = 0
    for name in parser.parse_args().names or CAMPAIGNS:
        with (
            tempfile.TemporaryDirectory(prefix="bulkcancel-long-") as folder,
            ExitStack() as stack,
        ):
            try:
                words = CAMPAIGNS[name](Rig(path=Path(folder), stack=stack))
            except AssertionError as error:
                broken, words = 1, f"VIOLATION: {error}"
        sys.stdout.write(f"{name}: {words}\n")
    return broken


if __name__ == "__main__":
    raise SystemExit(main())
