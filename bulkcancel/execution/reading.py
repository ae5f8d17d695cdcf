"""A journal asked by a thread of its own, while another one works on what it answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

from bulkcancel.journal import Journal

_Answer = TypeVar("_Answer")


class JournalReader:
    """Asks a journal one question after another; use it as a context manager.

    SQLite holds no lock of Python while it works, so it and the caller keep two cores busy. Until
    the manager is left nobody else may use the journal.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._thread = ThreadPoolExecutor(1, "journal")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # What is being asked has to end: the journal may be closed next.
        self._thread.shutdown(cancel_futures=True)

    def ask(self, question: Callable[[Journal], _Answer]) -> Future[_Answer]:
        """Ask it as soon as all that was asked before is answered."""
        return self._thread.submit(question, self._journal)

    def ahead(self, question: Callable[[Journal], Iterator[_Answer]]) -> Iterator[_Answer]:
        """Yield answers of which the next one is always sought already."""
        answers = question(self._journal)
        coming = self.ask(lambda _: next(answers, None))
        while (answer := coming.result()) is not None:
            coming = self.ask(lambda _: next(answers, None))
            yield answer
