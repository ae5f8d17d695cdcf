"""Files that a real spreadsheet program writes: LibreOffice, without a window.

It is given flat OpenDocument spreadsheets, which say exactly what each cell is, and CSV files whose
cells it may take for what it likes: there it does the damage that it does to people's files.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from samedata import DIGITS, NAMES, POWER, ROWS, ZEROS, A, B, C, D, lines

_PATIENCE = 120.0  # seconds; a conversion takes one
_NAMESPACES = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{long}:1.0"'
    for short, long in {
        "office": "office",
        "table": "table",
        "text": "text",
        "style": "style",
        "number": "datastyle",
    }.items()
)
_FORMULAS = 'xmlns:of="urn:oasis:names:tc:opendocument:xmlns:of:1.2"'
_STYLES = (
    '<style:style style:name="gone" style:family="table">'
    '<style:table-properties table:display="false"/></style:style>'
    '<number:number-style style:name="n24">'
    '<number:number number:decimal-places="0" number:min-integer-digits="24"/>'
    "</number:number-style>"
    '<style:style style:name="padded" style:family="table-cell" style:data-style-name="n24"/>'
    '<number:date-style style:name="day"><number:day number:style="long"/><number:text>/'
    '</number:text><number:month number:style="long"/><number:text>/</number:text>'
    '<number:year number:style="long"/></number:date-style>'
    '<style:style style:name="dated" style:family="table-cell" style:data-style-name="day"/>'
)
_CSV = "csv:Text - txt - csv (StarCalc)"

DAMAGED = lines(
    "allocation_id,po_number,note",
    f"{A},4500000012,all hexadecimal",
    f"{DIGITS},4500000012,24 digits",
    f"{POWER},0012,a power of ten",
    f"{ZEROS},0013,leading zeros",
    "1-2-2024,0014,a day or not",
    "2024-01-31,0015,a day",
    "TRUE,0016,a truth value",
    "#N/A,0017,an error",
    "=1+1,0018,a formula",
    f"{B},0019,the last",
)
"""What is opened in LibreOffice as it comes, and saved again."""

SHORT = lines("allocation_id,note", "00012345,zeros", "10012345,none", "1e5,power", "12,short")
"""Ids of eight digits, opened as they come: with ``--id-pattern [0-9]{8}``."""


def text(content: str) -> str:
    """Return a cell that holds a text, a paragraph for each of its lines."""
    if not content:
        return "<table:table-cell/>"
    paragraphs = "".join(f"<text:p>{escape(line)}</text:p>" for line in content.split("\n"))
    return f'<table:table-cell office:value-type="string">{paragraphs}</table:table-cell>'


def _float(number: str, style: str = "") -> str:
    named = f' table:style-name="{style}"' if style else ""
    return f'<table:table-cell{named} office:value-type="float" office:value="{number}"/>'


def _formula(code: str) -> str:
    return f"<table:table-cell table:formula={quoteattr('of:=' + code)}/>"


_DATE = (
    '<table:table-cell table:style-name="dated" office:value-type="date" '
    'office:date-value="2024-02-01"/>'
)


def row(*cells: str, shown: str = "visible") -> str:
    """Return a row; ``shown`` may be ``collapse`` (hidden) or ``filter`` (filtered out)."""
    return f'<table:table-row table:visibility="{shown}">{"".join(cells)}</table:table-row>'


def sheet(name: str, *rows: str, hidden: bool = False) -> str:
    """Return a sheet of rows."""
    gone = ' table:style-name="gone"' if hidden else ""
    return f"<table:table table:name={quoteattr(name)}{gone}>{''.join(rows)}</table:table>"


def document(*sheets: str, filtered: str = "") -> bytes:
    """Return a flat OpenDocument spreadsheet; ``filtered`` is a range with filter buttons."""
    ranges = (
        f'<table:database-ranges><table:database-range table:name="__Anonymous_Sheet_DB__0" '
        f'table:target-range-address="{filtered}" table:display-filter-buttons="true"/>'
        "</table:database-ranges>"
        if filtered
        else ""
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<office:document {_NAMESPACES} {_FORMULAS} '
        'office:version="1.2" office:mimetype="application/vnd.oasis.opendocument.spreadsheet">'
        f"<office:automatic-styles>{_STYLES}</office:automatic-styles><office:body>"
        f"<office:spreadsheet>{''.join(sheets)}{ranges}</office:spreadsheet></office:body>"
        "</office:document>\n"
    ).encode()


def _texts(rows: Sequence[Sequence[str]], **shown: str) -> list[str]:
    """Return rows of texts; ``r3="filter"`` says how the third is shown."""
    return [
        row(*map(text, cells), shown=shown.get(f"r{number}", "visible"))
        for number, cells in enumerate(rows, 1)
    ]


def sources() -> dict[str, bytes]:
    """Return what is opened in LibreOffice, by name: of each comes an ``.xlsx`` of its name."""
    header = ("allocation_id", "note")
    rows = (header, (A, "east"), (B, "west"), (C, "east"), (D, "west"))
    header_row = row(*map(text, header))
    merged = (
        '<table:table-cell table:number-rows-spanned="2" office:value-type="string">'
        f"<text:p>{B}</text:p></table:table-cell>"
    )
    return {
        "office-same.fods": document(sheet("Allocations", *_texts([NAMES, *ROWS]))),
        "office-hidden-rows.fods": document(
            sheet("Allocations", *_texts(rows, r3="collapse", r4="collapse"))
        ),
        "office-filtered.fods": document(
            sheet("Allocations", *_texts(rows, r3="filter", r5="filter")),
            filtered="Allocations.A1:Allocations.B5",
        ),
        "office-several-sheets.fods": document(
            sheet("East", *_texts(rows[:2])), sheet("West", *_texts([header, (B, "west")]))
        ),
        "office-hidden-sheet.fods": document(
            sheet("Now", *_texts(rows[:2])), sheet("Before", *_texts(rows), hidden=True)
        ),
        "office-merged.fods": document(
            sheet(
                "Allocations",
                *_texts(rows[:2]),
                row(merged, text("two rows, one id")),
                row("<table:covered-table-cell/>", text("the second of them")),
            )
        ),
        "office-kinds.fods": document(
            sheet(
                "Allocations",
                header_row,
                row(text(A), text("text")),
                row(_formula(f'"{B[:20]}"&"{B[20:]}"'), text("a formula that gives text")),
                row(_formula("1+1"), text("a formula that gives a number")),
                row(_formula("1/0"), text("a formula that fails")),
                row(_formula('""'), text("a formula that gives nothing")),
                row(_float("12", "padded"), text("a number shown with 24 digits")),
                row(_float(DIGITS), text("a number of 24 digits")),
                row(_DATE, text("a date")),
                row(
                    '<table:table-cell office:value-type="boolean" office:boolean-value="true"/>',
                    text("a truth value"),
                ),
            )
        ),
        "office-damaged.csv": DAMAGED,
        "office-zeros.csv": SHORT,
    }


def _conversions() -> list[tuple[str, Sequence[str], str]]:
    """Return what is converted: to which format, which files, and how their names end."""
    same = ["office-same.fods"]
    return [
        ("xlsx", list(sources()), ".xlsx"),
        (f"{_CSV}:44,34,76,1", ["office-damaged.csv", "office-zeros.csv"], "-again.csv"),
        (f"{_CSV}:44,34,76,1", ["office-kinds.fods"], ".csv"),
        (f"{_CSV}:59,34,76,1", same, "-semicolon.csv"),
        (f"{_CSV}:9,34,65535,1", same, "-tab-utf16.csv"),
        (f"{_CSV}:44,34,1,1,,0,true", same, "-cp1252-quoted.csv"),
        ("ods", same, ".ods"),
        ("xls:MS Excel 97", same, ".xls"),
        ("xls:HTML (StarCalc)", same, "-html.xls"),
        ("xlsm:Calc MS Excel 2007 VBA XML", same, ".xlsm"),
    ]


def available() -> bool:
    """Return whether LibreOffice is installed."""
    return shutil.which("soffice") is not None


def files() -> dict[str, bytes]:
    """Return the files by name, made by LibreOffice.

    Raises:
        RuntimeError: LibreOffice is not installed, or does not make one of them.
    """
    made: dict[str, bytes] = {"office-same.fods": sources()["office-same.fods"]}
    with tempfile.TemporaryDirectory(prefix="bulkcancel-office-") as folder:
        given = Path(folder) / "given"
        given.mkdir()
        for name, content in sources().items():
            (given / name).write_bytes(content)
        for number, (target, names, ending) in enumerate(_conversions()):
            out = Path(folder) / str(number)
            _convert([given / name for name in names], target, out, Path(folder) / "profile")
            suffix = target.partition(":")[0]
            for name in names:
                stem = Path(name).stem
                made[f"{stem}{ending}"] = (out / f"{stem}.{suffix}").read_bytes()
    return made


def workbooks() -> Mapping[str, bytes]:
    """Return only the workbooks that `files` holds, made anew with one start of LibreOffice."""
    with tempfile.TemporaryDirectory(prefix="bulkcancel-office-") as folder:
        given = Path(folder) / "given"
        given.mkdir()
        for name, content in sources().items():
            (given / name).write_bytes(content)
        out = Path(folder) / "made"
        _convert(sorted(given.iterdir()), "xlsx", out, Path(folder) / "profile")
        return {path.name: path.read_bytes() for path in sorted(out.iterdir())}


def _convert(paths: Sequence[Path], target: str, out: Path, profile: Path) -> None:
    """Convert files; ``out`` and ``profile`` are folders that are made."""
    program = shutil.which("soffice")
    if program is None:
        raise RuntimeError("LibreOffice is not installed (command soffice): see tests/install.sh")
    command = [
        program, "--headless", "--norestore", f"-env:UserInstallation={profile.as_uri()}",
        "--convert-to", target, "--outdir", str(out), *map(str, paths),
    ]  # fmt: skip
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC"},
        start_new_session=True,
    ) as process:
        try:
            said, _ = process.communicate(timeout=_PATIENCE)
        except BaseException:
            # The launcher outlives a TERM, and its child outlives the launcher.
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode or len(list(out.glob("*"))) < len(paths):
        raise RuntimeError(f"LibreOffice did not convert to {target}: {said.decode()}")
