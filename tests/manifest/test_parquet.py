"""Parquet files: ids are text, other columns of any type travel as text, damage is told."""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import io
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow.parquet import encryption

from bulkcancel.errors import InputRefusedError
from bulkcancel.manifest import InputOptions, Manifest, read_manifest
from bulkcancel.manifest.plain import as_text
from bulkcancel.model import ManifestRow, RowKind

A = "62ff5c0bec0aed3c86202c32"
B = "62ff5c0bec0aed3c86202c33"
Rows = Callable[[Manifest], list[ManifestRow]]


def parquet(columns: dict[str, Any], **options: Any) -> bytes:
    """Return columns as a Parquet file."""
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    "kind",
    [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())],
    ids=str,
)
def test_every_kind_of_text_is_taken(
    kind: Any, read: Callable[..., Manifest], rows_of: Rows
) -> None:
    """Null is an empty cell; the first row is row 1."""
    ids = pa.array([A, None, B, A], pa.string()).cast(kind)
    manifest = read(parquet({"n": [1, None, 3, 4], "allocation_id": ids}), "x.parquet")
    assert [(row.row, row.kind, row.extras) for row in rows_of(manifest)] == [
        (1, RowKind.ALLOCATION, ("1",)),
        (2, RowKind.BLANK, (None,)),
        (3, RowKind.ALLOCATION, ("3",)),
        (4, RowKind.DUPLICATE, ("4",)),
    ]
    facts = manifest.facts
    assert (facts.format, facts.delimiter, facts.encoding) == ("parquet", None, None)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        (pa.array([6.2e10]), "double"),
        (pa.array([1.0, None], pa.float32()), "float"),
        (pa.array([1.0], pa.float16()), "halffloat"),
        (pa.array([6.2e10]).dictionary_encode(), "double"),
        (pa.array([True]), "bool"),
        (pa.array([dt.date(2024, 1, 31)]), "date32"),
        (pa.array([0], pa.timestamp("ms")), "timestamp[ms]"),
        (pa.array([0], pa.time32("s")), "time32"),
        (pa.array([0], pa.duration("s")), "duration[s]"),
        (pa.array([b"x"]), "binary"),
        (pa.array([A.encode()[:16]], pa.binary(16)), "fixed_size_binary[16]"),
        (pa.array([[A]]), "list<"),
        (pa.array([{"allocation_id": A}]), "struct<"),
        (pa.array([[("k", A)]], pa.map_(pa.string(), pa.string())), "map<"),
        (pa.array([decimal.Decimal("62.0")]), "decimal128(3, 1)"),
        (pa.array([A.encode()[:16]], pa.uuid()), "extension<arrow.uuid>"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_ids_that_are_no_text_are_refused(
    values: Any, named: str, refused: Callable[..., str]
) -> None:
    """What may have lost digits before it came here: its type is named, nothing is read."""
    said = refused(parquet({"allocation_id": values}), "x.parquet", id_pattern="[0-9]+")
    assert f"column 'allocation_id' is of type '{named}" in said
    assert "ids must be text or whole numbers" in said
    assert "write the column as a string" in said


WHOLE = [
    (pa.int8(), [1, -(2**7), 2**7 - 1, None]),
    (pa.int16(), [1, 2**15 - 1]),
    (pa.int32(), [1, 2**31 - 1, None]),
    (pa.int64(), [2**53 + 1, 2**53 + 3, 2**63 - 1, -(2**63), None]),
    (pa.uint8(), [1, 2**8 - 1]),
    (pa.uint16(), [1, 2**16 - 1]),
    (pa.uint32(), [1, 2**32 - 1]),
    (pa.uint64(), [2**53 + 1, 2**64 - 1, None]),
    (pa.dictionary(pa.int8(), pa.int64()), [2**53 + 1, None, 2**53 + 1]),
    (pa.decimal128(38, 0), [10**37 + 1, 0, None]),
    (pa.decimal256(76, 0), [10**75 + 1, 7]),
]


@pytest.mark.parametrize(("kind", "numbers"), WHOLE, ids=[str(kind) for kind, _ in WHOLE])
def test_whole_numbers_are_ids_digit_by_digit(
    kind: Any, numbers: list[int | None], read: Callable[..., Manifest], rows_of: Rows
) -> None:
    """None passes through a float, which has no place for their last digits; null is no id."""
    ids = pa.array(numbers, kind.value_type if pa.types.is_dictionary(kind) else kind)
    ids = ids.dictionary_encode() if pa.types.is_dictionary(kind) else ids
    notes = [f"n{number}" for number in numbers]
    manifest = read(
        parquet({"note": notes, "allocation_id": ids}), "x.parquet", id_pattern="[0-9]+"
    )
    for row, number in zip(rows_of(manifest), numbers, strict=True):
        if number is None:
            assert (row.kind, row.reason) == (RowKind.INVALID, "the id is empty")
        elif number < 0:
            assert (row.kind, row.text) == (RowKind.INVALID, str(number))
        else:
            assert row.allocation_id == str(number)


def test_whole_numbers_are_judged_by_the_pattern(
    read: Callable[..., Manifest], rows_of: Rows
) -> None:
    """With the usual pattern none of them is an id, and with one of ten digits zeros are missed."""
    content = parquet({"allocation_id": [2**53 + 1, 7]})
    reasons = [row.reason for row in rows_of(read(content, "x.parquet"))]
    assert reasons == ["has 16 characters instead of 24", "has 1 character instead of 24"]
    rows = rows_of(read(content, "x.parquet", id_pattern="[0-9]{16}"))
    assert rows[0].allocation_id == str(2**53 + 1)
    assert rows[1].reason.startswith("seems to have lost zeros at its front")


def test_a_column_of_nulls_holds_no_ids(read: Callable[..., Manifest]) -> None:
    """An empty export, in which the column has no type, is an empty manifest."""
    manifest = read(parquet({"allocation_id": pa.nulls(2), "n": ["x", None]}), "x.parquet")
    assert (manifest.counts.invalid, manifest.counts.blank) == (1, 1)
    assert read(parquet({"allocation_id": pa.nulls(0)}), "x.parquet").counts.read == 0


def test_the_content_decides_not_the_name(read: Callable[..., Manifest]) -> None:
    """A Parquet file without the suffix is read as one."""
    assert read(parquet({"allocation_id": [A]}), "export.dat").first_ids == (A,)
    assert read(parquet({"allocation_id": [A]}), "export.csv").first_ids == (A,)


def test_two_columns_of_one_name(
    read: Callable[..., Manifest], refused: Callable[..., str], rows_of: Rows
) -> None:
    """Two columns of ids are refused; two others of one name travel through."""
    file = io.BytesIO()
    names = ["n", "allocation_id", "n"]
    pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([A]), pa.array([2])], names), file)
    (row,) = rows_of(read(file.getvalue(), "x.parquet"))
    assert row.extras == ("1", "2")
    file = io.BytesIO()
    names = ["allocation_id", "allocation_id"]
    pq.write_table(pa.Table.from_arrays([pa.array([A]), pa.array([B])], names), file)
    assert "have the same name" in refused(file.getvalue(), "x.parquet")
    assert "--id-column" in refused(parquet({"n": [1]}), "x.parquet")


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (pa.array([1, None, 2**53 + 1]), ["1", None, "9007199254740993"]),
        (pa.array([0.1, 1e300, 16.0]), ["0.1", "1e+300", "16"]),
        (pa.array([0.1], pa.float32()), ["0.1"]),
        (pa.array([True, False, None]), ["true", "false", None]),
        (pa.array([decimal.Decimal("1.50")]), ["1.50"]),
        (pa.array([dt.date(2024, 1, 31)]), ["2024-01-31"]),
        (pa.array([dt.datetime(2024, 1, 31, 1, 2, 3, 4)]), ["2024-01-31 01:02:03.000004"]),  # noqa: DTZ001 - a time without a zone
        (pa.array([1], pa.timestamp("ns")), ["1970-01-01 00:00:00.000000001"]),
        (pa.array([0], pa.timestamp("s", tz="Europe/Berlin")), ["1970-01-01 00:00:00Z"]),
        (pa.array([b"\xff"]), ["/w=="]),
        (pa.array([[1, None]]), ["[1, null]"]),
        (
            pa.array([{"a": "\u00e9", "b": dt.date(2024, 1, 1)}]),
            ['{"a": "\u00e9", "b": "2024-01-01"}'],
        ),
        (pa.array([[("k", b"v")]], pa.map_(pa.string(), pa.binary())), ['[["k", "dg=="]]']),
        (pa.array([[dt.time(1, 2)]]), ['["01:02:00"]']),
        (pa.array([[decimal.Decimal("1.50")]]), ['["1.50"]']),
        (pa.array([[None], None]), ["[null]", None]),
        (pa.array([["\u00e9"]]), ['["\u00e9"]']),
        (pa.array(["a", None, "a"]).dictionary_encode(), ["a", None, "a"]),
        (pa.array([[2**31 - 1]], pa.list_(pa.date32())), ["<value out of range>"]),
        (pa.array([(1, 2, 3)], pa.month_day_nano_interval()), ["[1, 2, 3]"]),
        (pa.array([b"0123456789abcdef"], pa.uuid()), ["MDEyMzQ1Njc4OWFiY2RlZg=="]),
        (pa.nulls(2), [None, None]),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else "",
)
def test_other_columns_have_a_plain_stable_form(values: Any, text: list[str | None]) -> None:
    """No type is dropped or shown by a repr; null stays null."""
    assert as_text(values) == text


