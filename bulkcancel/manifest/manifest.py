"""The manifest: an input that was read once and can be gone through again, row by row."""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from bulkcancel.decision import Shard
from bulkcancel.errors import InputRefusedError
from bulkcancel.manifest.formats import open_table
from bulkcancel.manifest.ids import Grammar
from bulkcancel.manifest.judge import Judge
from bulkcancel.manifest.options import InputOptions
from bulkcancel.manifest.scan import MOST_PROBLEMS, SHOWN_IDS, Scan, scan
from bulkcancel.manifest.share import share_of
from bulkcancel.manifest.source import Source, open_source
from bulkcancel.manifest.table import Cells, Fingerprint, OnePass, Table
from bulkcancel.model import InputFacts, ManifestRow, RowKind


def read_manifest(options: InputOptions, *, spool_folder: Path | None = None) -> Manifest:
    """Read an input once, check every row of it, and return it as a manifest.

    Invalid rows do not stop this: whoever asked decides whether to go on without them
    (`bulkcancel.manifest.refusal` makes the error to raise otherwise). A pipe is kept in
    ``spool_folder`` until the manifest is closed.

    Raises:
        InputRefusedError: the input can't be read as a table with one column of ids, or
            ``id_pattern`` is no usable pattern.
    """
    grammar = Grammar(options.id_pattern)
    source = open_source(options.path, spool_folder)
    try:
        table = open_table(source, options, grammar)
        judge = Judge(table.layout, grammar)
        found = scan(table, judge, source.name)
        return Manifest(
            facts=_facts(options, table, found), source=source, table=table, judge=judge, scan=found
        )
    except BaseException:
        source.discard()
        raise


