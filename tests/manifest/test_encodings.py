"""Encodings: told by a mark or by `--encoding`, never guessed; a wrong byte is found by its row."""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable
from hashlib import sha256

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkcancel.errors import InputRefusedError
from bulkcancel.manifest import Manifest
from bulkcancel.model import ManifestRow

A = "62ff5c0bec0aed3c86202c32"
B = "62ff5c0bec0aed3c86202c33"
Read = Callable[..., Manifest]
Refused = Callable[..., str]
Rows = Callable[[Manifest], list[ManifestRow]]

MARKED = [
    ("utf-8", codecs.BOM_UTF8, "utf-8-sig"),
    ("utf-16-le", codecs.BOM_UTF16_LE, "utf-16"),
    ("utf-16-be", codecs.BOM_UTF16_BE, "utf-16"),
    ("utf-32-le", codecs.BOM_UTF32_LE, "utf-32"),
    ("utf-32-be", codecs.BOM_UTF32_BE, "utf-32"),
]
SAID = [
    ("cp1252", "caf\u00e9 \u2013 5 \u20ac"),
    ("iso8859-15", "caf\u00e9 5 \u20ac"),
    ("cp850", "caf\u00e9"),
    ("mac-roman", "caf\u00e9 \u2026"),
    ("cp1251", "\u041f\u0440\u0438\u0432\u0435\u0442"),
    ("koi8-r", "\u041f\u0440\u0438\u0432\u0435\u0442"),
    ("shift_jis", "\u65e5\u672c\u8a9e"),
    ("euc_kr", "\ud55c\uad6d\uc5b4"),
    ("big5", "\u7e41\u9ad4"),
    ("gb18030", "\u7b80\u4f53 \U00020000 \u20ac"),
    ("utf-16-le", "caf\u00e9 \U0001f600"),
    ("utf-16-be", "caf\u00e9 \U0001f600"),
    ("utf-32-le", "caf\u00e9 \U0001f600"),
    ("utf-8", "caf\u00e9 \U0001f600"),
]


def table(note: str) -> str:
    """Return a small table with a note."""
    return f"allocation_id,note\n{A},{note}\n{B},{note}\n"


def many(note: str, rows: int) -> str:
    """Return a table of many rows with a note."""
    return "allocation_id,note\n" + "".join(f"{n:024x},{note}\n" for n in range(rows))


@pytest.mark.parametrize(("codec", "mark", "name"), MARKED)
def test_a_mark_tells_the_encoding(
    codec: str, mark: bytes, name: str, read: Read, rows_of: Rows
) -> None:
    """The text is the right one, the mark is none of it, and the facts say what was used."""
    note = "caf\u00e9 \U0001f600"
    content = mark + table(note).encode(codec)
    for given_encoding in (None, name, codec):
        manifest = read(content, encoding=given_encoding)
        assert [row.extras for row in rows_of(manifest)] == [(note,)] * 2
        facts = manifest.facts
        assert (facts.id_column, facts.encoding) == ("allocation_id", name)
        assert (facts.bytes, facts.sha256) == (len(content), sha256(content).hexdigest())


@pytest.mark.parametrize(("encoding", "note"), SAID)
def test_a_given_encoding_is_used(encoding: str, note: str, read: Read, rows_of: Rows) -> None:
    """Other columns come out as the characters that were written, and the ids as they are."""
    content = table(note).encode(encoding)
    manifest = read(content, encoding=encoding)
    assert [(row.allocation_id, row.extras) for row in rows_of(manifest)] == [
        (A, (note,)),
        (B, (note,)),
    ]
    assert manifest.facts.encoding == encoding
    assert manifest.facts.sha256 == sha256(content).hexdigest()
    assert manifest.facts.digest == read(table(note)).facts.digest


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("Windows-1252", "cp1252"),
        (" CP1252 ", "cp1252"),
        ("latin-1", "iso8859-1"),
        ("UTF8", "utf-8"),
    ],
)
def test_an_encoding_may_be_spelt_as_people_do(spelling: str, name: str, read: Read) -> None:
    """The facts have one name for it."""
    assert read(table("x"), encoding=spelling).facts.encoding == name


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ("ansi", "did you mean cp1252?"),
        ("cp-1252", "did you mean cp1252?"),
        ("windows1252", "did you mean cp1252?"),
        ("unicode", "did you mean utf-16-le?"),
        ("utf-7", "did you mean utf-8?"),
        ("klingon", "one such as cp1252 or utf-16-le"),
        *(
            (name, "no encoding that texts are written in")
            for name in (
                "idna", "punycode", "unicode_escape", "raw_unicode_escape", "rot13", "base64",
                "zlib", "hz", "iso2022_jp", "cp037", "undefined", "mbcs", "", "a\0b", "\u00e9",
                "x" * 5000,
            )
        ),
    ],
)  # fmt: skip
def test_what_is_no_encoding_of_texts_is_refused(asked: str, hint: str, refused: Refused) -> None:
    """Not what is unknown, nor what would unpack, escape or run; the sentence names a right one."""
    said = refused(table("x"), encoding=asked)
    assert "is no encoding that texts are written in" in said
    assert hint in said
    assert said.isprintable()


