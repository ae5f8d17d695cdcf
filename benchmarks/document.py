"""RESULTS.md: sections and their parts, each replaced whole by the benchmark that writes it."""

from __future__ import annotations

import os
import platform
import tempfile
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bulkcancel.version import __version__

RESULTS = Path(__file__).parent / "RESULTS.md"

_TITLE = "# Results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section of the document: its heading, what stands above its parts, and their order."""

    heading: str
    preface: str
    parts: Sequence[str]

    def placed(self, text: str, part: str) -> str:
        """Return the text of RESULTS.md with a part in place of the one with the same heading.

        Other sections and the other parts stay as they are.
        """
        lines = text.splitlines() or [_TITLE]
        if self.heading in lines:
            start = lines.index(self.heading)
            later = [n for n, line in enumerate(lines) if n > start and line.startswith("## ")]
            stop = later[0] if later else len(lines)
        else:
            start = stop = len(lines)
        parts = _parts(lines[start:stop])
        parts[part.partition("\n")[0]] = part
        ordered = [parts[heading] for heading in self.parts if heading in parts]
        ours = [[self.heading], [self.preface], *([one] for one in ordered)]
        blocks = [lines[:start], *ours, lines[stop:]]
        return "\n\n".join("\n".join(block).strip("\n") for block in blocks if block) + "\n"

    def write(self, part: str, path: Path = RESULTS) -> None:
        """Put a part into RESULTS.md, whole or not at all."""
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=".", suffix=".md", delete=False
        ) as file:
            written = Path(file.name)
            file.write(self.placed(before, part))
        written.chmod(0o644)
        written.replace(path)


def circumstances(*versions: str) -> str:
    """Return the day, the machine and the versions; nothing that tells whose machine it is."""
    cores = len(os.sched_getaffinity(0))
    kernel = platform.release().partition("-")[0]  # what follows is the builder's name for it
    named = ", ".join((f"bulkcancel {__version__}", *versions))
    return (
        f"{datetime.now(UTC):%Y-%m-%d}: {named}, Python {platform.python_version()},"
        f" Linux {kernel}, {cores} cores."
    )


def paragraph(text: str) -> str:
    """Return a text in lines of at most a hundred characters."""
    return textwrap.fill(
        " ".join(text.split()), 100, break_long_words=False, break_on_hyphens=False
    )


def _parts(lines: Sequence[str]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    heading = ""
    for line in lines:
        if line.startswith("### "):
            heading = line
        if heading:
            found.setdefault(heading, []).append(line)
    return {heading: "\n".join(part).strip("\n") for heading, part in found.items()}
