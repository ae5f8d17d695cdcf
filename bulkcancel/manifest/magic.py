"""Which format an input has, by its content, and which ones are refused by name."""

from __future__ import annotations

import re
from pathlib import PurePath

from bulkcancel.errors import InputRefusedError
from bulkcancel.manifest.archive import names_inside
from bulkcancel.manifest.container import Container, container_of
from bulkcancel.manifest.options import InputFormat
from bulkcancel.manifest.source import Source, reading

_PARQUET = b"PAR1"
_BOM = b"\xef\xbb\xbf"
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PROTECTED = "EncryptedPackage".encode("utf-16-le")
_BLOCK = 1 << 20
_SAVE_AS = 'save it as "CSV UTF-8" and give that file'
_OPEN_DOCUMENT = f"is an OpenDocument spreadsheet (.ods), which is not read; {_SAVE_AS}"
_UNPACK = "unpack it and give the file inside"

_FOREIGN = (
    (_COMPOUND[:4], f"is an old Excel workbook (.xls); {_SAVE_AS}"),
    (b"BZh", f"is compressed with bzip2, which is not read; {_UNPACK}"),
    (b"\xfd7zXZ\x00", f"is compressed with xz, which is not read; {_UNPACK}"),
    (b"\x28\xb5\x2f\xfd", f"is compressed with zstd, which is not read; {_UNPACK}"),
    (b"\x1f\x9d", f"is compressed with compress (.Z), which is not read; {_UNPACK}"),
    (b"7z\xbc\xaf\x27\x1c", f"is a 7-Zip archive, which is not read; {_UNPACK}"),
    (b"Rar!\x1a\x07", f"is a RAR archive, which is not read; {_UNPACK}"),
    (b"PARE", "is an encrypted Parquet file, which is not read; write it without encryption"),
    (b"ARROW1\x00\x00", "is an Arrow or Feather file, which is not read; write it as Parquet"),
    (b"%PDF-", f"is a PDF; {_SAVE_AS}"),
)
_IN_A_TABLE = f"open it in a spreadsheet program, {_SAVE_AS}"
_AS_ROWS = "write it as CSV, one allocation a row"
# Texts that are no table; what comes before the sign is a byte order mark, or blank.
_TEXTS = (
    (
        re.compile(rb"<(?:!doctype|html|head|body|table|meta)\b", re.IGNORECASE),
        f"is a web page (HTML); {_IN_A_TABLE}",
    ),
    (re.compile(rb"<\?xml\b.{0,400}<office:document", re.DOTALL), _OPEN_DOCUMENT),
    (re.compile(rb"<\?xml\b", re.IGNORECASE), f"is XML; {_IN_A_TABLE}"),
    (re.compile(rb"\{\\rtf"), f"is a text document (RTF); {_IN_A_TABLE}"),
    (re.compile(rb'\{\s*(?:"|\})|\[\s*[\[{"\]]'), f"is JSON; {_AS_ROWS}"),
)
_WORKBOOKS = frozenset({".xlsx", ".xlsm", ".xltx", ".xltm", ".xls", ".xlsb"})
_BY_NAME = {
    ".parquet": "a Parquet file",
    ".ods": "a spreadsheet",
    ".gz": "compressed",
    ".zip": "a ZIP archive",
    **dict.fromkeys(_WORKBOOKS, "an Excel workbook"),
}
_PACKED = frozenset({".gz", ".zip"})


def recognise(source: Source, *, head: bytes, path: str, asked: InputFormat | None) -> InputFormat:
    """Return the format of an input from its content, of which ``head`` are the first bytes.

    The content decides, not the suffix, except that a file that is not what its suffix says is
    refused: it is a truncated or mislabelled file more often than a readable one. ``asked`` is
    the format that the caller insists on.

    Raises:
        InputRefusedError: the file is empty, of a kind that is not read, or not what it is said
            to be.
    """
    if not head:
        raise InputRefusedError(f"{source.name}: is empty (0 bytes)")
    suffix = PurePath(path).suffix.lower()
    is_parquet = head.startswith(_PARQUET)
    if asked is not InputFormat.TEXT:
        if asked is not InputFormat.XLSX and is_parquet:
            return InputFormat.PARQUET
        if asked is not InputFormat.PARQUET and _is_workbook(source, head, suffix):
            return InputFormat.XLSX
    foreign = _foreign(source, head)
    if foreign is not None:
        raise InputRefusedError(f"{source.name}: {foreign}")
    if asked is InputFormat.PARQUET:
        raise InputRefusedError(f"{source.name}: does not begin as a Parquet file does")
    if asked is InputFormat.XLSX:
        raise InputRefusedError(f"{source.name}: does not hold what an Excel workbook does")
    named = _BY_NAME.get(suffix)
    is_packed = container_of(head) is not None
    if named is not None and asked is None and not (is_packed and suffix in _PACKED):
        raise InputRefusedError(
            f"{source.name}: its name says that it is {named}, its content does not; "
            "export it again, or rename it to .csv if it is text"
        )
    return InputFormat.TEXT


def check_inside(head: bytes, source: str) -> None:
    """Raise if what a container holds is no text, by its first bytes.

    Raises:
        InputRefusedError: it is not, or empty. ``source`` names the input.
    """
    if not head:
        raise InputRefusedError(f"{source}: what is packed in it is empty (0 bytes)")
    kind = None
    if head.startswith(_PARQUET):
        kind = "a Parquet file"
    elif container_of(head) is not None:
        kind = "an Excel workbook" if _shows_workbook(head) else "packed once more"
    if kind is not None:
        raise InputRefusedError(f"{source}: what is packed in it is {kind}; {_UNPACK}")
    foreign = _by_sign(head)
    if foreign is not None:
        raise InputRefusedError(f"{source}: what is packed in it {foreign}")


def _is_workbook(source: Source, head: bytes, suffix: str) -> bool:
    """Return whether an input is a workbook, by the names of what it holds.

    Of an archive that is cut off the beginning tells, or the name of the file.
    """
    if container_of(head) is not Container.ZIP:
        return False
    with reading(source.name), source.open() as file:
        names = names_inside(file)
    if names is None:
        return _shows_workbook(head) or suffix in _WORKBOOKS
    plain = {name.replace("\\", "/").lower() for name in names}
    return "[content_types].xml" in plain or any(name.startswith("xl/") for name in plain)


def _shows_workbook(head: bytes) -> bool:
    return b"[Content_Types].xml" in head or b"xl/worksheets/" in head


def _foreign(source: Source, head: bytes) -> str | None:
    if head.startswith(b"PK") and b"mimetypeapplication/vnd.oasis.opendocument" in head:
        return _OPEN_DOCUMENT
    if head.startswith(_COMPOUND) and _is_protected(source):
        return "is protected by a password; save it without one"
    return _by_sign(head)


def _by_sign(head: bytes) -> str | None:
    for magic, sentence in _FOREIGN:
        if head.startswith(magic):
            return sentence
    text = head.removeprefix(_BOM).lstrip()
    return next((sentence for sign, sentence in _TEXTS if sign.match(text)), None)


def _is_protected(source: Source) -> bool:
    """Return whether a compound file holds an encrypted workbook: it has a part of that name.

    The list of its parts may lie anywhere in the file, and in pieces.
    """
    with reading(source.name), source.open() as file:
        before = b""
        while block := file.read(_BLOCK):
            if _PROTECTED in before + block:
                return True
            before = block[-len(_PROTECTED) :]
    return False
