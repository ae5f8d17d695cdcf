"""What every file of the tree keeps to."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

MOST_LINES = 350

# Written so that these lines do not match themselves.
MACHINE_PATH = re.compile(rb"(?<![\w.~-])/(?:work|root|home/\w+|Users/\w+|opt/(?:wheels|pypi\S*))/")
SCRATCH_PATH = re.compile(rb"(?<![\w.~-])/tmp/")
REGISTRY = re.compile(rb"pypi\.org|pythonhosted\.|registry\.npmjs\.|\bdebian\.org")


def leaks(content: bytes, *, of_a_test: bool) -> Iterator[str]:
    """Yield the lines that name a path of some machine, or a package registry's host.

    A test may write down a scratch path as a literal; nothing else may.
    """
    patterns = [MACHINE_PATH, REGISTRY] if of_a_test else [MACHINE_PATH, REGISTRY, SCRATCH_PATH]
    for number, line in enumerate(content.splitlines(), start=1):
        if any(pattern.search(line) for pattern in patterns):
            yield f"line {number}: {line.decode(errors='replace')[:100]}"


def test_no_file_names_a_machine_or_a_registry(root: Path, tree: tuple[Path, ...]) -> None:
    """Nothing that is committed depends on the machine it was made on, or tells of it."""
    found = {
        str(path): lines
        for path in tree
        if (lines := list(leaks((root / path).read_bytes(), of_a_test=path.parts[0] == "tests")))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("parts", "of_a_test", "count"),
    [
        (["open('", "/work", "/main/x')"], True, 1),
        (["cd ", "/root", "/x"], True, 1),
        (["cd ", "/home", "/jo/x"], True, 1),
        (["--find-links=", "/opt", "/wheels/"], True, 1),
        (["https://files.", "python", "hosted.org/x"], True, 1),
        (["index: https://", "pypi", ".org/simple"], True, 1),
        (["out /t", "mp/x"], False, 1),
        (["out /t", "mp/x"], True, 0),
        (["https://host", "/work", "/x, src", "/root", "/x"], False, 0),
    ],
)
def test_a_leak_is_noticed(parts: list[str], of_a_test: bool, count: int) -> None:  # noqa: FBT001 - a parameter of a case, not of an interface
    """The search above finds each kind of leak, and takes no address or inner path for one."""
    content = f"first\n{''.join(parts)}\n".encode()
    assert len(list(leaks(content, of_a_test=of_a_test))) == count


def test_the_tree_is_seen(tree: tuple[Path, ...]) -> None:
    """The search looks at the tree's own files, and not at what is only made from them."""
    assert {Path("Makefile"), Path(".ci/run"), Path("bulkcancel/py.typed")} <= set(tree)
    tops = {path.parts[0] for path in tree}
    assert tops.isdisjoint({".git", ".venv", ".mypy_cache", "dist"})
    assert [path for path in tree if "__pycache__" in path.parts] == []


def test_a_file_of_the_package_stays_short(root: Path, modules: tuple[Path, ...]) -> None:
    """No module grows past what is read in one go."""
    lengths = {
        str(module.relative_to(root)): len(module.read_text(encoding="utf-8").splitlines())
        for module in modules
    }
    assert {name: length for name, length in lengths.items() if length > MOST_LINES} == {}


def test_a_module_says_its_job_in_one_line(root: Path, modules: tuple[Path, ...]) -> None:
    """Each module opens with one line, a sentence, that says what it is.

    Only the package itself may say more: its docstring is the library's front page.
    """
    without: list[str] = []
    for module in modules:
        said = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
        job, _, more = said.partition("\n")
        if not job.endswith(".") or (more and module != root / "bulkcancel" / "__init__.py"):
            without.append(str(module.relative_to(root)))
    assert without == []
