"""The same data is the same manifest, whatever the file it comes in."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkcancel.manifest import Manifest
from bulkcancel.model import ManifestRow

A = "62ff5c0bec0aed3c86202c32"
IDS = st.one_of(
    st.integers(min_value=0, max_value=40).map("{:024x}".format),
    st.integers(min_value=0, max_value=40).map("{:024X}".format),
    st.sampled_from(
        [f" {A}\u200b", "", " ", "6.2E+10", "a,b", "../x", 'say "x"', "=1+1", "a;b|c\td"]
    ),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
)
NOTES = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0")
    | st.sampled_from(',;|"\n\r\t'),
    max_size=6,
)


@dataclass(frozen=True, kw_only=True)
class Style:
    """A way to write delimited text."""

    delimiter: str
    end: str
    quote_all: bool
    encoding: str
    container: str | None
    ended: bool

    def write(self, rows: Sequence[Sequence[str]]) -> bytes:
        """Return rows as text in this style."""
        text = self.end.join(self.delimiter.join(map(self._cell, row)) for row in rows)
        if self.ended or rows[-1] == ("",):
            text += self.end
        return self._packed(text.encode(self.encoding))

    def _packed(self, content: bytes) -> bytes:
        match self.container:
            case "gzip":
                return gzip.compress(content, mtime=0)
            case "zip":
                file = io.BytesIO()
                with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                    archive.writestr("ids.csv", content)
                return file.getvalue()
            case _:
                return content

    def _cell(self, cell: str) -> str:
        if self.quote_all or any(char in cell for char in f'{self.delimiter}"\r\n'):
            return '"' + cell.replace('"', '""') + '"'
        return cell


STYLES = st.builds(
    Style,
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    quote_all=st.booleans(),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
    container=st.sampled_from([None, "gzip", "zip"]),
    ended=st.booleans(),
)


def parquet(names: Sequence[str], rows: Sequence[Sequence[str]], *, size: int) -> bytes:
    """Return rows as a Parquet file with row groups of this size."""
    columns = [pa.array([row[place] for row in rows], pa.string()) for place in range(len(names))]
    file = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(columns, names=list(names)), file, row_group_size=size)
    return file.getvalue()


def told(manifest: Manifest, rows: Sequence[ManifestRow], first_row: int) -> list[object]:
    """Return what a manifest says of its data, with rows counted from 0."""
    facts = [
        (
            row.row - first_row, row.kind, row.allocation_id, row.text, row.extras,
            None if row.duplicate_of is None else row.duplicate_of - first_row,
        )
        for row in rows
    ]  # fmt: skip
    ends = (manifest.first_ids, manifest.last_ids)
    return [manifest.counts, manifest.facts.digest, manifest.facts.hash_total, ends, *facts]


@settings(deadline=None)  # a busy machine is no failure
@given(
    rows=st.lists(st.tuples(NOTES, IDS, NOTES), max_size=12),
    style=STYLES,
    size=st.integers(min_value=1, max_value=20),
)
def test_text_of_any_style_and_parquet_agree(
    rows: list[tuple[str, str, str]],
    style: Style,
    size: int,
    read: Callable[..., Manifest],
    rows_of: Callable[[Manifest], list[ManifestRow]],
) -> None:
    """Same rows: same ids, kinds, cells, counts, digest and hash total."""
    names = ("po_number", "Allocation ID", "note")
    text = read(style.write([names, *rows]))
    facts = text.facts
    assert (facts.delimiter, facts.encoding, facts.container) == (
        style.delimiter, style.encoding, style.container,
    )  # fmt: skip
    other = read(parquet(names, rows, size=size), "input.parquet")
    assert other.facts.format == "parquet"
    assert told(text, rows_of(text), 2) == told(other, rows_of(other), 1)


@settings(deadline=None)  # a busy machine is no failure
@given(ids=st.lists(IDS, max_size=12), style=STYLES)
def test_one_column_agrees_too(
    ids: list[str],
    style: Style,
    read: Callable[..., Manifest],
    rows_of: Callable[[Manifest], list[ManifestRow]],
) -> None:
    """A file of one column needs no delimiter, and none of its ids is divided."""
    # The stand-in for a delimiter is the one character that a cell of such a file can't hold.
    rows = [(cell.replace("\x1f", ""),) for cell in ids]
    text = read(style.write([("allocation_id",), *rows]))
    assert text.facts.delimiter is None
    other = read(parquet(["allocation_id"], rows, size=5), "input.parquet")
    ours, theirs = rows_of(text), rows_of(other)
    assert [row.allocation_id for row in ours] == [row.allocation_id for row in theirs]
    assert (text.counts, text.facts.digest) == (other.counts, other.facts.digest)
