"""Columns as the text of a CSV file: UTF-8, commas, LF, quotes only where they are needed."""

# LF and not CRLF: spreadsheets and pandas read both, and with LF the last column of a line has no
# stray CR for the tools of a shell.

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Sequence

from bulkcancel.report.cells import safe_cell

# A semicolon or a tab needs no quotes by the standard, but a spreadsheet may divide there.
_QUOTED = re.compile(r'[",;\t\r\n]|\A\s|\s\Z')
PLAIN = (string.ascii_letters + string.digits + " -_.:/()").encode()
"""Needs neither quotes nor an apostrophe, but for a minus or a space at the edge of a field."""


def safe_column(values: Iterable[str | None]) -> Sequence[str]:
    """Return text as fields of a CSV file that no spreadsheet runs; ``None`` as an empty one."""
    texts = [value or "" for value in values]
    if not any(texts) or _is_plain(texts):
        return texts
    # Most columns hold few different texts.
    fields = {text: safe_field(text) for text in set(texts)}
    return [fields[text] for text in texts]


def safe_field(text: str) -> str:
    """Return text as a field that no spreadsheet runs."""
    return _field(safe_cell(text))


def number_column(values: Iterable[int | None]) -> Sequence[str]:
    """Return numbers as fields; ``None`` as an empty one."""
    return ["" if value is None else str(value) for value in values]


def csv_lines(columns: Sequence[Sequence[str]]) -> list[str]:
    """Return columns of fields, all of one length, as lines without their ends."""
    return list(map(",".join, zip(*columns, strict=True)))


def csv_header(names: Iterable[str]) -> list[str]:
    """Return the line of the names, which are made safe by whoever chose them."""
    return csv_lines([[_field(name)] for name in names])


def csv_bytes(lines: Sequence[str]) -> bytes:
    """Return lines as they stand in a file."""
    return "\n".join([*lines, ""]).encode()


def _field(text: str) -> str:
    if _QUOTED.search(text):
        return '"{}"'.format(text.replace('"', '""'))
    return text


def _is_plain(texts: Sequence[str]) -> bool:
    """Say whether nothing in a column is to be quoted or defused: ids, times, plain words."""
    joined = "\n".join(texts)
    if not joined.isascii() or any(edge in f"\n{joined}\n" for edge in ("\n-", "\n ", " \n")):
        return False
    return joined.encode().translate(None, PLAIN) == b"\n" * (len(texts) - 1)
