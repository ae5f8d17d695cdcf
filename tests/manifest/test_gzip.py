"""Text in gzip: read as it is unpacked, told apart from what is damaged or no text."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Callable, Sequence
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkcancel.errors import InputRefusedError
from bulkcancel.manifest import InputFormat, InputOptions, Manifest, read_manifest
from bulkcancel.model import ManifestRow

A = "62ff5c0bec0aed3c86202c32"
B = "62ff5c0bec0aed3c86202c33"
TEXT = f"allocation_id,note\n{A},caf\u00e9\n{B},x\n"
DAMAGED = "is damaged or cut off; pack or copy it again"
Read = Callable[..., Manifest]
Refused = Callable[..., str]
Rows = Callable[[Manifest], list[ManifestRow]]


def packed(*parts: bytes) -> bytes:
    """Return parts packed one after another, as ``cat`` joins files."""
    return b"".join(gzip.compress(part, mtime=0) for part in parts)


def test_a_packed_text_is_read(read: Read, rows_of: Rows) -> None:
    """The ids and cells are those inside; sum and size are those of the file as it lies."""
    content = packed(TEXT.encode())
    manifest = read(content, "input.csv.gz")
    assert [row.extras for row in rows_of(manifest)] == [("caf\u00e9",), ("x",)]
    facts = manifest.facts
    assert (facts.container, facts.format, facts.encoding) == ("gzip", "csv", "utf-8")
    assert (facts.bytes, facts.sha256) == (len(content), sha256(content).hexdigest())
    plain = read(TEXT).facts
    assert (facts.digest, facts.hash_total) == (plain.digest, plain.hash_total)
    assert plain.container is None


@pytest.mark.parametrize("name", ["input.csv", "input", "input.txt.gz", "input.zip"])
def test_the_content_decides(name: str, read: Read) -> None:
    """A packed text under any name of a text is a packed text."""
    assert read(packed(TEXT.encode()), name).facts.container == "gzip"


@pytest.mark.parametrize("name", ["input.parquet", "input.xlsx", "input.xls", "input.ods"])
def test_a_name_that_says_something_else_is_refused(name: str, refused: Refused) -> None:
    """A workbook or a Parquet file is not packed so."""
    assert "its name says that it is" in refused(packed(TEXT.encode()), name)


@settings(deadline=None)  # a busy machine is no failure
@given(cuts=st.lists(st.integers(min_value=0, max_value=len(TEXT)), max_size=8))
def test_a_file_of_several_parts_is_one_text(cuts: list[int], read: Read, rows_of: Rows) -> None:
    """Wherever it was cut, even within a row, a character or the mark; empty parts add nothing."""
    text = codecs.BOM_UTF8 + TEXT.encode()
    places = [0, *sorted(cuts), len(text)]
    parts = [text[start:stop] for start, stop in pairwise(places)]
    manifest = read(packed(*parts))
    assert manifest.facts.encoding == "utf-8-sig"
    assert [row.extras for row in rows_of(manifest)] == [("caf\u00e9",), ("x",)]


@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
def test_a_mark_inside_is_heeded(mark: bytes, read: Read) -> None:
    """The encoding is that of the text, not of what it is packed in."""
    codec = "utf-16-le" if mark == codecs.BOM_UTF16_LE else "utf-16-be"
    manifest = read(packed(mark[:1], mark[1:] + TEXT.encode(codec)))
    assert (manifest.facts.encoding, manifest.first_ids) == ("utf-16", (A, B))
    assert read(packed(TEXT.encode("cp1252")), encoding="cp1252").facts.encoding == "cp1252"


def test_many_rows_are_read_in_order(read: Read, rows_of: Rows) -> None:
    """Across blocks and parts, and again for the second reading."""
    text = "allocation_id,note\n" + "".join(f"{n:024x},{n * n}\n" for n in range(60_000))
    cut = len(text) // 3
    manifest = read(packed(text[:cut].encode(), text[cut:].encode()))
    assert [row.allocation_id for row in rows_of(manifest)] == [f"{n:024x}" for n in range(60_000)]


@pytest.mark.parametrize("row", [2, 9000, 60_001])
def test_a_wrong_byte_is_found_by_its_row(row: int, refused: Refused) -> None:
    """The offset is that in the text, unpacked."""
    sound = b"allocation_id,note\n" + b"".join(b"%024x,x\n" % n for n in range(60_000))
    offset = sound.index(b"%024x," % (row - 2)) + 25
    said = refused(packed(sound[:offset] + b"\xff" + sound[offset:]))
    assert f": row {row}: the byte 0xFF at byte offset {offset:,} is not UTF-8" in said


@pytest.mark.parametrize("size", range(2, len(packed(TEXT.encode()))))
def test_a_file_that_is_cut_off_is_refused(size: int, refused: Refused) -> None:
    """Wherever the download ended."""
    assert DAMAGED in refused(packed(TEXT.encode())[:size])


@pytest.mark.parametrize(
    "behind",
    [b"x", b"garbage", b"\0\0x", b"\x1f", b"\x1f\x8b", b"\x1f\x8b\x08", zlib.compress(b"x")],
)
def test_what_follows_the_end_is_refused(behind: bytes, refused: Refused) -> None:
    """It may be the rest of the ids, packed wrongly."""
    assert DAMAGED in refused(packed(TEXT.encode()) + behind)


def test_zeros_behind_the_end_are_none_of_it(read: Read) -> None:
    """Tapes and some programs fill up with them; they are hashed, being in the file."""
    content = packed(TEXT.encode()) + bytes(200_000)
    manifest = read(content)
    assert manifest.counts.unique == 2
    assert manifest.facts.sha256 == sha256(content).hexdigest()
    assert read(content + packed(f"{A}0,x\n".encode())).counts.invalid == 1


@pytest.mark.parametrize("bit", range(8))
def test_a_flipped_bit_never_changes_an_id(bit: int, write: Callable[..., Path]) -> None:
    """Anywhere in the file: refused, or it was in what is told beside the data, as a time is."""
    sound = packed(TEXT.encode())
    digests = set()
    for place in range(len(sound)):
        damaged = bytearray(sound)
        damaged[place] ^= 1 << bit
        try:
            manifest = read_manifest(InputOptions(path=str(write(bytes(damaged)))))
        except InputRefusedError:
            continue
        digests.add(manifest.facts.digest)
    assert len(digests) == 1


def parquet() -> bytes:
    """Return a small Parquet file."""
    file = io.BytesIO()
    pq.write_table(pa.table({"allocation_id": [A]}), file)
    return file.getvalue()


def workbook() -> bytes:
    """Return a small workbook."""
    file, book = io.BytesIO(), openpyxl.Workbook()
    book.worksheets[0].append(["allocation_id"])
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([b""], "what is packed in it is empty (0 bytes)"),
        ([b"", b""], "what is packed in it is empty (0 bytes)"),
        ([packed(TEXT.encode())], "what is packed in it is packed once more"),
        ([parquet()], "what is packed in it is a Parquet file"),
        ([b"PA", b"R1" + bytes(9)], "what is packed in it is a Parquet file"),
        ([workbook()], "what is packed in it is an Excel workbook"),
        ([b"%PDF-1.7\n"], "what is packed in it is a PDF"),
        ([b"note\nx\n"], "no column is named allocation_id"),
        ([b"allocation_id\n\0"], "NUL byte at byte offset 14"),
    ],
)
def test_what_is_packed_must_be_a_text(parts: Sequence[bytes], said: str, refused: Refused) -> None:
    """The sentence is about what is inside."""
    assert said in refused(packed(*parts), "input.csv.gz")


def test_the_name_alone_packs_nothing(refused: Refused) -> None:
    """A text under the name of a packed one is refused, as it was unpacked by somebody."""
    assert "its name says that it is compressed" in refused(TEXT, "input.csv.gz")
    assert "its name says that it is a ZIP archive" in refused(TEXT, "input.zip")


def test_a_given_format_holds_for_what_is_inside(read: Read, refused: Refused) -> None:
    """Whoever says that it is text, says so of what is packed."""
    assert read(packed(TEXT.encode()), format=InputFormat.TEXT).counts.unique == 2
    said = refused(packed(TEXT.encode()), format=InputFormat.PARQUET)
    assert "does not begin as a Parquet file" in said


def test_a_packed_file_that_changes_is_another_input(write: Callable[..., Path]) -> None:
    """The second reading is held against the first, and nothing is sent from another one."""
    path = write(packed(TEXT.encode()))
    manifest = read_manifest(InputOptions(path=str(path)))
    path.write_bytes(packed(TEXT.replace("x", "y").encode()))
    with pytest.raises(InputRefusedError, match="the input changed since it was read"):
        next(manifest.rows())
