"""Damaged and mislabelled files are refused in one sentence that says where."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkcancel.errors import InputRefusedError
from bulkcancel.manifest import InputFormat, Manifest

A = "62ff5c0bec0aed3c86202c32"
B = "62ff5c0bec0aed3c86202c33"
TEXT = f"allocation_id,note\n{A},caf\u00e9\n{B},x\n"
LINE = len(f"{A},x\n")


def many(rows: int) -> bytes:
    """Return a sound file of so many rows."""
    return b"allocation_id,note\n" + b"".join(b"%024x,x\n" % n for n in range(rows))


def archive(*names: str) -> bytes:
    """Return a ZIP archive with members of these names."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as written:
        for name in names:
            written.writestr(name, "x")
    return file.getvalue()


def compound(*names: str, place: int = 20) -> bytes:
    """Return a file of Microsoft's old kind, with the names of its parts in some sector."""
    entries = b"".join(name.encode("utf-16-le").ljust(128, b"\0") for name in names)
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(512, b"\0")
    return head + bytes(512 * place) + entries.ljust(512, b"\0")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty (0 bytes)"),
        (TEXT.encode("utf-16-le"), "NUL byte at byte offset 1"),
        (TEXT.encode("utf-16-be"), "NUL byte at byte offset 0"),
        (archive("[Content_Types].xml", "xl/workbook.xml"), "is a damaged or unfinished workbook"),
        (archive("xl\\workbook.xml"), "is a damaged or unfinished workbook"),
        (b"PK\x03\x04" + bytes(26) + b"mimetypeapplication/vnd.oasis.opendocument", "(.ods)"),
        (archive("a.csv", "b.csv"), "ZIP archive"),
        (archive(), "ZIP archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old Excel workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel workbook"),
        (compound("Root Entry", "Workbook"), "old Excel workbook"),
        (compound("Root Entry", "EncryptionInfo", "EncryptedPackage"), "protected by a password"),
        *(
            (compound("Root Entry", "EncryptedPackage", place=place), "protected by a password")
            for place in (0, 1000, 5000)
        ),
        (
            compound().ljust((1 << 20) - 10, b"\0") + "EncryptedPackage".encode("utf-16-le"),
            "protected by a password",
        ),
        (compound("EncryptedPackag", place=2047)[:-500], "old Excel workbook"),
        (b"7z\xbc\xaf\x27\x1c\0\4" + bytes(9), "is a 7-Zip archive"),
        (b"Rar!\x1a\x07\1\0", "is a RAR archive"),
        (b"\x1f\x9d\x90" + bytes(9), "is compressed with compress (.Z)"),
        (b"\xfd7zXZ\0", "xz"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"BZh91AY&SY", "bzip2"),
        (b"%PDF-1.7\n", "PDF"),
        (b"ARROW1\x00\x00" + bytes(9), "Feather"),
        (b"PARE" + bytes(30), "encrypted Parquet"),
        (b"PAR1" + bytes(30), "damaged or unfinished Parquet"),
        (b"PAR1", "damaged or unfinished Parquet"),
        (b"<html><body><table>allocation_id</table></body></html>", "is a web page (HTML)"),
        (b"\xef\xbb\xbf\r\n<!DOCTYPE HTML>\n<p>Please log in</p>", "is a web page (HTML)"),
        (b'<?xml version="1.0"?><ids/>', "is XML"),
        (b"{\\rtf1\\ansi allocation_id}", "is a text document (RTF)"),
        (b'[{"allocation_id": "62ff5c0b0000000000000001"}]', "is JSON"),
        (b'{ "allocations": [] }', "is JSON"),
        (b'["62ff5c0b0000000000000001"]', "is JSON"),
    ],
)
def test_what_is_not_utf8_text_is_named(
    content: bytes, said: str, refused: Callable[..., str]
) -> None:
    """A file of another kind is recognised by its content under any name, and never read."""
    assert said in refused(content, "input.csv")


@pytest.mark.parametrize(
    "name",
    ["input.xlsx", "input.xlsm", "input.XLS", "input.parquet", "input.ods", "a.gz", "a.csv.zip"],
)
def test_text_under_a_wrong_name_is_refused(name: str, refused: Callable[..., str]) -> None:
    """A file that is not what its name says is refused, unless its format is given."""
    assert "its name says" in refused(TEXT, name)


def test_a_given_format_outranks_the_name(
    read: Callable[..., Manifest], refused: Callable[..., str]
) -> None:
    """Whoever says what a file is, is believed as far as the content allows."""
    assert read(TEXT, "input.parquet", format=InputFormat.TEXT).counts.unique == 2
    assert read(f"PAR1,allocation_id\nx,{A}\n", format=InputFormat.TEXT).first_ids == (A,)
    assert "does not begin as a Parquet file" in refused(TEXT, format=InputFormat.PARQUET)
    assert "does not hold what an Excel workbook" in refused(TEXT, format=InputFormat.XLSX)
    assert "does not hold what an Excel" in refused(b"PAR1" + bytes(30), format=InputFormat.XLSX)
    book = archive("[Content_Types].xml", "xl/workbook.xml")
    assert "ZIP archive of 2 files" in refused(book, format=InputFormat.TEXT)
    assert "does not begin as a Parquet file" in refused(book, format=InputFormat.PARQUET)


