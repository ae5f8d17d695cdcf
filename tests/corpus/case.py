"""What a file of the corpus must be read as, or the sentence that refuses it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from samedata import DIGITS, POWER, UPPER, ZEROS, A, B

FILE = "{file}"
"""Stands in a sentence for the file's name, as it is shown."""


@dataclass(frozen=True, slots=True)
class Again:
    """A row that repeats the id of an earlier one."""

    row: int


@dataclass(frozen=True, slots=True)
class Bad:
    """A row without an id: what stands in its place, and what is said of it."""

    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Blank:
    """A row that holds nothing."""


BLANK = Blank()

Row: TypeAlias = str | Again | Bad | Blank
"""What a row is; a plain text is the id of an allocation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A file, the options it is read with, and what must come of it.

    ``rows`` are in order and without a gap, the first of them has the number ``first``; ``facts``
    are what is told about the file, ``others`` the cells of the other columns where they matter.
    ``refusal`` is the sentence of a file that is not read. ``finding`` tells what the program does
    instead, where it does not keep to the case yet.
    """

    file: str
    given: Mapping[str, Any]
    rows: Sequence[Row] = ()
    first: int = 2
    facts: Mapping[str, Any] = field(default_factory=dict)
    others: Sequence[tuple[str | None, ...]] | None = None
    refusal: str | None = None
    finding: str | None = None

    @property
    def name(self) -> str:
        """The name that the case has in a list of tests."""
        return " ".join([self.file, *(f"{key}={value}" for key, value in self.given.items())])


def text(
    file: str,
    *rows: Row,
    given: Mapping[str, Any] | None = None,
    first: int = 2,
    others: Sequence[tuple[str | None, ...]] | None = None,
    **facts: Any,
) -> Case:
    """Return the case of a text that is read; the facts differ from the usual ones as told."""
    usual = {"format": "csv", "delimiter": ",", "encoding": "utf-8"}
    return _read(file, rows, given, first, others, {**usual, **facts})


def parquet(
    file: str,
    *rows: Row,
    given: Mapping[str, Any] | None = None,
    others: Sequence[tuple[str | None, ...]] | None = None,
    **facts: Any,
) -> Case:
    """Return the case of a Parquet file that is read; its first row is row 1."""
    return _read(file, rows, given, 1, others, {"format": "parquet", **facts})


def book(
    file: str,
    *rows: Row,
    given: Mapping[str, Any] | None = None,
    first: int = 2,
    others: Sequence[tuple[str | None, ...]] | None = None,
    **facts: Any,
) -> Case:
    """Return the case of a workbook that is read; its sheet is called Allocations unless told."""
    usual = {"format": "xlsx", "sheet": "Allocations"}
    return _read(file, rows, given, first, others, {**usual, **facts})


def refused(file: str, refusal: str, *, finding: str | None = None, **given: Any) -> Case:
    """Return the case of a file that is not read; the sentence goes on behind its name."""
    return Case(file=file, given=given, refusal=f"{FILE}: {refusal}", finding=finding)


def same(first: int) -> tuple[Row, ...]:
    """Return the rows of "the same data", of which the first has this number."""
    return (A, B, UPPER, BLANK, DIGITS, POWER, ZEROS, Again(first))


def _read(
    file: str,
    rows: Sequence[Row],
    given: Mapping[str, Any] | None,
    first: int,
    others: Sequence[tuple[str | None, ...]] | None,
    facts: Mapping[str, Any],
) -> Case:
    usual = {
        "id_column": "allocation_id",
        "delimiter": None,
        "encoding": None,
        "sheet": None,
        "container": None,
        "hidden": 0,
        "trimmed": 0,
    }
    return Case(
        file=file,
        given=given or {},
        rows=rows,
        first=first,
        facts={**usual, **facts},
        others=others,
    )
