"""The layer contract: it holds, and it would notice if it did not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

UPWARD = (
    "import bulkcancel.model, aiohttp, click, pandas, redis, sqlite3, time, xlsxwriter, xml.sax\n"
)
"""What the lowest module may not import; each contract forbids some of it."""


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the package in a folder, with that folder's pyproject.toml."""
    linter = Path(sys.executable).parent / "lint-imports"
    return subprocess.run(
        [linter, "--no-cache"],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_layer_contract_holds(root: Path, pyproject: dict[str, Any]) -> None:
    """Arrows only point down, and each third party stays in its home."""
    done = lint_imports(root)
    assert done.returncode == 0, done.stdout + done.stderr
    count = len(pyproject["tool"]["importlinter"]["contracts"])
    assert f"Contracts: {count} kept, 0 broken." in done.stdout


def test_the_layer_contract_can_break(
    root: Path, pyproject: dict[str, Any], tmp_path: Path
) -> None:
    """A lowest module that imports upwards, and all the third parties, breaks each contract."""
    shutil.copy(root / "pyproject.toml", tmp_path)
    shutil.copytree(root / "bulkcancel", tmp_path / "bulkcancel")
    with (tmp_path / "bulkcancel" / "errors.py").open("a", encoding="utf-8") as module:
        module.write(UPWARD)
    done = lint_imports(tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    for contract in pyproject["tool"]["importlinter"]["contracts"]:
        assert f"{contract['name']} BROKEN" in done.stdout
