"""Which format an input has, by its first bytes, and which ones are refused by name."""

from __future__ import annotations

from pathlib import PurePath

from bulkcancel.errors import InputRefusedError
from bulkcancel.manifest.options import InputFormat

_PARQUET = b"PAR1"
_SAVE_AS = 'save it as "CSV UTF-8" and give that file'
_UNPACK = "unpack it and give the file inside"

_FOREIGN = (
    (b"\xff\xfe", f"is UTF-16 or UTF-32 text, not UTF-8; {_SAVE_AS}"),
    (b"\xfe\xff", f"is UTF-16 text, not UTF-8; {_SAVE_AS}"),
    (b"\x00\x00\xfe\xff", f"is UTF-32 text, not UTF-8; {_SAVE_AS}"),
    (b"\xd0\xcf\x11\xe0", f"is an old Excel workbook (.xls); {_SAVE_AS}"),
    (b"\x1f\x8b", f"is compressed with gzip, which is not read yet; {_UNPACK}"),
    (b"BZh", f"is compressed with bzip2, which is not read; {_UNPACK}"),
    (b"\xfd7zXZ\x00", f"is compressed with xz, which is not read; {_UNPACK}"),
    (b"\x28\xb5\x2f\xfd", f"is compressed with zstd, which is not read; {_UNPACK}"),
    (b"PARE", "is an encrypted Parquet file, which is not read; write it without encryption"),
    (b"ARROW1\x00\x00", "is an Arrow or Feather file, which is not read; write it as Parquet"),
    (b"%PDF-", f"is a PDF; {_SAVE_AS}"),
)
_BY_NAME = {
    ".parquet": "a Parquet file",
    ".xlsx": "an Excel workbook",
    ".xls": "an Excel workbook",
    ".ods": "a spreadsheet",
    ".gz": "compressed",
    ".zip": "a ZIP archive",
}


def recognise(*, head: bytes, path: str, asked: InputFormat | None, source: str) -> InputFormat:
    """Return the format of an input from its first bytes.

    The content decides, not the suffix, except that a file that is not what its suffix says is
    refused: it is a truncated or mislabelled file more often than a readable one. ``asked`` is
    the format that the caller insists on; ``source`` names the input in sentences.

    Raises:
        InputRefusedError: the file is empty, of a kind that is not read, or not what it is said
            to be.
    """
    if not head:
        raise InputRefusedError(f"{source}: is empty (0 bytes)")
    is_parquet = head.startswith(_PARQUET)
    if asked is InputFormat.PARQUET and not is_parquet:
        raise InputRefusedError(f"{source}: does not begin as a Parquet file does")
    if is_parquet and asked is not InputFormat.TEXT:
        return InputFormat.PARQUET
    foreign = _foreign(head)
    if foreign is not None:
        raise InputRefusedError(f"{source}: {foreign}")
    named = _BY_NAME.get(PurePath(path).suffix.lower())
    if named is not None and asked is None:
        raise InputRefusedError(
            f"{source}: its name says that it is {named}, its content does not; "
            "export it again, or rename it to .csv if it is text"
        )
    return InputFormat.TEXT


def _foreign(head: bytes) -> str | None:
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return _inside_zip(head)
    return next((sentence for magic, sentence in _FOREIGN if head.startswith(magic)), None)


def _inside_zip(head: bytes) -> str:
    # Workbooks are ZIP archives; the names of the first members stand in clear in their head.
    if b"[Content_Types].xml" in head or b"xl/" in head:
        return f"is an Excel workbook (.xlsx), which is not read yet; {_SAVE_AS}"
    if b"mimetypeapplication/vnd.oasis.opendocument" in head:
        return f"is an OpenDocument spreadsheet (.ods), which is not read; {_SAVE_AS}"
    return f"is a ZIP archive, which is not read yet; {_UNPACK}"
