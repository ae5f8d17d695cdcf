"""Group commit: what the workers write at the same time goes to the disk together."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import anyio
import anyio.to_thread

from bulkcancel.errors import BulkcancelError
from bulkcancel.journal import Entry, Journal
from bulkcancel.runner.bell import Bell

_Result = TypeVar("_Result")

_GATHER = 0.002
"""So many seconds a commit waits for others to join it: a disk takes about as long for one."""


class _Batch:
    """Entries that will be committed together, and the word when they are."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.waiters = 0
        self.done = anyio.Event()


class Desk:
    """Takes entries for the journal, and tells when they are on the disk.

    One commit is under way at a time, in a thread of its own; all that arrives meanwhile forms
    the next one. It begins when ``enough`` callers wait for it, or after two milliseconds. After a
    failed commit nothing more is written: every call raises that error.
    """

    def __init__(self, journal: Journal, *, enough: int = 1) -> None:
        self._journal = journal
        self._enough = enough
        self._batch = _Batch()
        self._bell = Bell()
        self._closing = False
        self._thread = anyio.CapacityLimiter(1)
        self.failure: BulkcancelError | None = None
        self.commits = 0
        self.drained = anyio.Event()

    async def run(self) -> None:
        """Commit batches until `close` was called and nothing is left."""
        while True:
            if not self._batch.entries:
                if self._closing:
                    self.drained.set()
                    return
                await self._bell.wait()
                continue
            await self._gather()
            batch, self._batch = self._batch, _Batch()
            if self.failure is None:
                try:
                    await self.call(partial(self._journal.write, batch.entries))
                    self.commits += 1
                except BulkcancelError as error:
                    self.failure = error
            batch.done.set()

    async def _gather(self) -> None:
        """Wait until enough callers wait, or it is time."""
        if self._batch.waiters >= self._enough or self._closing:
            return
        with anyio.move_on_after(_GATHER):
            while self._batch.waiters < self._enough and not self._closing:
                await self._bell.wait()

    async def write(self, *entries: Entry) -> None:
        """Return when the entries, and all that were handed in before, are on the disk.

        Raises:
            JournalError: They are not, and nothing will be any more.
        """
        batch = self._batch
        batch.entries.extend(entries)
        batch.waiters += 1
        if batch.waiters == 1 or batch.waiters >= self._enough:
            self._bell.ring()
        await batch.done.wait()
        if self.failure is not None:
            raise self.failure

    def put(self, *entries: Entry) -> None:
        """Hand entries in without waiting for them; the next `write` waits for them as well.

        Raises:
            JournalError: Nothing can be written any more.
        """
        if self.failure is not None:
            raise self.failure
        self._batch.entries.extend(entries)
        if not self._batch.waiters:
            self._bell.ring()

    async def call(self, function: Callable[[], _Result]) -> _Result:
        """Run a function that uses the journal, in turn with the commits."""
        return await anyio.to_thread.run_sync(function, limiter=self._thread)

    def close(self) -> None:
        """Let `run` return once what was handed in is on the disk."""
        self._closing = True
        self._bell.ring()
