"""What each row of an input is, and that the counts add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from hashlib import sha256

from hypothesis import given, settings
from hypothesis import strategies as st

from bulkcancel.manifest import Manifest
from bulkcancel.model import ManifestRow, RowKind
from bulkcancel.reconcile.digest import hash_total

Read = Callable[..., Manifest]
Rows = Callable[[Manifest], list[ManifestRow]]

A = "62ff5c0bec0aed3c86202c32"
B = "62ff5c0bec0aed3c86202c33"
C = "62ff5c0bec0aed3c86202c34"


def test_every_kind_of_row_in_one_file(read: Read, rows_of: Rows) -> None:
    """Each row is given once, in order, with its number, its kind and its other cells as found."""
    manifest = read(f"po,allocation_id,note\nP1,{A}, x \n,,\n\nP2,62ff,y\nP3, {A} ,\nP4,{B},z\n")
    assert rows_of(manifest) == [
        ManifestRow(row=2, kind=RowKind.ALLOCATION, allocation_id=A, extras=("P1", " x ")),
        ManifestRow(row=3, kind=RowKind.BLANK, extras=("", "")),
        ManifestRow(row=4, kind=RowKind.BLANK, extras=(None, None)),
        ManifestRow(
            row=5,
            kind=RowKind.INVALID,
            text="62ff",
            reason="has 4 characters instead of 24",
            extras=("P2", "y"),
        ),
        ManifestRow(
            row=6, kind=RowKind.DUPLICATE, allocation_id=A, duplicate_of=2, extras=("P3", "")
        ),
        ManifestRow(row=7, kind=RowKind.ALLOCATION, allocation_id=B, extras=("P4", "z")),
    ]
    counts = manifest.counts
    assert (counts.read, counts.blank, counts.invalid, counts.duplicate, counts.unique) == (
        6, 2, 1, 1, 2,
    )  # fmt: skip
    assert manifest.first_ids == manifest.last_ids == (A, B)


def test_padded_ids_are_trimmed_and_counted(read: Read, rows_of: Rows) -> None:
    """Each row whose id stood among blanks counts, a repeated one too; other cells do not."""
    padded = [f" {A}", f"{A}\u00a0", f"\u200b{B}\t", f"{A}", f" {C[:-1]} ", " ", "", f"{A} {B}"]
    manifest = read("allocation_id,note\n" + "".join(f"{cell}, x \n" for cell in padded))
    assert manifest.facts.trimmed == 3
    assert [row.allocation_id for row in rows_of(manifest)] == [A, A, B, A, None, None, None, None]
    assert manifest.facts.trimmed == 3
    assert read(f"allocation_id\n{A}\n").facts.trimmed == 0
    many = "".join(f" {n:024x}\n" for n in range(9000))
    assert read("allocation_id\n" + many).facts.trimmed == 9000


def test_a_row_with_cells_but_no_id_is_invalid(read: Read) -> None:
    """A forgotten id is not a blank row."""
    manifest = read(f"allocation_id,note\n{A},x\n ,y\n\u200b, \t\n")
    assert [(row.row, row.reason) for row in manifest.problems] == [(3, "the id is empty")]
    assert manifest.counts.blank == 1


def test_a_shifted_row_is_never_read(read: Read, rows_of: Rows) -> None:
    """A row with too many or too few cells is invalid, even where an id stands in its place."""
    manifest = read(f"allocation_id,note\n{A},x,y\n{A}\n{A},x\n,,,\n{B},x,\n")
    rows = rows_of(manifest)
    assert [row.kind for row in rows] == ["invalid", "invalid", "allocation", "blank", "invalid"]
    assert [row.reason for row in manifest.problems] == [
        "has 3 cells, the header has 2",
        "has 1 cell, the header has 2",
        "has 3 cells, the header has 2",
    ]
    assert [row.extras for row in rows] == [("x",), (None,), ("x",), ("",), ("x",)]


def test_a_row_that_ends_before_the_id_is_invalid(read: Read) -> None:
    """There is no cell to show, and no error of ours."""
    manifest = read(f"po,note,allocation_id\nP,n,{A}\nP\n")
    (problem,) = manifest.problems
    assert (problem.text, problem.extras) == ("", ("P", None))


def test_ids_that_differ_in_case_only_are_not_two_allocations(read: Read, rows_of: Rows) -> None:
    """The later spelling is invalid and names the row of the first: nothing is cancelled twice."""
    upper = A.upper()
    manifest = read(f"allocation_id\n{A}\n{upper}\n{B.upper()}\n{A}\n{upper}\n{B.upper()}\n{C}\n")
    rows = rows_of(manifest)
    assert [(row.kind, row.duplicate_of) for row in rows] == [
        (RowKind.ALLOCATION, None),
        (RowKind.INVALID, None),
        (RowKind.ALLOCATION, None),
        (RowKind.DUPLICATE, 2),
        (RowKind.INVALID, None),
        (RowKind.DUPLICATE, 4),
        (RowKind.ALLOCATION, None),
    ]
    assert [row.reason for row in manifest.problems] == [
        "differs only in case from row 2: write it one way"
    ] * 2
    assert manifest.problems == tuple(row for row in rows if row.kind is RowKind.INVALID)
    assert manifest.counts.invalid == 2
    assert manifest.last_ids == (A, B.upper(), C)
    assert manifest.facts.hash_total == hash_total([A, B.upper(), C])


def test_line_breaks_inside_quotes_do_not_start_a_row(read: Read, rows_of: Rows) -> None:
    """Row numbers count records, as a spreadsheet does."""
    manifest = read(f'allocation_id,note\n{A},"one\ntwo\r\nthree ""3"""\n{B},x\n')
    rows = rows_of(manifest)
    assert [row.row for row in rows] == [2, 3]
    assert rows[0].extras == ('one\ntwo\r\nthree "3"',)


