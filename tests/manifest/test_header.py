"""The header shows the delimiter; a file without one is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bulkcancel.manifest import Manifest
from bulkcancel.model import ManifestRow, RowKind

ID = "62ff5c0bec0aed3c86202c32"
OTHER = "62ff5c0bec0aed3c86202c33"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_each_usual_delimiter_is_found(delimiter: str, read: Callable[..., Manifest]) -> None:
    """The header alone decides, although the rows hold all the other delimiters too."""
    content = (
        f'po{delimiter}allocation_id{delimiter}note\n"a,b;c|d\te"{delimiter}{ID}{delimiter}x\n'
    )
    manifest = read(content)
    assert manifest.facts.delimiter == delimiter
    assert manifest.first_ids == (ID,)


def test_one_column_has_no_delimiter(
    read: Callable[..., Manifest], rows_of: Callable[[Manifest], list[ManifestRow]]
) -> None:
    """Whatever stands in a file of one column is the id: a comma makes it invalid."""
    manifest = read(f"allocation_id\n{ID}\n{ID},{OTHER}\n{OTHER};x\n")
    assert manifest.facts.delimiter is None
    assert [row.kind for row in rows_of(manifest)] == ["allocation", "invalid", "invalid"]
    assert [row.reason for row in manifest.problems] == ["contains a comma", "contains a semicolon"]


def test_delimiters_inside_quotes_do_not_count(read: Callable[..., Manifest]) -> None:
    """A quoted name may hold any of the delimiters."""
    manifest = read(f'"po, old; older|oldest";"allocation_id"\nx;{ID}\n')
    assert manifest.facts.delimiter == ";"
    assert manifest.facts.other_columns == ("po, old; older|oldest",)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize(
    ("line", "delimiter"),
    [("sep=;", ";"), ("sep=,", ","), ("sep=|", "|"), ("sep=\t", "\t"), ("SEP=;", ";"),
     ('"sep=;"', ";")],
)  # fmt: skip
def test_a_line_that_tells_the_delimiter_is_heeded(
    line: str,
    delimiter: str,
    end: str,
    mark: str,
    read: Callable[..., Manifest],
    rows_of: Callable[[Manifest], list[ManifestRow]],
) -> None:
    """Excel writes it above the header; row numbers stay those that a person sees."""
    lines = [f"{mark}{line}", f"allocation_id{delimiter}note", f"{ID}{delimiter}x", ""]
    manifest = read(end.join(lines))
    assert manifest.facts.delimiter == delimiter
    assert manifest.facts.other_columns == ("note",)
    assert [(row.row, row.allocation_id) for row in rows_of(manifest)] == [(3, ID)]


def test_the_line_decides_where_two_delimiters_would_do(
    read: Callable[..., Manifest], refused: Callable[..., str]
) -> None:
    """It is the file's own word; one that is not read is refused."""
    table = f"allocation_id,x;allocation_id\n{ID},x;{OTHER}\n"
    assert read("sep=;\n" + table).first_ids == (OTHER,)
    assert read("sep=,\n" + table, id_column="allocation_id").first_ids == (ID,)
    said = refused(f"sep=:\nallocation_id:note\n{ID}:x\n")
    assert "row 1: says that ':' divides the cells" in said
    assert "blank lines only" in refused("sep=;\n")
    assert "no column is named" in refused(f"sep=;\nallocation_id,note\n{ID},x\n")


def test_a_column_may_be_called_like_the_line(read: Callable[..., Manifest]) -> None:
    """Only a first line of its own tells a delimiter."""
    manifest = read(f"sep=;,allocation_id\nx,{ID}\n")
    assert manifest.facts.other_columns == ("sep=;",)
    assert read(f"allocation_id,sep=;\n{ID},x\n").first_ids == (ID,)


def test_a_name_with_a_line_break_is_one_header(
    read: Callable[..., Manifest], rows_of: Callable[[Manifest], list[ManifestRow]]
) -> None:
    """The header is row 1, on however many lines it stands."""
    manifest = read(f'"purchase\norder",allocation_id\nx,{ID}\n')
    assert manifest.facts.other_columns == ("purchase\norder",)
    assert [row.row for row in rows_of(manifest)] == [2]


def test_two_fitting_delimiters_are_refused(refused: Callable[..., str]) -> None:
    """Where two delimiters each show a column of ids, none is guessed."""
    said = refused(f"allocation_id,x;allocation_id\n{ID},x;{ID}\n")
    assert "divided by comma and semicolon" in said


