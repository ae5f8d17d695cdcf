"""Too little room for what is to be written."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def tiny_disk(place: Path) -> Iterator[Callable[[int], None]]:
    """Mount a file system of 4 MB; give a function that leaves only so many bytes of it free."""
    place.mkdir(exist_ok=True)
    mount = shutil.which("mount")
    if os.geteuid() != 0 or mount is None:
        pytest.skip("to mount a small file system one has to be root")
    words = [mount, "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("this system permits no mount")
    filler = place / "filler"

    def leave(free: int) -> None:
        filler.unlink(missing_ok=True)
        if free >= 0:
            filler.write_bytes(bytes(max(0, shutil.disk_usage(place).free - free)))

    try:
        yield leave
    finally:
        subprocess.run([shutil.which("umount") or "umount", "-l", str(place)], check=True)


@contextmanager
def small_files(_place: Path) -> Iterator[Callable[[int], None]]:
    """Give a function that forbids this process files of more than so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def leave(free: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, before if free < 0 else (free, before[1]))

    try:
        yield leave
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
