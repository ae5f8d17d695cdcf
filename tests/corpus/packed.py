"""Compressed files and archives of text: sound ones, damaged ones and bombs."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Mapping

from samedata import A, B, lines, table

MOMENT = (2024, 1, 2, 3, 4, 6)
"""The time that archives tell for their members; even seconds, since ZIP knows no others."""

_TEXT = lines("allocation_id,note", f"{A},x", f"{B},y")
_BOMB = 60_000_000


def gzipped(content: bytes) -> bytes:
    """Return bytes as a gzip file that tells no name and no time."""
    return gzip.compress(content, mtime=0)


def zipped(
    members: Mapping[str, bytes], *, method: int = zipfile.ZIP_DEFLATED, level: int = 9
) -> bytes:
    """Return members by name as a ZIP archive; a name that ends in a slash is a folder."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, MOMENT)
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            archive.writestr(info, content, method, level)
    return file.getvalue()


def files() -> dict[str, bytes]:
    """Return the files by name."""
    return {**_same(), **_gzip(), **_zip(), **_others()}


def _same() -> dict[str, bytes]:
    text = table().encode()
    mac = {
        "ids.csv": text,
        "__MACOSX/": b"",
        "__MACOSX/._ids.csv": b"\x00\x05\x16\x07" + bytes(78),
        ".DS_Store": b"\x00\x00\x00\x01Bud1" + bytes(56),
    }
    return {
        "packed-same.csv.gz": gzipped(text),
        # As after `cat one.gz two.gz > both.gz`; the cut lies within a row.
        "packed-same-two-parts.csv.gz": gzipped(text[:100]) + gzipped(text[100:]),
        "packed-same-utf16.txt.gz": gzipped(table(delimiter="\t", end="\r\n").encode("utf-16")),
        "packed-same.zip": zipped({"ids.csv": text}),
        "packed-same-stored.zip": zipped({"ids.csv": text}, method=zipfile.ZIP_STORED),
        "packed-same-in-folder.zip": zipped({"export/": b"", "export/ids.csv": text}),
        "packed-same-mac.zip": zipped(mac),
        "packed-same-named-csv.csv": zipped({"ids.csv": text}),
        "packed-same-umlaut.zip": zipped({"Auftr\u00e4ge.csv": text}),
    }


def _gzip() -> dict[str, bytes]:
    sound = gzipped(_TEXT)
    return {
        "packed-cut.csv.gz": gzipped(table().encode())[:-40],
        "packed-cut-in-trailer.csv.gz": sound[:-3],
        "packed-wrong-sum.csv.gz": sound[:-8] + bytes([sound[-8] ^ 1]) + sound[-7:],
        "packed-wrong-size.csv.gz": sound[:-4] + bytes([sound[-4] ^ 1]) + sound[-3:],
        "packed-garbage-behind.csv.gz": sound + b"garbage",
        "packed-zeros-behind.csv.gz": sound + bytes(512),
        "packed-header-only.csv.gz": sound[:6],
        "packed-nothing.csv.gz": gzipped(b""),
        "packed-twice.csv.gz.gz": gzipped(sound),
        "packed-zip-inside.gz": gzipped(zipped({"ids.csv": _TEXT})),
        "packed-bomb-of-one-line.csv.gz": gzipped(_TEXT + b"a" * _BOMB),
        "packed-bomb-of-blank-lines.csv.gz": gzipped(_TEXT + b"\n" * _BOMB),
        "packed-bad-cell.csv.gz": gzipped(lines("allocation_id,note", f"{A},x", "6.2E+23,y")),
    }


