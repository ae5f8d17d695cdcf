"""A look at a journal from outside: it tells, and it leaves everything as it was."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from pastruns import contents, held_journal, leave_journal, opened_elsewhere

from bulkcancel.errors import JournalError, LockedError
from bulkcancel.journal import Journal
from bulkcancel.journal.glance import glance, in_use, take_lock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where a journal is to lie."""
    return tmp_path / "night" / "journal.sqlite"


def test_one_that_is_worked_on_is_not_disturbed(path: Path) -> None:
    """While a process holds it that is said; the process goes on, and ends in good order."""
    with held_journal(path) as process:
        before = contents(path.parent)
        assert in_use(path)
        with pytest.raises(LockedError, match="in use by another process"):
            glance(path)
        assert contents(path.parent) == before
        said, _ = process.communicate("end\n", timeout=30)
        assert (said, process.returncode) == ("ended\n", 0)
    assert not in_use(path)
    assert glance(path) is not None


def test_our_own_is_in_use_and_stays_locked(path: Path) -> None:
    """A process that asks after a journal that it has open itself does not let go of it."""
    leave_journal(path, "closed")
    with Journal.open(path):
        assert in_use(path)
        assert in_use(path)
        assert "LockedError" in opened_elsewhere(path)
    assert not in_use(path)


@pytest.mark.parametrize(
    ("how", "outcomes"),
    [
        ("closed", {"cancelled": 3, "not_attempted": 2}),
        ("killed", {"cancelled": 3, "not_attempted": 2}),
        ("in-doubt", {"cancelled": 3, "not_attempted": 1, "unknown": 1}),
    ],
)
def test_it_tells_what_was_committed(path: Path, how: str, outcomes: dict[str, int]) -> None:
    """Also of a killed process, whose last words are in the log beside; nothing is changed."""
    leave_journal(path, how)
    assert (path.with_name("journal.sqlite-wal").exists()) == (how != "closed")
    before = contents(path.parent)
    seen = glance(path)
    assert seen is not None
    assert {word: count for word, count in seen.outcomes.items() if count} == outcomes
    assert seen.counts["unique"] == 5
    assert seen.target.base_url == "https://oms.example/api/v2"
    assert [part.finished_at is not None for part in seen.segments] == [how == "closed"]
    assert contents(path.parent) == before


def test_one_that_was_never_finished_has_nothing_to_tell(path: Path) -> None:
    """A run that ended before its rows were in, or before there was a table, was no run."""
    leave_journal(path, "unfinished")
    assert glance(path) is None
    for left in path.parent.iterdir():
        left.unlink()
    path.touch()
    assert glance(path) is None


def test_what_is_no_journal_is_named(path: Path) -> None:
    """Nothing at all, something else, another program's database, another version."""
    with pytest.raises(JournalError, match="can't be read"):
        glance(path)
    path.parent.mkdir()
    path.write_bytes(b"no journal" * 1000)
    with pytest.raises(JournalError, match="damaged or no journal"):
        glance(path)
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE other (x)")
    connection.close()
    with pytest.raises(JournalError, match="no journal of bulkcancel"):
        glance(path)
    path.unlink()
    leave_journal(path, "closed")
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 999")
    connection.close()
    with pytest.raises(JournalError, match="version 999"):
        glance(path)


def test_a_link_is_not_followed(path: Path, tmp_path: Path) -> None:
    """What lies elsewhere is not looked into."""
    leave_journal(path, "closed")
    link = tmp_path / "journal.sqlite"
    link.symlink_to(path)
    with pytest.raises(OSError, match="symbolic links"):
        in_use(link)


def test_its_lock_keeps_a_run_out(path: Path) -> None:
    """As long as the lock is held nobody opens the journal, and while one has it there is none."""
    leave_journal(path, "closed")
    descriptor = os.open(path, os.O_RDWR)
    assert take_lock(descriptor)
    assert "LockedError" in opened_elsewhere(path)
    os.close(descriptor)
    assert opened_elsewhere(path) == ""
    path.unlink()
    with held_journal(path):
        descriptor = os.open(path, os.O_RDWR)
        assert not take_lock(descriptor)
        os.close(descriptor)
