"""The formats there are: one file of this folder each, and one line here."""

from __future__ import annotations

from typing import assert_never

from bulkcancel.manifest.ids import Grammar
from bulkcancel.manifest.magic import recognise
from bulkcancel.manifest.options import InputFormat, InputOptions
from bulkcancel.manifest.source import Source
from bulkcancel.manifest.table import Table
from bulkcancel.manifest.text import TextTable


def open_table(source: Source, options: InputOptions, grammar: Grammar) -> Table:
    """Return an input as a table, by its content.

    Raises:
        InputRefusedError: the input is of a kind that is not read, or has no column of ids.
    """
    found = recognise(
        head=source.head(), path=options.path, asked=options.format, source=source.name
    )
    match found:
        case InputFormat.TEXT:
            return TextTable(source, id_column=options.id_column, grammar=grammar)
        case InputFormat.PARQUET:
            from bulkcancel.manifest.parquet import (  # noqa: PLC0415 - only Parquet pays for it
                ParquetTable,
            )

            return ParquetTable(source, id_column=options.id_column)
        case _:
            assert_never(found)
