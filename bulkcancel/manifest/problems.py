"""What is said about invalid rows: the error that names the first ones, the file that has all."""

from __future__ import annotations

import csv
import os
from pathlib import Path

from bulkcancel.errors import InputRefusedError, ReportError
from bulkcancel.manifest.ids import trim
from bulkcancel.manifest.manifest import Manifest
from bulkcancel.manifest.wording import count, escape, show
from bulkcancel.model import ManifestRow, RowKind

# A spreadsheet runs a cell that begins so as a formula; the wide forms are folded to the plain
# ones by some.
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def write_problems(manifest: Manifest, path: Path) -> None:
    """Write all invalid rows as CSV (``row,text,reason``), readable for the owner only (0600).

    ``text`` is the id cell with its control characters escaped, and with an apostrophe in front
    where a spreadsheet would run it as a formula. The file appears whole or not at all.

    Raises:
        InputRefusedError: the input changed since it was read.
        ReportError: the file can't be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        try:
            _write(manifest, part)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as problem:
        reason = problem.strerror or "input/output error"
        raise ReportError(
            f"the list of invalid rows can't be written to {show(str(path), 4096)} ({reason})"
        ) from problem


def refusal(manifest: Manifest, problems_path: Path | None) -> InputRefusedError:
    """Return the error to raise for an input with invalid rows.

    Its text names the first twenty, says how many more there are, and where `write_problems` has
    put them all (``None``: nowhere).
    """
    invalid, read = manifest.counts.invalid, manifest.counts.read
    are = "is" if invalid == 1 else "are"
    lines = [
        f"{_name(manifest)}: {invalid:,} of {count(read, 'row')} {are} invalid, so nothing is sent:"
    ]
    column = show(manifest.facts.id_column)
    lines += [f"  row {row.row}, column {column}: {_words(row)}" for row in manifest.problems]
    if invalid > len(manifest.problems):
        lines.append(f"  and {invalid - len(manifest.problems):,} more")
    if problems_path is not None:
        lines.append(f"all of them are in {show(str(problems_path), 4096)}")
    lines.append("correct the input, or use --skip-invalid to leave them out")
    return InputRefusedError("\n".join(lines))


def _write(manifest: Manifest, path: Path) -> None:
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(number, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("row", "text", "reason"))
        for rows in manifest.rows():
            writer.writerows(
                (row.row, _harmless(row.text), row.reason)
                for row in rows
                if row.kind is RowKind.INVALID
            )
        file.flush()
        os.fsync(file.fileno())


def _harmless(text: str) -> str:
    shown = escape(text)
    return f"'{shown}" if trim(shown).startswith(_FORMULA) else shown


def _words(row: ManifestRow) -> str:
    return f"{show(row.text)} {row.reason}" if row.text else row.reason


def _name(manifest: Manifest) -> str:
    path = manifest.facts.path
    return "standard input" if path == "-" else show(path, 4096)