@pytest.mark.parametrize(
    ("mark", "codec", "asked", "marked"),
    [
        (codecs.BOM_UTF8, "utf-8", "cp1252", "UTF-8"),
        (codecs.BOM_UTF8, "utf-8", "iso-8859-1", "UTF-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le", "cp1252", "UTF-16"),
        (codecs.BOM_UTF16_LE, "utf-16-le", "utf-8", "UTF-16"),
        (codecs.BOM_UTF16_LE, "utf-16-le", "utf-16-be", "UTF-16-LE"),
        (codecs.BOM_UTF16_BE, "utf-16-be", "utf-16-le", "UTF-16-BE"),
        (codecs.BOM_UTF32_LE, "utf-32-le", "utf-16-le", "UTF-32"),
    ],
)
def test_a_mark_that_says_something_else_is_not_overruled(
    mark: bytes, codec: str, asked: str, marked: str, refused: Refused
) -> None:
    """One of the two is wrong, and nobody knows which: the order of the bytes included."""
    said = refused(mark + table("x").encode(codec), encoding=asked)
    assert f"begins with the mark of {marked}, and --encoding says" in said


def test_utf16_without_a_mark_has_to_be_said(read: Read, refused: Refused) -> None:
    """The sentence names the encoding to give, the likely one of the two."""
    for codec in ("utf-16-le", "utf-16-be"):
        content = table("x").encode(codec)
        assert f"--encoding {codec}" in refused(content)
        assert read(content, encoding=codec).first_ids == (A, B)
    said = refused(table("x").encode("utf-16-le"), encoding="utf-16")
    assert "has no byte-order mark" in said
    assert "--encoding utf-16-le (as Windows writes it) or utf-16-be" in said


def test_a_byte_that_is_not_utf8_names_the_way_out(refused: Refused) -> None:
    """What a person can do: save it again, or say what it is."""
    said = refused(table("caf\u00e9").encode("cp1252"))
    assert "row 2: the byte 0xE9" in said
    assert "--encoding cp1252" in said
    assert '"CSV UTF-8"' in said


BAD = [
    ("cp1252", b"", b"\x81", 0x81),
    ("ascii", b"", b"\xe9", 0xE9),
    ("shift_jis", b"", b"\x80", 0x80),
    ("gb18030", b"", b"\xff", 0xFF),
    ("utf-16-le", codecs.BOM_UTF16_LE, b"\x00\xd8", 0x00),
    ("utf-16-be", codecs.BOM_UTF16_BE, b"\xdc\x00", 0xDC),
    ("utf-32-le", codecs.BOM_UTF32_LE, b"\x00\x00\x11\x00", 0x00),
    ("utf-16-le", b"", b"\x00\xd8", 0x00),
]


@pytest.mark.parametrize("row", [2, 3, 4097, 9000, 20_001])
@pytest.mark.parametrize(("encoding", "mark", "bad", "value"), BAD)
def test_a_byte_that_is_none_of_the_encoding_is_found_by_row_and_offset(
    encoding: str, mark: bytes, bad: bytes, value: int, row: int, refused: Refused
) -> None:
    """In the first block or a later one; the offset is that in the file."""
    sound = many("x", 20_000)
    place = sound.index(f"{row - 2:024x},") + 25
    before = mark + sound[:place].encode(encoding)
    content = before + bad + sound[place:].encode(encoding)
    said = refused(content, encoding=None if mark else encoding)
    assert f": row {row}: the byte 0x{value:02X} at byte offset {len(before):,} is not " in said
    assert "another encoding, or is cut off or binary" in said


