"""What is said about a workbook that can't be read."""

from __future__ import annotations


class UnreadableError(Exception):
    """A workbook can't be read; the text follows the file's name in a sentence."""


def damaged(what: str) -> UnreadableError:
    """Return the error for a workbook that no spreadsheet program wrote so."""
    return UnreadableError(
        f"is a damaged or unfinished workbook ({what}); copy it again, or open it in the "
        "spreadsheet program and save it anew"
    )
