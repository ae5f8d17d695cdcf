"""Text in a ZIP archive: read where it is alone, refused where a person must choose or mend."""

from __future__ import annotations

import codecs
import io
import os
import struct
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

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


def zipped(
    *members: tuple[str, str | bytes], method: int = zipfile.ZIP_DEFLATED, mode: int = 0o100644
) -> bytes:
    """Return an archive of members by name; a name that ends in a slash is a folder."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members:
            info = zipfile.ZipInfo(name, (2024, 1, 2, 3, 4, 6))
            info.external_attr = mode << 16
            archive.writestr(info, content, method)
    return file.getvalue()


def flagged(archive: bytes, flags: int) -> bytes:
    """Return an archive whose only member has more flags, in both places that tell them."""
    changed = bytearray(archive)
    for sign, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = archive.index(sign) + place
        (old,) = struct.unpack_from("<H", changed, at)
        struct.pack_into("<H", changed, at, old | flags)
    return bytes(changed)


class Pipe(io.BytesIO):
    """A file that can't go back, so that the archive tells lengths behind the data."""

    def seekable(self) -> bool:
        """Return that it can't."""
        return False


def streamed(*, zip64: bool) -> bytes:
    """Return an archive as a program writes it that does not know the length beforehand."""
    file = Pipe()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("ids.csv", "w", force_zip64=zip64) as member,
    ):
        member.write(TEXT.encode())
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        zipped(("ids.csv", TEXT)),
        zipped(("ids.csv", TEXT), method=zipfile.ZIP_STORED),
        zipped(("export/", b""), ("export/ids.csv", TEXT)),
        zipped(("ids.csv", TEXT), ("__MACOSX/._ids.csv", b"\0\5\x16\7"), (".DS_Store", b"Bud1")),
        zipped(("Auftr\u00e4ge \u65e5.csv", TEXT)),
        zipped(("../../ids.csv", TEXT)),
        zipped(("/etc/ids.csv", TEXT)),
        zipped(("C:\\Users\\me\\ids.csv", TEXT)),
        zipped(("ids.csv", codecs.BOM_UTF8 + TEXT.encode())),
        zipped(("ids.csv", TEXT.encode("utf-16"))),
        streamed(zip64=False),
        streamed(zip64=True),
    ],
    ids=[
        "deflated", "stored", "in-folder", "mac", "name", "above", "absolute", "windows", "mark",
        "utf-16", "streamed", "zip64",
    ],
)  # fmt: skip
def test_the_one_text_is_read(content: bytes, read: Read, rows_of: Rows) -> None:
    """However it was packed; its name is no path of ours, and the sum is that of the file."""
    manifest = read(content, "input.zip")
    assert [(row.allocation_id, row.extras) for row in rows_of(manifest)] == [
        (A, ("caf\u00e9",)),
        (B, ("x",)),
    ]
    facts = manifest.facts
    assert (facts.container, facts.format) == ("zip", "csv")
    assert (facts.bytes, facts.sha256) == (len(content), sha256(content).hexdigest())
    assert facts.digest == read(TEXT).facts.digest


def test_nothing_is_unpacked_to_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither where a member's name points, nor anywhere else."""
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    Path("x.zip").write_bytes(zipped(("../../ids.csv", TEXT)))
    with read_manifest(InputOptions(path="x.zip")) as manifest:
        assert sum(len(rows) for rows in manifest.rows()) == 2
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["x.zip"]


@pytest.mark.parametrize("name", ["input.zip", "input.csv", "input"])
def test_the_content_decides(name: str, read: Read) -> None:
    """An archive under any name of a text is an archive."""
    assert read(zipped(("ids.csv", TEXT)), name).facts.container == "zip"


@pytest.mark.parametrize("name", ["input.xlsx", "input.xlsm", "input.parquet", "input.ods"])
def test_a_name_that_says_something_else_is_refused(name: str, refused: Refused) -> None:
    """A text in an archive that is called a workbook is none."""
    assert "its name says that it is" in refused(zipped(("ids.csv", TEXT)), name)


def test_a_name_inside_makes_no_workbook(read: Read) -> None:
    """Only the parts of a workbook do, not letters that look like one of them."""
    assert read(zipped(("max xl/ids.csv", TEXT))).facts.container == "zip"
    stored = zipped(("ids.csv", TEXT + f"{A},xl/worksheets/\n"), method=zipfile.ZIP_STORED)
    assert read(stored).facts.container == "zip"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (zipped(), "is a ZIP archive without a file in it"),
        (zipped(("folder/", b"")), "is a ZIP archive without a file in it"),
        (zipped(("one.csv", TEXT), ("two.csv", TEXT)), "is a ZIP archive of 2 files; give one"),
        (zipped(("ids.csv", TEXT), ("ids.csv.sha256", "x")), "is a ZIP archive of 2 files"),
        (zipped(*((f"{n}.csv", TEXT) for n in range(1500))), "is a ZIP archive of 1,500 files"),
        (zipped(("ids.csv", "")), "what is packed in it is empty (0 bytes)"),
        (zipped(("in.zip", zipped(("ids.csv", TEXT)))), "what is packed in it is packed once more"),
        (zipped(("x.parquet", b"PAR1" + bytes(40))), "what is packed in it is a Parquet file"),
        (zipped(("x.xlsx", zipped(("[Content_Types].xml", "")))), "it is an Excel workbook"),
        (zipped(("x.pdf", b"%PDF-1.7")), "what is packed in it is a PDF"),
        (zipped(("ids.csv", "note\nx\n")), "no column is named allocation_id"),
        (flagged(zipped(("ids.csv", TEXT)), 0x1), "is a ZIP archive with a password; unpack it"),
        (flagged(zipped(("ids.csv", TEXT)), 0x2000), "is a ZIP archive with a password"),
        (zipped(("ids.csv", TEXT), method=zipfile.ZIP_BZIP2), "compressed in a way that is not"),
        (zipped(("ids.csv", TEXT), method=zipfile.ZIP_LZMA), "compressed in a way that is not"),
        (zipped(("ids.csv", "/etc/passwd"), mode=0o120777), "is a ZIP archive of a link"),
    ],
)
def test_what_is_not_one_text_is_refused(content: bytes, said: str, refused: Refused) -> None:
    """The sentence says what the archive is, and what to do."""
    assert said in refused(content, "input.zip")


