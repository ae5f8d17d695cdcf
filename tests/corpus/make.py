"""Writes all files of the corpus anew: ``python tests/corpus/make.py``."""

from __future__ import annotations

import sys
from pathlib import Path

import broken
import oddbooks
import office
import packed
import parquet
import text
import workbooks

FILES = Path(__file__).parent / "files"


def made() -> dict[str, bytes]:
    """Return the files of the corpus by name.

    Raises:
        RuntimeError: LibreOffice is not installed, or two files have the same name.
    """
    files: dict[str, bytes] = {}
    for group in (text, packed, parquet, workbooks, oddbooks, broken, office):
        for name, content in group.files().items():
            if name in files:
                raise RuntimeError(f"two files are called {name}")
            files[name] = content
    return files


def main() -> None:
    """Write the files, and remove those that are no longer made."""
    files = made()
    FILES.mkdir(exist_ok=True)
    for path in FILES.iterdir():
        if path.name not in files:
            path.unlink()
    for name, content in files.items():
        (FILES / name).write_bytes(content)
    sys.stdout.write(f"{len(files)} files, {sum(map(len, files.values())):,} bytes\n")


if __name__ == "__main__":
    main()
