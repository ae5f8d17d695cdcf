"""What a workbook is made of: its sheets, and where their parts are."""

from __future__ import annotations

from dataclasses import dataclass

from bulkcancel.manifest.wording import show
from bulkcancel.manifest.xlsx.markup import local, tags, walk
from bulkcancel.manifest.xlsx.package import Package, resolve
from bulkcancel.manifest.xlsx.unreadable import UnreadableError, damaged

_MOST_BYTES = 64 << 20
_MOST_SHEETS = 10_000
_TAGS = tags("workbook", "workbookPr", "sheet")
_TRUE = ("1", "true")
_BINARY = (".bin", "is a binary workbook (.xlsb), which is not read; save it as .xlsx")
_OTHERS = (
    _BINARY,
    ("word/", "is a Word document, not a workbook"),
    ("ppt/", "is a PowerPoint presentation, not a workbook"),
    ("visio/", "is a Visio drawing, not a workbook"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A sheet of a workbook. ``part`` is ``None`` for one that has no cells, such as a chart."""

    name: str
    part: str | None
    is_hidden: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Workbook:
    """A workbook's sheets in their order, and what all of them need to be read.

    ``strings`` and ``styles`` are the names of parts. ``from_1904`` says that days are counted
    from 1904.
    """

    sheets: tuple[Sheet, ...]
    strings: str | None
    styles: str | None
    from_1904: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Relation:
    kind: str
    part: str


def read_workbook(package: Package) -> Workbook:
    """Find out what a workbook is made of.

    Raises:
        UnreadableError: it is damaged, or is no workbook of this kind.
    """
    main = _main_part(package)
    relations = _relations(package, main)
    sheets: list[Sheet] = []
    from_1904 = known = False

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal from_1904, known
        match _TAGS.get(name):
            case "workbook":
                known = True
            case "workbookPr":
                from_1904 = attributes.get("date1904") in _TRUE
            case "sheet" if len(sheets) < _MOST_SHEETS:
                sheets.append(_sheet(attributes, relations))
            case "sheet":
                raise damaged("it has too many sheets")

    with package.open(main, most=_MOST_BYTES) as file:
        for _ in walk(file, main, start):
            pass
    if not known:
        raise damaged(f"its part {show(main)} is no workbook")
    parts = {relation.kind: relation.part for relation in relations.values()}
    return Workbook(
        sheets=tuple(sheets),
        strings=parts.get("sharedStrings"),
        styles=parts.get("styles"),
        from_1904=from_1904,
    )


def _main_part(package: Package) -> str:
    found = [r.part for r in _relations(package, "").values() if r.kind == "officeDocument"]
    main = found[0] if found else "xl/workbook.xml"
    for sign, sentence in _OTHERS:
        if main.startswith(sign) or main.endswith(sign):
            raise UnreadableError(sentence)
    if not package.has(main):
        raise damaged("it holds no workbook")
    return main


def _relations(package: Package, part: str) -> dict[str, _Relation]:
    """Return what a part (or, for an empty name, the whole package) points at, by id."""
    folder, _, name = part.rpartition("/")
    path = f"{folder}/_rels/{name}.rels" if folder else f"_rels/{name}.rels"
    found: dict[str, _Relation] = {}

    def start(name: str, attributes: dict[str, str]) -> None:
        if local(name) != "Relationship" or attributes.get("TargetMode") == "External":
            return
        found[attributes.get("Id", "")] = _Relation(
            kind=attributes.get("Type", "").rpartition("/")[2],
            part=resolve(part, attributes.get("Target", "")),
        )
        if len(found) > _MOST_SHEETS:
            raise damaged("it points at too many parts")

    if package.has(path):
        with package.open(path, most=_MOST_BYTES) as file:
            for _ in walk(file, path, start):
                pass
    return found


def _sheet(attributes: dict[str, str], relations: dict[str, _Relation]) -> Sheet:
    name = attributes.get("name", "")
    key = next((value for key, value in attributes.items() if key.endswith("}id")), "")
    relation = relations.get(key)
    if relation is None:
        raise damaged(f"its sheet {show(name)} is missing")
    return Sheet(
        name=name,
        part=relation.part if relation.kind == "worksheet" else None,
        is_hidden=attributes.get("state", "visible") != "visible",
    )
