"""Where the files to be deployed lie, and the program's options as they name them."""

from __future__ import annotations

import importlib
import shutil
import sys
from pathlib import Path

import click
import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"


@pytest.fixture(scope="session")
def deploy() -> Path:
    """Return the folder of the files to be deployed."""
    return DEPLOY


@pytest.fixture(scope="session")
def variables() -> frozenset[str]:
    """Return every variable that `run`, or the script for the night, reads."""
    command: click.Command = importlib.import_module("bulkcancel.cli.run").command
    named = {param.envvar for param in command.params if isinstance(param.envvar, str)}
    return frozenset({*named, "BULKCANCEL_TOKEN", "BULKCANCEL_CLIENT_SECRET", "BULKCANCEL_NIGHT"})


@pytest.fixture(scope="session")
def options() -> frozenset[str]:
    """Return every option of `run`, as it is written."""
    command: click.Command = importlib.import_module("bulkcancel.cli.run").command
    return frozenset(name for param in command.params for name in param.opts)


def tool(name: str) -> str:
    """Return the path of a tool beside this Python or on the PATH; skip the test without it."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.is_file() else shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed here")
    return found


@pytest.fixture(scope="session")
def hadolint() -> str:
    """Return the linter for Dockerfiles."""
    return tool("hadolint")


@pytest.fixture(scope="session")
def systemd_analyze() -> str:
    """Return systemd's own checker."""
    return tool("systemd-analyze")
