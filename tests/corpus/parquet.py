"""Parquet files: columns of every type, and files that are damaged."""

from __future__ import annotations

import datetime as dt
import decimal
import io
from collections.abc import Sequence
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import feather
from samedata import NAMES, ROWS, A, B, C, lines

_LARGE = 2**53 + 1
"""The first whole number that no float holds."""


def written(columns: dict[str, Any], **options: Any) -> bytes:
    """Return columns by name as a Parquet file."""
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file, **options)
    return file.getvalue()


def files() -> dict[str, bytes]:
    """Return the files by name."""
    return {**_same(), **_numbers(), **_types(), **_damaged(), **_others()}


def _columns(kind: Any, *, blank: str | None = None) -> dict[str, Any]:
    rows = [[cell or blank for cell in row] for row in ROWS]
    return {
        name: pa.array(list(column), pa.string()).cast(kind)
        for name, column in zip(NAMES, zip(*rows, strict=True), strict=True)
    }


def _same() -> dict[str, bytes]:
    dictionary = pa.dictionary(pa.int32(), pa.string())
    frame = pd.DataFrame(list(ROWS), columns=list(NAMES), index=range(10, 10 + len(ROWS)))
    pandas = io.BytesIO()
    frame[frame["po_number"] != ""].set_index("po_number").to_parquet(pandas)
    return {
        "parquet-same-string.parquet": written(_columns(pa.string())),
        "parquet-same-large-string.parquet": written(_columns(pa.large_string(), blank="")),
        "parquet-same-string-view.parquet": written(_columns(pa.string_view())),
        "parquet-same-dictionary.parquet": written(_columns(dictionary)),
        "parquet-same-row-groups.parquet": written(
            _columns(pa.string()), row_group_size=3, compression="zstd"
        ),
        "parquet-same-page-version-2.parquet": written(
            _columns(pa.string()), data_page_version="2.0", compression="gzip"
        ),
        "parquet-pandas.parquet": pandas.getvalue(),
    }


def _ids(values: Sequence[Any], kind: Any) -> bytes:
    notes = pa.array([str(number) for number in range(len(values))], pa.string())
    return written({"allocation_id": pa.array(values, kind), "note": notes})


def _numbers() -> dict[str, bytes]:
    return {
        "parquet-int64.parquet": _ids([_LARGE, _LARGE + 1, 2**63 - 1, _LARGE], pa.int64()),
        "parquet-int64-null.parquet": _ids([_LARGE, None, _LARGE + 1], pa.int64()),
        "parquet-int64-negative.parquet": _ids([12, -12], pa.int64()),
        "parquet-uint64.parquet": _ids([2**64 - 1, 7], pa.uint64()),
        "parquet-int-dictionary.parquet": written(
            {
                "allocation_id": pa.array([700, 800, 700], pa.int64()).dictionary_encode(),
                "note": pa.array(["a", "b", "c"]),
            }
        ),
        "parquet-float.parquet": _ids([12.0, 13.0], pa.float64()),
        "parquet-float-null.parquet": _ids([float(_LARGE), None], pa.float64()),
        "parquet-float32.parquet": _ids([12.0, 13.0], pa.float32()),
        "parquet-decimal.parquet": _ids(
            [decimal.Decimal(620000000000123456789012), decimal.Decimal(12)],
            pa.decimal128(38, 0),
        ),
        "parquet-decimal-scale.parquet": _ids([decimal.Decimal("12.50")], pa.decimal128(10, 2)),
    }


def _types() -> dict[str, bytes]:
    day = dt.date(2024, 2, 1)
    return {
        "parquet-binary.parquet": _ids([A.encode(), B.encode()], pa.binary()),
        "parquet-fixed-binary.parquet": _ids([bytes.fromhex(A)], pa.binary(12)),
        "parquet-list.parquet": _ids([[A, B], [C]], pa.list_(pa.string())),
        "parquet-struct.parquet": _ids([{"id": A}], pa.struct([("id", pa.string())])),
        "parquet-map.parquet": _ids([[("id", A)]], pa.map_(pa.string(), pa.string())),
        "parquet-date.parquet": _ids([day], pa.date32()),
        "parquet-timestamp.parquet": _ids([dt.datetime(2024, 2, 1, 13)], pa.timestamp("ms")),  # noqa: DTZ001 - without a zone on purpose
        "parquet-bool.parquet": _ids([True, False], pa.bool_()),
        "parquet-null-type.parquet": _ids([None, None], pa.null()),
        "parquet-cells.parquet": _ids(
            [
                f" {A}\u200b",
                None,
                "",
                "6.2E+23",
                B.upper(),
                f"{A[:12]}\u00a0{A[12:]}",
                A,
                "../x",
                B,
            ],
            pa.string(),
        ),
        "parquet-other-types.parquet": written(
            {
                "lines": pa.array([["x", "y"], None]),
                "allocation_id": pa.array([A, B]),
                "amount": pa.array([0.1, None]),
                "made": pa.array([day, None]),
                "who": pa.array([{"n": 1}, None]),
            }
        ),
    }


def _damaged() -> dict[str, bytes]:
    rows = [f"62ff5c0b{number:016x}" for number in range(400)]
    sound = written(
        {"allocation_id": rows, "note": ["x"] * len(rows)},
        compression="none",
        use_dictionary=False,
        write_page_checksum=True,
    )
    place = sound.index(rows[100].encode())
    plain = written({"allocation_id": rows}, compression="snappy")
    middle = len(plain) // 3
    return {
        "parquet-cut.parquet": sound[:-100],
        "parquet-cut-in-data.parquet": sound[:2000],
        "parquet-front-missing.parquet": sound[2000:],
        "parquet-magic-only.parquet": b"PAR1PAR1",
        "parquet-wrong-end.parquet": sound[:-4] + b"PAR2",
        # One digit of one id is another one: an id of another allocation, if nobody checks.
        "parquet-changed-digit.parquet": sound[:place] + b"7" + sound[place + 1 :],
        "parquet-corrupt-page.parquet": plain[:middle] + bytes(64) + plain[middle + 64 :],
        "parquet-long-footer.parquet": sound[:-8] + b"\xff\xff\xff\x7f" + sound[-4:],
        "parquet-encrypted.parquet": b"PARE" + sound[4:-4] + b"PARE",
    }


def _others() -> dict[str, bytes]:
    arrow = io.BytesIO()
    feather.write_feather(pa.table({"allocation_id": [A]}), arrow, compression="uncompressed")
    return {
        "parquet-no-rows.parquet": written({"allocation_id": pa.array([], pa.string())}),
        "parquet-no-columns.parquet": written({}),
        "parquet-no-id-column.parquet": written({"id": [A], "note": ["x"]}),
        "parquet-two-id-columns.parquet": written({"allocation_id": [A], "allocationId": [B]}),
        "parquet-named-csv.csv": written({"allocation_id": [A, B]}),
        "parquet-is-text.parquet": lines("allocation_id", A, B),
        "parquet-is-feather.parquet": arrow.getvalue(),
    }
