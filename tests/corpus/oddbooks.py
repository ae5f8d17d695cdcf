"""Workbooks put together by hand: odd ones, damaged ones and malicious ones."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from packed import zipped
from rawbook import MAIN, book, parts, row, sheet, text, value
from samedata import A, B, C

_HEADER = row(1, text("A1", "allocation_id"), text("B1", "note"))
_ROWS = (_HEADER, row(2, text("A2", A), text("B2", "x")), row(3, text("A3", B), text("B3", "y")))
_SHEET = "xl/worksheets/sheet1.xml"
_OFFICE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_STRICT = "http://purl.oclc.org/ooxml"


def files() -> dict[str, bytes]:
    """Return the files by name."""
    return {**_cells(), **_texts(), **_kinds(), **_xml(), **_archive()}


def _cells() -> dict[str, bytes]:
    """Return workbooks with cells written in ways that are allowed and seldom seen."""
    bare = _HEADER + f"<row><c t='inlineStr'><is><t>{A}</t></is></c></row>"
    return {
        "odd-no-places.xlsx": book(sheet(bare, f"<row><c/><c><v>{7}</v></c></row>")),
        "odd-column-zz.xlsx": book(sheet(*_ROWS, row(4, text("A4", C), text("ZZ4", "far away")))),
        "odd-row-number-far.xlsx": book(sheet(*_ROWS, row(100, text("A100", C)))),
        "odd-number-forms.xlsx": book(
            sheet(
                _HEADER,
                row(2, value("A2", "10001")),
                row(3, value("A3", "10001.0")),
                row(4, value("A4", "1.0001E4")),
                row(5, value("A5", "0010001")),
                row(6, value("A6", "-10001")),
                row(7, value("A7", "6.2000000000012345E+23")),
                row(8, value("A8", "INF")),
                row(9, value("A9", "12", style=1)),
                row(10, value("A10", "45323", style=2)),
            ),
            formats=("0" * 24, "d mmm yyyy"),
        ),
        "odd-types.xlsx": book(
            sheet(
                _HEADER,
                row(2, value("A2", "2024-02-01T00:00:00Z", "d")),
                row(3, value("A3", "#REF!", "e")),
                row(4, value("A4", "0", "b")),
                row(5, value("A5", A, "str", formula="X1")),
                row(6, value("A6", "", "str", formula="X1")),
                row(7, f'<c r="A7"><f>X1</f></c>{text("B7", "no value")}'),
            )
        ),
        "odd-strict.xlsx": zipped(
            parts(
                {"Sheet1": sheet(*_ROWS, namespace=f"{_STRICT}/spreadsheetml/main")},
                namespace=f"{_STRICT}/spreadsheetml/main",
                relations=f"{_STRICT}/officeDocument/relationships",
            )
        ),
        "odd-all-rows-hidden.xlsx": book(
            sheet(
                row(1, text("A1", "allocation_id"), attributes=' hidden="1"'),
                row(2, text("A2", A), attributes=' hidden="1"'),
            )
        ),
        "odd-default-hidden.xlsx": book(
            sheet(*_ROWS, before='<sheetFormatPr defaultRowHeight="15" zeroHeight="1"/>')
        ),
    }


def _texts() -> dict[str, bytes]:
    """Return workbooks with texts that are written in special ways."""
    shared = (
        "<si><t>allocation_id</t></si>",
        f"<si><t>{A}</t></si>",
        f"<si><r><t>{B[:10]}</t></r><r><rPr><b/></rPr><t>{B[10:]}</t></r></si>",
        f"<si><t>{C}</t><rPh sb='0' eb='1'><t>hint</t></rPh></si>",
    )
    return {
        "odd-padded.xlsx": book(
            sheet(
                _HEADER,
                row(2, text("A2", f"  {A}\t", space=True)),
                row(3, text("A3", f"{B}\u200b")),
                row(4, text("A4", f"{C[:12]}\u00a0{C[12:]}")),
            )
        ),
        "odd-escapes.xlsx": book(
            sheet(
                _HEADER,
                row(2, text("A2", f"{A}_x000D_")),
                row(3, text("A3", f"{B[:12]}_x000D_\n{B[12:]}")),
                row(4, text("A4", f"{C[:23]}_x0031_"), text("B4", "_x005F_x000D_")),
                row(5, text("A5", f"{C}_x0000_")),
                row(6, text("A6", f"_xFEFF_{B}")),
            )
        ),
        "odd-shared-texts.xlsx": book(
            sheet(
                *(row(number, value(f"A{number}", str(number - 1), "s")) for number in range(1, 5))
            ),
            strings=shared,
        ),
        "odd-shared-missing.xlsx": book(
            sheet(row(1, value("A1", "0", "s")), row(2, value("A2", "9", "s"))), strings=shared
        ),
        "odd-shared-negative.xlsx": book(
            sheet(row(1, value("A1", "0", "s")), row(2, value("A2", "-1", "s"))), strings=shared
        ),
    }


def _kinds() -> dict[str, bytes]:
    """Return workbooks of kinds that are not ``.xlsx``."""
    macros = parts(
        {"Sheet1": sheet(*_ROWS)}, main="application/vnd.ms-excel.sheet.macroEnabled.main+xml"
    )
    template = parts({"Sheet1": sheet(*_ROWS)}, main=f"{_OFFICE}.template.main+xml")
    binary = parts({}, main="application/vnd.ms-excel.sheet.binary.macroEnabled.main")
    binary["xl/workbook.bin"] = bytes.fromhex("830100840100") + bytes(40)
    binary["xl/worksheets/sheet1.bin"] = bytes.fromhex("810100820100")
    binary = {
        name: content.replace(b"workbook.xml", b"workbook.bin")
        for name, content in binary.items()
        if name != "xl/workbook.xml"
    }
    document = {
        "[Content_Types].xml": b"<Types/>",
        "_rels/.rels": b"<Relationships/>",
        "word/document.xml": b"<document/>",
    }
    return {
        "odd-macros.xlsm": zipped({**macros, "xl/vbaProject.bin": bytes(32)}),
        "odd-template.xltx": zipped(template),
        "odd-binary.xlsb": zipped(binary),
        "odd-word.docx": zipped(document),
        "odd-word-named.xlsx": zipped(document),
        "odd-encrypted.xlsx": compound({"EncryptionInfo": bytes(200), "EncryptedPackage": _NOISE}),
        "odd-encrypted-late.xlsx": compound(
            {
                "Version": bytes(76),
                "DataSpaceMap": bytes(112),
                "StrongEncryptionDataSpace": bytes(64),
                "Primary": bytes(200),
                "EncryptionInfo": bytes(200),
                "EncryptedPackage": _NOISE,
            }
        ),
        "odd-old.xls": compound({"Workbook": bytes.fromhex("0908100000060500") + bytes(5000)}),
        "odd-no-sheets.xlsx": zipped(parts({})),
    }


def _xml() -> dict[str, bytes]:
    """Return workbooks whose XML is broken or does harm."""
    fine = sheet(*_ROWS)
    laughs = "".join(f'<!ENTITY l{number} "{f"&l{number - 1};" * 10}">' for number in range(1, 10))
    bomb = f'<!DOCTYPE worksheet [<!ENTITY l0 "lollollol">{laughs}]>'
    outside = '<!DOCTYPE worksheet [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    return {
        "odd-entity-bomb.xlsx": book(
            fine.replace("<worksheet", f"{bomb}<worksheet").replace(">x<", ">&l9;<")
        ),
        "odd-entity-outside.xlsx": book(
            fine.replace("<worksheet", f"{outside}<worksheet").replace(f">{A}<", ">&x;<")
        ),
        "odd-broken-xml.xlsx": book(fine.replace("</row>", "", 1)),
        "odd-cut-xml.xlsx": book(fine[: fine.index(B)]),
        "odd-not-xml.xlsx": book("no XML at all"),
        "odd-rows-backwards.xlsx": book(sheet(_ROWS[0], _ROWS[2], _ROWS[1])),
        "odd-row-twice.xlsx": book(sheet(*_ROWS, row(3, text("A3", C)))),
        "odd-cell-twice.xlsx": book(sheet(_HEADER, row(2, text("A2", A), text("A2", B)))),
        "odd-cell-elsewhere.xlsx": book(sheet(_HEADER, row(2, text("A7", A)))),
        "odd-row-too-far.xlsx": book(sheet(*_ROWS, row(1_048_577, text("A1048577", C)))),
        "odd-column-too-far.xlsx": book(sheet(*_ROWS, row(4, text("XFE4", C)))),
        "odd-utf16.xlsx": zipped(
            {
                **parts({"Sheet1": ""}),
                _SHEET: fine.replace("UTF-8", "UTF-16").encode("utf-16"),
            }
        ),
    }


def _archive() -> dict[str, bytes]:
    """Return workbooks whose ZIP archive is damaged or does harm."""
    made = parts({"Sheet1": sheet(*_ROWS)})
    sound = zipped(made)
    long = zipped(parts({"Sheet1": sheet(_HEADER, *_many(300))}))
    place = long.index(_SHEET.encode()) + 400
    return {
        "odd-cut.xlsx": sound[: len(sound) // 2],
        "odd-cut-list.xlsx": sound[:-10],
        "odd-flipped-bit.xlsx": long[:place] + bytes([long[place] ^ 0x55]) + long[place + 1 :],
        "odd-zip-only.xlsx": zipped({"ids.csv": b"allocation_id\n"}),
        "odd-part-missing.xlsx": zipped(_without(made, _SHEET)),
        "odd-book-missing.xlsx": zipped(_without(made, "xl/workbook.xml")),
        "odd-relations-missing.xlsx": zipped(_without(made, "xl/_rels/workbook.xml.rels")),
        "odd-password-zip.xlsx": _all_flagged(sound, 0x1),
        # LibreOffice says of all names that they are UTF-8.
        "odd-name-not-utf8.xlsx": _all_flagged(sound, 0x800).replace(b"_rels/", b"_rel\xf4/", 1),
        "odd-bomb.xlsx": zipped(
            {**made, _SHEET: sheet(_HEADER).encode().replace(b"</sheetData>", b" " * 100_000_000)}
        ),
        "odd-bomb-of-texts.xlsx": zipped(
            {
                **made,
                "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}"><si><t>'.encode() + b"a" * 80_000_000,
            }
        ),
        "odd-nothing.xlsx": b"",
        "odd-text.xlsx": f"allocation_id\n{A}\n".encode(),
    }


def _many(count: int) -> list[str]:
    return [
        row(number, text(f"A{number}", f"62ff5c0b{number * 0x9E3779B97F4A7C15 % (1 << 64):016x}"))
        for number in range(2, count)
    ]


def _without(made: Mapping[str, bytes], part: str) -> dict[str, bytes]:
    return {name: content for name, content in made.items() if name != part}


def _all_flagged(archive: bytes, flag: int) -> bytes:
    """Return an archive with a flag set on all of its members."""
    changed = bytearray(archive)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = changed.find(mark)
        while place >= 0:
            changed[place + offset] |= flag & 0xFF
            changed[place + offset + 1] |= flag >> 8
            place = changed.find(mark, place + 4)
    return bytes(changed)


_SECTOR = 512
_NOISE = bytes(number * 197 % 251 for number in range(6000))
_FREE, _END, _TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def compound(streams: Mapping[str, bytes]) -> bytes:
    """Return streams by name as an OLE compound file, which old and encrypted workbooks are.

    Each is filled up to 4,096 bytes, below which it would have to lie in another place.
    """
    listed = [_entry("Root Entry", kind=5, first=_END, child=1)]
    sectors = -(-(1 + len(streams)) // 4)
    # Sector 0 is the table of what follows what; the list of streams comes next.
    chain = [_TABLE, *range(2, 1 + sectors), _END]
    content = b""
    for number, (name, stream) in enumerate(streams.items(), 1):
        filled = stream.ljust(4096, b"\0")
        first, length = len(chain), -(-len(filled) // _SECTOR)
        chain += [*range(first + 1, first + length), _END]
        content += filled.ljust(length * _SECTOR, b"\0")
        right = number + 1 if number < len(streams) else _FREE
        listed.append(_entry(name, kind=2, first=first, right=right, size=len(filled)))
    listed += [bytes(128)] * (-len(listed) % 4)
    table = struct.pack("<128I", *chain, *[_FREE] * (128 - len(chain)))
    head = struct.pack(
        "<8s16s5H6x9I",
        bytes.fromhex("d0cf11e0a1b11ae1"), b"", 0x3E, 3, 0xFFFE, 9, 6,
        0, 1, 1, 0, 4096, _END, 0, _END, 0,
    )  # fmt: skip
    places = struct.pack("<109I", 0, *[_FREE] * 108)
    return head + places + table + b"".join(listed) + content


def _entry(
    name: str, *, kind: int, first: int, child: int = _FREE, right: int = _FREE, size: int = 0
) -> bytes:
    told = f"{name}\0".encode("utf-16-le")
    return struct.pack(
        "<64sHBB3I16s4x16xIQ",
        told, len(told), kind, 1, _FREE, right, child, b"", first, size,
    )  # fmt: skip
