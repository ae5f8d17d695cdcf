"""Files that appear whole or not at all."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bulkcancel.errors import ExitCode, ReportError
from bulkcancel.report.atomic import Staging, atomic, atomic_text

SMALL_DISK = """
import resource, sys
from pathlib import Path
from bulkcancel.errors import ReportError
from bulkcancel.report.atomic import atomic
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
try:
    with atomic(Path(sys.argv[1])) as file:
        for _ in range(int(sys.argv[2])):
            file.write(b"x" * 1000)
except ReportError as error:
    print(error)
"""


def test_a_file_appears_when_it_is_whole(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Until the block ends the old content stands; then the new one, readable by its owner."""
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    before = os.umask(0)
    request.addfinalizer(lambda: os.umask(before))
    with atomic(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [found.name for found in tmp_path.iterdir()] == ["a.bin"]


def test_text_is_written_as_it_is(tmp_path: Path) -> None:
    """UTF-8 without a mark, line ends untouched, and the half of a character as an escape."""
    path = tmp_path / "a.txt"
    with atomic_text(path) as file:
        file.write("é\r\n\n\ud800")
    assert path.read_bytes() == b"\xc3\xa9\r\n\n\\ud800"
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("opened", [atomic, atomic_text])
def test_an_error_leaves_no_trace(tmp_path: Path, opened: object) -> None:
    """What goes wrong in the block is told as it is; the old content stands, nothing else."""
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def write_and_fail() -> None:
        with opened(path) as file:  # type: ignore[operator] # one of two, each takes a path
            file.write("new" if isinstance(file, io.TextIOBase) else b"new")
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        write_and_fail()
    assert path.read_bytes() == b"old"
    assert [found.name for found in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("thousands", [6, 3000])
def test_a_full_disk_is_told(tmp_path: Path, thousands: int) -> None:
    """No more room, early or only at the end: one sentence with path, reason and way out."""
    path = tmp_path / "a"
    path.write_bytes(b"old")
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", SMALL_DISK, str(path), str(thousands)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == (
        f"{path} can't be written (File too large); the journal is complete: "
        "`bulkcancel report RUN` writes the reports again.\n"
    )
    assert ran.stderr == ""
    assert path.read_bytes() == b"old"
    assert [found.name for found in tmp_path.iterdir()] == ["a"]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    """A folder that was removed gives a sentence as well, with the exit code for reports."""
    with (
        pytest.raises(ReportError, match="No such file or directory") as caught,
        atomic(tmp_path / "gone" / "a"),
    ):
        pass
    assert str(caught.value).startswith(f"{tmp_path / 'gone' / 'a'} can't be written")
    assert caught.value.exit_code is ExitCode.UNSOUND


def test_a_target_that_can_not_be_replaced_is_told(tmp_path: Path) -> None:
    """A folder in the file's place is told, left alone, and the temporary file removed."""
    (tmp_path / "a").mkdir()
    with pytest.raises(ReportError, match="can't be written"), atomic(tmp_path / "a") as file:
        file.write(b"new")
    assert [found.name for found in tmp_path.iterdir()] == ["a"]


def test_what_a_killed_process_left_is_taken_away(tmp_path: Path) -> None:
    """An old temporary file, even a link set in its place, is replaced and not followed."""
    other = tmp_path / "other"
    other.write_bytes(b"mine")
    with Staging(tmp_path) as staging:
        staging.path("a").symlink_to(other)
        staging.create("a").write(b"new")
        staging.seal()
        staging.publish({"a": "a"})
    assert other.read_bytes() == b"mine"
    assert (tmp_path / "a").read_bytes() == b"new"
    assert not (tmp_path / "a").is_symlink()


def test_files_are_published_together(tmp_path: Path) -> None:
    """Sealed files give their digests; the ones published appear, the others are removed."""
    with Staging(tmp_path) as staging:
        for name in ("a", "b", "c"):
            staging.create(name).write(name.encode() * 3)
        digests = staging.seal()
        assert digests == {
            name: hashlib.sha256(name.encode() * 3).hexdigest() for name in ("a", "b", "c")
        }
        staging.create("d").write(b"late")
        assert list(staging.seal()) == ["a", "b", "c", "d"]
        assert staging.path("a").read_bytes() == b"aaa"
        staging.publish({"a": "a", "d": "x.d"})
    assert {found.name: found.read_bytes() for found in tmp_path.iterdir()} == {
        "a": b"aaa",
        "x.d": b"late",
    }
