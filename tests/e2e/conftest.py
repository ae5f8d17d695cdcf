"""The rig as a fixture."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from rigging import Rig


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """Give a folder in which to serve and run."""
    with ExitStack() as stack:
        yield Rig(path=tmp_path, stack=stack)
