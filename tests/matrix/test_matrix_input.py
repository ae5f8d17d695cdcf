"""Rows 50, 52, 53 and 56 of the fault matrix: ids, columns and texts that would do harm.

Rows 51, 55 and the XLSX part of 56 need a reader and a writer of XLSX; 54 is a matter of size.
"""

from __future__ import annotations

import csv

import pytest
from quickrun import QuickRig
from rigging import make_ids

from bulkcancel.errors import InputRefusedError
from bulkcancel.manifest import InputOptions, read_manifest

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


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_52_a_trailing_delimiter_on_every_row_is_refused(rig: QuickRig, delimiter: str) -> None:
    """A cell too many in every row: refused, and above all no note is sent as an id."""
    rig.serve()
    wanted, notes = make_ids(20), make_ids(20, start=500)
    rows = [delimiter.join((one, note, "")) for one, note in zip(wanted, notes, strict=True)]
    source = rig.write(rows, header=delimiter.join(("allocation_id", "note")))
    with pytest.raises(InputRefusedError) as refused:
        rig.work(source)
    assert refused.value.exit_code == 2
    assert rig.server.ledger.summary().requests == 0


def encoded_forms() -> list[tuple[str, bytes]]:
    """Return the same table in many forms, by name."""
    ids = make_ids(20)
    rows = [["allocation_id", "note"], *[[one, "grün"] for one in ids]]

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
        ("utf-16", text().encode("utf-16")),
        ("utf-16-be", b"\xfe\xff" + text().encode("utf-16-be")),
        ("cp1252", text().encode("cp1252")),
    ]


NOT_READ = {"utf-16", "utf-16-be", "cp1252"}


@pytest.mark.parametrize(("name", "content"), encoded_forms(), ids=[n for n, _ in encoded_forms()])
def test_53_the_same_ids_in_many_forms(
    rig: QuickRig, request: pytest.FixtureRequest, name: str, content: bytes
) -> None:
    """Encodings, delimiters, line ends, quoted breaks: the ids of the clean file, or no run."""
    if name in NOT_READ:
        reason = f"{name} is refused with a sentence; only UTF-8 is read"
        request.applymarker(pytest.mark.xfail(strict=True, reason=reason))
    rig.serve()
    path = rig.path / "ids.csv"
    path.write_bytes(content)
    assert rig.work(path).exit_code == 0
    assert [row["allocation_id"] for row in rig.rows()] == make_ids(20)
    rig.check(make_ids(20))


@pytest.mark.parametrize("name", sorted(NOT_READ))
def test_53_a_form_that_is_not_read_is_refused(rig: QuickRig, name: str) -> None:
    """UTF-16 and a Windows code page are never guessed at: exit 2, nothing sent."""
    path = rig.path / "ids.csv"
    path.write_bytes(dict(encoded_forms())[name])
    with pytest.raises(InputRefusedError) as refused:
        read_manifest(InputOptions(path=str(path)))
    assert refused.value.exit_code == 2
    assert "UTF-8" in str(refused.value)


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
