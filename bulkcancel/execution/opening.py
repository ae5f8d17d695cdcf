"""The journal of a run that is gone on with: found and opened."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from bulkcancel.errors import LockedError
from bulkcancel.execution.folder import RunFolder, find_run
from bulkcancel.execution.lock import holder_of, lock_folder
from bulkcancel.journal import Journal


def open_journal(folder: RunFolder) -> Journal:
    """Open the journal of a run and check that it is one, whole and of this version.

    Raises:
        JournalError: The journal can't be opened or trusted.
        LockedError: Another process works on this run; the text names it where that is known.
    """
    try:
        return Journal.open(folder.journal)
    except LockedError as error:
        words = holder_of(lock_folder(), folder.run_id)
        raise LockedError(f"{error} It is {words}." if words else str(error)) from error


@contextmanager
def opened_aside(reports: Path, run: str) -> Iterator[Future[tuple[RunFolder, Journal]]]:
    """Find a run and open its journal aside: a large one takes a second, most of it SQLite's.

    What comes of it is the run's folder and its journal, or what `find_run` and `open_journal`
    raise. On leaving, however that happens, the journal is closed.
    """

    def find_and_open() -> tuple[RunFolder, Journal]:
        folder = find_run(reports, run)
        return folder, open_journal(folder)

    with ThreadPoolExecutor(1) as aside:
        opened = aside.submit(find_and_open)
        try:
            yield opened
        finally:
            if opened.exception() is None:
                _, journal = opened.result()
                journal.close()  # once more does no harm: whoever went on with it closed it
