"""The Makefile: what it lists, what it says without a fit Python, and when it sets up."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FAKE_PYTHON = f"""#!/bin/sh
case "$1" in
    -c) exec {shlex.quote(sys.executable)} -c "import sys; sys.version_info = VERSION; $2" ;;
    --version) echo "Python VERSION (not a real one)" ;;
    -m) echo "$2 $3" >> calls
        if [ "$2" = venv ]; then mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; fi ;;
esac
"""
"""Takes itself for another version, and notes what it is asked to do instead of doing it."""


def fake_python(folder: Path, version: str) -> Path:
    """Write a Python of a version, such as ``(3, 11, 0)``, that only takes notes."""
    path = folder / "fake-python"
    path.write_text(FAKE_PYTHON.replace("VERSION", version), encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def copy(root: Path, tmp_path: Path) -> Path:
    """Return a folder with what the Makefile reads."""
    folder = tmp_path / "tree"
    for name in ["Makefile", "pyproject.toml", "requirements/dev.txt", "bulkcancel/version.py"]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, folder / name)
    return folder


def make(folder: Path, *arguments: str, path: str | None = None) -> tuple[int, str, str]:
    """Run make in a folder; return its exit code and what it wrote."""
    program = shutil.which("make")
    assert program is not None
    # A make that runs these tests hands its own flags and variables down; they are not meant here.
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS", "PYTHON"))}
    done = subprocess.run(
        [program, *arguments],
        cwd=folder,
        env={**kept, "PATH": path or os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def set_up(folder: Path) -> list[str]:
    """Run `make venv` with a Python that only takes notes; return the notes."""
    fake = fake_python(folder.parent, "(3, 11, 0)")
    (folder / "calls").write_text("", encoding="utf-8")
    code, _, errors = make(folder, "venv", f"PYTHON={fake}")
    assert code == 0, errors
    return (folder / "calls").read_text(encoding="utf-8").splitlines()


def test_lists_every_target(root: Path, copy: Path) -> None:
    """`make` alone names each target that can be asked for, and sets nothing up."""
    code, output, _ = make(copy)
    assert code == 0
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.*)$", makefile, flags=re.MULTILINE)
    assert [line.split()[1] for line in output.splitlines()] == phony.split()
    assert not (copy / ".venv").exists()


def test_says_which_python_is_needed(copy: Path) -> None:
    """A Python that is too old is refused in one sentence, before anything is made."""
    old = fake_python(copy.parent, "(3, 10, 14)")
    code, _, errors = make(copy, "test", f"PYTHON={old}")
    assert code != 0
    assert errors.startswith(f"Python 3.11 or newer is needed, and PYTHON={old} is none.")
    assert not (copy / ".venv").exists()


def test_says_that_no_python_was_found(copy: Path) -> None:
    """Where no Python is installed at all, that is said in one sentence."""
    tools = copy.parent / "tools"
    tools.mkdir()
    for name in ["sh", "cat", "cksum", "cut"]:
        found = shutil.which(name)
        assert found is not None
        (tools / name).symlink_to(found)
    code, _, errors = make(copy, "demo", path=str(tools))
    assert code != 0
    assert errors.startswith("Python 3.11 or newer is needed, and no such python3 is on the PATH.")


def test_sets_up_once(copy: Path) -> None:
    """A second call does no set-up: the first made the environment, lock and package."""
    assert set_up(copy) == ["venv .venv", "pip install", "pip install"]
    assert set_up(copy) == []


def test_sets_up_again_for_another_lock(copy: Path) -> None:
    """A lock that changed gives a new environment, whatever the file's time says."""
    set_up(copy)
    lock = copy / "requirements" / "dev.txt"
    lock.write_text(lock.read_text(encoding="utf-8") + "# another\n", encoding="utf-8")
    os.utime(lock, (0, 0))
    assert set_up(copy) == ["venv .venv", "pip install", "pip install"]


def test_installs_again_for_another_version(copy: Path) -> None:
    """A version that changed gives a new installation of the package alone."""
    set_up(copy)
    (copy / "bulkcancel" / "version.py").write_text('__version__ = "9"\n', encoding="utf-8")
    assert set_up(copy) == ["pip install"]
    assert set_up(copy) == []
