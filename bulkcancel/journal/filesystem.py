"""On what kind of file system a journal lies: SQLite's log does not work on network ones."""

from __future__ import annotations

import os
import re
from pathlib import Path

from bulkcancel.errors import JournalError

_NETWORK = re.compile(
    r"nfs\d?|cifs|smb\d?|smbfs|ncpfs|afs|9p|ceph|lustre|gpfs|beegfs|glusterfs|ocfs2|gfs2|"
    r"fuse\.(?:sshfs|glusterfs|ceph.*|s3fs|gcsfuse|rclone|davfs.*)|davfs"
)
_OCTAL = re.compile(r"\\([0-7]{3})")


def refuse_network(path: Path, mounts: str | None = None) -> None:
    """Refuse a journal on a network file system, where locks and syncs can't be relied on.

    ``mounts`` is the system's table of mounts (``/proc/self/mounts``, read where it exists).

    Raises:
        JournalError: The path lies on a network file system.
    """
    if mounts is None:
        try:
            mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace")
        except OSError:
            # A system without that table: nothing is known, so nothing is refused.
            return
    kind = kind_of(os.path.realpath(path), mounts)
    if kind is not None and _NETWORK.fullmatch(kind):
        raise JournalError(
            f"The journal {path} would lie on a network file system ({kind}), where a crash could "
            "lose it; nothing was sent. Give --reports a folder on a local disk."
        )


def kind_of(path: str, mounts: str) -> str | None:
    """Return the type of the file system that holds an absolute path, by a table of mounts."""
    best, found = "", None
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:  # noqa: PLR2004 - device, place, type
            continue
        place = _OCTAL.sub(lambda octal: chr(int(octal[1], 8)), fields[1])
        inside = path == place or path.startswith(place.rstrip("/") + "/")
        # Of two mounts on one place the later one is what is seen.
        if inside and len(place) >= len(best):
            best, found = place, fields[2]
    return found