@pytest.mark.parametrize("row", [2, 3, 2000, 9000, 20_000, 29_999])
@pytest.mark.parametrize(
    ("bad", "said"), [(b"\x00", "NUL"), (b"\xe9", "0xE9"), (b"\xc3(", "0xC3"), (b"\xff", "0xFF")]
)
def test_a_byte_that_is_no_text_is_found_by_row_and_offset(
    row: int, bad: bytes, said: str, refused: Callable[..., str]
) -> None:
    """In the first block or a later one, the sentence names the row and the byte's offset."""
    sound = many(30_000)
    offset = len(b"allocation_id,note\n") + LINE * (row - 2) + 25
    sentence = refused(sound[:offset] + bad + sound[offset:])
    assert f": row {row}: " in sentence
    assert f"at byte offset {offset:,}" in sentence
    assert said in sentence
    assert "CSV UTF-8" in sentence
    assert "--encoding" in sentence


@pytest.mark.parametrize("place", range(262_140, 262_147))
def test_a_character_across_two_blocks_is_whole(place: int, read: Callable[..., Manifest]) -> None:
    """Characters of several bytes may lie anywhere in the file."""
    sound = many(20_000)
    cut = sound.index(b"x\n", place - 40)
    note = b"-" * (place - cut) + "\u20ac\U0001f600".encode()
    assert read(sound[:cut] + note + sound[cut:]).counts.unique == 20_000


def test_a_file_cut_inside_a_character_is_refused(refused: Callable[..., str]) -> None:
    """The end of a truncated download is not passed over."""
    said = refused(f"allocation_id,note\n{A},x\n{B},\u00e9".encode()[:-1])
    assert "row 3: the byte 0xC3 at byte offset 71" in said


@pytest.mark.parametrize("row", [2, 3, 4097, 4098, 8195, 9000])
def test_an_open_quote_names_the_row_where_it_began(row: int, refused: Callable[..., str]) -> None:
    """Not the last row of the file, where a parser notices it."""
    sound = many(9_000)
    offset = len(b"allocation_id,note\n") + LINE * (row - 2) + 25
    said = refused(sound[:offset] + b'"' + sound[offset:])
    assert f": row {row}: " in said
    assert "never closed" in said


def test_text_after_a_closing_quote_is_refused(refused: Callable[..., str]) -> None:
    """A quote that is not doubled would shift the cells behind it."""
    said = refused(f'allocation_id,note\n{A},x\n{B},"5" screws"\n')
    assert ": row 3: text follows a closing quote" in said


def test_a_cell_beyond_128_kib_is_refused_by_row(refused: Callable[..., str]) -> None:
    """The limit of the parser is told as a sentence, with the likely cause."""
    said = refused(f"allocation_id,note\n{A},x\n{B},{'y' * 140_000}\n")
    assert ": row 3: a cell has more than 131,072 characters" in said


def test_an_endless_line_is_refused(refused: Callable[..., str]) -> None:
    """A file without line ends is not loaded into memory."""
    said = refused(f"allocation_id,note\n{A},x\n".encode() + b"x," * 5_000_000)
    assert ": row 3: a line of more than 8,388,608 bytes" in said
    assert "the header: a line" in refused(b"allocation_id," + b"x," * 5_000_000)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("rows", [1, 2, 5000])
def test_a_delimiter_at_the_end_of_every_row_is_refused_as_one(
    delimiter: str, rows: int, refused: Callable[..., str]
) -> None:
    """The columns may be shifted: the sentence is about the file, not about each row."""
    d = delimiter
    body = "".join(f"{n:024x}{d}{n + 9:024x}{d}\n" for n in range(rows))
    said = refused(f"note{d}allocation_id\n\n{body}")
    assert "every row has one cell more than the header" in said
    assert "\n" not in said


def test_one_sound_row_makes_the_others_invalid_rows(read: Callable[..., Manifest]) -> None:
    """Only a file whose every row is too long is refused as a whole."""
    manifest = read(f"allocation_id,note\n{A},x,\n{B},x\n")
    assert (manifest.counts.invalid, manifest.counts.unique) == (1, 1)


@pytest.mark.parametrize("rows", ["x\n", f"{A}\n", "\n\n", f"{A},x,,\n{B},x,,\n"])
def test_other_widths_are_told_by_row(rows: str, read: Callable[..., Manifest]) -> None:
    """One cell too few, or two too many: a matter of the row, also where every row has it."""
    assert read(f"allocation_id,note\n{rows}").counts.unique == 0


@settings(deadline=None)  # a busy machine is no failure
@given(content=st.binary(max_size=200), head=st.sampled_from([b"", b"allocation_id,note\n"]))
def test_no_bytes_give_a_traceback(
    content: bytes, head: bytes, read: Callable[..., Manifest]
) -> None:
    """Whatever the bytes, an input is read to its last row, or refused with a sentence."""
    try:
        manifest = read(head + content)
    except InputRefusedError as refusal:
        said = str(refusal)
    else:
        rows = sum(len(chunk) for chunk in manifest.rows())
        said = "input.csv" if rows == manifest.counts.read else "rows are missing"
    assert "input.csv" in said
