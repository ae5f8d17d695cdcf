"""Small facts about a target that outlive its runs, in the user's state folder."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bulkcancel.model import Target


def recall(folder: Path, target: Target) -> Any:
    """Return what was kept for an API's origin and an account; ``None`` if nothing sound was.

    These facts are hints: without one a run does as on a new machine.
    """
    try:
        return json.loads(_place(folder, target).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def keep(folder: Path, target: Target, value: Any, *, fresh: float) -> str:
    """Keep a value of JSON, whole or not at all; return what is wrong if it can't be, else nothing.

    What was kept for any target more than ``fresh`` seconds before is removed.
    """
    place = _place(folder, target)
    partial = place.with_suffix(f".{os.getpid()}.partial")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial.write_text(json.dumps(value), encoding="utf-8")
        partial.replace(place)
        newest = place.stat().st_mtime
        for old in folder.glob("*.json"):
            if newest - old.stat().st_mtime > fresh:
                old.unlink(missing_ok=True)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        return f"{place}: {error.strerror}"
    return ""


def _place(folder: Path, target: Target) -> Path:
    parts = urlsplit(target.base_url)
    key = f"{parts.scheme}://{parts.netloc}\n{target.account}"
    return folder / f"{sha256(key.encode()).hexdigest()[:32]}.json"
