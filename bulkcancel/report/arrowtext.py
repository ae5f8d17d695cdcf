"""Columns of Arrow as the text of a CSV file: the same text as `csvtext` makes, for many rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bulkcancel.report.csvtext import PLAIN, safe_field

_TEXT = pa.large_string()
_EMPTY, _COMMA, _END, _ZULU = (pa.scalar(text, _TEXT) for text in ("", ",", "\n", "Z"))
_SPACE, _MINUS = b" -"
_DAY = len("2026-11-23")


def csv_fields(columns: Sequence[Any]) -> list[Any]:
    """Return arrays as the text of their fields, made safe as by `safe_column`.

    The arrays are of one length, which is not 0. A null stays one.
    """
    return [_fields(column) for column in columns]


def csv_block(fields: Sequence[Any]) -> tuple[memoryview, int]:
    """Return the fields of `csv_fields` as lines of a file, and the bytes of the longest line.

    A null is an empty field. Most of it goes without a lock of Python.
    """
    *before, last = fields
    lines = _joined((*before, _joined((last, _END), _EMPTY)), _COMMA)
    letters, _ = _letters(lines)
    return letters.data, pc.max(pc.binary_length(lines)).as_py()


def _fields(column: Any) -> Any:
    if pa.types.is_timestamp(column.type):
        # Arrow writes a space where ISO 8601 wants a T, and leaves the Z out.
        texts = column.cast(pa.timestamp("ms")).cast(_TEXT)
        texts = pc.binary_replace_slice(texts, _DAY, _DAY + 1, "T")
        return pc.binary_join_element_wise(texts, _ZULU, _EMPTY)
    if column.type != _TEXT:
        return column.cast(_TEXT)
    if _is_plain(column):
        return column
    # Most columns hold few different texts.
    coded = column.dictionary_encode()
    fields = pa.array([safe_field(text) for text in coded.dictionary.to_pylist()], _TEXT)
    return fields.take(coded.indices)


def _joined(fields: Sequence[Any], divider: Any) -> Any:
    return pc.binary_join_element_wise(
        *fields, divider, null_handling="replace", null_replacement=""
    )


def _is_plain(column: Any) -> bool:
    """Say whether nothing in a column is to be quoted or defused: ids, times, plain words."""
    letters, places = _letters(column)
    if letters.tobytes().translate(None, PLAIN):
        return False
    filled = places[:-1] < places[1:]
    first, last = letters[places[:-1][filled]], letters[places[1:][filled] - 1]
    return not ((first == _SPACE) | (first == _MINUS) | (last == _SPACE)).any()


def _letters(column: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the bytes of a column's texts, and where each begins and the last one ends."""
    _, places, letters = column.buffers()
    places = np.frombuffer(places, np.int64)[column.offset : column.offset + len(column) + 1]
    letters = np.frombuffer(letters or b"", np.uint8)[places[0] : places[-1]]
    return letters, places - places[0]
