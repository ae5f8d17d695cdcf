"""What must come of Parquet files."""

from __future__ import annotations

from case import Again, Bad, Case, parquet, refused, same
from samedata import DIGITS, POWER, UPPER, ZEROS, A, B
from wording import ALTERNATIVES, EMPTY, ROUNDED_TEXT, characters, no_name

_DIGITS = {"id_pattern": "[0-9]+"}
_LARGE = 2**53 + 1  # the first whole number that no float holds
_DAMAGED = "is a damaged or unfinished Parquet file; write or copy it again"
_NOT_PARQUET = (
    "its name says that it is a Parquet file, its content does not; export it again, or rename it "
    "to .csv if it is text"
)


def _of_type(file: str, kind: str, **given: str) -> Case:
    return refused(
        file,
        f"column 'allocation_id' is of type '{kind}', and ids must be text or whole "
        "numbers: anything else may already have lost digits; write the column as a string, from "
        "where the ids come from",
        **given,
    )


CASES: tuple[Case, ...] = (
    # The same data in every type of text.
    parquet("parquet-same-string.parquet", *same(1)),
    parquet("parquet-same-large-string.parquet", *same(1)),
    parquet("parquet-same-string-view.parquet", *same(1)),
    parquet("parquet-same-dictionary.parquet", *same(1)),
    parquet("parquet-same-row-groups.parquet", *same(1)),
    parquet("parquet-same-page-version-2.parquet", *same(1)),
    parquet("parquet-pandas.parquet", A, B, UPPER, DIGITS, POWER, ZEROS, Again(1)),
    # Whole numbers, where they are exact; never what could have been rounded.
    parquet(
        "parquet-int64.parquet",
        *(Bad(f"{_LARGE + more}", characters(16)) for more in (0, 1)),
        Bad(f"{2**63 - 1}", characters(19)),
        Bad(f"{_LARGE}", characters(16)),
    ),
    parquet(
        "parquet-int64.parquet",
        f"{_LARGE}",
        f"{_LARGE + 1}",
        f"{2**63 - 1}",
        Again(1),
        given=_DIGITS,
    ),
    parquet(
        "parquet-int64-null.parquet",
        f"{_LARGE}",
        Bad("", EMPTY),
        f"{_LARGE + 1}",
        given=_DIGITS,
    ),
    parquet(
        "parquet-int64-negative.parquet",
        "12",
        Bad("-12", "does not match the id pattern '[0-9]+'"),
        given=_DIGITS,
    ),
    parquet("parquet-uint64.parquet", f"{2**64 - 1}", "7", given=_DIGITS),
    parquet("parquet-int-dictionary.parquet", "700", "800", Again(1), given=_DIGITS),
    parquet("parquet-decimal.parquet", DIGITS, Bad("12", characters(2))),
    parquet("parquet-decimal.parquet", DIGITS, "12", given=_DIGITS),
    _of_type("parquet-float.parquet", "double", **_DIGITS),
    _of_type("parquet-float-null.parquet", "double", **_DIGITS),
    _of_type("parquet-float32.parquet", "float", **_DIGITS),
    _of_type("parquet-decimal-scale.parquet", "decimal128(10, 2)", **_DIGITS),
    # Other types.
    _of_type("parquet-binary.parquet", "binary"),
    _of_type("parquet-fixed-binary.parquet", "fixed_size_binary[12]"),
    _of_type("parquet-list.parquet", "list<element: string>"),
    _of_type("parquet-struct.parquet", "struct<id: string>"),
    _of_type("parquet-map.parquet", "map<string, string ('allocation_id')>"),
    _of_type("parquet-date.parquet", "date32[day]"),
    _of_type("parquet-timestamp.parquet", "timestamp[ms]"),
    _of_type("parquet-bool.parquet", "bool"),
    parquet("parquet-null-type.parquet", Bad("", EMPTY), Bad("", EMPTY)),
    parquet(
        "parquet-cells.parquet",
        A,
        Bad("", EMPTY),
        Bad("", EMPTY),
        Bad("6.2E+23", ROUNDED_TEXT),
        B.upper(),
        Bad(f"{A[:12]}\u00a0{A[12:]}", "contains a no-break space"),
        Again(1),
        Bad("../x", "contains a slash"),
        Bad(B, "differs only in case from row 5: write it one way"),
        trimmed=1,
    ),
    parquet(
        "parquet-other-types.parquet",
        A,
        B,
        others=[
            ('["x", "y"]', "0.1", "2024-02-01", '{"n": 1}'),
            (None, None, None, None),
        ],
    ),
    # Damage.
    refused("parquet-cut.parquet", _DAMAGED),
    refused("parquet-cut-in-data.parquet", _DAMAGED),
    refused("parquet-front-missing.parquet", _NOT_PARQUET),
    refused("parquet-magic-only.parquet", _DAMAGED),
    refused("parquet-wrong-end.parquet", _DAMAGED),
    refused("parquet-changed-digit.parquet", _DAMAGED),
    refused("parquet-corrupt-page.parquet", _DAMAGED),
    refused("parquet-long-footer.parquet", _DAMAGED),
    refused(
        "parquet-encrypted.parquet",
        "is an encrypted Parquet file, which is not read; write it without encryption",
    ),
    # Columns.
    parquet("parquet-no-rows.parquet"),
    refused(
        "parquet-no-columns.parquet",
        "no column is named allocation_id (or allocationId, Allocation ID, ...); it has no "
        "columns; say which one holds the ids with --id-column NAME",
    ),
    refused("parquet-no-id-column.parquet", no_name("id", "note")),
    parquet("parquet-no-id-column.parquet", A, given={"id_column": "id"}, id_column="id"),
    refused(
        "parquet-two-id-columns.parquet",
        f"column 1 ('allocation_id') and column 2 ('allocationId') {ALTERNATIVES}",
    ),
    # Names that say something else.
    parquet("parquet-named-csv.csv", A, B),
    refused("parquet-is-text.parquet", _NOT_PARQUET),
    refused(
        "parquet-is-feather.parquet",
        "is an Arrow or Feather file, which is not read; write it as Parquet",
    ),
)
