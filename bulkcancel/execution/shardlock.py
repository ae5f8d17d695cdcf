"""Shards of one input side by side: each at most once, and never beside a run of the whole."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from bulkcancel.decision import Shard
from bulkcancel.errors import LockedError
from bulkcancel.execution.lock import cant_lock, holder_words, lock_path, noted
from bulkcancel.model import Target

_PATIENCE = 10.0
"""Seconds to wait for another shard that is just taking its lock, which takes milliseconds."""


@contextmanager
def one_of_each(
    folder: Path, target: Target, digest: str, shard: Shard, *, run_id: str, since: str
) -> Iterator[None]:
    """Hold the lock for a shard of an input, as `bulkcancel.execution.lock.one_at_a_time` does.

    The input's own lock is shared by its shards, as long as all are of the same number.

    Raises:
        LockedError: Another run works on this shard, on the whole input, or on a shard of another
            number of shards.
        RefusedError: The folder can't be written.
    """
    whole = lock_path(folder, target, digest)
    own = whole.with_name(f"{whole.stem}.{shard.index}-{shard.of}.lock")
    with ExitStack() as held:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(whole, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            held.callback(os.close, descriptor)
            with FileLock(whole.with_suffix(".gate"), timeout=_PATIENCE):
                _share(descriptor, whole, shard)
                held.enter_context(FileLock(own, timeout=0))
        except Timeout as error:
            raise LockedError(
                f"Another run works on {shard.words} of the same input for the same account: "
                f"{holder_words(own)}. Try again when it is done."
            ) from error
        except OSError as error:
            raise cant_lock(whole, error) from error
        with noted(own, run_id=run_id, since=since):
            yield


def _share(descriptor: int, whole: Path, shard: Shard) -> None:
    """Take the input's lock for shards of this number; call it behind the gate."""
    note = whole.with_suffix(".json")
    if _locked(descriptor, fcntl.LOCK_EX):
        # Nobody else works on this input: from now on it is divided among so many.
        note.write_text(json.dumps({"shards": shard.of}), encoding="utf-8")
    if not _locked(descriptor, fcntl.LOCK_SH) or _number_of(note) != shard.of:
        raise LockedError(
            f"Another run works on the same input for the same account, and not on a shard of "
            f"{shard.of:,}: {holder_words(whole)}. Try again when it is done."
        )


def _locked(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _number_of(note: Path) -> object:
    """Return how many shards the input is divided among, as its first shard noted."""
    try:
        return json.loads(note.read_text(encoding="utf-8"))["shards"]
    except (OSError, ValueError, KeyError, TypeError):
        return None  # then it is not known, and nothing begins
