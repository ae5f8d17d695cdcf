"""The lock: every version pinned with its hashes, and in step with pyproject.toml."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKS = ["core.txt", "dev.txt"]
HASHES = re.compile(r"(?: --hash=sha256:[0-9a-f]{64})+")


def entries(lock: Path) -> list[str]:
    """Return the requirements of a lock, each as one line with its hashes."""
    text = lock.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = (re.sub(r"\s+", " ", line).strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def pins(lock: Path) -> dict[str, str]:
    """Return the version of each package in a lock, whatever platform it is for."""
    found: dict[str, str] = {}
    for entry in entries(lock):
        requirement = Requirement(entry.split(" --hash")[0])
        (specifier,) = requirement.specifier
        name = canonicalize_name(requirement.name)
        assert name not in found, f"{name} stands twice"
        found[name] = specifier.version
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_pins_every_version_with_its_hashes(root: Path, name: str) -> None:
    """Each requirement is `==` one version with at least one SHA-256 hash, and nothing else."""
    found = entries(root / "requirements" / name)
    assert found
    for entry in found:
        pin, _, _ = entry.partition(" --hash")
        (specifier,) = Requirement(pin).specifier
        assert specifier.operator == "==", entry
        assert "*" not in specifier.version, entry
        assert HASHES.fullmatch(entry.removeprefix(pin)), entry


@pytest.mark.parametrize("name", LOCKS)
def test_records_no_address(root: Path, name: str) -> None:
    """A lock says what to install, never from where."""
    text = (root / "requirements" / name).read_text(encoding="utf-8")
    assert re.findall(r"://|file:|--(?:extra-)?index|--find-links| @ ", text) == []


def test_core_locks_the_direct_dependencies(root: Path, pyproject: dict[str, Any]) -> None:
    """Each dependency of the package is locked for users, at a version it admits."""
    assert_locked(pyproject["project"]["dependencies"], pins(root / "requirements" / "core.txt"))


def test_dev_locks_what_builds_and_tests(root: Path, pyproject: dict[str, Any]) -> None:
    """The tools are locked too, the build backend among them: no build needs a download."""
    locked = pins(root / "requirements" / "dev.txt")
    assert_locked(pyproject["dependency-groups"]["dev"], locked)
    assert_locked(pyproject["build-system"]["requires"], locked)


def test_core_is_part_of_dev(root: Path) -> None:
    """What is tested is what users get: the same versions stand in both locks."""
    core = pins(root / "requirements" / "core.txt")
    dev = pins(root / "requirements" / "dev.txt")
    assert core.items() <= dev.items()


def assert_locked(wanted: list[str], locked: dict[str, str]) -> None:
    """Assert that a lock has a version that fits for each requirement."""
    for text in wanted:
        requirement = Requirement(text)
        name = canonicalize_name(requirement.name)
        assert name in locked, f"{name} is not locked; run: make lock"
        fits = requirement.specifier.contains(locked[name], prereleases=True)
        assert fits, f"{text} does not admit {locked[name]}; run: make lock"
