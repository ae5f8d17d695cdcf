"""Text made harmless for a spreadsheet and for a terminal."""

from __future__ import annotations

import re

_HIDDEN_CHARACTERS = (
    r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # control characters, but for tab, LF and CR
    r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # characters that turn the writing direction
    r"\ud800-\udfff"  # halves of a character, which UTF-8 can't hold
)
_HIDDEN = re.compile(f"[{_HIDDEN_CHARACTERS}]")
_HALVES = re.compile(r"[\ud800-\udfff]")
_NEGATIVE_NUMBER = re.compile(r"-[0-9]+(?:\.[0-9]+)?")

_SIGN_CHARACTERS = r"=+\-@\uff1d\uff0b\uff0d\uff20"
_SIGNS = f"[{_SIGN_CHARACTERS}]"
_SUSPECT = re.compile(f"[\t\r\n{_HIDDEN_CHARACTERS}{_SIGN_CHARACTERS}]")
# Spaces, quotes and zero-width characters: a spreadsheet may take them off and then see the sign.
_SKIPPED = (
    r"\u0020\u00a0\u1680\u2000-\u200d\u2028\u2029\u202f\u205f\u2060\u3000\ufeff\"\u201c\u201d"
)
_FORMULA_START = re.compile(
    rf"\A(?=[\t\r\n])|\A(?!')(?=[{_SKIPPED}']*{_SIGNS})|(?<=[;\t\r\n])(?=[{_SKIPPED}]*{_SIGNS})"
)


def safe_cell(text: str) -> str:
    r"""Return text that no spreadsheet runs as a formula; safe text comes back as it is.

    An apostrophe is put before what could start a formula (``= + - @``, also in full width, also
    behind spaces or quotes), a tab or a line break at the beginning of the text. The same is done
    behind a semicolon, a tab or a line break inside the text: a spreadsheet that is set to
    another kind of CSV starts a new cell there. A plain negative number such as ``-5.25`` stays.

    Control characters (line breaks and tabs excepted) are shown as ``\xNN``, characters that turn
    the direction of writing as ``\u202e``. Doing it twice is the same as doing it once.
    """
    if not _SUSPECT.search(text) or _NEGATIVE_NUMBER.fullmatch(text):
        return text
    return _FORMULA_START.sub("'", _HIDDEN.sub(_escaped, text))


def one_line(text: str) -> str:
    """Return text with every character escaped that can't be seen, line breaks and tabs too."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


def encodable(text: str) -> str:
    r"""Return text that UTF-8 can hold: the half of a character is shown as ``\ud800``."""
    return _HALVES.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    return match.group().encode("unicode_escape").decode("ascii")
