"""The quick rig as a fixture."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from quickrun import QuickRig

MEMORY = Path("/dev/shm")  # noqa: S108 - only a folder made anew inside it is used


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[QuickRig]:
    """Give a folder in which to serve and run, in memory where there is such a place.

    These tests are about faults of servers, not about the speed at which a disk syncs.
    """
    with ExitStack() as stack:
        path = tmp_path
        if MEMORY.is_dir():
            path = Path(stack.enter_context(TemporaryDirectory(dir=MEMORY)))
        monkeypatch.setenv("XDG_STATE_HOME", str(path / "state"))
        yield QuickRig(path=path, stack=stack)
