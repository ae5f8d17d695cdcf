"""Damaged, protected and hostile workbooks are refused in one sentence."""

from __future__ import annotations

import io
import os
import random
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from packed import zipped
from rawbook import MAIN, RELATIONS, book, parts, row, sheet, text, value

from bulkcancel.errors import InputRefusedError
from bulkcancel.manifest import InputOptions, Manifest, read_manifest
from bulkcancel.manifest.ids import Grammar
from bulkcancel.manifest.source import open_source
from bulkcancel.manifest.xlsx import XlsxTable
from bulkcancel.manifest.xlsx.package import Package
from bulkcancel.manifest.xlsx.unreadable import UnreadableError

A = "62ff5c0bec0aed3c86202c32"
HEADER = row(1, text("A1", "allocation_id"), text("B1", "note"))
IDS = sheet(HEADER, *(row(n, text(f"A{n}", f"{n:024x}")) for n in range(2, 300)))
SHEET = "xl/worksheets/sheet1.xml"
STRICT = "http://purl.oclc.org/ooxml"


def with_part(name: str, content: bytes) -> bytes:
    """Return a sound workbook in which one part is another."""
    return zipped({**parts({"Sheet1": IDS}), name: content})


def stretched(name: str, unit: bytes, count: int) -> bytes:
    """Return a workbook of which one part is a unit repeated so often, packed as one unit is."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for other, content in parts({"Sheet1": IDS}).items():
            if other != name:
                archive.writestr(other, content)
        with archive.open(name, "w") as part:
            for _ in range(count):
                part.write(unit)
    return file.getvalue()


def test_a_cut_off_workbook_is_refused(refused: Callable[..., str]) -> None:
    """An unfinished download is told as one, wherever it was cut."""
    whole = book(IDS)
    for size in (700, len(whole) // 2, len(whole) - 1, len(whole) - 30):
        assert "is a damaged or unfinished workbook" in refused(whole[:size], "x.xlsx")


def test_a_flipped_bit_is_found(refused: Callable[..., str]) -> None:
    """A part whose sum is wrong is never read to its end as if it were right."""
    whole = book(IDS)
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        info = archive.getinfo(SHEET)
    damaged = bytearray(whole)
    damaged[info.header_offset + 30 + len(SHEET) + info.compress_size // 2] ^= 1
    assert f"its part '{SHEET}'" in refused(bytes(damaged), "x.xlsx")


@pytest.mark.parametrize("seed", range(6))
def test_random_damage_never_gives_a_traceback(seed: int, write: Callable[..., Path]) -> None:
    """Bytes overwritten in the archive or in the sheet: all rows are read, or none."""
    chance = random.Random(seed)
    sound = book(IDS)
    for turn in range(60):
        damaged = bytearray(sound if turn % 2 else IDS.encode())
        for _ in range(chance.choice((1, 3, 20))):
            damaged[chance.randrange(4, len(damaged))] = chance.randrange(256)
        content = bytes(damaged) if turn % 2 else with_part(SHEET, bytes(damaged))
        path = write(content, "x.xlsx")
        try:
            manifest = read_manifest(InputOptions(path=str(path)))
            read = sum(len(chunk) for chunk in manifest.rows())
        except InputRefusedError as refusal:
            said = str(refusal)
        else:
            said = "x.xlsx" if read == manifest.counts.read else "rows are missing"
        assert "x.xlsx" in said


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (SHEET, b"", "is broken in line 1"),
        (SHEET, b"plain text", "is broken in line 1"),
        (SHEET, IDS.encode()[:-30], "is broken in line"),
        (SHEET, b"<html/>", "is no sheet"),
        (SHEET, f'<worksheet xmlns="{MAIN}s"/>'.encode(), "is no sheet"),
        (SHEET, b"<?xml version='1.0' encoding='x-none'?><a/>", "has an unknown encoding"),
        ("xl/workbook.xml", b"<html/>", "is no workbook"),
        ("xl/workbook.xml", b"<workbook", "is broken in line 1"),
        ("xl/_rels/workbook.xml.rels", b"<Relationships/>", "its sheet 'Sheet1' is missing"),
        ("xl/styles.xml", b"<styleSheet>", "is broken in line 1"),
        ("xl/sharedStrings.xml", b"<sst>", "is broken in line 1"),
        ("XL/Worksheets/Sheet1.xml", b"<a/>", "'XL/Worksheets/Sheet1.xml' twice"),
    ],
)
def test_a_broken_part_is_named(
    name: str, content: bytes, said: str, refused: Callable[..., str]
) -> None:
    """What is wrong with which part, and what to do about it."""
    told = refused(with_part(name, content), "x.xlsx")
    assert said in told
    assert "open it in the spreadsheet program and save it anew" in told


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (row(3, text("A3", A)) + row(2, text("A2", A)), "has row '2' after row 3"),
        (row(2, text("A2", A)) + row(2, text("A2", A)), "has row '2' after row 2"),
        ('<row r="x"/>', "has row 'x' after row 1"),
        ('<row r="1048577"/>', "has more than 1,048,576 rows"),
        (f'<row r="2">{row(3, text("A3", A))}</row>', "has a row within row 2"),
        (row(2, text("A3", A)), "row 2 of a sheet has the cell 'A3' misplaced"),
        (row(2, text("A2", A), text("A2", A)), "the cell 'A2' misplaced"),
        (row(2, text("B2", A), text("A2", A)), "the cell 'A2' misplaced"),
        (row(2, text("XFE2", A)), "the cell 'XFE2' misplaced"),
        (row(2, text("", A)), "the cell '' misplaced"),
        (row(2, '<c r="A2"><v>1</v><c r="B2"/></c>'), "the cell 'B2' misplaced"),
        (row(2, value("A2", "7", "s")), "column A has a text that is not there"),
        (row(2, value("C2", "-1", "s")), "column C has a text that is not there"),
        (row(2, value("AB2", "x", "s")), "column AB has a text that is not there"),
        (row(2, value("A2", "9" * 5000, "s")), "column A has a text that is not there"),
        (row(2, value("A2", "1", "new")), "column A is of no known type"),
        ("<a>" * 30_000 + "</a>" * 30_000, "is nested more than 100 levels deep"),
    ],
)
def test_a_sheet_that_contradicts_itself_is_refused(
    rows: str, said: str, refused: Callable[..., str]
) -> None:
    """Which of two readings is right is not guessed."""
    assert said in refused(book(sheet(HEADER, rows)), "x.xlsx")


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ('<mergeCells><mergeCell ref="B"/></mergeCells>', "has the cells 'B' merged"),
        ("<a>" * 30_000 + "</a>" * 30_000, "nested more than 100 levels deep"),
    ],
)
def test_what_follows_the_rows_is_looked_at_too(
    after: str, said: str, refused: Callable[..., str]
) -> None:
    """The rows alone do not make a sheet sound."""
    assert said in refused(book(sheet(HEADER, after=after)), "x.xlsx")
    broken = '<cols><col min="x" max="1" hidden="1"/></cols>'
    assert "have no numbers" in refused(book(sheet(HEADER, before=broken)), "x.xlsx")


def test_too_many_of_anything_is_refused(refused: Callable[..., str]) -> None:
    """Lists that no spreadsheet program could have written are not collected."""
    made = parts({"Sheet1": IDS})
    for part, before, tag, said in (
        ("xl/workbook.xml", b"</sheets>", b'<sheet name="x" r:id="r1"/>', "too many sheets"),
        ("xl/_rels/workbook.xml.rels", b"</Rel", b'<Relationship Id="x%d"/>', "too many parts"),
        ("xl/styles.xml", b"</cellXfs>", b"<xf/>", "more than 100,000 styles"),
        (SHEET, b"<sheetData>", b'<col min="1" max="1" hidden="1"/>', "too many columns"),
    ):
        tags = b"".join(tag.replace(b"%d", b"%d" % number) for number in range(100_001))
        content = made[part].replace(before, tags + before)
        assert said in refused(with_part(part, content), "x.xlsx")


@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml", "xl/sharedStrings.xml", "_rels/.rels"])
@pytest.mark.parametrize(
    "declared",
    [
        '<!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;">]><a>&c;</a>',
        '<!DOCTYPE a SYSTEM "file:///etc/hostname"><a/>',
        "<!DOCTYPE worksheet><worksheet/>",
    ],
)
def test_a_document_type_is_refused(part: str, declared: str, refused: Callable[..., str]) -> None:
    """No entity is ever looked at, in whichever part one is declared."""
    assert "a document type declaration" in refused(with_part(part, declared.encode()), "x.xlsx")


@pytest.mark.parametrize("part", [SHEET, "xl/sharedStrings.xml", "docProps/thumbnail.jpeg"])
def test_a_bomb_is_refused_before_it_is_unpacked(part: str, refused: Callable[..., str]) -> None:
    """A part that unpacks to a thousand times its size is as no sheet of data is."""
    said = refused(stretched(part, b" " * (1 << 20), 80), "x.xlsx")
    assert f"'{part}' that unpacks from" in said
    assert "to 80 MiB" in said


def test_tags_that_never_end_are_refused(refused: Callable[..., str]) -> None:
    """A tag, a comment or a cell of megabytes is not collected."""
    head = f'<worksheet xmlns="{MAIN}"><sheetData>'.encode()
    for begun in (b'<row a="', b"<!--", b"<?a "):
        said = refused(with_part(SHEET, head + begun + b"x" * (2 << 20)), "x.xlsx")
        assert "a tag of more than a megabyte" in said
    cell = head + b'<row r="1"><c r="A1" t="inlineStr"><is><t>' + b"x" * (17 << 20)
    assert "row 1 of a sheet has more than 16 megabytes" in refused(
        with_part(SHEET, cell), "x.xlsx"
    )
    shared = f'<sst xmlns="{MAIN}"><si><t>'.encode() + b"x" * (3 << 20)
    assert "more than two megabytes" in refused(with_part("xl/sharedStrings.xml", shared), "x.xlsx")


def test_a_part_may_be_too_large_for_what_it_is(write: Callable[..., Path]) -> None:
    """What is held in memory has a limit of its own, told with the size."""
    with write(book(IDS), "x.xlsx").open("rb", buffering=0) as file:
        package = Package(file)
        with package.open(SHEET, most=len(IDS)) as part:
            assert part.read().decode() == IDS
        with (
            pytest.raises(UnreadableError, match="more than 0 are not read"),
            package.open(SHEET, most=len(IDS) - 1),
        ):
            pass


def test_a_long_list_of_contents_is_not_read(refused: Callable[..., str]) -> None:
    """An archive of a hundred thousand parts is refused by the length of its list."""
    many = {f"xl/media/{number:040}": b"" for number in range(25_000)}
    said = refused(zipped({**parts({"Sheet1": IDS}), **many}), "x.xlsx")
    assert "a list of contents of 2 MiB, which no workbook has" in said


def patched(offset: int, kind: str, number: int, *, local: int | None = None) -> bytes:
    """Return a workbook with a number changed in the sheet's entry of the list of contents."""
    whole = bytearray(book(IDS))
    entry = whole.rindex(b"PK\x01\x02", 0, whole.rindex(SHEET.encode()))
    struct.pack_into(kind, whole, entry + offset, number)
    if local is not None:
        header = struct.unpack_from("<I", whole, entry + 42)[0]
        struct.pack_into(kind, whole, header + local, number)
    return bytes(whole)


