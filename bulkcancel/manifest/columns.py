"""Which column holds the ids."""

from __future__ import annotations

from collections.abc import Sequence

from bulkcancel.errors import InputRefusedError
from bulkcancel.manifest.ids import trim
from bulkcancel.manifest.wording import show, show_names

_USUAL = frozenset({"allocationid", "allocationids"})
_IGNORED = str.maketrans("", "", " _-\u00a0\t")


def candidates(names: Sequence[str], wanted: str | None) -> list[int]:
    """Return the positions (from 0) of the columns that may hold the ids.

    ``wanted`` (``--id-column``) is matched exactly, and where that gives none, as the usual names
    are: without regard to case, spaces, underscores and hyphens.
    """
    if wanted is None:
        return [place for place, name in enumerate(names) if _plain(name) in _USUAL]
    exact = [place for place, name in enumerate(names) if name == wanted]
    plain = _plain(wanted)
    if exact or not plain:
        return exact
    return [place for place, name in enumerate(names) if _plain(name) == plain]


def find_id_column(names: Sequence[str], wanted: str | None, source: str) -> int:
    """Return the position (from 0) of the one column that holds the ids.

    Raises:
        InputRefusedError: no column or several may hold them. ``source`` names the input.
    """
    found = candidates(names, wanted)
    match found:
        case [place]:
            return place
        case []:
            raise InputRefusedError(f"{source}: {_none_found(names, wanted)}")
        case _:
            raise InputRefusedError(f"{source}: {_several_found(names, found)}")


def _none_found(names: Sequence[str], wanted: str | None) -> str:
    columns = f"the columns are {show_names(names)}" if names else "it has no columns"
    if wanted is not None:
        return f"no column is named {show(wanted)} (--id-column); {columns}"
    return (
        f"no column is named allocation_id (or allocationId, Allocation ID, ...); {columns}; "
        "say which one holds the ids with --id-column NAME"
    )


def _several_found(names: Sequence[str], found: Sequence[int]) -> str:
    places = " and ".join(f"column {place + 1} ({show(names[place])})" for place in found)
    if len({names[place] for place in found}) < len(found):
        return f"{places} have the same name: rename all but the one that holds the ids"
    return f"{places} may both hold the ids: say which one does with --id-column NAME"


def _plain(name: str) -> str:
    return trim(name).casefold().translate(_IGNORED)
