"""Rows 50, 52, 53, 55 and 56 of the fault matrix: ids, columns and texts that would do harm.

Workbooks, which are the other part of row 55, stand in a file of their own, with row 51; row 54 is
a matter of size.
"""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from collections.abc import Callable

import pytest
from peaks import MEGABYTE, peak_of_refusal
from quickrun import QuickRig
from rigging import make_ids

from bulkcancel.errors import InputRefusedError

ONE = make_ids(1)[0]
HARMFUL = [
    "../x", "a/b", f"{ONE},{ONE}", ".", "..", "%2e%2e", f"{ONE[:12]}\r\n{ONE[12:]}",
    f"{ONE[:12]}\u200b{ONE[12:]}", "a" * 10_000, f"{ONE}?x=1", f"{ONE}#", "6.2E+23", "=1+1",
]  # fmt: skip


@pytest.mark.parametrize("harmful", HARMFUL, ids=range(len(HARMFUL)))
def test_50_a_harmful_id_is_refused(rig: QuickRig, harmful: str) -> None:
    """Among good ids: the input is refused whole, exit 2, its row named, nothing sent."""
    rig.serve()
    good = make_ids(20)
    path = rig.path / "ids.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["allocation_id"], *[[one] for one in good], [harmful]])
    with pytest.raises(InputRefusedError) as refused:
        rig.work(path)
    assert refused.value.exit_code == 2
    assert "row 22" in str(refused.value)
    assert rig.server.ledger.summary().requests == 0
    assert not rig.folder().exists()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("column", ["allocation_id", "note"])
def test_52_a_trailing_delimiter_on_every_row_is_refused(
    rig: QuickRig, delimiter: str, column: str
) -> None:
    """A cell too many in every row: refused, and above all no note is sent as an id.

    A reader that takes the cells beyond the header for an index would read the column beside.
    """
    rig.serve()
    wanted, notes = make_ids(20), make_ids(20, start=500)
    header = [column, "note" if column == "allocation_id" else "allocation_id"]
    rows = [delimiter.join((one, note, "")) for one, note in zip(wanted, notes, strict=True)]
    source = rig.write(rows, header=delimiter.join(header))
    ran = rig.run(source)
    assert ran.code == 2
    assert "every row has one cell more than the header" in ran.err
    assert rig.server.ledger.summary().requests == 0
    assert not rig.folder().exists()