def test_a_protected_archive_is_refused(refused: Callable[..., str]) -> None:
    """A part that says that it has a password is not tried."""
    assert "is protected by a password" in refused(patched(8, "<H", 1, local=6), "x.xlsx")


def test_lies_about_sizes_are_found_out(refused: Callable[..., str]) -> None:
    """Sizes that are too large, too small or overlap never lead to reading beyond them."""
    assert f"its part '{SHEET}' can't be unpacked" in refused(patched(24, "<I", 100), "x.xlsx")
    assert "that unpacks from 2 KiB to 1,024 MiB" in refused(patched(24, "<I", 1 << 30), "x.xlsx")
    assert "unpacks to 4,097 MiB" in refused(patched(24, "<I", 0xFFFFFFF0), "x.xlsx")
    assert "parts of its ZIP archive overlap" in refused(patched(20, "<I", 1 << 24), "x.xlsx")
    assert "is a damaged or unfinished workbook" in refused(patched(42, "<I", 1 << 30), "x.xlsx")


def test_a_name_that_is_no_text_is_damage(refused: Callable[..., str]) -> None:
    """A part whose own head says another name, in bytes that are no UTF-8."""
    damaged = bytearray(patched(8, "<H", 0x800, local=6))
    damaged[damaged.index(SHEET.encode())] = 0xFF
    assert f"its part '{SHEET}' can't be unpacked" in refused(bytes(damaged), "x.xlsx")


