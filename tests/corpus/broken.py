"""Files of other kinds, and files that are none: what is given by mistake."""

from __future__ import annotations

import random
import struct
import zlib

from samedata import A, B, lines


def files() -> dict[str, bytes]:
    """Return the files by name."""
    noise = random.Random(5).randbytes(3000)
    picture = b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", struct.pack(">2I5B", 1, 1, 8, 0, 0, 0, 0)),
            _chunk(b"IDAT", zlib.compress(b"\0\0")),
            _chunk(b"IEND", b""),
        )
    )
    page = lines(
        "<!DOCTYPE html>",
        "<html><head><title>Sign in</title></head>",
        "<body><p>Your session has expired, please sign in.</p></body></html>",
    )
    return {
        "foreign-noise.csv": noise,
        "foreign-noise-behind-text.csv": lines("allocation_id", A) + noise,
        "foreign-picture.csv": picture,
        "foreign-document.pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n",
        "foreign-database.csv": b"SQLite format 3\0" + bytes(84),
        "foreign-sign-in-page.csv": page,
        "foreign-objects.json": b'[{"allocation_id": "%s"}, {"allocation_id": "%s"}]\n'
        % (A.encode(), B.encode()),
        "foreign-lines.jsonl": lines(f'{{"allocation_id": "{A}"}}', f'{{"allocation_id": "{B}"}}'),
        "foreign-rtf.csv": b"{\\rtf1\\ansi allocation_id\\par " + A.encode() + b"\\par}",
        "foreign-stub.csv": lines(
            "version https://git-lfs.github.com/spec/v1",
            f"oid sha256:{'0' * 64}",
            "size 12345",
        ),
        "foreign-sheet.xml": lines(
            '<?xml version="1.0"?>',
            '<?mso-application progid="Excel.Sheet"?>',
            '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
            '<Worksheet Name="Allocations"><Table/></Worksheet></Workbook>',
        ),
    }


def _chunk(kind: bytes, content: bytes) -> bytes:
    sum_of = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + sum_of
