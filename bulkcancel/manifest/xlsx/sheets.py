"""Which sheet of a workbook is read."""

from __future__ import annotations

from collections.abc import Sequence

from bulkcancel.errors import InputRefusedError
from bulkcancel.manifest.ids import trim
from bulkcancel.manifest.wording import show, show_names
from bulkcancel.manifest.xlsx.head import Head, read_head
from bulkcancel.manifest.xlsx.package import Package
from bulkcancel.manifest.xlsx.rows import SheetRows
from bulkcancel.manifest.xlsx.values import Values
from bulkcancel.manifest.xlsx.workbook import Sheet, Workbook

_NAME_IT = "say which one to read with --sheet NAME"


def choose_sheet(
    package: Package, workbook: Workbook, values: Values, *, wanted: str | None, source: str
) -> tuple[str, str, Head]:
    """Return the name and the part of the sheet to read, and its first rows.

    That is the one that ``wanted`` (``--sheet``) names, and otherwise the only one that is
    visible and not blank.

    Raises:
        InputRefusedError: there is no such sheet, or more than one. ``source`` names the input.
        UnreadableError: a sheet is damaged.
    """

    def filled(sheets: Sequence[Sheet]) -> list[tuple[str, str, Head]]:
        heads = (
            (sheet.name, sheet.part, read_head(SheetRows(package, sheet.part), values))
            for sheet in sheets
            if sheet.part is not None
        )
        return [(name, part, head) for name, part, head in heads if head.rows]

    if wanted is not None:
        sheet = _named(workbook.sheets, wanted, source)
        found = filled([sheet])
        if not found:
            what = "is blank" if sheet.part is not None else "is no sheet of cells"
            raise InputRefusedError(f"{source}: the sheet {show(sheet.name)} {what}")
        return found[0]
    found = filled([sheet for sheet in workbook.sheets if not sheet.is_hidden])
    if len(found) == 1:
        return found[0]
    if found:
        names = show_names(name for name, _, _ in found)
        raise InputRefusedError(f"{source}: {len(found)} sheets hold data ({names}): {_NAME_IT}")
    hidden = filled([sheet for sheet in workbook.sheets if sheet.is_hidden])
    if hidden:
        names = show_names(name for name, _, _ in hidden)
        raise InputRefusedError(
            f"{source}: its visible sheets are blank, and hidden ones hold data ({names}): "
            f"{_NAME_IT}"
        )
    raise InputRefusedError(f"{source}: the workbook is blank: none of its sheets holds any data")


def _named(sheets: Sequence[Sheet], wanted: str, source: str) -> Sheet:
    exact = [sheet for sheet in sheets if sheet.name == wanted]
    found = exact or [sheet for sheet in sheets if _plain(sheet.name) == _plain(wanted)]
    match found:
        case [sheet]:
            return sheet
        case []:
            names = show_names(sheet.name for sheet in sheets)
            raise InputRefusedError(
                f"{source}: no sheet is named {show(wanted)} (--sheet); the sheets are {names}"
            )
        case _:
            names = show_names(sheet.name for sheet in found)
            raise InputRefusedError(
                f"{source}: several sheets may be meant by --sheet {show(wanted)}: {names}; "
                "write the name exactly"
            )


def _plain(name: str) -> str:
    return "".join(trim(name).casefold().split())
