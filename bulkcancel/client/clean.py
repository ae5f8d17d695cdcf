"""Make a server's message fit for a report: one line, no secret, no personal data, short."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from bulkcancel.client.secret import Secret

LONGEST: Final = 200
HIDDEN: Final = "[redacted]"
EMAIL: Final = "[e-mail]"
NUMBER: Final = "[number]"
NAME: Final = "[name]"

_LONGEST_READ: Final = 4096  # far beyond what is kept, so that a huge message costs little time
_SHORTEST_TOKEN: Final = 4  # a shorter "token" is a common syllable, and hides nothing
_SHORTEST_PIECE: Final = 8
_LONGEST_WORD: Final = 15
_JWT_HEAD: Final = "eyJ"  # what `{"` becomes in base64, so how every JWT begins

# Every pattern is matched over whole runs, or bounded, so that a hostile text costs linear time.
_BEARER: Final = re.compile(r"\b(Bearer) ([^\s\"',;]+)", re.IGNORECASE)
_RUN: Final = re.compile(r"[A-Za-z0-9_.~+/=-]+")
_WORD: Final = re.compile(r"[^\s\"'<>(),;]+")
_AT: Final = ("@", "\N{FULLWIDTH COMMERCIAL AT}", "%40")
_KEPT: Final = re.compile(
    r"""
    (?<![0-9A-Za-z])(
        [0-9A-Fa-f]{24}                                         # an allocation id
      | [0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}    # a UUID
      | [A-Z][A-Z_]{3,30}-[0-9]{3,6}                            # an error code
      | (?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])
        (?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?
           (?:Z|[+-][0-9]{2}:?[0-9]{2})?)?                      # an ISO 8601 time
    )(?![0-9A-Za-z])
    """,
    re.VERBOSE,
)
_MANY_DIGITS: Final = re.compile(r"\+?\d(?:[\s().\N{HYPHEN}-\N{EM DASH}/-]{0,3}\d){6,}")

_NAME: Final = re.compile(
    r"""
    \b(?:[0-9]{1,5}[ ])?                                # a house number
    [^\W\d_a-z][^\W\d_A-Z]{0,30}                       # a capitalised word ...
    (?:[ '\u2019-][^\W\d_a-z][^\W\d_A-Z]{0,30}){1,5}\b  # ... and more of them
    """,
    re.VERBOSE,
)
# The words that APIs and gateways capitalise; a run of these alone is no name.
_API_WORD: Final = re.compile(
    r"""
    a|access|again|allocations?|allowed|already|an|api|are|bad|be|been|by|can|cancell?ed|cannot
    |closed|conflict|content|could|database|denied|document|drop|duplicate|entity|error|expected
    |expired|failed|field|forbidden|found|gateway|has|ids?|in|internal|invalid|is|items?|large
    |later|limit|location|many|media|method|missing|must|no|not|of|on|operation|orders?|out
    |parameter|path|payload|pending|pick|please|precondition|purchase|quota|rate|read|refused
    |rejected|requests?|required|resource|returned|scratched|server|service|shipped|state|status
    |store|the|time|timeout|to|token|too|try|type|unauthori[sz]ed|unavailable|unprocessable
    |unsupported|update|user|valid|value|vendor|version|was|with|write|wrong
    """,
    re.VERBOSE | re.IGNORECASE,
)


def clean_text(text: str, token: Secret) -> str:
    """Return ``text`` as one printable line of at most 200 characters.

    Control, direction and zero-width characters are removed, line breaks become spaces; the
    token (whole, or a piece of it of 8 characters and more), anything that looks like a JWT or a
    bearer header, e-mail addresses, runs of 7 and more digits and what looks like a name or a
    street (capitalised words beside each other that are not those of an API) are replaced.
    Allocation ids of 24 hex characters, UUIDs, error codes and ISO 8601 times stay.
    """
    # The order matters: an invisible character could split a token so that it isn't recognised,
    # and a cut could leave a part of one.
    line = _without_token(printable(text[:_LONGEST_READ]), token.reveal())
    line = _WORD.sub(_hide_email, line)
    pieces = _KEPT.split(line)  # every second piece is one to keep
    pieces[::2] = [_NAME.sub(_hide_name, _MANY_DIGITS.sub(NUMBER, piece)) for piece in pieces[::2]]
    line = "".join(pieces)
    return line if len(line) <= LONGEST else line[: LONGEST - 1].rstrip() + "…"


def printable(text: str) -> str:
    """Return ``text`` on one line: no control, format, unassigned or surrogate characters."""
    if not text.isprintable():
        text = "".join(one for one in text if one.isspace() or not _is_invisible(one))
    return " ".join(text.split())


def holds_token(text: str, token: Secret) -> bool:
    """Return whether the token stands in ``text`` as a whole."""
    return len(token.reveal()) >= _SHORTEST_TOKEN and token.reveal() in text


def _without_token(text: str, token: str) -> str:
    if len(token) >= _SHORTEST_TOKEN:
        text = text.replace(token, HIDDEN)
    text = _BEARER.sub(_hide_bearer, text)

    def hide(match: re.Match[str]) -> str:
        run = match.group()
        core = run.strip(".=")  # as in "abcdef..."
        is_piece = len(core) >= _SHORTEST_PIECE and core in token
        _, head, tail = run.partition(_JWT_HEAD)
        return HIDDEN if is_piece or (head and len(tail) >= _SHORTEST_PIECE) else run

    return _RUN.sub(hide, text)


def _is_invisible(character: str) -> bool:
    return unicodedata.category(character).startswith("C")


def _hide_bearer(match: re.Match[str]) -> str:
    # "Bearer token expired" names no token, and what it says decides what the answer means.
    word = match.group(2).rstrip(".:!?")
    plain = word.isalpha() and word[1:].islower() and len(word) <= _LONGEST_WORD
    return match.group() if plain else f"{match.group(1)} {HIDDEN}"


def _hide_name(match: re.Match[str]) -> str:
    words = re.split(r"[ '\u2019-]", match.group().lstrip("0123456789 "))
    return match.group() if all(map(_API_WORD.fullmatch, words)) else NAME


def _hide_email(match: re.Match[str]) -> str:
    return EMAIL if any(sign in match.group().strip("@") for sign in _AT) else match.group()
