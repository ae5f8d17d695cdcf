"""A journal asked by threads of their own, while another one works on what it answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from types import TracebackType
from typing import Self, TypeVar

from bulkcancel.journal import Journal

_Answer = TypeVar("_Answer")


class JournalReader:
    """Asks a journal beside the caller's own work; use it as a context manager.

    SQLite holds no lock of Python while it works, so it and the caller keep two cores busy. Until
    the manager is left nobody else may use the journal.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = self._beside = journal
        # What is asked ahead must not wait until all else is answered.
        self._aside = ThreadPoolExecutor(1, "journal")
        self._ahead = ThreadPoolExecutor(1, "journal-ahead")
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._beside = self._stack.enter_context(self._journal.beside())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._stack:
            # What is being asked has to end: the journal may be closed next.
            self._ahead.shutdown(cancel_futures=True)
            self._aside.shutdown(cancel_futures=True)

    def ask(self, question: Callable[[Journal], _Answer]) -> Future[_Answer]:
        """Ask it as soon as all that was asked so before is answered."""
        return self._aside.submit(question, self._beside)

    def ahead(self, question: Callable[[Journal], Iterator[_Answer]]) -> Iterator[_Answer]:
        """Yield answers of which the next one is always sought already."""
        answers = question(self._journal)
        coming = self._ahead.submit(next, answers, None)
        while (answer := coming.result()) is not None:
            coming = self._ahead.submit(next, answers, None)
            yield answer