def test_an_unusual_compression_is_refused(refused: Callable[..., str]) -> None:
    """Only what spreadsheet programs write is unpacked."""
    assert "compressed in a way that no workbook is" in refused(
        patched(10, "<H", 14, local=8), "x.xlsx"
    )


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("xl/workbook.bin", "is a binary workbook (.xlsb), which is not read; save it as .xlsx"),
        ("word/document.xml", "is a Word document, not a workbook"),
        ("ppt/presentation.xml", "is a PowerPoint presentation, not a workbook"),
        ("xl/nothing.xml", "it holds no workbook"),
    ],
)
def test_other_packages_are_refused_by_name(
    target: str, said: str, refused: Callable[..., str]
) -> None:
    """What else comes as such an archive is called what it is."""
    made = parts({"Sheet1": IDS})
    made["_rels/.rels"] = made["_rels/.rels"].replace(b"xl/workbook.xml", target.encode())
    assert said in refused(zipped(made), "x.xlsx")


def test_unusual_but_sound_workbooks_are_read(read: Callable[..., Manifest]) -> None:
    """Other namespaces, prefixes, encodings, absolute and relative places, macros, no styles."""
    strict = book(
        IDS.replace(MAIN, f"{STRICT}/spreadsheetml/main"),
        namespace=f"{STRICT}/spreadsheetml/main",
        relations=f"{STRICT}/officeDocument/relationships",
    )
    prefixed = IDS.replace(f'xmlns="{MAIN}"', f'xmlns:x="{MAIN}"').replace("</", "</x:")
    for tag in ("worksheet", "sheetData", "row", "c ", "is", "t>"):
        prefixed = prefixed.replace(f"<{tag}", f"<x:{tag}")
    made = parts({"Sheet1": IDS})
    rels = "xl/_rels/workbook.xml.rels"
    variants = [
        strict,
        book(prefixed),
        book(IDS, main="application/vnd.ms-excel.sheet.macroEnabled.main+xml"),
        with_part(SHEET, IDS.replace("UTF-8", "UTF-16").encode("utf-16")),
        zipped({**made, rels: made[rels].replace(b'"worksheets/', b'"/xl/worksheets/')}),
        zipped({**made, rels: made[rels].replace(b'"worksheets/', b'"../xl/./Worksheets/')}),
        zipped({name.replace("/", "\\"): part for name, part in made.items()}),
        zipped({name: part for name, part in made.items() if name != "_rels/.rels"}),
        zipped({name: part for name, part in made.items() if "sharedStrings" not in name}),
    ]
    assert RELATIONS.encode() in made["xl/workbook.xml"]
    assert {read(content, "x.xlsx").counts.unique for content in variants} == {298}


