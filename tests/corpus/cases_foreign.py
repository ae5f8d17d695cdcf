"""What must come of files of other kinds, given by mistake."""

from __future__ import annotations

from case import Case, refused
from wording import IN_A_TABLE, NOT_UTF8, NUL, no_name

CASES: tuple[Case, ...] = (
    refused("foreign-noise.csv", f"the header: the byte 0x9F at byte offset 3 {NOT_UTF8}"),
    refused(
        "foreign-noise-behind-text.csv",
        f"row 3: the byte 0x9F at byte offset 42 {NOT_UTF8}",
    ),
    refused("foreign-picture.csv", f"the header: the byte 0x89 at byte offset 0 {NOT_UTF8}"),
    refused("foreign-document.pdf", 'is a PDF; save it as "CSV UTF-8" and give that file'),
    refused(
        "foreign-database.csv",
        f"the header: there is a NUL byte at byte offset 15: the file {NUL}",
    ),
    refused("foreign-sign-in-page.csv", f"is a web page (HTML); {IN_A_TABLE}"),
    refused("foreign-objects.json", "is JSON; write it as CSV, one allocation a row"),
    refused("foreign-lines.jsonl", "is JSON; write it as CSV, one allocation a row"),
    refused("foreign-rtf.csv", f"is a text document (RTF); {IN_A_TABLE}"),
    refused("foreign-stub.csv", no_name("version https://git-lfs.github.com/spec/v1")),
    refused("foreign-sheet.xml", f"is XML; {IN_A_TABLE}"),
)
