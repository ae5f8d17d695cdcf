"""One run at a time over the same input for the same account."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from filelock import FileLock, Timeout
from platformdirs import user_state_path

from bulkcancel.errors import LockedError, RefusedError
from bulkcancel.model import Target


def lock_folder() -> Path:
    """Return where the locks of this user lie, on this machine."""
    return user_state_path("bulkcancel") / "locks"


@contextmanager
def one_at_a_time(
    folder: Path, target: Target, digest: str, *, run_id: str, since: str
) -> Iterator[None]:
    """Hold the lock for an API's origin, an account and an input (its manifest's digest).

    The system lets go of it when the process ends, however that happens. ``since`` is when the
    run began, for whoever finds the lock held.

    Raises:
        LockedError: Another run holds it; the text names that run and its process.
        RefusedError: The folder can't be written.
    """
    path = lock_path(folder, target, digest)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = FileLock(path, timeout=0)
        lock.acquire()
    except Timeout as error:
        raise LockedError(
            f"Another run works on the same input for the same account: {holder_words(path)}. "
            "Try again when it is done."
        ) from error
    except OSError as error:
        raise cant_lock(path, error) from error
    try:
        with noted(path, run_id=run_id, since=since):
            yield
    finally:
        # The lock's own file stays: to remove it while another waits would give both a lock.
        lock.release()


def lock_path(folder: Path, target: Target, digest: str) -> Path:
    """Return which file is locked for an API's origin, an account and an input."""
    parts = urlsplit(target.base_url)
    key = f"{parts.scheme}://{parts.netloc}\n{target.account}\n{digest}"
    return folder / f"{sha256(key.encode()).hexdigest()[:32]}.lock"


@contextmanager
def noted(path: Path, *, run_id: str, since: str) -> Iterator[None]:
    """Note beside a lock, while it is held, who holds it."""
    who = {"run_id": run_id, "pid": os.getpid(), "host": socket.gethostname(), "since": since}
    holder = path.with_suffix(".json")
    try:
        holder.write_text(json.dumps(who), encoding="utf-8")
        yield
    finally:
        holder.unlink(missing_ok=True)


def holder_words(path: Path) -> str:
    """Return who holds a lock, in words."""
    return _words(path.with_suffix(".json"))


def cant_lock(path: Path, error: OSError) -> RefusedError:
    """Return what to raise for a lock that the system refuses."""
    return RefusedError(f"The lock {path} can't be taken ({error.strerror}); nothing was sent.")


def holder_of(folder: Path, run_id: str) -> str:
    """Return who works on a run, in words; empty if that can't be told."""
    for holder in folder.glob("*.json"):
        words = _words(holder)
        if words.startswith(f"run {run_id},"):
            return words
    return ""


def _words(holder: Path) -> str:
    try:
        who = json.loads(holder.read_text(encoding="utf-8"))
        if "shards" in who:
            return f"a run of a shard, of {who['shards']}"
        return f"run {who['run_id']}, process {who['pid']} on {who['host']}, since {who['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        # It is just being taken or let go; who it is can't be told, that it is held is certain.
        return "a run that has just begun"
