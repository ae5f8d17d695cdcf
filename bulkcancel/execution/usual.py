"""How many allocations the runs of a target usually have, in the user's state folder."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_state_path

from bulkcancel.execution.kept import keep, recall
from bulkcancel.model import Target

_MOST = 20
_FRESH = 400 * 86_400.0  # a clean-up may come once a year


def usual_folder() -> Path:
    """Return where the sizes of this user's runs lie, on this machine."""
    return user_state_path("bulkcancel") / "sizes"


def earlier_sizes(folder: Path, target: Target) -> tuple[int, ...]:
    """Return the numbers of allocations of the last twenty runs, the oldest first."""
    kept = recall(folder, target)
    if not isinstance(kept, list):
        return ()  # then nothing is usual, and nothing is asked
    return tuple(size for size in kept[-_MOST:] if isinstance(size, int) and size >= 0)


def note_size(folder: Path, target: Target, size: int) -> str:
    """Keep the size of a run; return what is wrong if it can't be, else nothing."""
    return keep(folder, target, (*earlier_sizes(folder, target), size)[-_MOST:], fresh=_FRESH)
