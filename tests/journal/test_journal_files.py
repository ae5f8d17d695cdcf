"""The journal as a file: made, opened, locked, and refused in words when it can't be trusted."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from bulkcancel.errors import ExitCode, InputRefusedError, JournalError, LockedError
from bulkcancel.journal import (
    AttemptEntry,
    Intent,
    Journal,
    fresh_cases,
    open_cases,
)
from bulkcancel.journal.sealing import seal_in_file
from bulkcancel.model import Kind, ManifestRow, RowKind

IDS = [f"62ff5c0bec0aed3c{number:08x}" for number in range(200)]


def rows(ids: Sequence[str] = IDS) -> list[ManifestRow]:
    """Return the rows of an input with these ids, from row 2 on."""
    return [
        ManifestRow(row=number, kind=RowKind.ALLOCATION, allocation_id=text, extras=("ACME", None))
        for number, text in enumerate(ids, start=2)
    ]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the path of a journal with 200 allocations, closed."""
    with Journal.create(tmp_path / "journal.sqlite") as journal:
        journal.load([rows()[:120], rows()[120:]], {"run_id": "r1", "settings": {"rate": 25.0}})
    return tmp_path / "journal.sqlite"


def refusal(path: Path) -> str:
    """Return the sentence with which a journal is refused."""
    with pytest.raises(JournalError) as caught:
        Journal.open(path)
    assert caught.value.exit_code is ExitCode.UNSOUND
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_what_was_loaded_is_there(path: Path) -> None:
    """Facts and rows come back as they were loaded; an unknown fact is None."""
    with Journal.open(path) as journal:
        assert journal.fact("run_id") == "r1"
        assert journal.fact("settings") == {"rate": 25.0}
        assert journal.fact("nothing") is None
        assert journal.unique() == len(IDS)
        cases = fresh_cases(journal, after=0, limit=1000)
    assert [(case.row, case.allocation_id) for case in cases] == list(enumerate(IDS, start=2))


