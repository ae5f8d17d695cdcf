"""What is loaded before anything is done: a command waits for nothing that it does not need."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("numpy", "pandas", "pyarrow", "redis", "xlsxwriter")


@pytest.mark.parametrize(
    ("command", "without"),
    [
        ("", (*HEAVY, "aiohttp", "anyio", "sqlite3", "structlog")),
        ("resume", (*HEAVY, "aiohttp", "anyio", "rich", "structlog")),
        ("resumed", HEAVY),
        ("runs", HEAVY),
        ("simulate", HEAVY),
    ],
)
def test_a_command_loads_only_what_it_needs(command: str, without: tuple[str, ...]) -> None:
    """A resume of a million rows sends within seconds: numpy alone would take one of ten.

    It checks the journal while it loads what sends, so that is not to be loaded before.
    """
    module = f"bulkcancel.cli.{command}".rstrip(".")
    program = f"import sys, {module}; print(*sorted(sys.modules.keys() & {set(without)!r}))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