def _zip() -> dict[str, bytes]:
    sound = zipped({"ids.csv": _TEXT})
    place = sound.index(b"ids.csv") + len("ids.csv")
    flipped = sound[:place] + bytes([sound[place] ^ 0x40]) + sound[place + 1 :]
    larger = zipped({"ids.csv": table().encode()})
    stored = zipped({"ids.csv": _TEXT}, method=zipfile.ZIP_STORED)
    return {
        "packed-two-texts.zip": zipped({"one.csv": _TEXT, "two.csv": _TEXT}),
        "packed-text-and-picture.zip": zipped({"ids.csv": _TEXT, "logo.png": b"\x89PNG\r\n"}),
        "packed-no-member.zip": zipped({}),
        "packed-folder-only.zip": zipped({"export/": b""}),
        "packed-empty-member.zip": zipped({"ids.csv": b""}),
        "packed-nested.zip": zipped({"inner.zip": sound}),
        "packed-gzip-inside.zip": zipped({"ids.csv.gz": gzipped(_TEXT)}),
        "packed-path-outside.zip": zipped({"../../ids.csv": _TEXT}),
        "packed-cut.zip": sound[:-30],
        "packed-bytes-missing.zip": larger[:60] + larger[80:],
        "packed-flipped-bit.zip": flipped,
        "packed-no-name.zip": zipped({"ids.csv": _TEXT}).replace(b"ids.csv", b"\0ds.csv"),
        "packed-name-not-utf8.zip": zipped({"\u00e4.csv": _TEXT}).replace(b"\xa4", b"\xff", 1),
        "packed-wrong-sum.zip": stored.replace(A[:12].encode(), b"62ff5c0b1111", 1),
        "packed-password.zip": locked("ids.csv", _TEXT, b"secret"),
        "packed-bzip2-member.zip": zipped({"ids.csv": _TEXT}, method=zipfile.ZIP_BZIP2),
        "packed-bomb.zip": zipped({"ids.csv": _TEXT + b"\n" * _BOMB}),
        "packed-understated.zip": understated("ids.csv", _TEXT * 50),
        "packed-overstated.zip": overstated("ids.csv", _TEXT + b"\n" * 2_000_000),
    }


def _others() -> dict[str, bytes]:
    return {
        "packed.csv.bz2": bz2.compress(_TEXT),
        "packed.csv.xz": lzma.compress(_TEXT),
        "packed.csv.zst": b"\x28\xb5\x2f\xfd\x20" + bytes([len(_TEXT)]) + bytes(20),
        "packed.7z": b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(56),
        "packed.csv.Z": b"\x1f\x9d\x90" + bytes(40),
    }


def locked(name: str, content: bytes, password: bytes) -> bytes:
    """Return a ZIP archive of one member that is encrypted in the old way of PKZIP."""
    keys = [0x12345678, 0x23456789, 0x34567890]
    table = [_step(number) for number in range(256)]

    def turn(byte: int) -> None:
        keys[0] = keys[0] >> 8 ^ table[(keys[0] ^ byte) & 0xFF]
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = keys[2] >> 8 ^ table[(keys[2] ^ keys[1] >> 24) & 0xFF]

    for byte in password:
        turn(byte)
    hidden = bytearray()
    for byte in bytes(11) + bytes([zlib.crc32(content) >> 24]) + content:
        mask = keys[2] & 0xFFFF | 2
        hidden.append(byte ^ (mask * (mask ^ 1) >> 8) & 0xFF)
        turn(byte)
    plain = zipped({name: bytes(hidden)}, method=zipfile.ZIP_STORED)
    wrong, right = zlib.crc32(hidden).to_bytes(4, "little"), zlib.crc32(content)
    sizes = (len(hidden).to_bytes(4, "little"), len(content).to_bytes(4, "little"))
    head = wrong + sizes[0] + sizes[0]
    told = plain.replace(head, right.to_bytes(4, "little") + sizes[0] + sizes[1])
    return _flagged(told, 0x1)


def _flagged(archive: bytes, flag: int) -> bytes:
    """Return an archive with a flag set on its only member, in both places that tell it."""
    changed = bytearray(archive)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        changed[archive.index(mark) + offset] |= flag
    return bytes(changed)


def _step(number: int) -> int:
    for _ in range(8):
        number = number >> 1 ^ (0xEDB88320 if number & 1 else 0)
    return number


def understated(name: str, content: bytes) -> bytes:
    """Return a ZIP archive whose only member says that it unpacks to 100 bytes."""
    sound = zipped({name: content})
    return sound.replace(len(content).to_bytes(4, "little"), (100).to_bytes(4, "little"))


def overstated(name: str, content: bytes) -> bytes:
    """Return a ZIP archive whose only member says that it takes two gigabytes in the archive."""
    sound = zipped({name: content})
    place = sound.index(b"PK\x01\x02") + 20
    return sound[:place] + (1 << 31).to_bytes(4, "little") + sound[place + 4 :]
