"""The formats there are: one file of this folder each, and one line here."""

from __future__ import annotations

from typing import assert_never

from bulkcancel.errors import InputRefusedError
from bulkcancel.manifest.container import container_of, head_inside
from bulkcancel.manifest.ids import Grammar
from bulkcancel.manifest.magic import check_inside, recognise
from bulkcancel.manifest.options import InputFormat, InputOptions
from bulkcancel.manifest.source import Source
from bulkcancel.manifest.table import Table
from bulkcancel.manifest.text import TextTable

_KINDS = {
    InputFormat.TEXT: "text",
    InputFormat.PARQUET: "a Parquet file",
    InputFormat.XLSX: "an Excel workbook",
}


def open_table(source: Source, options: InputOptions, grammar: Grammar) -> Table:
    """Return an input as a table, by its content.

    Raises:
        InputRefusedError: the input is of a kind that is not read, or has no column of ids.
    """
    head = source.head()
    found = recognise(source, head=head, path=options.path, asked=options.format)
    if found is not InputFormat.TEXT and options.encoding is not None:
        raise InputRefusedError(
            f"{source.name}: is {_KINDS[found]}, and --encoding is for text: leave it out"
        )
    if found is not InputFormat.XLSX and options.sheet is not None:
        raise InputRefusedError(
            f"{source.name}: is {_KINDS[found]}, and --sheet is for workbooks: leave it out"
        )
    match found:
        case InputFormat.TEXT:
            return _text(source, options, grammar, head)
        case InputFormat.PARQUET:
            from bulkcancel.manifest.parquet import (  # noqa: PLC0415 - only Parquet pays for it
                ParquetTable,
            )

            return ParquetTable(source, id_column=options.id_column)
        case InputFormat.XLSX:
            from bulkcancel.manifest.xlsx import XlsxTable  # noqa: PLC0415 - the same

            return XlsxTable(
                source,
                id_column=options.id_column,
                sheet=options.sheet,
                include_hidden=options.include_hidden,
                grammar=grammar,
            )
        case _:
            assert_never(found)


def _text(source: Source, options: InputOptions, grammar: Grammar, head: bytes) -> TextTable:
    container = container_of(head)
    if container is not None:
        head = head_inside(source, container)
        check_inside(head, source.name)
    return TextTable(
        source,
        id_column=options.id_column,
        grammar=grammar,
        head=head,
        container=container,
        encoding=options.encoding,
    )
