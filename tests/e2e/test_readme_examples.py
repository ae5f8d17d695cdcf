"""What the README shows works as it stands."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner
from rigging import Rig

from bulkcancel.cli import bulkcancel

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_library_example_runs(rig: Rig) -> None:
    """The Python of the README, aimed at a simulator on another port, prints its verdict."""
    rig.serve()
    (example,) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    code = example.replace("http://127.0.0.1:8080/api/v2", rig.server.url)
    code = code.replace("simulator-token", rig.environment()["BULKCANCEL_TOKEN"])
    code = code.replace("inputs/sample.csv", str(ROOT / "inputs" / "sample.csv"))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=rig.path,
        env=rig.environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "36 of 38 allocations are cancelled; 2 were not.\n3 36\n"


def test_the_options_of_the_readme_exist() -> None:
    """Each option that the README names is one of the program's, and the other way round."""
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README))
    runner, known = CliRunner(), {"--help", "--version"}
    for command in (
        "plan", "find", "run", "resume", "verify", "merge", "report", "runs", "history", "prune",
        "doctor", "simulate", "demo",
    ):  # fmt: skip
        shown = runner.invoke(bulkcancel, [command, "--help"])
        assert shown.exit_code == 0
        known |= set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", shown.output))
        if command == "run":
            missing = set(re.findall(r"^\s+(--[a-z-]+)", shown.output, flags=re.MULTILINE)) - named
            assert missing <= {"--help"}, f"the README does not name {sorted(missing)}"
    assert named <= known, f"the program has no {sorted(named - known)}"


def test_the_sample_is_the_demos() -> None:
    """The sample input of the tree and the one that ships with the program are the same."""
    shipped = ROOT / "bulkcancel" / "demo" / "sample.csv"
    assert shipped.read_bytes() == (ROOT / "inputs" / "sample.csv").read_bytes()
