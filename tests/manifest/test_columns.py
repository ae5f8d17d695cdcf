"""Which column holds the ids: found by name, never guessed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bulkcancel.manifest import Manifest

ID = "62ff5c0bec0aed3c86202c32"


@pytest.mark.parametrize(
    "name",
    [
        "allocation_id", "allocationId", "Allocation ID", "ALLOCATION-ID", " allocation_ids ",
        "AllocationIds", "allocation\u00a0id", "\u200ballocation_id",
    ],
)  # fmt: skip
def test_usual_spellings_are_found(name: str, read: Callable[..., Manifest]) -> None:
    """Case, spaces, underscores and hyphens don't matter, and the name is reported as found."""
    manifest = read(f"po_number,{name},note\nP,{ID},n\n")
    assert manifest.first_ids == (ID,)
    assert manifest.facts.id_column == name
    assert manifest.facts.other_columns == ("po_number", "note")


def test_no_candidate_is_refused_with_the_columns_found(refused: Callable[..., str]) -> None:
    """Whoever has to name the column sees the names there are, and the option."""
    said = refused("order,id,note\n1,2,3\n")
    assert "'order', 'id', 'note'" in said
    assert "--id-column" in said


def test_many_columns_are_cut_to_twenty(refused: Callable[..., str]) -> None:
    """A wide file does not flood the terminal."""
    said = refused(",".join(f"c{n}" for n in range(25)) + "\n")
    assert "'c19' and 5 more" in said
    assert "'c20'" not in said


def test_two_candidates_are_refused_by_name(refused: Callable[..., str]) -> None:
    """Both are named with their places; `--id-column` decides."""
    said = refused(f"allocation_id,note,Allocation ID\n{ID},n,{ID}\n")
    assert "column 1 ('allocation_id') and column 3 ('Allocation ID')" in said
    assert "--id-column" in said


def test_two_columns_of_the_same_name_are_refused(refused: Callable[..., str]) -> None:
    """`--id-column` can't tell them apart, so the sentence asks to rename."""
    content = f"allocation_id,note,allocation_id\n{ID},n,{ID}\n"
    for options in ({}, {"id_column": "allocation_id"}):
        said = refused(content, **options)
        assert "column 1 ('allocation_id') and column 3 ('allocation_id')" in said
        assert "rename" in said


def test_the_option_matches_exactly_before_loosely(read: Callable[..., Manifest]) -> None:
    """An exact name wins over another spelling of it; without one the spelling is found."""
    content = f"Line Id,line_id\nx,{ID}\n"
    assert read(content, id_column="line_id").first_ids == (ID,)
    assert read(f"po,Line Id\nx,{ID}\n", id_column="line_id").first_ids == (ID,)


def test_the_option_outranks_the_usual_names(read: Callable[..., Manifest]) -> None:
    """The column that was asked for is taken, even beside one named allocation_id."""
    manifest = read(f"allocation_id,mine\nx,{ID}\n", id_column="mine")
    assert manifest.first_ids == (ID,)
    assert manifest.facts.other_columns == ("allocation_id",)


@pytest.mark.parametrize("wanted", ["other", "", "--", "allocation"])
def test_an_option_that_names_no_column_is_refused(
    wanted: str, refused: Callable[..., str]
) -> None:
    """A wrong `--id-column` never falls back to another column, nor to one without a name."""
    said = refused(f"allocation_id,note,-\n{ID},n,\n", id_column=wanted)
    assert f"no column is named '{wanted}' (--id-column)" in said


def test_other_columns_may_share_a_name_or_have_none(
    read: Callable[..., Manifest], rows_of: Callable[..., list[object]]
) -> None:
    """They travel through in their order, whatever their names."""
    manifest = read(f"note,,allocation_id,note\n1,2,{ID},3\n")
    assert manifest.facts.other_columns == ("note", "", "note")
    (row,) = rows_of(manifest)
    assert getattr(row, "extras", None) == ("1", "2", "3")