class Manifest:
    """The input as read and checked; made by `read_manifest`.

    It holds no ids but the few in its attributes: the rows are read again by `rows`.

    Attributes:
        facts: where it came from and how it was read.
        whole: how many rows of each kind the whole input has.
        shard: the share of it that the manifest was narrowed to, ``None`` if it was not.
        counts: how many rows of each kind there are.
        hash_total: the hash total of their ids.
        problems: the first twenty invalid rows.
        first_ids: the first ids, three at most, each once.
        last_ids: the last ids, three at most, each once, in the order of their first rows.
    """

    def __init__(
        self, *, facts: InputFacts, source: Source, table: Table, judge: Judge, scan: Scan
    ) -> None:
        self.facts = facts
        self.whole = self.counts = scan.counts
        self.hash_total = facts.hash_total
        self.shard: Shard | None = None
        self.first_ids = scan.first_ids
        self._source = source
        self._table = table
        self._judge = judge
        self._closed = False
        self._repeats = scan.repeats
        if scan.problems is None or scan.last_ids is None:
            self.problems, self.last_ids = self._look_again()
        else:
            self.problems, self.last_ids = scan.problems, scan.last_ids
        # A caller that is stopped before `close` must not leave a copy of the input behind.
        self._discard = weakref.finalize(self, source.discard)

    def narrow(self, shard: Shard) -> None:
        """Leave only a shard's share; the input is read once more.

        Rows, counts, hash total, first and last ids are the share's from now on. ``facts``,
        ``whole`` and ``problems`` stay those of the whole input.

        Raises:
            InputRefusedError: the input is not the one that was read first.
            ValueError: the manifest is closed, or a share already.
        """
        if self.shard is not None:
            raise ValueError("the manifest is a share already")
        self.shard = shard
        share = share_of(self.rows(), most_ids=SHOWN_IDS)
        self.counts, self.hash_total = share.counts, share.hash_total
        self.first_ids, self.last_ids = share.first_ids, share.last_ids

    def rows(self) -> Iterator[list[ManifestRow]]:
        """Read the input again and give all rows in their order, in lists of a few thousand.

        Rows of every kind are given; of a share its own. The file is hashed before the first row
        and, where the format allows it, once more as it is read.

        Raises:
            InputRefusedError: the input is not the one that was read first. That may show only
                after the last list, so nothing may be sent before this has ended.
            ValueError: the manifest is closed.
        """
        if self._closed:
            raise ValueError("the manifest is closed")
        self._expect(self._source.fingerprint())
        place = 0
        batches = OnePass(self._table)
        for batch in batches:
            yield self._judged(batch, place)
            place += len(batch)
        self._expect(batches.fingerprint)

    def close(self) -> None:
        """Remove the copy of a pipe; `rows` can't be called any more then. Repeatable."""
        self._closed = True
        self._discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _judged(self, batch: list[Cells], start: int) -> list[ManifestRow]:
        repeats = self._repeats.within(start, start + len(batch))
        first_row = self._table.layout.first_row
        rows: list[ManifestRow] = []
        ids = self._judge.allocation_ids(batch)
        shard = self.shard
        for place, (allocation_id, cells) in enumerate(zip(ids, batch, strict=True), start):
            if shard is not None:
                is_conflict = place in repeats and not repeats[place][1]
                if not shard.holds(None if is_conflict else allocation_id):
                    continue
            row = first_row + place
            if allocation_id is None:
                rows.append(self._without_id(cells, row))
            elif place in repeats:
                first, same = repeats[place]
                if same:
                    rows.append(self._duplicate(allocation_id, cells, row, first_row + first))
                else:
                    rows.append(self._conflict(cells, row, first_row + first))
            else:
                rows.append(
                    ManifestRow(
                        row=row,
                        kind=RowKind.ALLOCATION,
                        allocation_id=allocation_id,
                        extras=self._judge.extras(cells),
                    )
                )
        return rows

    def _without_id(self, cells: Cells, row: int) -> ManifestRow:
        extras = self._judge.extras(cells)
        if self._judge.is_blank(cells):
            return ManifestRow(row=row, kind=RowKind.BLANK, extras=extras)
        return ManifestRow(
            row=row,
            kind=RowKind.INVALID,
            text=self._judge.text(cells),
            reason=self._judge.fault(cells),
            extras=extras,
        )

    def _duplicate(self, allocation_id: str, cells: Cells, row: int, first: int) -> ManifestRow:
        return ManifestRow(
            row=row,
            kind=RowKind.DUPLICATE,
            allocation_id=allocation_id,
            duplicate_of=first,
            extras=self._judge.extras(cells),
        )

    def _conflict(self, cells: Cells, row: int, first: int) -> ManifestRow:
        """Return the row of an id that may be another one's under a second name."""
        return ManifestRow(
            row=row,
            kind=RowKind.INVALID,
            text=self._judge.text(cells),
            reason=f"differs only in case from row {first}: write it one way",
            extras=self._judge.extras(cells),
        )

    def _look_again(self) -> tuple[tuple[ManifestRow, ...], tuple[str, ...]]:
        """Return the problems and the last ids, where the first pass could not know them."""
        problems: list[ManifestRow] = []
        last: deque[str] = deque(maxlen=SHOWN_IDS)
        for rows in self.rows():
            for row in rows:
                if row.kind is RowKind.INVALID and len(problems) < MOST_PROBLEMS:
                    problems.append(row)
                elif row.kind is RowKind.ALLOCATION and row.allocation_id is not None:
                    last.append(row.allocation_id)
        return tuple(problems), tuple(last)

    def _expect(self, seen: Fingerprint) -> None:
        if (seen.sha256, seen.size) != (self.facts.sha256, self.facts.bytes):
            raise InputRefusedError(
                f"{self._source.name}: the input changed since it was read; start again"
            )


def _facts(options: InputOptions, table: Table, found: Scan) -> InputFacts:
    layout = table.layout
    return InputFacts(
        path=options.path,
        sha256=found.fingerprint.sha256,
        bytes=found.fingerprint.size,
        format=layout.format.value,
        id_column=layout.columns[layout.id_index],
        delimiter=layout.delimiter,
        encoding=layout.encoding,
        sheet=layout.sheet,
        other_columns=layout.other_columns,
        id_pattern=options.id_pattern,
        digest=found.digest,
        hash_total=found.repeats.hash_total,
        container=layout.container,
        hidden=layout.hidden,
        trimmed=found.trimmed,
    )
