"""The rows of a report as a typed frame: no number becomes a float, no id a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

from bulkcancel.report.cells import encodable

_TIME = pa.timestamp("ms", "UTC")
_TYPES = {
    **dict.fromkeys(
        ("row", "version_before", "version", "attempts", "http_status", "duplicate_of"), pa.int64()
    ),
    "verified": pa.bool_(),
    "first_sent_at": _TIME,
    "settled_at": _TIME,
}
# Types of pandas that hold a null without becoming something else: left to itself it makes
# floats of numbers with a gap, and 2**53 + 1 another number.
_NULLABLE = {
    pa.int64(): pd.Int64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
    pa.large_string(): pd.StringDtype(),
}


def typed_frame(columns: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """Return columns of the reconciliation as a frame.

    Numbers are ``Int64``, flags ``boolean``, times ``datetime64[ms, UTC]`` and all else
    ``string``.
    """
    frame: pd.DataFrame = typed_table(columns).to_pandas(types_mapper=_NULLABLE.get)
    return frame


def typed_table(columns: Mapping[str, Sequence[Any]]) -> Any:
    """Return columns of the reconciliation as a table of Arrow, of the types of `typed_frame`.

    Times are given in milliseconds since the epoch.
    """
    arrays = [_array(values, _TYPES.get(name)) for name, values in columns.items()]
    return pa.table(arrays, names=list(columns))


def _array(values: Sequence[Any], kind: Any) -> Any:
    # Most columns hold one value, as one object, over and over.
    if len(values) > 1 and (one := values[0]) is values[-1] and values.count(one) == len(values):
        return pa.repeat(_array((one,), kind)[0], len(values))
    if kind is _TIME:
        return pa.array(values, pa.int64()).cast(_TIME)
    if kind is not None:
        return pa.array(values, kind)
    try:
        return pa.array(values, pa.large_string())
    except UnicodeEncodeError:
        return pa.array([value and encodable(value) for value in values], pa.large_string())
