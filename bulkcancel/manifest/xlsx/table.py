"""A sheet of an Excel workbook as a table."""

from __future__ import annotations

import io
import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace

from bulkcancel.errors import InputRefusedError
from bulkcancel.manifest.ids import BLANKS, Grammar
from bulkcancel.manifest.options import InputFormat
from bulkcancel.manifest.source import Source, reading
from bulkcancel.manifest.table import BATCH_ROWS, Cells, Fingerprint, Layout
from bulkcancel.manifest.wording import count, show
from bulkcancel.manifest.xlsx.head import find_header
from bulkcancel.manifest.xlsx.package import Package
from bulkcancel.manifest.xlsx.rows import MOST_MERGES, RawCell, SheetRows, name_column
from bulkcancel.manifest.xlsx.sheets import choose_sheet
from bulkcancel.manifest.xlsx.strings import read_strings
from bulkcancel.manifest.xlsx.styles import read_moments
from bulkcancel.manifest.xlsx.unreadable import UnreadableError
from bulkcancel.manifest.xlsx.values import Values
from bulkcancel.manifest.xlsx.workbook import read_workbook

_SHOWN_MERGES = 3
_MOST_CELLS = 1 << 18  # of a batch: a table may have 16,384 columns


class XlsxTable:
    """A sheet of a workbook whose ids are text; rows have the numbers that the program shows.

    Raises:
        InputRefusedError: the workbook is damaged, it is not certain which sheet is meant, or
            the sheet has no single column of ids.
    """

    def __init__(
        self,
        source: Source,
        *,
        id_column: str | None,
        sheet: str | None,
        include_hidden: bool,
        grammar: Grammar,
    ) -> None:
        self._source = source
        self._include_hidden = include_hidden
        self._fingerprint = source.fingerprint()
        with self._open() as package:
            workbook = read_workbook(package)
            self._values = Values(
                strings=read_strings(package, workbook.strings),
                moments=read_moments(package, workbook.styles),
                from_1904=workbook.from_1904,
            )
            name, self._part, head = choose_sheet(
                package, workbook, self._values, wanted=sheet, source=source.name
            )
        self._place = f"{source.name}: sheet {show(name)}"
        header = find_header(head.rows, wanted=id_column, grammar=grammar, source=self._place)
        self._left = header.left
        self._id_column = header.left + header.id_index
        self.layout = Layout(
            format=InputFormat.XLSX,
            columns=header.names,
            id_index=header.id_index,
            first_row=header.row + 1,
            sheet=name,
        )
        if not include_hidden and any(
            first <= self._id_column <= last for first, last in head.hidden_columns
        ):
            raise InputRefusedError(
                f"{self._place}: column {name_column(self._id_column)}, which holds the ids, is "
                "hidden: unhide it, or take it as it is with --include-hidden"
            )

    def batches(self) -> Generator[list[Cells], None, Fingerprint]:
        """Read the rows after the header; see `Table.batches`.

        What is hidden and what is merged is known after the last row only: it is told then.

        Raises:
            InputRefusedError: rows are hidden and were not asked for, or ids are merged.
        """
        before = self._source.fingerprint()
        if before != self._fingerprint:
            raise self._changed()
        with self._open() as package:
            yield from self._read(SheetRows(package, self._part, watched=self._id_column))
        return before

    def _read(self, rows: SheetRows) -> Iterator[list[Cells]]:
        most = max(1, min(BATCH_ROWS, _MOST_CELLS // len(self.layout.columns)))
        last = self.layout.first_row - 1
        hidden: list[int] = []
        batch: list[Cells] = []
        for number, is_hidden, raw in rows:
            cells = self._cells(raw)
            if cells is None:
                continue
            if is_hidden and any(cell and cell.strip(BLANKS) for cell in cells):
                hidden.append(number)
            if number < self.layout.first_row:
                continue
            while (missing := number - 1 - last) > 0:
                more = min(missing, most - len(batch))
                batch += [()] * more
                last += more
                if len(batch) == most:
                    yield batch
                    batch = []
            batch.append(cells)
            last = number
            if len(batch) == most:
                yield batch
                batch = []
        if batch:
            yield batch
        self._check_merges(rows, last)
        if hidden and not self._include_hidden:
            raise InputRefusedError(self._hidden_rows(hidden))
        self.layout = replace(self.layout, hidden=len(hidden))

    def _cells(self, raw: list[RawCell]) -> Cells | None:
        """Return the cells of a row, or ``None`` if all of them are empty.

        Texts beside the columns of the table are added at the end: the row has too many cells.
        """
        width = len(self.layout.columns)
        cells: list[str | None] = [None] * width
        beside: list[str | None] = []
        is_filled = False
        for cell in raw:
            column = cell[0]
            if column == self._id_column:
                text = self._values.id_text(cell)
            else:
                text = self._values.text(cell)
            if text is None:
                continue
            is_filled = True
            place = column - self._left
            if 0 <= place < width:
                cells[place] = text
            elif text.strip(BLANKS):
                beside.append(text)
        return tuple(cells + beside) if is_filled else None

    def _check_merges(self, rows: SheetRows, last: int) -> None:
        header = self.layout.first_row - 1
        found = rows.merges
        if len(found) < MOST_MERGES:
            found = [merge for merge in found if merge.bottom >= header and merge.top <= last]
        if not found:
            return
        shown = ", ".join(show(merge.cells) for merge in found[:_SHOWN_MERGES])
        more = " and others" if len(found) > _SHOWN_MERGES else ""
        raise InputRefusedError(
            f"{self._place}: the cells {shown}{more} are merged, and column "
            f"{name_column(self._id_column)} among them holds the ids: unmerge them, and see that "
            "each row has its own id"
        )

    def _hidden_rows(self, hidden: list[int]) -> str:
        if len(hidden) == 1:
            what, them = f"row {hidden[0]} holds data and is hidden", "it"
        else:
            what = f"{count(len(hidden), 'row')} with data are hidden, the first is row {hidden[0]}"
            them = "them"
        return (
            f"{self._place}: {what}: unhide {them} or clear the filter, or take {them} as well "
            "with --include-hidden"
        )

    @contextmanager
    def _open(self) -> Iterator[Package]:
        with reading(self._source.name), self._source.open() as raw:
            state = _state(raw)
            try:
                yield Package(raw)
            except UnreadableError as problem:
                if _state(raw) != state:
                    raise self._changed() from problem
                raise InputRefusedError(f"{self._source.name}: {problem}") from problem
            if _state(raw) != state or state[0] != self._fingerprint.size:
                raise self._changed()

    def _changed(self) -> InputRefusedError:
        return InputRefusedError(f"{self._source.name}: changed while it was read; start again")


def _state(file: io.FileIO) -> tuple[int, int]:
    facts = os.fstat(file.fileno())
    return facts.st_size, facts.st_mtime_ns
