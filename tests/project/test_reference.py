"""The reference in docs/ is what the program says of itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bulkcancel.cli import bulkcancel as root_group
from bulkcancel.cli.reference import reference


def test_the_reference_is_up_to_date(root: Path) -> None:
    """`make docs` would change nothing."""
    assert (root / "docs" / "reference.md").read_text(encoding="utf-8") == reference()


def test_every_command_has_examples() -> None:
    """People read those first."""
    text = reference()
    commands = [line for line in text.splitlines() if line.startswith("## bulkcancel ")]
    assert len(commands) >= 10
    for part in text.split("## bulkcancel ")[1:]:
        assert "```console" in part, part.partition("\n")[0]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_commands_and_options(shell: str) -> None:
    """The script is printed, and what it asks the program for is answered."""
    program = [sys.executable, "-m", "bulkcancel"]
    script = subprocess.run([*program, "completion", shell], capture_output=True, check=True)
    assert b"_BULKCANCEL_COMPLETE" in script.stdout
    asked = {
        **os.environ,
        "_BULKCANCEL_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": "bulkcancel run --expect-",
        "COMP_CWORD": "--expect-" if shell == "fish" else "2",
    }
    told = subprocess.run(
        [sys.executable, "-c", "from bulkcancel.cli import main; main()"],
        env=asked,
        capture_output=True,
        check=False,
        text=True,
    )
    for option in ("--expect-count", "--expect-po", "--expect-vendor"):
        assert option in told.stdout, told.stderr


def test_commands_are_listed_once() -> None:
    """In the order in which people meet them."""
    names = root_group.list_commands(None)  # type: ignore[arg-type] # not used there
    assert len(names) == len(set(names))
    assert names[:2] == ["plan", "run"]
