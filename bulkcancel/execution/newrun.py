"""The id of a new run, and its folder."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime
from pathlib import Path

from bulkcancel.errors import RefusedError, ReportError
from bulkcancel.execution.folder import RunFolder
from bulkcancel.execution.latest import LATEST
from bulkcancel.execution.pruning import clear_unbegun

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def new_run(reports: Path, run_id: str | None, *, now: float) -> RunFolder:
    """Make an empty run folder below ``reports``; ``now`` is in seconds since the epoch.

    The folder of a run of that name that ended before anything was sent is replaced.

    Raises:
        RefusedError: The id is not fit for a folder's name, or there is such a run already.
        ReportError: The folder can't be made.
    """
    folder = named_run(reports, run_id, now=now)
    try:
        reports.mkdir(parents=True, exist_ok=True)
        if folder.path.is_dir():
            clear_unbegun(reports, folder.run_id)
        folder.path.mkdir(mode=0o700)
    except FileExistsError as error:
        raise RefusedError(
            f"There is a run {folder.run_id} in {reports} already: `bulkcancel resume "
            f"{folder.run_id}` goes on with it; a new run needs another --run-id."
        ) from error
    except OSError as error:
        raise ReportError(
            f"The run folder {folder.path} can't be made ({error.strerror}); nothing was sent."
        ) from error
    return folder


def named_run(reports: Path, run_id: str | None, *, now: float) -> RunFolder:
    """Return where a run of that id lies; without one it gets an id with the time in it.

    Raises:
        RefusedError: The id is not fit for a folder's name.
    """
    if run_id is None:
        moment = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
        run_id = f"{moment}-{secrets.token_hex(2)}"
    if not _RUN_ID.fullmatch(run_id) or run_id == LATEST:
        raise RefusedError(
            f"The run id {run_id!r} is not fit for a folder: use up to 64 letters, digits, dots, "
            "hyphens and underscores, a letter or digit first."
        )
    return RunFolder(run_id=run_id, path=reports / run_id)
