"""Rows 51 and 55 of the fault matrix: workbooks that damaged their ids, and those that would harm.

Archives of text, the other part of row 55, stand with the inputs.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from peaks import MEGABYTE, peak_of_refusal
from quickrun import QuickRig
from rigging import make_ids

WANTED = make_ids(20)
DAMAGED: tuple[tuple[Any, str], ...] = (
    (62_000_000_000, "'62000000000' is a number in the spreadsheet"),
    (6.2e23, "'6.2E+23' is a number in the spreadsheet, which keeps 15 digits"),
    ("6.2E+10", "'6.2E+10' looks like a number that a spreadsheet rounded"),
    (True, "'TRUE' is a logical value in the spreadsheet"),
    ("#N/A", "'#N/A' is an error in the spreadsheet"),
    ('=CONCATENATE("62ff","5c0b")', "is a formula without a value"),
    (f"{WANTED[0]},{WANTED[1]}", "contains a comma"),
)
FIRST = len(WANTED) + 2
"""The row of the first damaged id."""


def harmed(path: Path) -> Path:
    """Write a workbook of good ids, with damaged ones below them, each beside a good note."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["allocation_id", "note"])
    for cell in (*WANTED, *(cell for cell, _ in DAMAGED)):
        sheet.append([cell, make_ids(1, start=700)[0]])
    book.save(path)
    return path


def test_51_damaged_ids_of_a_workbook_stop_the_run(rig: QuickRig) -> None:
    """Each is named with its row and what is wrong with it; exit 2, nothing sent, no folder."""
    rig.serve()
    ran = rig.run(harmed(rig.path / "ids.xlsx"))
    assert ran.code == 2
    for row, (_, said) in enumerate(DAMAGED, FIRST):
        (line,) = [line for line in ran.err.splitlines() if f"row {row}, " in line]
        assert said in line
    assert f"{len(DAMAGED)} of 27 rows are invalid" in ran.err
    assert rig.server.ledger.summary().requests == 0
    assert not rig.folder().exists()


def test_51_the_rest_runs_only_without_them(rig: QuickRig) -> None:
    """With ``--skip-invalid``: the good ids are cancelled, the others stand in the report."""
    rig.serve()
    assert rig.run(harmed(rig.path / "ids.xlsx"), "--skip-invalid").code == 3
    rows = rig.rows()
    assert [row["allocation_id"] for row in rows if row["outcome"] == "cancelled"] == WANTED
    invalid = {int(row["row"]): row["reason"] for row in rows if row["outcome"] == "invalid"}
    assert list(invalid) == list(range(FIRST, FIRST + len(DAMAGED)))
    assert rig.server.ledger.summary().requests == len(WANTED)
    rig.check(WANTED)


def test_51_a_workbook_and_a_text_are_one_input(rig: QuickRig) -> None:
    """The same ids: the same digest and hash total, whichever file they come in."""
    book = openpyxl.Workbook()
    for cells in (["allocation_id"], *([one] for one in WANTED)):
        book.worksheets[0].append(cells)
    book.save(rig.path / "ids.xlsx")
    rig.serve()
    assert rig.run(rig.path / "ids.xlsx", run_id="book").code == 0
    assert rig.run(rig.write(WANTED), run_id="text").code == 0
    ours, text = (rig.summary(run_id)["input"] for run_id in ("book", "text"))
    assert ours["digest"] == text["digest"]
    assert ours["hash_total"] == text["hash_total"]
    assert (ours["format"], ours["sheet"]) == ("xlsx", "Sheet")


def rebuilt(change: Callable[[str, bytes], bytes | None], **stretch: tuple[bytes, int]) -> bytes:
    """Return a sound workbook with parts changed, and with parts that are one unit repeated."""
    sound, file = io.BytesIO(), io.BytesIO()
    book = openpyxl.Workbook()
    for cells in (["allocation_id"], *([one] for one in WANTED)):
        book.worksheets[0].append(cells)
    book.save(sound)
    with zipfile.ZipFile(sound) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
        for name, (unit, count) in stretch.items():
            with new.open(name, "w", force_zip64=True) as part:
                for _ in range(count):
                    part.write(unit)
    return file.getvalue()


def unchanged(_name: str, content: bytes) -> bytes:
    """Return a part as it is."""
    return content


def protected() -> bytes:
    """Return a workbook whose every part says that it has a password."""
    whole = bytearray(rebuilt(unchanged))
    for sign, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = whole.find(sign)
        while at >= 0:
            whole[at + place] |= 1
            at = whole.find(sign, at + 4)
    return bytes(whole)


def without(part: str) -> Callable[[str, bytes], bytes | None]:
    """Return a change that leaves a part out."""
    return lambda name, content: None if name == part else content


def swelling(name: str, content: bytes) -> bytes:
    """Return a sheet with entities in it that swell up a billion times."""
    if name != "xl/worksheets/sheet1.xml":
        return content
    entities = "".join(f'<!ENTITY e{level} "{f"&e{level - 1};" * 10}">' for level in range(1, 10))
    return (
        f'<!DOCTYPE worksheet [<!ENTITY e0 "lol">{entities}]><worksheet>&e9;</worksheet>'.encode()
    )


SHEET, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "bomb in the sheet": (
        lambda: rebuilt(without(SHEET), **{SHEET: (b"<c/>" * (MEGABYTE // 4), 200)}),
        "as no sheet of data does",
    ),
    "bomb in the texts": (
        lambda: rebuilt(without(STRINGS), **{STRINGS: (b"<si/>" * (MEGABYTE // 5), 200)}),
        "as no sheet of data does",
    ),
    "bomb beside": (
        lambda: rebuilt(unchanged, **{"xl/media/image1.png": (bytes(MEGABYTE), 200)}),
        "as no sheet of data does",
    ),
    "nested": (
        lambda: rebuilt(without(SHEET), **{SHEET: (b"<a>" * (MEGABYTE // 3), 50)}),
        "nested more than 100 levels deep",
    ),
    "long tag": (
        lambda: rebuilt(without(SHEET), **{SHEET: (b"<?a " + b" " * MEGABYTE, 50)}),
        "a tag of more than a megabyte",
    ),
    "entities": (lambda: rebuilt(swelling), "a document type declaration"),
    "password": (protected, "is protected by a password"),
    "cut off": (lambda: rebuilt(unchanged)[:3000], "damaged or unfinished workbook"),
}
"""Ways to do harm, and what must be said of each."""


@pytest.mark.parametrize("name", HOSTILE)
def test_55_a_hostile_workbook_is_refused(rig: QuickRig, name: str) -> None:
    """Refused in a sentence, exit 2, nothing sent, and hardly more memory than for no file."""
    rig.serve()
    path = rig.path / "ids.xlsx"
    path.write_bytes(b"PK\x03\x04[Content_Types].xml")
    usual = peak_of_refusal(rig, path, "damaged or unfinished workbook")
    make, said = HOSTILE[name]
    path.write_bytes(make())
    assert peak_of_refusal(rig, path, said) - usual < 50 * MEGABYTE
    assert rig.server.ledger.summary().requests == 0
    assert not rig.folder().exists()
