"""Run folders, and the one that is meant."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bulkcancel.errors import JournalError, RefusedError
from bulkcancel.journal import JOURNAL_NAME
from bulkcancel.report import sync_folder


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFolder:
    """Where everything about one run lies."""

    run_id: str
    path: Path

    @property
    def journal(self) -> Path:
        """Return the journal's path."""
        return self.path / JOURNAL_NAME

    def settle(self) -> None:
        """Bring the names of the folder and of its journal to the disk: a power cut spares them.

        Raises:
            JournalError: The file system refuses.
        """
        try:
            sync_folder(self.path)
            sync_folder(self.path.absolute().parent)
        except OSError as error:
            raise JournalError(
                f"The run folder {self.path} can't be brought to the disk ({error.strerror}); "
                "nothing was sent."
            ) from error

    def discard(self) -> None:
        """Remove the folder of a run that never began, with its unfinished journal."""
        for left in self.path.glob(f"{JOURNAL_NAME}*"):
            left.unlink(missing_ok=True)
        with suppress(OSError):  # not ours alone: then it stays
            self.path.rmdir()


def find_run(reports: Path, run: str) -> RunFolder:
    """Return the run named by its id or by its folder's path.

    Raises:
        RefusedError: There is no such run.
    """
    for path in (Path(run), reports / run):
        if (path / JOURNAL_NAME).is_file():
            # `reports/latest` may lead elsewhere by the time that the run is done.
            found = path.resolve() if path.is_symlink() else path
            return RunFolder(run_id=path.resolve().name, path=found)
    raise RefusedError(
        f"There is no run {run}: neither {run} nor {reports / run} holds a {JOURNAL_NAME}."
    )
