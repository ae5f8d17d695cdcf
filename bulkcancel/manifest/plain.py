"""Arrow values of any type as plain text."""

from __future__ import annotations

import base64
import datetime as dt
import json
from typing import Any

import pyarrow as pa


def as_text(column: Any) -> list[str | None]:
    """Return the values of an Arrow array as text; null stays ``None``.

    Text stays as it is; numbers, truth values, dates and decimals take the form that Arrow prints
    (``12``, ``0.1``, ``true``, ``2024-01-31``, ``1.50``), times with a zone are shown in UTC
    (``2024-01-31 22:59:00Z``), bytes as base64, lists, maps and structures as JSON.
    """
    while isinstance(column, pa.ExtensionArray):
        column = column.storage
    kind = column.type
    if pa.types.is_dictionary(kind):
        return as_text(column.dictionary_decode())
    if is_text(kind):
        values: list[str | None] = column.to_pylist()
        return values
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        column = column.cast(pa.timestamp(kind.unit, "UTC"))
    if not (pa.types.is_nested(kind) or _is_bytes(kind)):
        try:
            values = column.cast(pa.string()).to_pylist()
        except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
            pass  # Arrow has no text for an interval: shown by Python below
        else:
            return values
    return [_one(value) for value in column]


def is_text(kind: Any) -> bool:
    """Return whether an Arrow type holds text, or nothing but null."""
    return any(
        check(kind)
        for check in (
            pa.types.is_string,
            pa.types.is_large_string,
            pa.types.is_string_view,
            pa.types.is_null,
        )
    )


def _is_bytes(kind: Any) -> bool:
    return any(
        check(kind)
        for check in (
            pa.types.is_binary,
            pa.types.is_large_binary,
            pa.types.is_binary_view,
            pa.types.is_fixed_size_binary,
        )
    )


def _one(scalar: Any) -> str | None:
    try:
        value = scalar.as_py()
    except UnicodeDecodeError:
        raise
    except (OverflowError, ValueError):
        return "<value out of range>"  # a date or time that Python has none for
    if value is None:
        return None
    plain = _jsonable(value)
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


def _jsonable(value: Any) -> Any:
    """Return a value of Python as one that JSON knows."""
    match value:
        case bytes():
            return base64.b64encode(value).decode("ascii")
        case dict():
            return {str(_jsonable(key)): _jsonable(item) for key, item in value.items()}
        case list() | tuple():
            return [_jsonable(item) for item in value]
        case dt.datetime() | dt.date() | dt.time():
            return value.isoformat()
        case None | bool() | int() | float() | str():
            return value
        case _:
            return str(value)
