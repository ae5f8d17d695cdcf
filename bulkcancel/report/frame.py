"""The rows of a report as a typed frame: no number becomes a float, no id a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from bulkcancel.report.cells import encodable

_NUMBERS = frozenset(
    {"row", "version_before", "version", "attempts", "http_status", "duplicate_of"}
)
_FLAGS = frozenset({"verified"})
_TIMES = frozenset({"first_sent_at", "settled_at"})


def typed_frame(columns: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """Return columns of the reconciliation as a frame.

    Numbers are ``Int64``, flags ``boolean``, times ``datetime64[ms, UTC]`` and all else
    ``string``: each can hold a null without becoming something else.
    """
    return pd.DataFrame({name: _typed(name, values) for name, values in columns.items()})


def _typed(name: str, values: Sequence[Any]) -> Any:
    if name in _NUMBERS:
        return pd.array(values, dtype="Int64")
    if name in _FLAGS:
        return pd.array(values, dtype="boolean")
    if name in _TIMES:
        return pd.to_datetime(values, format="ISO8601", utc=True).as_unit("ms")
    try:
        return pd.array(values, dtype="string")
    except UnicodeEncodeError:
        whole = [value and encodable(value) for value in values]
        return pd.array(whole, dtype="string")
