"""In which encoding a text is: by its mark, by what the caller says, else UTF-8; never guessed."""

from __future__ import annotations

import codecs
import difflib
from dataclasses import dataclass

from bulkcancel.errors import InputRefusedError
from bulkcancel.manifest.wording import show

_MARKS = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32", "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32", "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8-sig", "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16", "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16", "utf-16-be"),
)
# What files are written in, by Python's names. None of them runs or unpacks anything, changes its
# meaning by an escape within the text, or has another letter where ASCII has one of an id.
_READ = (
    "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be",
    "ascii", "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257",
    "cp1258", "cp437", "cp737", "cp775", "cp850", "cp852", "cp855", "cp857", "cp858", "cp860",
    "cp861", "cp862", "cp863", "cp865", "cp866", "cp869", "cp874", "cp932", "cp949", "cp950",
    "iso8859-1", "iso8859-2", "iso8859-3", "iso8859-4", "iso8859-5", "iso8859-6", "iso8859-7",
    "iso8859-8", "iso8859-9", "iso8859-10", "iso8859-11", "iso8859-13", "iso8859-14",
    "iso8859-15", "iso8859-16", "koi8-r", "koi8-u", "mac-roman", "mac-latin2", "mac-cyrillic",
    "mac-greek", "mac-turkish", "tis-620", "shift_jis", "euc_jp", "euc_kr",
    "gb2312", "gbk", "gb18030", "big5", "big5hkscs",
)  # fmt: skip
_MEANT = {
    "ansi": "cp1252",
    "western": "cp1252",
    "excel": "cp1252",
    "windows": "cp1252",
    "dos": "cp850",
    "oem": "cp850",
    "mac": "mac-roman",
    "macintosh": "mac-roman",
    "unicode": "utf-16-le",
    "ucs-2": "utf-16-le",
}
"""What programs and people call an encoding, and what they most often mean by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextEncoding:
    """An encoding: ``name`` as it is told, ``codec`` as Python decodes what follows the mark.

    ``mark`` is how many bytes the byte-order mark takes at the beginning.
    """

    name: str
    codec: str
    mark: int

    @property
    def is_utf8(self) -> bool:
        """Return whether the bytes are UTF-8 as they stand."""
        return self.codec == "utf-8"


def find_encoding(head: bytes, asked: str | None, source: str) -> TextEncoding:
    """Return the encoding of a text from its first bytes and what the caller says.

    Raises:
        InputRefusedError: ``asked`` is none that texts are written in, or the mark contradicts it.
            ``source`` names the input.
    """
    named = None if asked is None else _known(asked, source)
    for mark, name, codec in _MARKS:
        if head.startswith(mark):
            if named not in {None, name, codec}:
                # Of the same family, it is the order of the bytes that differs.
                is_order = str(named)[:6] == codec[:6]
                marked = codec if is_order or codec == "utf-8" else name
                raise InputRefusedError(
                    f"{source}: begins with the mark of {marked.upper()}, and --encoding says "
                    f"{named}: leave --encoding out"
                )
            return TextEncoding(name=name, codec=codec, mark=len(mark))
    if named in {"utf-16", "utf-32"}:
        raise InputRefusedError(
            f"{source}: has no byte-order mark, so say which {named.upper()} it is: --encoding "
            f"{named}-le (as Windows writes it) or {named}-be"
        )
    name = "utf-8" if named in {None, "utf-8-sig"} else str(named)
    return TextEncoding(name=name, codec=name, mark=0)


def _known(asked: str, source: str) -> str:
    given = asked.strip()
    try:
        name = codecs.lookup(given).name
    except (LookupError, ValueError):
        name = ""
    if name in _READ:
        return name
    raise InputRefusedError(
        f"{source}: --encoding {show(asked)} is no encoding that texts are written in; "
        f"{_hint(given.lower())}"
    )


def _hint(given: str) -> str:
    near = difflib.get_close_matches(given, (*_READ, *_MEANT), n=1)
    if not near:
        return "it is one such as cp1252 or utf-16-le"
    return f"did you mean {_MEANT.get(near[0], near[0])}?"