def test_every_kind_of_line_end(read: Read) -> None:
    """LF, CRLF and CR give the same ids, with or without one at the end."""
    digests = {
        read(f"allocation_id,n{end}{A},1{end}{B},2{last}").facts.digest
        for end in ("\n", "\r\n", "\r")
        for last in ("", end)
    }
    assert len(digests) == 1


def test_separators_that_are_no_line_end_stay_in_their_cell(read: Read, rows_of: Rows) -> None:
    """Form feeds and Unicode's line separators don't split rows."""
    note = "a\x0bb\x0cc\x1cd\x85e\u2028f"
    rows = rows_of(read(f"allocation_id,note\n{A},{note}\n{B},x\n"))
    assert [row.extras for row in rows] == [(note,), ("x",)]


def test_text_of_an_invalid_row_is_cut_to_200_characters(read: Read) -> None:
    """A cell of any size can be reported; its reason tells the whole length."""
    (problem,) = read("allocation_id\n" + "x" * 100_000 + "\n").problems
    assert problem.text == "x" * 200
    assert "100,000" in problem.reason


def test_problems_are_the_first_twenty(read: Read) -> None:
    """The others are counted, and given by the rows."""
    manifest = read("allocation_id\n" + "".join(f"bad{n}\n" for n in range(50)))
    assert [row.text for row in manifest.problems] == [f"bad{n}" for n in range(20)]
    assert manifest.counts.invalid == 50


def test_the_digest_is_of_the_ids_in_their_order(read: Read) -> None:
    """It is reproducible by hand: valid and invalid rows in order, blank ones left out."""
    manifest = read(f"allocation_id,n\n{A},1\n,\nbad,2\n {A},3\n{B},4\n")
    told = f"id\0{A}\ninvalid\0bad\nid\0{A}\nid\0{B}\n"
    assert manifest.facts.digest == sha256(told.encode()).hexdigest()
    assert manifest.facts.hash_total == hash_total([B, A])


def test_the_digest_is_of_the_whole_text_of_an_invalid_row(read: Read) -> None:
    """A change far behind what is shown of a cell makes another input."""
    one, two = (read(f"allocation_id\n{'x' * 500}{end}\n") for end in "yz")
    assert one.problems == two.problems
    assert one.facts.digest != two.facts.digest


