"""How cells look: the formats of a workbook, by name."""

from __future__ import annotations

from typing import Any, TypeAlias

import xlsxwriter

from bulkcancel.model import Outcome, RowKind
from bulkcancel.report.workbook.columns import Kind

Format: TypeAlias = Any
"""A format of XlsxWriter's, which ships no types."""

_FONT = {"font_name": "Calibri", "font_size": 11, "valign": "top"}

COLOURS: dict[str, tuple[str, str]] = {
    Outcome.CANCELLED: ("#D5EFDB", "#0B4A20"),
    Outcome.ALREADY_CANCELLED: ("#EAF6EC", "#2B5636"),
    Outcome.PARTIALLY_CANCELLED: ("#FFDDB0", "#5E3200"),
    Outcome.NOT_CANCELLED: ("#FFF1C2", "#574100"),
    Outcome.NOT_FOUND: ("#E7E0F5", "#432C6E"),
    Outcome.REJECTED: ("#FBE0D3", "#70290B"),
    Outcome.FAILED: ("#FBDAD7", "#7A1210"),
    Outcome.UNKNOWN: ("#F3AAA2", "#4A0000"),
    Outcome.NOT_ATTEMPTED: ("#DFE6EE", "#2F3E4E"),
    RowKind.INVALID: ("#E8E8E8", "#3A3A3A"),
    RowKind.DUPLICATE: ("#F4F4F4", "#3A3A3A"),
    RowKind.BLANK: ("#F4F4F4", "#3A3A3A"),
}
"""The background and the letters of an outcome's word, or of a kind's."""

_DARK, _SOFT, _LINE, _MUTED = "#1F3A4D", "#EDF2F6", "#B8C4CE", "#5F6B76"
_TIME = "yyyy-mm-dd hh:mm:ss.000"


class Looks:
    """The formats of one workbook.

    Attributes:
        header: the names of columns.
        note: words in place of rows that are left out.
        kinds: the cells of rows, by the kind of their column.
        outcomes: the word of an outcome, or of a row's kind, in its colour.
    """

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        def made(**more: Any) -> Format:
            return book.add_format({**_FONT, **more})

        def coloured(word: str, **more: Any) -> Format:
            back, front = COLOURS[word]
            strong = {"bold": True} if word == Outcome.UNKNOWN else {}
            return made(bg_color=back, font_color=front, num_format="@", **strong, **more)

        self.header = made(
            bold=True,
            num_format="@",
            font_color="#FFFFFF",
            bg_color=_DARK,
            border=1,
            border_color=_DARK,
        )
        # Without "@" a text that begins with = would be run once somebody edits it.
        text = made(num_format="@")
        self.kinds = {
            Kind.TEXT: text,
            Kind.SENTENCE: made(num_format="@", text_wrap=True),
            Kind.NUMBER: made(num_format="0", align="right", indent=1),
            Kind.TIME: made(num_format=_TIME, align="left"),
            Kind.FLAG: made(align="left"),
            Kind.OUTCOME: text,
        }
        self.note = made(num_format="@", italic=True)
        self.outcomes = {word: coloured(word) for word in COLOURS}

        self.title = made(font_size=20, bold=True, font_color=_DARK)
        self.verdicts = {
            word: coloured(
                word, font_size=14, bold=True, text_wrap=True, valign="vcenter", indent=1
            )
            for word in (Outcome.CANCELLED, Outcome.NOT_CANCELLED, Outcome.FAILED)
        }
        self.section = made(font_size=13, bold=True, font_color=_DARK, bottom=2, bottom_color=_DARK)
        line = {"bottom": 1, "bottom_color": _LINE}
        self.head = made(bold=True, bg_color=_SOFT, font_color=_DARK, **line)
        self.head_number = made(
            bold=True, bg_color=_SOFT, font_color=_DARK, align="right", indent=1, **line
        )
        self.label = made(num_format="@", font_color=_MUTED, **line)
        self.value = made(num_format="@", text_wrap=True, **line)
        self.plain = made(num_format="@", **line)
        self.moment = made(num_format=_TIME, align="left", **line)
        self.count = made(num_format="#,##0", align="right", indent=1, **line)
        self.figure = made(num_format="@", align="right", indent=1, text_wrap=True, **line)
        self.strong = made(num_format="@", bold=True, **line)
        self.strong_count = made(num_format="#,##0", align="right", indent=1, bold=True, **line)
        self.words = {word: coloured(word, **line) for word in COLOURS}
        self.agrees = coloured(Outcome.CANCELLED, **line)
        self.differs = coloured(Outcome.UNKNOWN, **line)
