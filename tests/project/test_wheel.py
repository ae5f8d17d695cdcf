"""The wheel: what is in it, and that it works away from the tree."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

import bulkcancel

METADATA = f"bulkcancel-{bulkcancel.__version__}.dist-info"


def run_away(installed: Path, empty: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in an empty folder, with the installed wheel before all else."""
    return subprocess.run(
        command,
        cwd=empty,
        env={**os.environ, "PYTHONPATH": str(installed)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_holds_the_package_and_its_metadata_only(wheel: Path, tree: tuple[Path, ...]) -> None:
    """Every file of the package is in the wheel; tests, caches and reports are not."""
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
    package = {path.as_posix() for path in tree if path.parts[0] == "bulkcancel"}
    metadata = {name for name in names if name.split("/")[0] == METADATA}
    assert names == package | metadata
    assert {f"{METADATA}/licenses/LICENSE", f"{METADATA}/entry_points.txt"} <= metadata
    assert "bulkcancel/py.typed" in names


@pytest.mark.parametrize("found", ["bulkcancel.__version__", "bulkcancel.__file__"])
def test_is_imported_from_where_it_was_installed(
    installed: Path, tmp_path: Path, found: str
) -> None:
    """From an empty folder the installed package is the one imported, in the tree's version."""
    done = run_away(installed, tmp_path, sys.executable, "-c", f"import bulkcancel; print({found})")
    expected = {
        "bulkcancel.__version__": bulkcancel.__version__,
        "bulkcancel.__file__": str(installed / "bulkcancel" / "__init__.py"),
    }
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, expected[found], "")


def test_tells_type_checkers_that_it_is_typed(installed: Path) -> None:
    """The installed package carries its typing mark."""
    assert (installed / "bulkcancel" / "py.typed").is_file()


def test_runs_as_a_module(installed: Path, tmp_path: Path) -> None:
    """`python -m bulkcancel --version` names the version, away from the tree."""
    done = run_away(installed, tmp_path, sys.executable, "-m", "bulkcancel", "--version")
    assert done.returncode == 0, done.stderr
    assert bulkcancel.__version__ in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_runs_as_a_command(installed: Path, tmp_path: Path) -> None:
    """The `bulkcancel` script that an installation makes names the version as well."""
    done = run_away(installed, tmp_path, str(installed / "bin" / "bulkcancel"), "--version")
    assert done.returncode == 0, done.stderr
    assert bulkcancel.__version__ in done.stdout
