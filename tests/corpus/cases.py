"""All cases of the corpus."""

from __future__ import annotations

import cases_books
import cases_cells
import cases_foreign
import cases_odd
import cases_office
import cases_packed
import cases_parquet
import cases_text
from case import Case, same

CASES: tuple[Case, ...] = (
    *cases_text.CASES,
    *cases_cells.CASES,
    *cases_packed.CASES,
    *cases_parquet.CASES,
    *cases_books.CASES,
    *cases_odd.CASES,
    *cases_office.CASES,
    *cases_foreign.CASES,
)

SAME: tuple[Case, ...] = tuple(case for case in CASES if tuple(case.rows) in (same(1), same(2)))
"""The cases that read "the same data", in whatever format."""

BOMBS = (
    "packed-bomb-of-one-line.csv.gz",
    "packed-bomb-of-blank-lines.csv.gz",
    "packed-bomb.zip",
    "packed-understated.zip",
    "packed-overstated.zip",
    "odd-bomb.xlsx",
    "odd-bomb-of-texts.xlsx",
    "odd-entity-bomb.xlsx",
)
"""The files that would unpack to many times their size, or fill the memory."""

SUMMED: tuple[Case, ...] = tuple(
    case
    for case in CASES
    if case.rows
    and (case.facts["container"] or case.facts["format"] == "xlsx")
    # Cut where one part ends and the next begins, this is a whole gzip file that holds less.
    and case.file != "packed-same-two-parts.csv.gz"
)
"""The cases that are read from a file with check sums, which tell whether a bit of it changed."""
