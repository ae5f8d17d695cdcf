"""``reports/latest``: a link to the run whose reports were published last."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

LATEST = "latest"


def point_latest(folder: Path) -> str:
    """Let ``latest``, beside a run folder, lead to it; return why it can't, else nothing.

    Call it when a run has published its reports, so that ``latest/summary.json`` always exists.
    The link is relative, so that the reports can be moved, and takes the place of the one before
    at once: whoever reads through it sees the old run or the new one. Something else that is
    called so, and is no link, is left as it is.
    """
    if folder.name == LATEST:  # the run was named by the link itself
        folder = folder.resolve()
    name = folder.absolute().name
    link = folder.absolute().parent / LATEST
    if os.path.lexists(link) and not link.is_symlink():
        return f"{link} is no link, and is left as it is"
    aside = link.with_name(f".{LATEST}.{os.getpid()}")
    try:
        aside.unlink(missing_ok=True)
        aside.symlink_to(name, target_is_directory=True)
        aside.replace(link)
    except OSError as error:
        with suppress(OSError):
            aside.unlink()
        return f"{link} can't be made ({error.strerror})"
    return ""


def drop_dangling_latest(reports: Path) -> bool:
    """Remove ``latest`` if the run that it led to is gone; say whether it was removed.

    Raises:
        OSError: It can't be removed.
    """
    link = reports / LATEST
    if not link.is_symlink() or link.exists():
        return False
    link.unlink()
    return True