def test_many_row_groups_are_read_in_order(read: Callable[..., Manifest], rows_of: Rows) -> None:
    """Row numbers run through, over groups and batches."""
    ids = [f"{n:024x}" for n in range(10_000)]
    content = parquet({"allocation_id": ids, "n": list(range(10_000))}, row_group_size=333)
    rows = rows_of(read(content, "x.parquet"))
    assert [(row.row, row.allocation_id, row.extras) for row in rows] == [
        (n + 1, f"{n:024x}", (str(n),)) for n in range(10_000)
    ]


def test_a_truncated_file_is_refused(refused: Callable[..., str]) -> None:
    """An unfinished download is told as one, wherever it was cut."""
    whole = parquet({"allocation_id": [f"{n:024x}" for n in range(300)]})
    for size in (5, 9, 100, len(whole) // 2, len(whole) - 5, len(whole) - 1):
        assert "damaged or unfinished" in refused(whole[:size], "x.parquet")


def test_a_text_that_is_not_utf8_is_refused(refused: Callable[..., str]) -> None:
    """A writer that put other bytes into a column of text is found out, with the rows."""
    content = parquet(
        {"allocation_id": [A], "note": ["SENTINEL"]}, use_dictionary=False, compression="none"
    )
    damaged = content.replace(b"SENTINEL", b"SENT\xffNEL")
    said = refused(damaged, "x.parquet")
    assert "rows 1 to 1: a text is not UTF-8" in said
    assert "SENT" not in said


def test_the_rows_of_a_text_that_is_not_utf8_are_named(refused: Callable[..., str]) -> None:
    """Far into the file, and inside a list, the sentence still says where."""
    notes = [["x"]] * 6000
    notes[4500] = ["SENTINEL"]
    content = parquet(
        {"allocation_id": [f"{n:024x}" for n in range(6000)], "notes": notes},
        use_dictionary=False,
        compression="none",
        write_statistics=False,
    )
    said = refused(content.replace(b"SENTINEL", b"SENT\xffNEL"), "x.parquet")
    assert "rows 4097 to 6000: a text is not UTF-8" in said


class OpenKeys(encryption.KmsClient):  # type: ignore[misc]  # Arrow has no types
    """Keys that are kept as they are: enough to write an encrypted file."""

    def wrap_key(self, key_bytes: bytes, _master_key: str) -> bytes:
        """Return a key as text."""
        return base64.b64encode(key_bytes)


@pytest.mark.parametrize("column", ["allocation_id", "note"])
@pytest.mark.parametrize("is_open", [True, False])
def test_an_encrypted_file_is_told_as_one(
    column: str, *, is_open: bool, refused: Callable[..., str]
) -> None:
    """As a whole, or with columns that nobody can read without a key."""
    table = pa.table({"allocation_id": [A], "note": ["x"]})
    properties = encryption.CryptoFactory(lambda _: OpenKeys()).file_encryption_properties(
        encryption.KmsConnectionConfig(),
        encryption.EncryptionConfiguration(
            footer_key="one", column_keys={"two": [column]}, plaintext_footer=is_open
        ),
    )
    file = io.BytesIO()
    with pq.ParquetWriter(file, table.schema, encryption_properties=properties) as writer:
        writer.write_table(table)
    said = refused(file.getvalue(), "x.parquet")
    assert "encrypted" in said
    assert "write it without encryption" in said


def test_a_file_of_no_columns_or_no_rows(
    read: Callable[..., Manifest], refused: Callable[..., str]
) -> None:
    """Without columns there is none of ids; without rows there is nothing to do."""
    assert "it has no columns" in refused(parquet({}), "x.parquet")
    ids = pa.array([], pa.string())
    assert read(parquet({"allocation_id": ids}), "x.parquet").counts.read == 0


def test_a_damaged_footer_is_told_as_damage(refused: Callable[..., str]) -> None:
    """What Arrow reports as an error of input and output is one of the file, not of the disk."""
    whole = parquet({"allocation_id": [A]})
    size = int.from_bytes(whole[-8:-4], "little")
    damaged = whole[: -8 - size] + b"\xff" * size + whole[-8:]
    assert "damaged or unfinished" in refused(damaged, "x.parquet")


@pytest.mark.parametrize("seed", range(8))
def test_random_damage_never_gives_a_traceback(seed: int, write: Callable[..., Path]) -> None:
    """Bytes overwritten anywhere: the file is read to its last row, or refused."""
    chance = random.Random(seed)
    rows = range(200)
    whole = parquet({"allocation_id": [f"{n:024x}" for n in rows], "l": [[n] for n in rows]})
    for _ in range(20):
        damaged = bytearray(whole)
        for _ in range(chance.choice((1, 3, 20))):
            damaged[chance.randrange(4, len(damaged))] = chance.randrange(256)
        path = write(bytes(damaged), "x.parquet")
        try:
            manifest = read_manifest(InputOptions(path=str(path)))
            read = sum(len(chunk) for chunk in manifest.rows())
        except InputRefusedError as refusal:
            said = str(refusal)
        else:
            said = "x.parquet" if read == manifest.counts.read else "rows are missing"
        assert "x.parquet" in said
