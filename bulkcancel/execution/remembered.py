"""The rate limits that earlier runs learned, by API and account, in the user's state folder."""

from __future__ import annotations

import math
from pathlib import Path

from platformdirs import user_state_path

from bulkcancel.execution.kept import keep, recall
from bulkcancel.execution.settings import RunSettings
from bulkcancel.model import Target

_FRESH = 30 * 86_400.0
_LEAST, _MOST = 0.01, 1_000_000.0


def limits_folder() -> Path:
    """Return where the learned limits of this user lie, on this machine."""
    return user_state_path("bulkcancel") / "limits"


def known_limit(settings: RunSettings, *, now: float) -> float | None:
    """Return the limit that a run with these settings begins from; ``None`` if none is known.

    It is one process' limit: with a shared rate none is.
    """
    if settings.fixed_rate or settings.shared_rate is not None:
        return None
    return recall_limit(limits_folder(), settings.target, now=now)


def recall_limit(folder: Path, target: Target, *, now: float) -> float | None:
    """Return the limit learned for an API's origin and an account, in requests per second.

    ``None`` if there is none, or one that is damaged or more than thirty days old. ``now`` is
    seconds since the epoch.
    """
    kept = recall(folder, target)
    try:
        limit, at = float(kept["limit"]), float(kept["at"])
    except (ValueError, KeyError, TypeError, OverflowError):
        return None  # it is only a hint for the start: without it a run learns anew
    usable = math.isfinite(limit) and _LEAST <= limit <= _MOST and 0.0 <= now - at <= _FRESH
    return limit if usable else None


def remember_limit(folder: Path, target: Target, limit: float, *, now: float) -> str:
    """Keep a learned limit; return what is wrong if it can't be, else nothing."""
    return keep(folder, target, {"limit": round(limit, 3), "at": now}, fresh=_FRESH)
