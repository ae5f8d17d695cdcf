"""What is said about invalid rows: on the terminal the first twenty, in a file all of them."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkcancel.errors import ExitCode, InputRefusedError, ReportError
from bulkcancel.manifest import InputOptions, Manifest, read_manifest, refusal, write_problems

A = "62ff5c0bec0aed3c86202c32"
B = "62ff5c0bec0aed3c86202c33"
Read = Callable[..., Manifest]


def read_csv(path: Path) -> list[list[str]]:
    """Return the cells of a file of problems."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, strict=True))


def test_the_error_names_row_column_text_and_reason(read: Read) -> None:
    """Everything that is needed to correct the file stands in the text, and what to do else."""
    error = refusal(read(f"po,Allocation ID\nP,{A}\nP,6.2E+10\nP,\n"), Path("bad.csv"))
    assert error.exit_code is ExitCode.REFUSED
    lines = str(error).splitlines()
    assert "2 of 3 rows are invalid, so nothing is sent" in lines[0]
    assert lines[1].startswith("  row 3, column 'Allocation ID': '6.2E+10' looks like a number")
    assert lines[2] == "  row 4, column 'Allocation ID': the id is empty"
    assert lines[3] == "all of them are in 'bad.csv'"
    assert "--skip-invalid" in lines[4]
    assert "all of them" not in str(refusal(read("allocation_id\nx\n"), None))


def test_twenty_rows_are_named_and_the_others_counted(read: Read) -> None:
    """A million bad rows give a screen of text."""
    text = str(refusal(read("allocation_id\n" + "bad\n" * 1500), None))
    assert text.count("  row ") == 20
    assert "  and 1,480 more" in text
    assert "row 21," in text
    assert "row 22," not in text


def test_hostile_text_reaches_no_terminal(read: Read) -> None:
    """Control, invisible and direction characters are shown escaped, long cells cut."""
    cells = ["\x1b[31mred", "a\u202eb", "a\u0085b", '"a\nb"', "\x07", "x" * 5000]
    text = str(refusal(read("allocation_id,n\n" + "".join(f"{c},x\n" for c in cells)), None))
    assert all(line.isprintable() for line in text.split("\n"))
    assert "'\\x1b[31mred'" in text
    assert "\\u202e" in text
    assert "'a\\nb'" in text
    assert f"'{'x' * 60}...'" in text


def test_the_file_holds_all_invalid_rows_and_is_private(read: Read, tmp_path: Path) -> None:
    """Row, text and reason of every invalid row, one that differs in case included; mode 0600."""
    path = tmp_path / "problems.csv"
    bad = [f"bad{n}" for n in range(5000)]
    manifest = read(f"allocation_id\n{A}\n\n{A}\n{A.upper()}\n" + "\n".join(bad) + "\n")
    write_problems(manifest, path)
    assert path.stat().st_mode & 0o777 == 0o600
    header, first, *others = read_csv(path)
    assert header == ["row", "text", "reason"]
    assert first == ["5", A.upper(), "differs only in case from row 2: write it one way"]
    assert [(row, text) for row, text, _ in others] == [
        (str(n + 6), text) for n, text in enumerate(bad)
    ]
    assert [file.name for file in tmp_path.iterdir()] == ["problems.csv"]


def test_an_older_file_is_replaced_and_made_private(read: Read, tmp_path: Path) -> None:
    """The list of an earlier attempt does not stay, nor do its permissions."""
    path = tmp_path / "problems.csv"
    path.write_text("old\n" * 1000)
    path.chmod(0o644)
    write_problems(read("allocation_id\nbad\n"), path)
    assert len(read_csv(path)) == 2
    assert path.stat().st_mode & 0o777 == 0o600


@settings(deadline=None)  # a busy machine is no failure
@given(cell=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=9))
def test_no_cell_of_the_file_is_a_formula(
    cell: str, read: Read, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Opened in a spreadsheet, the list runs nothing and breaks no line."""
    path = tmp_path_factory.getbasetemp() / "formula.csv"
    quoted = cell.replace('"', '""')
    for text in (quoted, f"={quoted}", f" @{quoted}", f"\t+{quoted}", f"\u200b-{quoted}"):
        manifest = read(f'allocation_id,n\n"{text}",x\n')
        write_problems(manifest, path)
        for line in read_csv(path)[1:]:
            assert not line[1].strip().startswith(("=", "+", "-", "@", "\t", "\r"))
            assert line[1].isprintable()
        assert len(path.read_text().splitlines()) == 1 + manifest.counts.invalid


def test_a_file_that_can_not_be_written_is_told_in_words(read: Read, tmp_path: Path) -> None:
    """The run stops with the sentence of a report that can't be written."""
    manifest = read("allocation_id\nbad\n")
    with pytest.raises(ReportError, match="list of invalid rows can't be written"):
        write_problems(manifest, tmp_path / "missing" / "problems.csv")


def test_a_changed_input_leaves_no_half_file(write: Callable[..., Path], tmp_path: Path) -> None:
    """The list is there whole, or not at all."""
    source = write(f"allocation_id\nbad\n{B}\n")
    manifest = read_manifest(InputOptions(path=str(source)))
    source.write_text("allocation_id\nother\n")
    with pytest.raises(InputRefusedError, match="changed"):
        write_problems(manifest, tmp_path / "problems.csv")
    assert list(tmp_path.iterdir()) == []