@pytest.mark.parametrize(
    ("encoding", "note"),
    [("cp1252", "\u20ac"), ("gb18030", "\u7b80\U00020000"), ("shift_jis", "\u65e5"),
     ("utf-16-le", "\U0001f600"), ("utf-32-be", "\u65e5")],
)  # fmt: skip
@pytest.mark.parametrize("row", [2, 7000, 20_001])
def test_a_nul_character_is_found_by_row_and_offset(
    encoding: str, note: str, row: int, refused: Refused
) -> None:
    """Whatever the encoding, a NUL is a sign of a file that is no text."""
    sound = many(note, 20_000)
    place = sound.index(f"{row - 2:024x},") + 25
    offset = len(sound[:place].encode(encoding))
    said = refused((sound[:place] + "\0" + sound[place:]).encode(encoding), encoding=encoding)
    assert f": row {row}: there is a NUL character at byte offset {offset:,}: " in said
    assert f"not in {encoding}" in said


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_text_cut_inside_a_character_is_refused(cut: int, refused: Refused) -> None:
    """An odd number of bytes of UTF-16, or half a character, is a file that was cut off."""
    content = codecs.BOM_UTF16_LE + table("\U0001f600").encode("utf-16-le")[:-2]
    assert "is not utf-16: " in refused(content[:-cut])
    content = table("\U00020000").encode("gb18030")[:-1]
    assert "is not gb18030: " in refused(content[:-cut], encoding="gb18030")


@pytest.mark.parametrize(
    ("encoding", "note"),
    [("utf-16-le", "\U0001f600"), ("gb18030", "\U00020000"), ("shift_jis", "\u65e5"),
     ("big5", "\u7e41"), ("utf-32-le", "\U0001f600"), ("cp1252", "\u20ac")],
)  # fmt: skip
@pytest.mark.parametrize("shift", range(4))
def test_characters_across_blocks_are_whole(
    encoding: str, note: str, shift: int, read: Read, rows_of: Rows
) -> None:
    """Characters of several bytes may lie anywhere in the file."""
    content = f"allocation_id,{'n' * (1 + shift)}\n" + many(note * 30, 5000).partition("\n")[2]
    manifest = read(content.encode(encoding), encoding=encoding)
    assert {row.extras for row in rows_of(manifest)} == {(note * 30,)}
    assert manifest.counts.unique == 5000


@pytest.mark.parametrize(
    ("encoding", "note", "bad"),
    [
        ("gb18030", "\U00020000", b"\xff"),
        ("shift_jis", "\u65e5", b"\x80"),
        ("utf-16-le", "\U0001f600", b"\x00\xd8"),
    ],
)
@pytest.mark.parametrize("shift", range(4))
def test_offsets_count_on_across_characters_in_two_blocks(
    encoding: str, note: str, bad: bytes, shift: int, refused: Refused
) -> None:
    """In whichever block a character began, the offset of what is wrong is that in the file."""
    text = f"allocation_id,{'n' * (1 + shift)}\n" + many(note * 30, 5000).partition("\n")[2]
    sound = text.encode(encoding)
    said = refused(sound + bad, encoding=encoding)
    assert f"row 5002: the byte 0x{bad[0]:02X} at byte offset {len(sound):,} is not" in said
    said = refused(sound + "\0".encode(encoding), encoding=encoding)
    assert f"row 5002: there is a NUL character at byte offset {len(sound):,}:" in said


def test_an_encoding_is_for_texts_only(refused: Refused) -> None:
    """A Parquet file and a workbook have none to be said."""
    file = io.BytesIO()
    pq.write_table(pa.table({"allocation_id": [A]}), file)
    said = refused(file.getvalue(), "x.parquet", encoding="cp1252")
    assert "is a Parquet file, and --encoding is for text" in said
    file, book = io.BytesIO(), openpyxl.Workbook()
    book.worksheets[0].append(["allocation_id"])
    book.save(file)
    said = refused(file.getvalue(), "x.xlsx", encoding="cp1252")
    assert "is an Excel workbook, and --encoding is for text" in said


def test_a_mark_alone_is_no_header(refused: Refused) -> None:
    """A file of nothing but a mark is blank."""
    for _, mark, _ in MARKED:
        assert "holds blank lines only" in refused(mark)


@settings(deadline=None)  # a busy machine is no failure
@given(
    content=st.binary(max_size=200),
    mark=st.sampled_from([mark for _, mark, _ in MARKED]),
    encoding=st.sampled_from([name for name, _ in SAID]),
)
def test_no_bytes_give_a_traceback(content: bytes, mark: bytes, encoding: str, read: Read) -> None:
    """Whatever the bytes and the encoding: read to the last row, or refused with a sentence."""
    marked = (mark + content, None)
    given_encoding = (table("x").encode(encoding) + content, encoding)
    for bytes_, asked in (marked, given_encoding):
        try:
            manifest = read(bytes_, encoding=asked)
        except InputRefusedError as refusal:
            said = str(refusal)
        else:
            rows = sum(len(chunk) for chunk in manifest.rows())
            said = "input.csv" if rows == manifest.counts.read else "rows are missing"
        assert "input.csv" in said