def test_it_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    """Mode 0600, the write-ahead log included, however generous the umask is."""
    before = os.umask(0)
    try:
        with Journal.create(tmp_path / "journal.sqlite") as journal:
            journal.load([rows()], {})
            modes = {one.name: one.stat().st_mode & 0o777 for one in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert modes == {"journal.sqlite": 0o600, "journal.sqlite-wal": 0o600}


def test_an_odd_path_is_a_path(tmp_path: Path) -> None:
    """Characters that mean something in an SQLite address are taken as they stand."""
    path = tmp_path / "100%?#&=x" / "é %41.sqlite"
    path.parent.mkdir()
    with Journal.create(path) as journal:
        journal.load([rows()], {})
    with Journal.open(path) as journal:
        assert journal.unique() == len(IDS)
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_a_commit_is_synced(path: Path) -> None:
    """The journal commits with FULL, so that a power cut loses no intent."""
    with Journal.open(path) as journal:
        assert list(journal.select("PRAGMA synchronous")) == [(2,)]
        assert list(journal.select("PRAGMA journal_mode")) == [("wal",)]


def test_a_journal_is_never_overwritten(path: Path) -> None:
    """Where there is a file already, none is created, and it stays as it is."""
    before = path.read_bytes()
    with pytest.raises(JournalError, match=r"can't be created \(File exists\)"):
        Journal.create(path)
    assert path.read_bytes() == before


def test_a_journal_without_a_folder_is_refused(tmp_path: Path) -> None:
    """The sentence names the path and the reason."""
    with pytest.raises(JournalError, match="No such file or directory"):
        Journal.create(tmp_path / "none" / "journal.sqlite")


@pytest.mark.parametrize("name", ["none.sqlite", ".", "x" * 300])
def test_a_missing_journal_is_refused(tmp_path: Path, name: str) -> None:
    """No file, a folder, an impossible name: a sentence, and nothing comes into being."""
    refusal(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_second_opener_is_told_to_wait(path: Path) -> None:
    """While one holds it, another in this process or elsewhere gets `LockedError`; then not."""
    elsewhere = (
        "import sys, pathlib\n"
        "from bulkcancel.errors import LockedError\n"
        "from bulkcancel.journal import Journal\n"
        "try:\n"
        "    Journal.open(pathlib.Path(sys.argv[1])).close()\n"
        "except LockedError as error:\n"
        "    sys.exit(f'{int(error.exit_code)} {error}')\n"
    )
    command = [sys.executable, "-c", elsewhere, str(path)]
    with Journal.open(path):
        with pytest.raises(LockedError, match="in use by another process"):
            Journal.open(path)
        refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"75 The journal {path} is in use")
    freed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (freed.returncode, freed.stderr) == (0, "")


def test_a_killed_process_has_written_what_write_returned(tmp_path: Path) -> None:
    """After SIGKILL every entry whose write() returned is there, and the lock is free."""
    path = tmp_path / "journal.sqlite"
    program = (
        "import sys, pathlib\n"
        "from bulkcancel.journal import Intent, Journal\n"
        "from bulkcancel.model import ManifestRow, RowKind\n"
        "journal = Journal.create(pathlib.Path(sys.argv[1]))\n"
        "kind = RowKind.ALLOCATION\n"
        "rows = [ManifestRow(row=n, kind=kind, allocation_id=str(n)) for n in range(1, 100001)]\n"
        "journal.load([rows], {})\n"
        "for number in range(1, 100001):\n"
        "    journal.write([Intent(row=number, number=1, at=number / 2)])\n"
        "    print(number, flush=True)\n"
    )
    command = [sys.executable, "-c", program, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) == 50:
                process.send_signal(signal.SIGKILL)
                break
        written = max([50, *(int(line) for line in process.stdout.read().split("\n")[:-1])])
    assert process.returncode == -signal.SIGKILL
    with Journal.open(path) as journal:
        cases = open_cases(journal)
    assert len(cases) in {written, written + 1}
    for number, case in enumerate(cases, start=1):
        assert (case.row, case.intents, case.cut_off, case.due) == (number, 1, True, number / 2)


@pytest.mark.parametrize(
    "content", [b"", b"id\n62ff5c0b\n" * 1000, b"SQLite format 3\0" + b"x" * 999]
)
def test_a_file_that_is_no_journal_is_refused(tmp_path: Path, content: bytes) -> None:
    """A file of another kind is refused and stays as it is."""
    path = tmp_path / "journal.sqlite"
    path.write_bytes(content)
    refusal(path)
    assert path.read_bytes() == content
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_a_foreign_database_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    """Another program's database is not even switched to another journal mode."""
    path = tmp_path / "orders.db"
    connection = sqlite3.connect(path)
    connection.executescript("CREATE TABLE orders (id TEXT); INSERT INTO orders VALUES ('1')")
    connection.close()
    before = path.read_bytes()
    assert "is not a journal of bulkcancel" in refusal(path)
    assert path.read_bytes() == before


def test_another_version_is_refused(path: Path) -> None:
    """A journal of another program is refused, and both versions are named."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 1")
    connection.close()
    assert "version 1; this program reads version 5" in refusal(path)


def test_a_journal_whose_loading_broke_off_is_refused(tmp_path: Path) -> None:
    """Rows without their facts are half an input: nothing may be sent from it."""
    path = tmp_path / "journal.sqlite"

    def changed_meanwhile() -> Iterator[Sequence[ManifestRow]]:
        yield rows()
        raise InputRefusedError("The input changed.")

    journal = Journal.create(path)
    with journal, pytest.raises(InputRefusedError):
        journal.load(changed_meanwhile(), {})
    assert "never finished" in refusal(path)


@pytest.mark.parametrize("keep", [50, 100, 1000, 4096, 8192, -1, -4096])
def test_a_truncated_journal_is_refused(path: Path, keep: int) -> None:
    """A file that was cut, in the middle of a page or between two, is refused."""
    whole = path.read_bytes()
    path.write_bytes(whole[:keep])
    refusal(path)


def test_one_flipped_bit_in_an_id_is_found(path: Path) -> None:
    """SQLite would hand out another id, and another allocation would be cancelled."""
    whole = path.read_bytes()
    at = whole.index(IDS[77].encode()) + len(IDS[77]) - 1
    path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    assert "damaged (its rows are not those that were written)" in refusal(path)


def test_every_damaged_page_is_found(path: Path) -> None:
    """A page overwritten with noise is refused, whichever it is."""
    whole = path.read_bytes()
    pages = len(whole) // 4096
    assert pages > 5
    noise = bytes((7 * number + 13) % 256 for number in range(4096))
    for page in range(pages):
        path.write_bytes(whole[: page * 4096] + noise + whole[(page + 1) * 4096 :])
        refusal(path)
        path.with_name(f"{path.name}-wal").unlink(missing_ok=True)


def test_a_journal_that_cannot_be_written_is_refused(path: Path) -> None:
    """Where the write-ahead log can't be made, nothing may be sent."""
    path.with_name(f"{path.name}-wal").mkdir()
    refusal(path)


def test_a_query_left_half_read_is_no_error(path: Path) -> None:
    """Whoever stops in the middle of the rows, and lets go of them later, hears nothing of it."""
    with Journal.open(path) as journal:
        found = journal.select("SELECT row FROM row")
        assert next(found) == (2,)
    assert isinstance(found, Generator)
    found.close()


def test_intents_and_attempts_are_append_only(path: Path) -> None:
    """A second intent or attempt of the same number is refused, with all that came along."""
    with Journal.open(path) as journal:
        intent = Intent(row=2, number=1, at=1.0)
        attempt = AttemptEntry(
            row=2, number=1, at=2.0, elapsed=1.0, sent=True, kind=Kind.IN_DOUBT, reason="HTTP 500"
        )
        journal.write([intent, attempt])
        for entry in (intent, attempt):
            with pytest.raises(JournalError, match="UNIQUE"):
                journal.write([Intent(row=3, number=1, at=1.0), entry])
        assert list(journal.select("SELECT * FROM intent")) == [(2, 1, 1.0)]
        assert list(journal.select("SELECT at, reason FROM attempt")) == [(2.0, "HTTP 500")]
        journal.write([Intent(row=3, number=1, at=1.0)])


@pytest.mark.parametrize("names", [("seal",), ("widest",), ("seal", "widest")])
def test_a_lost_seal_is_damage(path: Path, names: Sequence[str]) -> None:
    """Nothing is compared with nothing."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for name in names:
            connection.execute("DELETE FROM fact WHERE name = ?", (name,))
    assert "damaged" in refusal(path)


@pytest.mark.parametrize("is_empty", [True, False])
def test_rows_changed_in_the_log_alone_are_found(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_empty: bool
) -> None:
    """The file is right and its log is not: the log counts, whether it can be emptied or not."""
    copy = tmp_path / "copy"
    copy.mkdir()
    before = seal_in_file(path, 13)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("UPDATE row SET allocation_id = ? WHERE row = 5", (f"{7:024x}",))
        for one in (path, path.with_name(f"{path.name}-wal")):
            shutil.copy(one, copy)
    assert seal_in_file(copy / path.name, 13) == before, "the file itself is as it was"
    if not is_empty:
        monkeypatch.setattr("bulkcancel.journal.store.empty_log", lambda _: False)
    assert "its rows are not those that were written" in refusal(copy / path.name)


def test_a_log_that_cannot_be_emptied_is_no_hindrance(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To be read a journal needs no room: then the one connection looks at all of it."""
    monkeypatch.setattr("bulkcancel.journal.store.empty_log", lambda _: False)
    with Journal.open(path) as journal:
        assert journal.unique() == 200


def test_a_file_is_looked_at_beside_its_connection(path: Path, tmp_path: Path) -> None:
    """It shows what was sealed; where it can't be read there is nothing to be shown."""
    with Journal.open(path) as journal:
        assert seal_in_file(path, journal.widest) == journal.fact("seal")
    assert seal_in_file(path, None) is None
    assert seal_in_file(tmp_path / "none.sqlite", 13) is None
    path.write_bytes(b"x" * 5000)
    assert seal_in_file(path, 13) is None
