"""The search for what must stand nowhere: secrets and personal data, each of them marked."""

# Every token, client secret, password, webhook path and name of a person in the tests holds the
# word below, or is one of the simulator. So one search finds them all, in whatever a test leaves.

from __future__ import annotations

import gzip
import mmap
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

WORD = "sentinel"
_ISSUED = "simulated-[0-9a-f]{8}"  # so begins each token that the simulator gives out
_PATTERN = f"(?i){WORD}|{_ISSUED}"
_PLAIN, _TOKEN = WORD.encode(), re.compile(_ISSUED.encode())
_MOST_UNPACKED = 64 * 1024 * 1024
AT_ONCE = 16 * 1024 * 1024
"""So many bytes of a file are searched at once."""

_LONGEST = 64
"""So many bytes or fewer has what is looked for."""

_MEANT = (".secret", ".netrc")
"""How the names of files end that hold a secret because a test put it there for the program."""


def leaks(folder: Path) -> Iterator[str]:
    """Yield what holds the word below a folder: paths, and members of packed files.

    Workbooks and other archives, gzip files and Parquet files are looked into as well.
    """
    for path in sorted(folder.rglob("*")):
        if _holds(path.name.encode()):
            yield f"{path} (its name)"
        if path.is_file() and not path.is_symlink() and not _is_meant(path):
            yield from _in_file(path)


def told(text: str) -> bool:
    """Say whether a text holds the word."""
    return _holds(text.encode())


def _holds(content: bytes) -> bool:
    # A gigabyte is searched: a pattern that ignores case takes many times as long.
    lowered = content.lower()
    return _PLAIN in lowered or _TOKEN.search(lowered) is not None


def _is_meant(path: Path) -> bool:
    """Say whether a file holds the word on purpose: a secret for the program, or its own source."""
    is_source = "simulator" in path.parts or path.name == "pyproject.toml"
    is_built = path.name.startswith("bulkcancel-") and path.name.endswith((".whl", ".tar.gz"))
    return path.name.endswith(_MEANT) or is_source or is_built


def _in_file(path: Path) -> Iterator[str]:
    if path.stat().st_size == 0:
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        start = content[:4]
        places = range(0, len(content), AT_ONCE)
        if any(_holds(content[place : place + AT_ONCE + _LONGEST]) for place in places):
            yield str(path)
    if start == b"PAR1":
        yield from _in_parquet(path)
    elif start == b"PK\x03\x04":
        yield from _in_archive(path)
    elif start[:2] == b"\x1f\x8b":
        yield from _in_gzip(path)


# A file that can't be unpacked was damaged by a test; what it holds can't be read by anybody.


def _in_parquet(path: Path) -> Iterator[str]:
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches():
                for place, name in enumerate(batch.schema.names):  # two may be called alike
                    text = batch.column(place)
                    is_text = pa.types.is_string(text.type) or pa.types.is_large_string(text.type)
                    if is_text and pc.any(pc.match_substring_regex(text, _PATTERN)).as_py():
                        yield f"{path} (column {name})"
    except (OSError, ValueError, pa.ArrowException):
        return


def _in_archive(path: Path) -> Iterator[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                with archive.open(member) as file:
                    if _holds(file.read(_MOST_UNPACKED)):
                        yield f"{path} (member {member.filename})"
    except (OSError, EOFError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error):
        return


def _in_gzip(path: Path) -> Iterator[str]:
    try:
        with gzip.open(path) as file:
            if _holds(file.read(_MOST_UNPACKED)):
                yield f"{path} (unpacked)"
    except (OSError, EOFError, zlib.error):
        return