@pytest.mark.parametrize(
    "content",
    [f"{ID}\n{OTHER}\n", f"PO1,{ID}\nPO2,{OTHER}\n", f"PO1;{ID};x\n", f'"{ID}"\n', f"\n \n{ID}\n"],
)
def test_a_file_without_a_header_is_refused(content: str, refused: Callable[..., str]) -> None:
    """The first id of a headerless file would be lost as a name; the sentence says what to add."""
    said = refused(content)
    assert f"'{ID}', which is an id and no header" in said
    assert "allocation_id" in said


@pytest.mark.parametrize(
    ("content", "row"),
    [
        (f"Allocations to cancel,,\nallocation_id,po,x\n{ID},1,\n", 2),
        (f"Report;of;today\n\n;;\nAllocation ID;po\n{ID};1\n", 4),
        (f"To cancel\nallocation_id\n{ID}\n", 2),
    ],
)
def test_a_title_above_the_header_is_named(
    content: str, row: int, refused: Callable[..., str]
) -> None:
    """Nothing is skipped by a guess; the sentence says where the header seems to be."""
    assert f"row {row} seems to be the header: delete the rows above row {row}" in refused(content)


def test_of_two_likely_headers_none_is_named(refused: Callable[..., str]) -> None:
    """Two tables in one file: the columns of the first row are shown, as ever."""
    content = f"a title\nallocation_id\n{ID}\nallocation_id\n{OTHER}\n"
    assert "no column is named" in refused(content)


def test_a_name_is_not_taken_for_an_id_of_a_loose_pattern(refused: Callable[..., str]) -> None:
    """With a pattern that ordinary words match, a missing column is still called that."""
    assert "no column is named" in refused("order,note\n1,2\n", id_pattern="[A-Za-z0-9_]+")


def test_blank_lines_above_the_header_are_skipped_and_counted_on(
    read: Callable[..., Manifest], rows_of: Callable[[Manifest], list[ManifestRow]]
) -> None:
    """The row numbers stay those that a spreadsheet shows."""
    manifest = read(f"\n,,\n \nallocation_id,note\n{ID},x\n")
    assert [(row.row, row.kind) for row in rows_of(manifest)] == [(5, RowKind.ALLOCATION)]
    assert manifest.counts.read == 1


@pytest.mark.parametrize("content", ["\n", "\n\n,,,\n\t\n", "\ufeff", "\ufeff\n"])
def test_blank_lines_only_are_refused(content: str, refused: Callable[..., str]) -> None:
    """A file without a header has no column of ids."""
    assert "blank lines only" in refused(content)


def test_a_header_alone_is_an_empty_manifest(
    read: Callable[..., Manifest], rows_of: Callable[[Manifest], list[ManifestRow]]
) -> None:
    """Nothing to do is no error: a nightly run may have no rows."""
    for content in ("allocation_id", "allocation_id,note\r\n", "\ufeffallocation_id;x\n"):
        manifest = read(content)
        counts = manifest.counts
        assert (counts.read, counts.blank, counts.invalid, counts.duplicate, counts.unique) == (
            0, 0, 0, 0, 0,
        )  # fmt: skip
        assert rows_of(manifest) == []
        assert (manifest.first_ids, manifest.last_ids, manifest.problems) == ((), (), ())
        assert manifest.facts.hash_total == "0" * 16


@pytest.mark.parametrize("content", ['"allocation_id\n', '"a"b,allocation_id\n'])
def test_a_header_with_wrong_quotes_is_refused(content: str, refused: Callable[..., str]) -> None:
    """Quotes that don't match make it impossible to say where a name ends."""
    assert "row 1" in refused(content)


def test_facts_name_the_encoding_and_the_bytes(read: Callable[..., Manifest]) -> None:
    """The facts say how the file was read."""
    plain = read(f"allocation_id\n{ID}\n").facts
    marked = read(f"\ufeffallocation_id\n{ID}\n").facts
    assert (plain.encoding, marked.encoding) == ("utf-8", "utf-8-sig")
    assert (plain.bytes, marked.bytes) == (39, 42)
    assert plain.sha256 != marked.sha256
    assert plain.digest == marked.digest
    assert (plain.format, plain.sheet) == ("csv", None)
