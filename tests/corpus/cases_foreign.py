"""What must come of files of other kinds, given by mistake."""

from __future__ import annotations

from case import Case, refused
from samedata import A, B
from wording import NOT_UTF8, NUL, no_name

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
    refused("foreign-sign-in-page.csv", no_name("<!DOCTYPE html>")),
    refused(
        "foreign-objects.json",
        no_name(f'[{{"allocation_id": "{A}"}}', f' {{"allocation_id": "{B}"}}]'),
    ),
    refused("foreign-lines.jsonl", no_name(f'{{"allocation_id": "{A}"}}')),
    refused("foreign-rtf.csv", no_name(f"{{\\rtf1\\ansi allocation_id\\par {A}\\par}}")),
    refused("foreign-stub.csv", no_name("version https://git-lfs.github.com/spec/v1")),
    refused("foreign-sheet.xml", no_name('<?xml version="1.0"?>')),
)
