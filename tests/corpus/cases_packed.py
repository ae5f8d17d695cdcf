"""What must come of compressed files and archives."""

from __future__ import annotations

from case import Bad, Case, refused, same, text
from samedata import A, B
from wording import ROUNDED_TEXT

_DAMAGED = "is damaged or cut off; pack or copy it again"
_TWICE = "what is packed in it is packed once more; unpack it and give the file inside"
_EMPTY = "what is packed in it is empty (0 bytes)"
_SEVERAL = "is a ZIP archive of 2 files; give one of them, unpacked"
_NONE = "is a ZIP archive without a file in it"
_BOMB = (
    "unpacks to more than 200 times its size, as no list of ids does; if it is one, unpack it and "
    "give the file inside"
)


def _not_read(file: str, kind: str) -> Case:
    return refused(
        file, f"is compressed with {kind}, which is not read; unpack it and give the file inside"
    )


CASES: tuple[Case, ...] = (
    # The same data.
    text("packed-same.csv.gz", *same(2), container="gzip"),
    text("packed-same-two-parts.csv.gz", *same(2), container="gzip"),
    text("packed-same-utf16.txt.gz", *same(2), container="gzip", delimiter="\t", encoding="utf-16"),
    text("packed-same.zip", *same(2), container="zip"),
    text("packed-same-stored.zip", *same(2), container="zip"),
    text("packed-same-in-folder.zip", *same(2), container="zip"),
    text("packed-same-mac.zip", *same(2), container="zip"),
    text("packed-same-umlaut.zip", *same(2), container="zip"),
    text("packed-same-named-csv.csv", *same(2), container="zip"),
    # Damage.
    refused("packed-cut.csv.gz", _DAMAGED),
    refused("packed-cut-in-trailer.csv.gz", _DAMAGED),
    refused("packed-wrong-sum.csv.gz", _DAMAGED),
    refused("packed-wrong-size.csv.gz", _DAMAGED),
    refused("packed-garbage-behind.csv.gz", _DAMAGED),
    refused("packed-header-only.csv.gz", _DAMAGED),
    refused("packed-cut.zip", _DAMAGED),
    refused("packed-flipped-bit.zip", _DAMAGED),
    refused("packed-wrong-sum.zip", _DAMAGED),
    refused("packed-understated.zip", _DAMAGED),
    refused("packed-bytes-missing.zip", _DAMAGED),
    refused("packed-no-name.zip", _DAMAGED),
    refused("packed-name-not-utf8.zip", _DAMAGED),
    # Zeros behind the end are what tapes and some programs fill up with; gzip allows them.
    text("packed-zeros-behind.csv.gz", A, B, container="gzip"),
    # What is in it.
    text("packed-bad-cell.csv.gz", A, Bad("6.2E+23", ROUNDED_TEXT), container="gzip"),
    refused("packed-nothing.csv.gz", _EMPTY),
    refused("packed-empty-member.zip", _EMPTY),
    refused("packed-no-member.zip", _NONE),
    refused("packed-folder-only.zip", _NONE),
    refused("packed-two-texts.zip", _SEVERAL),
    refused("packed-text-and-picture.zip", _SEVERAL),
    refused("packed-twice.csv.gz.gz", _TWICE),
    refused("packed-zip-inside.gz", _TWICE),
    refused("packed-gzip-inside.zip", _TWICE),
    refused("packed-nested.zip", _TWICE),
    # The name of a member is never used as a path.
    text("packed-path-outside.zip", A, B, container="zip"),
    refused(
        "packed-password.zip",
        "is a ZIP archive with a password; unpack it and give the file inside",
    ),
    refused(
        "packed-bzip2-member.zip",
        "is compressed in a way that is not read; unpack it and give the file inside",
    ),
    refused("packed-bomb-of-one-line.csv.gz", _BOMB),
    refused("packed-bomb-of-blank-lines.csv.gz", _BOMB),
    refused("packed-bomb.zip", _BOMB),
    refused("packed-overstated.zip", _BOMB),
    # Other ways to compress.
    _not_read("packed.csv.bz2", "bzip2"),
    _not_read("packed.csv.xz", "xz"),
    _not_read("packed.csv.zst", "zstd"),
    _not_read("packed.csv.Z", "compress (.Z)"),
    refused(
        "packed.7z", "is a 7-Zip archive, which is not read; unpack it and give the file inside"
    ),
)