def test_a_given_format_holds_for_what_is_inside(read: Read, refused: Refused) -> None:
    """Whoever says that it is text, gets no workbook read."""
    assert read(zipped(("ids.csv", TEXT)), format=InputFormat.TEXT).counts.unique == 2
    book = zipped(("[Content_Types].xml", TEXT))
    assert read(book, format=InputFormat.TEXT).facts.container == "zip"
    said = refused(zipped(("ids.csv", TEXT)), format=InputFormat.XLSX)
    assert "does not hold what an Excel workbook does" in said


@pytest.mark.parametrize("size", range(4, len(zipped(("ids.csv", TEXT)))))
def test_an_archive_that_is_cut_off_is_refused(size: int, refused: Refused) -> None:
    """Wherever the download ended."""
    assert DAMAGED in refused(zipped(("ids.csv", TEXT))[:size])


@pytest.mark.parametrize("bit", range(8))
@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_a_flipped_bit_never_changes_an_id(
    bit: int, method: int, write: Callable[..., Path]
) -> None:
    """Anywhere in the file: refused, or it was in what is told beside the data, as a time is."""
    sound = zipped(("ids.csv", TEXT), method=method)
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


@pytest.mark.parametrize("place", range(0, len(zipped(("ids.csv", TEXT))), 7))
def test_missing_bytes_are_found(place: int, refused: Refused) -> None:
    """A few bytes lost anywhere: refused in a sentence, never in a traceback."""
    sound = zipped(("ids.csv", TEXT))
    assert refused(sound[:place] + sound[place + 11 :])


def told(archive: bytes, sign: bytes, place: int, number: int) -> bytes:
    """Return an archive with a number of four bytes replaced, at a place behind a sign."""
    at = archive.index(sign) + place
    return archive[:at] + number.to_bytes(4, "little") + archive[at + 4 :]


@pytest.mark.parametrize("number", [0, 1, 30, 5000, 1 << 31, (1 << 32) - 2])
@pytest.mark.parametrize("place", [16, 20, 24, 42], ids=["sum", "packed", "unpacked", "offset"])
@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_a_list_of_contents_that_lies_is_found_out(
    number: int, place: int, method: int, read: Read, refused: Refused
) -> None:
    """Sums, lengths and offsets are held against what is there."""
    content = told(zipped(("ids.csv", TEXT), method=method), b"PK\x01\x02", place, number)
    if (place, number) == (42, 0):
        assert read(content).counts.unique == 2
    else:
        assert DAMAGED in refused(content)


@pytest.mark.parametrize(
    ("place", "value"),
    [(6, 0x01), (6, 0x40), (8, 0), (8, 12), (26, 6), (26, 8), (30, 0x6A), (30, 0)],
)
def test_a_member_and_the_list_of_contents_must_agree(
    place: int, value: int, refused: Refused
) -> None:
    """Password, method and name stand in both: where they differ, one of them is wrong."""
    changed = bytearray(zipped(("ids.csv", TEXT)))
    changed[place] = value
    assert DAMAGED in refused(bytes(changed))


@pytest.mark.parametrize("name", [b"\0ds.csv", b"\xc3(s.csv"])
def test_a_name_that_is_none_is_damage(name: bytes, refused: Refused) -> None:
    """An archive of a member without a name, or with one that is not text, is a damaged one."""
    archive = flagged(zipped(("ids.csv", TEXT)), 0x800)
    assert DAMAGED in refused(archive.replace(b"ids.csv", name))


def test_an_overlong_list_of_contents_is_not_loaded(refused: Refused) -> None:
    """An archive of very many files is refused by the length of its list alone."""
    content = told(zipped(("ids.csv", TEXT)), b"PK\x05\x06", 12, 1 << 21)
    assert DAMAGED in refused(content)  # longer than the file
    assert "is a ZIP archive of very many files" in refused(
        content[: content.index(b"PK\x01\x02")] + bytes(1 << 21) + content[-22:]
    )


def test_an_archive_that_changes_is_another_input(write: Callable[..., Path]) -> None:
    """Between two readings, or during one."""
    ids = "".join(f"{n:024x},{n * n}\n" for n in range(60_000))
    path = write(zipped(("ids.csv", "allocation_id,note\n" + ids)))
    manifest = read_manifest(InputOptions(path=str(path)))
    rows = manifest.rows()
    next(rows)
    os.utime(path, (1, 1))
    with pytest.raises(InputRefusedError, match="changed while it was read"):
        list(rows)
    path.write_bytes(zipped(("ids.csv", TEXT)))
    with pytest.raises(InputRefusedError, match="the input changed since it was read"):
        next(manifest.rows())
