"""The file of a workbook: a zip whose parts are written one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

_LONG_AGO = (1980, 1, 1, 0, 0, 0)
MOST_PLAIN = (1 << 31) - 1
"""A part of more bytes needs an extension of the format that not every program reads gladly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part that is too large for memory: its content, and whether it is beyond `MOST_PLAIN`."""

    chunks: Iterable[bytes]
    large: bool


def write_package(file: BinaryIO, parts: Mapping[str, bytes | Part]) -> None:
    """Write parts, by their names in the package; the same parts give the same bytes.

    An error of the file comes through as it is.
    """
    with ZipFile(file, "w") as package:
        for name, content in parts.items():
            info = ZipInfo(name, _LONG_AGO)
            info.compress_type = ZIP_DEFLATED
            if isinstance(content, bytes):
                package.writestr(info, content)
                continue
            with package.open(info, "w", force_zip64=content.large) as part:
                for chunk in content.chunks:
                    part.write(chunk)
