"""Workbooks put together from XML by hand, for what no library writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

from packed import zipped

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def text(place: str, value: str, *, space: bool = False) -> str:
    """Return a cell that holds a text of its own; ``space`` keeps its blanks."""
    kept = ' xml:space="preserve"' if space else ""
    return f'<c r="{place}" t="inlineStr"><is><t{kept}>{escape(value)}</t></is></c>'


def value(place: str, content: str, kind: str = "n", *, style: int = 0, formula: str = "") -> str:
    """Return a cell with a value, as it stands, of a type and a style."""
    formula = f"<f>{escape(formula)}</f>" if formula else ""
    return f'<c r="{place}" s="{style}" t="{kind}">{formula}<v>{escape(content)}</v></c>'


def row(number: int, *cells: str, attributes: str = "") -> str:
    """Return a row of cells."""
    return f'<row r="{number}"{attributes}>{"".join(cells)}</row>'


def sheet(*rows: str, before: str = "", after: str = "", namespace: str = MAIN) -> str:
    """Return a sheet of rows, with other elements before and after them."""
    return (
        f'{_XML}<worksheet xmlns="{namespace}">{before}<sheetData>{"".join(rows)}</sheetData>'
        f"{after}</worksheet>"
    )


def parts(
    sheets: Mapping[str, str],
    *,
    strings: Sequence[str] = (),
    formats: Sequence[str] = (),
    states: Mapping[str, str] | None = None,
    properties: str = "",
    main: str = f"{_OFFICE}.sheet.main+xml",
    namespace: str = MAIN,
    relations: str = RELATIONS,
) -> dict[str, bytes]:
    """Return the parts of a workbook by name.

    ``sheets`` are their XML by name, ``strings`` the XML of the shared texts, ``formats`` the
    number formats of the styles from 1 on, ``states`` says which sheets are hidden.
    """
    listed, related, typed = [], [], []
    for number, name in enumerate(sheets, 1):
        state = (states or {}).get(name)
        hidden = f' state="{state}"' if state else ""
        listed.append(
            f'<sheet name={quoteattr(name)} sheetId="{number}"{hidden} r:id="r{number}"/>'
        )
        related.append(("worksheet", f"worksheets/sheet{number}.xml"))
        typed.append((f"worksheets/sheet{number}.xml", "worksheet"))
    related += [("styles", "styles.xml"), ("sharedStrings", "sharedStrings.xml")]
    typed += [("styles.xml", "styles"), ("sharedStrings.xml", "sharedStrings")]
    types = "".join(
        f'<Override PartName="/xl/{part}" ContentType="{_OFFICE}.{kind}+xml"/>'
        for part, kind in typed
    )
    found = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{main}"/>{types}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" '
        f'Type="{relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{namespace}" xmlns:r="{relations}">{properties}'
        f"<sheets>{''.join(listed)}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        + "".join(
            f'<Relationship Id="r{number}" Type="{relations}/{kind}" Target="{target}"/>'
            for number, (kind, target) in enumerate(related, 1)
        )
        + "</Relationships>",
        "xl/styles.xml": _styles(formats, namespace),
        "xl/sharedStrings.xml": f'<sst xmlns="{namespace}">{"".join(strings)}</sst>',
    }
    made = {name: f"{_XML}{content}".encode() for name, content in found.items()}
    for number, content in enumerate(sheets.values(), 1):
        made[f"xl/worksheets/sheet{number}.xml"] = content.encode()
    return made


def book(sheets: Mapping[str, str] | str, **options: object) -> bytes:
    """Return a workbook; see `parts`. A single sheet is called ``Sheet1``."""
    named = {"Sheet1": sheets} if isinstance(sheets, str) else sheets
    return zipped(parts(named, **options))  # type: ignore[arg-type]


def _styles(formats: Sequence[str], namespace: str) -> str:
    listed = "".join(
        f'<numFmt numFmtId="{number}" formatCode={quoteattr(code)}/>'
        for number, code in enumerate(formats, 164)
    )
    used = "".join(
        f'<xf numFmtId="{number}" fontId="0" fillId="0" borderId="0" xfId="0"/>'
        for number in (0, *range(164, 164 + len(formats)))
    )
    if formats:
        listed = f'<numFmts count="{len(formats)}">{listed}</numFmts>'
    return (
        f'<styleSheet xmlns="{namespace}">{listed}'
        '<fonts count="1"><font><sz val="10"/></font></fonts>'
        '<fills count="1"><fill><patternFill patternType="none"/></fill></fills>'
        '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf numFmtId="0"/>'
        f'</cellStyleXfs><cellXfs count="{1 + len(formats)}">{used}</cellXfs></styleSheet>'
    )
