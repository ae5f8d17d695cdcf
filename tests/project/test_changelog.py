"""The changelog keeps up with the version."""

from __future__ import annotations

import re
from pathlib import Path

import bulkcancel


def test_has_an_entry_for_the_version(root: Path) -> None:
    """The version that the package calls itself has a section with at least one entry."""
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    _, *sections = re.split(r"^## ", text, flags=re.MULTILINE)
    found = {section.split("]")[0].lstrip("["): section for section in sections}
    assert bulkcancel.__version__ in found
    entries = re.findall(r"^- \S", found[bulkcancel.__version__], flags=re.MULTILINE)
    assert entries
