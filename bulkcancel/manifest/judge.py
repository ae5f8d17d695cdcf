"""What a single row is, looked at on its own."""

from __future__ import annotations

from bulkcancel.manifest.ids import BLANKS, Grammar
from bulkcancel.manifest.table import Cells, Layout, Unfit
from bulkcancel.manifest.wording import count
from bulkcancel.model import Extras

_LONGEST_TEXT = 200


class Judge:
    """Reads the cells of a row by the layout of its table and the grammar of the ids."""

    def __init__(self, layout: Layout, grammar: Grammar) -> None:
        self._width = len(layout.columns)
        self._index = layout.id_index
        self._grammar = grammar

    def allocation_ids(self, batch: list[Cells]) -> list[str | None]:
        """Return the id of each row, or ``None`` for a row that is blank or invalid.

        A row with more or fewer cells than the header has none: where the cells are shifted, the
        id may stand in another place, and something else in the id's.
        """
        return self.ids_and_trimmed(batch)[0]

    def ids_and_trimmed(self, batch: list[Cells]) -> tuple[list[str | None], int]:
        """Return what `allocation_ids` does, and how many of the ids had blanks at their ends."""
        width, index = self._width, self._index
        found = [cells[index] if len(cells) == width else None for cells in batch]
        texts = found
        if Unfit in set(map(type, found)):  # asked of all at once: most tables have none
            texts = [None if isinstance(cell, Unfit) else cell for cell in found]
        ids = self._grammar.accept_all(texts)
        if ids == found:
            return ids, 0
        pairs = zip(ids, found, strict=True)
        return ids, sum(one is not None and one != cell for one, cell in pairs)

    def is_blank(self, cells: Cells) -> bool:
        """Return whether all cells of a row are empty, however many there are."""
        return not any(cell and cell.strip(BLANKS) for cell in cells)

    def has_one_too_many(self, cells: Cells) -> bool:
        """Return whether a row has one cell more than the header."""
        return len(cells) == self._width + 1

    def fault(self, cells: Cells) -> str:
        """Return in words why a row is invalid."""
        if len(cells) != self._width:
            return f"has {count(len(cells), 'cell')}, the header has {self._width:,}"
        cell = cells[self._index]
        return cell.why if isinstance(cell, Unfit) else self._grammar.fault(cell)

    def full_text(self, cells: Cells) -> str:
        """Return the cell at the place of the id, as found."""
        return (cells[self._index] or "") if self._index < len(cells) else ""

    def text(self, cells: Cells) -> str:
        """Return the cell at the place of the id, as found, cut to 200 characters."""
        return self.full_text(cells)[:_LONGEST_TEXT]

    def extras(self, cells: Cells) -> Extras:
        """Return the other cells, as found and as many as there are other columns.

        Of a row with too few cells the missing ones are ``None``; what a row has too many is left
        out.
        """
        index, width = self._index, self._width
        if len(cells) == width:
            return (*cells[:index], *cells[index + 1 :])
        padded = (*cells[:width], *(None for _ in range(width - len(cells))))
        return padded[:index] + padded[index + 1 :]
