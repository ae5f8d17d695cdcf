"""The long runs, shortened; `make long-runs` makes them at their true length."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from long_runs import four_faults, outage
from rigging import Rig


def test_four_faults_at_once(tmp_path: Path) -> None:
    """A fifth of the sends goes wrong: exit 0, and what had taken effect is not sent again."""
    with ExitStack() as stack:
        assert "0 sent again" in four_faults(Rig(path=tmp_path, stack=stack), ids=400)


def test_a_server_that_dies_and_rises(tmp_path: Path) -> None:
    """Dead for two seconds in mid-run: the run waits and goes on by itself."""
    with ExitStack() as stack:
        words = outage(Rig(path=tmp_path, stack=stack), seconds=2.0, ids=300)
    assert "exit 0" in words
