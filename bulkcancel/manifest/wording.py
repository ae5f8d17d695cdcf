"""Foreign text made fit for a sentence that a person reads on a terminal."""

from __future__ import annotations

from collections.abc import Iterable

_LONGEST = 60


def escape(text: str) -> str:
    """Return text on one line, with control, invisible and look-alike blank characters escaped."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


def show(text: str, limit: int = _LONGEST) -> str:
    """Return text escaped, in quotes, and cut to ``limit`` characters."""
    more = "..." if len(text) > limit else ""
    return f"'{escape(text[:limit])}{more}'"


def show_names(names: Iterable[str], limit: int = 20) -> str:
    """Return the first ``limit`` names of columns, and how many more there are."""
    shown = [show(name) for name in names]
    more = f" and {len(shown) - limit:,} more" if len(shown) > limit else ""
    return ", ".join(shown[:limit]) + more


def count(number: int, noun: str) -> str:
    """Return a number with its noun, such as ``1 cell`` or ``1,200 cells``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
