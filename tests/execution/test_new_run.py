"""A new run's folder: its name is its own, and one that an earlier start left is taken over."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from pastruns import held_journal, leave_journal

from bulkcancel.errors import JournalError, RefusedError
from bulkcancel.execution import new_run
from bulkcancel.journal import Journal
from bulkcancel.journal.connection import connect

NAME = "journal.sqlite"
_ANOTHER = """
import sys
from pathlib import Path
from bulkcancel.execution import new_run
from bulkcancel.journal import Journal
Journal.create(new_run(Path(sys.argv[1]), "night", now=0.0).journal).close()
"""


@pytest.mark.parametrize("left", ["nothing", "an empty file", "unfinished"])
def test_a_run_that_never_began_gives_its_name_away(tmp_path: Path, left: str) -> None:
    """Whatever a process that was killed in its preparations left, the same id works again."""
    journal = tmp_path / "night" / NAME
    journal.parent.mkdir()
    if left == "an empty file":
        journal.touch()
    if left == "unfinished":
        leave_journal(journal, "unfinished")
        assert journal.stat().st_size > 0
    folder = new_run(tmp_path, "night", now=0.0)
    assert list(folder.path.iterdir()) == []
    assert [one.name for one in tmp_path.iterdir()] == ["night"]


@pytest.mark.parametrize("left", ["closed", "killed", "in-doubt", "held", "foreign", "a letter"])
def test_a_run_that_was_begun_keeps_its_name(tmp_path: Path, left: str) -> None:
    """A run that sent something, one at work, and a folder with another's file stay as they are."""
    journal = tmp_path / "night" / NAME
    journal.parent.mkdir()
    if left == "a letter":
        (tmp_path / "night" / "letter.txt").touch()
    elif left == "foreign":
        journal.write_bytes(b"something else, of some length")
    elif left != "held":
        leave_journal(journal, left)

    def refused() -> None:
        before = {one.name for one in journal.parent.iterdir()}
        with pytest.raises(RefusedError, match=r"There is a run night in .* already"):
            new_run(tmp_path, "night", now=0.0)
        assert {one.name for one in journal.parent.iterdir()} == before

    if left == "held":
        with held_journal(journal):
            refused()
    else:
        refused()


def test_a_journal_that_is_taken_for_one_left_sends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Removed between its making and its lock, it is no journal: there would be no record."""
    path = tmp_path / "night" / NAME
    path.parent.mkdir()

    def late(made: Path) -> sqlite3.Connection:
        monkeypatch.undo()
        opened = connect(made)  # and not locked yet
        subprocess.run([sys.executable, "-c", _ANOTHER, str(tmp_path)], check=True)
        return opened

    monkeypatch.setattr("bulkcancel.journal.store.connect", late)
    with pytest.raises(JournalError, match="removed by another process; nothing was sent"):
        Journal.create(path)
