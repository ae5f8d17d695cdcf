"""Files that are not there, pipes that are kept, inputs that change between two readings."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bulkcancel.errors import InputRefusedError
from bulkcancel.manifest import InputOptions, Manifest, read_manifest

A = "62ff5c0bec0aed3c86202c32"
B = "62ff5c0bec0aed3c86202c33"
TEXT = f"allocation_id,note\n{A},x\n{B},y\n"
NOBODY = 65534
# Reads standard input as the command would, and says what is seen of its copy on the way.
PROGRAM = """
import sys
from pathlib import Path
from bulkcancel.errors import InputRefusedError
from bulkcancel.manifest import InputOptions, read_manifest
folder = Path(sys.argv[1])
def copies():
    return [(oct(file.stat().st_mode & 0o777), file.stat().st_size) for file in folder.iterdir()]
try:
    manifest = read_manifest(InputOptions(path="-"), spool_folder=folder)
except InputRefusedError as refusal:
    print(refusal, copies())
else:
    print(manifest.facts.path, manifest.facts.format, manifest.counts.unique, copies())
    print([row.allocation_id for rows in manifest.rows() for row in rows])
    if sys.argv[2] == "close":
        manifest.close()
        print(copies())
"""


def refusal_of(path: str | Path) -> str:
    """Return the sentence with which a path is refused."""
    with pytest.raises(InputRefusedError) as caught:
        read_manifest(InputOptions(path=str(path)))
    return str(caught.value)


def piped(content: bytes, folder: Path, how: str = "close") -> str:
    """Run the program above with bytes on its standard input."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder), how], input=content, capture_output=True,
        check=False,
    )  # fmt: skip
    assert done.stderr == b""
    return done.stdout.decode()


def test_a_path_that_can_not_be_read_is_told_in_words(tmp_path: Path) -> None:
    """Missing, a folder, below a file, a loop, too long, impossible, empty: each has a sentence."""
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    assert "there is no such file" in refusal_of(tmp_path / "missing.csv")
    assert "is a folder" in refusal_of(tmp_path)
    assert "Not a directory" in refusal_of(tmp_path / "file" / "x.csv")
    assert "can't be read (" in refusal_of(tmp_path / "loop")
    assert "File name too long" in refusal_of(tmp_path / ("x" * 300))
    assert "no name that a file can have" in refusal_of("a\0b")
    assert "no input was named" in refusal_of("")
    assert "is empty (0 bytes)" in refusal_of(tmp_path / "file")


@pytest.fixture
def unprivileged() -> Iterator[None]:
    """Give up root's right to read everything, for a test."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    yield
    os.seteuid(user)


def test_a_file_without_permission_is_told_in_words(
    write: Callable[..., Path], request: pytest.FixtureRequest
) -> None:
    """Who may not read the input learns that, not that it is missing."""
    path = write(TEXT)
    path.chmod(0)
    request.getfixturevalue("unprivileged")
    assert "you have no permission to read it" in refusal_of(path)


def test_a_name_with_control_characters_is_shown_escaped(tmp_path: Path) -> None:
    """A file's name can't write to the terminal."""
    said = refusal_of(tmp_path / "a\x1b[31m\nb.csv")
    assert "\\x1b[31m\\nb.csv" in said
    assert said.isprintable()


def test_standard_input_is_kept_privately_and_removed(tmp_path: Path) -> None:
    """The copy has mode 0600, serves every pass, and is gone after `close`."""
    assert piped(TEXT.encode(), tmp_path).splitlines() == [
        f"- csv 2 [('0o600', {len(TEXT)})]",
        str([A, B]),
        "[]",
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_forgotten_copy_is_removed_when_the_process_ends(tmp_path: Path) -> None:
    """A stop before `close` leaves no ids behind."""
    assert "('0o600'" in piped(TEXT.encode(), tmp_path, "leave")
    assert list(tmp_path.iterdir()) == []


def test_parquet_on_standard_input_is_recognised(
    tmp_path: Path, write: Callable[..., Path]
) -> None:
    """Its first bytes tell; no name is needed."""
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    file = write("", "x.parquet")
    pq.write_table(pa.table({"allocation_id": [A]}), file)
    assert piped(file.read_bytes(), tmp_path).startswith("- parquet 1 ")


@pytest.mark.parametrize(
    "content",
    [gzip.compress(TEXT.encode()), TEXT.encode("utf-16"), "archive"],
    ids=["gzip", "utf-16", "zip"],
)
def test_packed_and_marked_texts_on_standard_input_are_recognised(
    content: bytes | str, tmp_path: Path
) -> None:
    """Its first bytes tell; the copy is kept as it came."""
    if isinstance(content, str):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as written:
            written.writestr("ids.csv", TEXT)
        content = file.getvalue()
    assert piped(content, tmp_path).splitlines() == [
        f"- csv 2 [('0o600', {len(content)})]",
        str([A, B]),
        "[]",
    ]


@pytest.mark.parametrize(
    "content", [b"", b"note\nx\n", f"allocation_id,n\n{A},".encode() + b"\xff"]
)
def test_a_refused_standard_input_leaves_no_copy(content: bytes, tmp_path: Path) -> None:
    """Refused at any stage, by a sentence that calls it standard input."""
    said = piped(content, tmp_path)
    assert said.startswith("standard input: ")
    assert said.endswith(" []\n")


def test_a_closed_standard_input_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scheduler may start the program without one."""
    monkeypatch.setattr(sys, "stdin", None)
    assert "standard input is closed" in refusal_of("-")