def zipped(**members: bytes) -> bytes:
    """Return members as an archive of texts."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.csv", content)
    return file.getvalue()


def encoded_forms() -> list[tuple[str, bytes]]:
    """Return the same table in many forms, by name."""
    ids = make_ids(20)
    rows = [["allocation_id", "note"], *[[one, "grün"] for one in ids]]

    padded = [f" {one}\u00a0,\u200bgr\u00fcn\u200b" for one in ids]

    def text(delimiter: str = ",", end: str = "\n", note: str | None = None) -> str:
        lines = [delimiter.join((one, note or words)) for one, words in rows[1:]]
        return end.join([delimiter.join(rows[0]), *lines, ""])

    return [
        ("bom", text().encode("utf-8-sig")),
        ("semicolon", text(";").encode()),
        ("tab", text("\t").encode()),
        ("pipe", text("|").encode()),
        ("crlf", text(end="\r\n").encode()),
        ("cr", text(end="\r").encode()),
        ("quoted-newline", text(note='"two\nlines"').encode()),
        ("quoted-all", text(note='"gr\u00fcn"').encode()),
        ("blank-lines", text(end="\n\n").encode()),
        ("padded", "\n".join([",".join(rows[0]), *padded, ""]).encode()),
        ("sep-line", ("sep=;\r\n" + text(";", "\r\n")).encode("cp1252")),
        ("utf-16", text().encode("utf-16")),
        ("utf-16-be", b"\xfe\xff" + text().encode("utf-16-be")),
        ("utf-16-le-unmarked", text().encode("utf-16-le")),
        ("utf-32", text().encode("utf-32")),
        ("cp1252", text().encode("cp1252")),
        ("gzip", gzip.compress(text().encode())),
        ("zip", zipped(ids=text().encode())),
    ]


SAID = {"cp1252": "cp1252", "sep-line": "cp1252", "utf-16-le-unmarked": "utf-16-le"}
"""The forms whose encoding has to be said, and what it is."""


@pytest.mark.parametrize(("name", "content"), encoded_forms(), ids=[n for n, _ in encoded_forms()])
def test_53_the_same_ids_in_many_forms(rig: QuickRig, name: str, content: bytes) -> None:
    """Encodings, delimiters, line ends, quoted breaks: the ids and notes of the clean file."""
    rig.serve()
    path = rig.path / "ids.csv"
    path.write_bytes(content)
    options = ("--encoding", SAID[name]) if name in SAID else ()
    assert rig.run(path, *options).code == 0
    rows = [row for row in rig.rows() if row["outcome"] != "blank"]
    assert [row["allocation_id"] for row in rows] == make_ids(20)
    notes = {row["note"].strip("\u200b") for row in rows}
    assert notes == ({"two\nlines"} if name == "quoted-newline" else {"gr\u00fcn"})
    rig.check(make_ids(20))


@pytest.mark.parametrize("name", SAID)
def test_53_a_form_that_has_to_be_said_is_not_guessed(rig: QuickRig, name: str) -> None:
    """A Windows code page, or UTF-16 without a mark: exit 2, the option named, nothing sent."""
    rig.serve()
    path = rig.path / "ids.csv"
    path.write_bytes(dict(encoded_forms())[name])
    ran = rig.run(path)
    assert ran.code == 2
    assert f"--encoding {SAID[name]}" in ran.err
    assert '"CSV UTF-8"' in ran.err
    assert rig.server.ledger.summary().requests == 0


TEXT = "\n".join(["allocation_id", *make_ids(20), ""]).encode()


def protected() -> bytes:
    """Return an archive whose only member says that it has a password."""
    whole = bytearray(zipped(ids=TEXT))
    whole[whole.index(b"PK\x03\x04") + 6] |= 1
    whole[whole.index(b"PK\x01\x02") + 8] |= 1
    return bytes(whole)


BOMB = "unpacks to more than 200 times its size"
HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "two members": (lambda: zipped(one=TEXT, two=TEXT), "is a ZIP archive of 2 files; give one"),
    "password": (protected, "is a ZIP archive with a password; unpack it"),
    "zip bomb": (lambda: zipped(ids=TEXT + b"\n" * 200 * MEGABYTE), BOMB),
    "zip bomb of ids": (lambda: zipped(ids=TEXT * (200 * MEGABYTE // len(TEXT))), BOMB),
    "gzip bomb": (lambda: gzip.compress(TEXT + b"\n" * 200 * MEGABYTE), BOMB),
    "gzip bomb of one line": (lambda: gzip.compress(TEXT + b"a" * 200 * MEGABYTE), BOMB),
    "gzip bomb of parts": (lambda: gzip.compress(TEXT) + bomb_of_parts(), BOMB),
}
"""Ways to do harm, and what must be said of each."""


def bomb_of_parts() -> bytes:
    """Return 16 GiB in parts of a megabyte."""
    return gzip.compress(b"x\n" * (MEGABYTE // 2)) * (16 * 1024)


@pytest.mark.parametrize("name", HOSTILE)
def test_55_a_hostile_archive_is_refused(rig: QuickRig, name: str) -> None:
    """Refused in a sentence, exit 2, nothing sent, and hardly more memory than for no file."""
    rig.serve()
    path = rig.path / "ids.zip"
    path.write_bytes(zipped(ids=b"note\n"))
    usual = peak_of_refusal(rig, path, "no column is named allocation_id")
    make, said = HOSTILE[name]
    path.write_bytes(make())
    assert peak_of_refusal(rig, path, said) - usual < 50 * MEGABYTE
    assert rig.server.ledger.summary().requests == 0
    assert not rig.folder().exists()


FORMULAS = ["=cmd|'/C calc'!A0", "+1", "-1+1", "@x", "\t=1", "\n=1", "\r=1", '"=1', "a;=1"]


def test_56_cells_of_the_input_run_no_formula(rig: QuickRig) -> None:
    """Cells that a spreadsheet would run stand behind an apostrophe in every CSV of the report."""
    wanted = make_ids(len(FORMULAS))
    rig.serve(f"404@{wanted[0]}")
    path = rig.path / "ids.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(
            [["allocation_id", "=note"], *zip(wanted, FORMULAS, strict=True)]
        )
    assert rig.work(path).exit_code == 3
    for name in ("reconciliation.csv", "breaks.csv"):
        for row in rig.rows(name):
            for cell in (*row, *row.values()):
                assert not cell.lstrip('" ').startswith(("=", "+", "@", "\t", "\r", "\n")), cell
                assert ";=" not in cell
    rig.check(wanted)


@pytest.mark.parametrize("answer", ["pii-message", "400"])
def test_56_57_messages_of_the_server_are_harmless(rig: QuickRig, answer: str) -> None:
    """A message with a formula, escapes, bidi marks and personal data: none gets in."""
    wanted = make_ids(20)
    rig.serve(answer)
    assert rig.work(wanted).exit_code == 3
    assert rig.outcomes() == {"rejected": 20}
    for row in rig.rows("breaks.csv"):
        assert row["reason"].startswith("HTTP 400")
        assert row["reason"].isprintable()
    rig.check(wanted)
