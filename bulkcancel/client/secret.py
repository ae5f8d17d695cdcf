"""A string that can't be printed by accident."""

from __future__ import annotations

import hmac
import re
from typing import Final, NoReturn

MASK: Final = "***"
_VISIBLE: Final = re.compile(r"[\x21-\x7e]+")


class Secret:
    """A secret text, such as the bearer token; `reveal` is the only way to see it.

    ``repr``, ``str`` and every format give ``***``, pickling and copying are refused, and two
    secrets are compared in constant time.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the secret itself; the result must go nowhere but to the wire."""
        return self._text

    def is_sendable(self) -> bool:
        """Return whether a header can hold it: visible ASCII characters only, and one at least."""
        return _VISIBLE.fullmatch(self._text) is not None

    def __repr__(self) -> str:
        return MASK

    def __str__(self) -> str:
        return MASK

    def __format__(self, format_spec: str) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        # "surrogatepass": any Python string has to be comparable, whatever it holds.
        mine, theirs = (one.reveal().encode("utf-8", "surrogatepass") for one in (self, other))
        return hmac.compare_digest(mine, theirs)

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is neither pickled nor copied")