def test_a_copy_that_can_not_be_kept_is_told_in_words(tmp_path: Path) -> None:
    """Where the folder for the copy is missing or full, the sentence says so."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    keep_open = os.open(fifo, os.O_RDWR)
    with pytest.raises(InputRefusedError, match="no copy of it could be kept on disk"):
        read_manifest(InputOptions(path=str(fifo)), spool_folder=tmp_path / "missing")
    os.close(keep_open)


def test_a_disk_that_is_full_is_told_in_words(tmp_path: Path) -> None:
    """A copy that breaks off is removed, and never read as the whole input."""
    limited = (
        "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n" + PROGRAM
    )
    content = TEXT.encode() + b"\n" * 300_000
    done = subprocess.run(
        [sys.executable, "-c", limited, str(tmp_path), "close"], input=content,
        capture_output=True, check=False,
    )  # fmt: skip
    assert b"no copy of it could be kept on disk (File too large) []" in done.stdout


def test_a_pipe_that_has_nothing_yet_is_not_taken_for_its_end(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Standard input that does not wait is refused: half of an input must not pass for all."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.write(writer, TEXT.encode())
    with os.fdopen(reader) as pipe, os.fdopen(writer, "wb"):
        monkeypatch.setattr(sys, "stdin", pipe)
        with pytest.raises(InputRefusedError, match="non-blocking"):
            read_manifest(InputOptions(path="-"), spool_folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_named_pipe_is_read_like_a_file(tmp_path: Path) -> None:
    """`bulkcancel run <(query)` works: what can be read once only is copied first."""
    fifo, spool = tmp_path / "fifo", tmp_path / "spool"
    os.mkfifo(fifo)
    spool.mkdir()
    feeder = threading.Thread(target=fifo.write_text, args=(TEXT,))
    feeder.start()
    with read_manifest(InputOptions(path=str(fifo)), spool_folder=spool) as manifest:
        feeder.join()
        assert len(list(spool.iterdir())) == 1
        assert manifest.first_ids == (A, B)
        assert sum(len(rows) for rows in manifest.rows()) == 2
    assert list(spool.iterdir()) == []


def test_closing_leaves_the_callers_file_alone(write: Callable[..., Path]) -> None:
    """Only our own copy is removed; a closed manifest gives no rows."""
    path = write(TEXT)
    with read_manifest(InputOptions(path=str(path))) as manifest:
        pass
    manifest.close()
    assert path.read_text() == TEXT
    with pytest.raises(ValueError, match="closed"):
        next(manifest.rows())


@pytest.mark.parametrize(
    "changed",
    [
        TEXT.replace(B, A),
        TEXT.replace(",y", ",z"),
        TEXT + f"{A}\n",
        TEXT[:-1],
        "",
        TEXT + "".join(f"{n:024x},x\n" for n in range(9000)),
    ],
)
def test_an_input_that_changed_is_refused_before_its_first_row(
    changed: str, write: Callable[..., Path]
) -> None:
    """What was confirmed is what is sent: any other byte stops it, be it in a note."""
    path = write(TEXT)
    manifest = read_manifest(InputOptions(path=str(path)))
    path.write_text(changed)
    with pytest.raises(InputRefusedError, match="the input changed since it was read"):
        next(manifest.rows())


def test_an_input_that_changes_during_the_second_reading_is_refused(
    write: Callable[..., Path],
) -> None:
    """The bytes that the rows came from are hashed again as they are read."""
    lines = [f"{n:024x},x\n" for n in range(60_000)]
    path = write("allocation_id,note\n" + "".join(lines))
    rows = read_manifest(InputOptions(path=str(path))).rows()
    next(rows)
    with path.open("r+b") as file:
        file.seek(-3, os.SEEK_END)
        file.write(b"y")
    with pytest.raises(InputRefusedError, match="the input changed since it was read"):
        list(rows)


def test_a_parquet_file_that_changes_during_the_reading_is_refused(
    write: Callable[..., Path],
) -> None:
    """Its time of change is held against the one at the start."""
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path = write("", "x.parquet")
    pq.write_table(pa.table({"allocation_id": [f"{n:024x}" for n in range(9000)]}), path)
    rows = read_manifest(InputOptions(path=str(path))).rows()
    next(rows)
    os.utime(path, (1, 1))
    with pytest.raises(InputRefusedError, match="changed while it was read"):
        list(rows)


def test_an_input_that_is_gone_or_another_thing_is_refused(write: Callable[..., Path]) -> None:
    """Between two readings a file can be removed, or replaced by a folder."""
    path = write(TEXT)
    manifest = read_manifest(InputOptions(path=str(path)))
    path.unlink()
    with pytest.raises(InputRefusedError, match="there is no such file"):
        next(manifest.rows())
    path.mkdir()
    with pytest.raises(InputRefusedError, match="is no longer a file"):
        next(manifest.rows())


def test_a_touched_or_replaced_file_of_the_same_bytes_is_the_same_input(
    write: Callable[..., Path],
) -> None:
    """Only the content counts."""
    path = write(TEXT)
    manifest: Manifest = read_manifest(InputOptions(path=str(path)))
    path.unlink()
    path.write_text(TEXT)
    os.utime(path, (1, 1))
    assert sum(len(rows) for rows in manifest.rows()) == 2


def test_a_sheet_of_a_text_is_refused(tmp_path: Path) -> None:
    """An option that would do nothing is a mistake about the input, and said so."""
    path = tmp_path / "ids.csv"
    path.write_text(f"allocation_id\n{'0' * 24}\n")
    with pytest.raises(InputRefusedError, match="and --sheet is for workbooks: leave it out"):
        read_manifest(InputOptions(path=str(path), sheet="Orders"))