def open_table(path: Path) -> XlsxTable:
    """Return a file as a table."""
    return XlsxTable(
        open_source(str(path), None),
        id_column=None,
        sheet=None,
        include_hidden=False,
        grammar=Grammar(),
    )


def test_a_change_between_two_passes_is_told(write: Callable[..., Path]) -> None:
    """The header of one file is never put on the rows of another."""
    path = write(book(IDS), "x.xlsx")
    table = open_table(path)
    path.write_bytes(book(sheet(row(1, text("B1", "allocation_id")), row(2, text("A2", A)))))
    with pytest.raises(InputRefusedError, match="changed while it was read; start again"):
        next(table.batches())


@pytest.mark.parametrize("size", [5_000, 300_000, None])
def test_a_change_while_it_is_read_is_told(size: int | None, write: Callable[..., Path]) -> None:
    """Cut off under the reader's hands, or written anew: told as a change, not as damage."""
    ids = sheet(HEADER, *(row(n, text(f"A{n}", f"{n * 7919:024x}")) for n in range(2, 60_000)))
    path = write(book(ids), "x.xlsx")
    batches = open_table(path).batches()
    assert len(next(batches)) == 4096
    with path.open("r+b") as file:
        if size is None:
            os.utime(file.fileno(), (0, 0))
        else:
            file.truncate(size)
    with pytest.raises(InputRefusedError, match="changed while it was read; start again"):
        list(batches)