def test_duplicates_are_found_across_batches(read: Read, rows_of: Rows) -> None:
    """A duplicate names its first row however far back that is; the last ids are still found."""
    ids = [f"{n:024x}" for n in range(9000)]
    listed = ids + ids[:5] + [ids[4500]] * 10_000
    manifest = read("allocation_id\n" + "\n".join(listed) + "\n")
    rows = rows_of(manifest)
    assert [row.row for row in rows] == list(range(2, len(listed) + 2))
    assert [row.allocation_id for row in rows] == listed
    assert [row.duplicate_of for row in rows[:9000]] == [None] * 9000
    assert [row.duplicate_of for row in rows[9000:9006]] == [2, 3, 4, 5, 6, 4502]
    assert {row.duplicate_of for row in rows[9005:]} == {4502}
    assert manifest.first_ids == tuple(ids[:3])
    assert manifest.last_ids == tuple(ids[-3:])


def test_rows_can_be_gone_through_again_and_side_by_side(read: Read, rows_of: Rows) -> None:
    """Each pass is one of its own."""
    manifest = read("allocation_id\n" + "".join(f"{n:024x}\n" for n in range(10_000)))
    one, two = manifest.rows(), manifest.rows()
    assert next(one) == next(two)
    assert [chunk for chunk in one] == [chunk for chunk in two]  # noqa: C416 - the rest of each
    assert len(rows_of(manifest)) == 10_000


CELLS = st.sampled_from(
    [A, B, C, A.upper(), B.upper(), f" {C}\u00a0", "", " ", "62ff", "6.2E+10", "../x", A + "0"]
)


@settings(deadline=None)  # a busy machine is no failure
@given(cells=st.lists(CELLS, max_size=40), note=st.sampled_from(["", "n"]))
def test_the_kinds_follow_from_the_rows_above(
    cells: list[str],
    note: str,
    read: Read,
    rows_of: Rows,
) -> None:
    """Counts, kinds, first rows, hash total and ends agree with a plain reading, row by row."""
    manifest = read("allocation_id,note\n" + "".join(f"{cell},{note}\n" for cell in cells))
    firsts: dict[str, tuple[str, int]] = {}
    expected: list[tuple[RowKind, int | None]] = []
    for row, cell in enumerate(cells, 2):
        text = cell.strip(" \u00a0")
        if not text:
            expected.append((RowKind.INVALID if note else RowKind.BLANK, None))
        elif text.lower() not in {A, B, C}:
            expected.append((RowKind.INVALID, None))
        elif text.lower() not in firsts:
            firsts[text.lower()] = (text, row)
            expected.append((RowKind.ALLOCATION, None))
        elif firsts[text.lower()][0] == text:
            expected.append((RowKind.DUPLICATE, firsts[text.lower()][1]))
        else:
            expected.append((RowKind.INVALID, None))
    rows = rows_of(manifest)
    assert [(row.kind, row.duplicate_of) for row in rows] == expected
    kinds = Counter(kind for kind, _ in expected)
    counts = manifest.counts
    assert counts.read == len(cells)
    assert counts.blank == kinds[RowKind.BLANK]
    assert counts.invalid == kinds[RowKind.INVALID]
    assert counts.duplicate == kinds[RowKind.DUPLICATE]
    assert counts.unique == kinds[RowKind.ALLOCATION]
    assert counts.read == counts.blank + counts.invalid + counts.duplicate + counts.unique
    unique = [text for text, _ in firsts.values()]
    assert manifest.facts.hash_total == hash_total(unique)
    assert manifest.first_ids == tuple(unique[:3])
    assert manifest.last_ids == tuple(unique[-3:])
    assert manifest.problems == tuple(row for row in rows if row.kind is RowKind.INVALID)[:20]
    assert all(bool(row.reason) is (row.kind is RowKind.INVALID) for row in rows)
