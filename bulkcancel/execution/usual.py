"""How many allocations the runs of a target usually have, in the user's state folder."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from platformdirs import user_state_path

from bulkcancel.model import Target

_MOST = 20


def usual_folder() -> Path:
    """Return where the sizes of this user's runs lie, on this machine."""
    return user_state_path("bulkcancel") / "sizes"


def earlier_sizes(folder: Path, target: Target) -> tuple[int, ...]:
    """Return the numbers of allocations of the last twenty runs, the oldest first."""
    try:
        kept = json.loads(_place(folder, target).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        # Without it nothing is usual, and nothing is asked: as on a new machine.
        return ()
    if not isinstance(kept, list):
        return ()
    return tuple(size for size in kept[-_MOST:] if isinstance(size, int) and size >= 0)


def note_size(folder: Path, target: Target, size: int) -> str:
    """Keep the size of a run; return what is wrong if it can't be, else nothing."""
    place = _place(folder, target)
    partial = place.with_suffix(f".{os.getpid()}.partial")
    sizes = (*earlier_sizes(folder, target), size)[-_MOST:]
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial.write_text(json.dumps(sizes), encoding="utf-8")
        partial.replace(place)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        return f"{place}: {error.strerror}"
    return ""


def _place(folder: Path, target: Target) -> Path:
    key = f"{target.base_url}\n{target.account}"
    return folder / f"{sha256(key.encode()).hexdigest()[:32]}.json"
