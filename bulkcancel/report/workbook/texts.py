"""Text as a cell of a workbook holds it: unchanged, unless it can't be seen or is too long."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from bulkcancel.report.cells import _HIDDEN, _escaped

MOST_UNITS = 32_767
"""A cell holds so many UTF-16 units."""

MOST_LINES = 27
"""A row can be as high as so many lines."""

_CUT = " … (cut here: reconciliation.csv and reconciliation.parquet hold all of it)"
_NOT_XML = re.compile("[\ufffe\uffff]")


def shown(text: str) -> str:
    r"""Return text as a cell shows it.

    Control characters (line breaks and tabs excepted), characters that turn the direction of
    writing and what XML can't hold are shown as ``\x07`` or ``\u202e``. Nothing is put before what
    looks like a formula: a cell of text is never run. Text beyond 32,767 UTF-16 units is cut, and
    says so.
    """
    if not text.isprintable():
        text = _NOT_XML.sub(_escaped, _HIDDEN.sub(_escaped, text))
    if 2 * len(text) > MOST_UNITS:
        units = text.encode("utf-16-le")
        if len(units) > 2 * MOST_UNITS:
            return units[: 2 * (MOST_UNITS - len(_CUT))].decode("utf-16-le", "ignore") + _CUT
    return text


def shown_texts(texts: Sequence[str | None]) -> list[str | None]:
    """Return many texts as cells show them; ``None`` stays."""
    # Most columns have nothing to be changed: one look at all of their text says so.
    longest = max((len(text) for text in texts if text), default=0)
    if 2 * longest <= MOST_UNITS and "".join(filter(None, texts)).isprintable():
        return list(texts)
    return [text and shown(text) for text in texts]


def lines(text: str, width: float) -> int:
    """Return how many lines a text takes in a cell of so many characters; no cell shows more."""
    high = sum(max(1, math.ceil(len(line) / width)) for line in text.split("\n"))
    return min(high, MOST_LINES)
