"""The README: what it promises is what the tree has."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from bulkcancel.errors import EXIT_MEANINGS, ExitCode


@pytest.fixture(scope="module")
def readme(root: Path) -> str:
    """Return the text of README.md."""
    return (root / "README.md").read_text(encoding="utf-8")


def table(text: str, *header: str) -> list[tuple[str, ...]]:
    """Return the rows of the one Markdown table with a header, cells stripped."""
    lines = [
        tuple(cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1])
        for line in text.splitlines()
    ]
    assert lines.count(header) == 1, f"no table, or several, with the header {header}"
    start = lines.index(header) + 2
    rows: list[tuple[str, ...]] = []
    for cells in lines[start:]:
        if not cells:
            break
        rows.append(cells)
    return rows


def commands(text: str) -> set[str]:
    """Return the lines of the fenced blocks, without prompts and remarks."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    lines = (line for block in blocks for line in block.splitlines())
    return {line.removeprefix("$ ").split("#")[0].strip() for line in lines}


def job(module: Path) -> str:
    """Return the first line of a module's docstring."""
    said = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
    return said.partition("\n")[0]


@pytest.mark.parametrize("command", ["make demo", "make test"])
def test_shows_how_to_begin(readme: str, command: str) -> None:
    """The two commands that do all the set-up stand in a block to be copied."""
    assert command in commands(readme)


def test_names_targets_that_exist(readme: str, root: Path) -> None:
    """Every `make` command that the README shows has its target in the Makefile."""
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^(\w+):", makefile, flags=re.MULTILINE))
    named = {line.split()[1] for line in commands(readme) if line.startswith("make ")}
    assert named <= targets


def test_lists_every_exit_code_with_its_meaning(readme: str) -> None:
    """The table of exit codes says what the program says, no code missing or invented."""
    expected = [(str(code.value), EXIT_MEANINGS[code]) for code in sorted(ExitCode)]
    assert table(readme, "code", "meaning") == expected


def test_lists_every_module_with_its_job(readme: str, root: Path) -> None:
    """The table of modules repeats the first line of each top-level module and package."""
    package = root / "bulkcancel"
    jobs = {path.stem: job(path) for path in package.glob("[!_]*.py")}
    jobs |= {path.parent.name: job(path) for path in package.glob("[!_]*/__init__.py")}
    rows = table(readme, "module", "what it is")
    shown = {name.strip("`").removeprefix("bulkcancel."): said for name, said in rows}
    assert len(shown) == len(rows)
    assert shown == jobs
