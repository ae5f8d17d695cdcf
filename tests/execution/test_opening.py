"""A journal opened aside: it comes to who asks, and is closed whatever happens meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest
from quickrun import QuickRig, QuickSettings
from rigging import make_ids

import bulkcancel.execution
from bulkcancel.errors import JournalError, LockedError, RefusedError
from bulkcancel.execution import RunFolder, RunSession, opened_aside
from bulkcancel.journal import Journal


@pytest.fixture
def begun(rig: QuickRig) -> RunFolder:
    """Return the folder of a run that was begun and left."""
    rig.serve()
    with rig.begin(make_ids(3)) as session:
        return session.folder


def test_what_comes_of_it_is_the_run(begun: RunFolder) -> None:
    """Folder and journal, the latter open to whoever asked."""
    with opened_aside(begun.path.parent, begun.run_id) as opened:
        folder, journal = opened.result()
        assert folder == begun
        assert journal.fact("run_id") == begun.run_id


def test_nobody_asked_for_it(begun: RunFolder) -> None:
    """A command that ends for another reason leaves the run to the next one."""

    def refused() -> None:
        with opened_aside(begun.path.parent, begun.run_id):
            raise RefusedError("no token")

    with pytest.raises(RefusedError, match="no token"):
        refused()
    Journal.open(begun.journal).close()


def test_it_is_held_until_it_is_left(begun: RunFolder) -> None:
    """No second process works on the run while what sends is loaded."""
    with opened_aside(begun.path.parent, begun.run_id) as opened:
        opened.result()
        with pytest.raises(LockedError):
            Journal.open(begun.journal)


def test_a_session_goes_on_with_it(rig: QuickRig, begun: RunFolder) -> None:
    """It is the session's then: all is cancelled, the reports are written, the journal closed."""
    with opened_aside(begun.path.parent, begun.run_id) as opened:
        folder, journal = opened.result()
        session = RunSession.reopen(
            folder,
            rig.log(),
            lambda old: QuickSettings(target=old.target),
            journal=journal,
        )
        assert rig.carry(session).exit_code == 0
        with pytest.raises(JournalError):
            journal.fact("run_id")
    rig.check(make_ids(3))


def test_a_session_that_is_not_to_be_closes_it(rig: QuickRig, begun: RunFolder) -> None:
    """Whoever gave it away need not look after it."""
    journal = Journal.open(begun.journal)
    with pytest.raises(RefusedError, match="another input"):
        RunSession.reopen(begun, rig.log(), of_input="other.csv", journal=journal)
    with pytest.raises(JournalError):
        journal.fact("run_id")


def test_no_such_run(tmp_path: Path) -> None:
    """Why it can't be is told to who asks, not before."""
    with opened_aside(tmp_path, "night") as opened:
        asked = opened.exception()
    assert isinstance(asked, RefusedError)
    assert "There is no run night" in str(asked)


def test_a_damaged_journal(begun: RunFolder) -> None:
    """So is what is wrong with the journal."""
    begun.journal.write_bytes(b"no journal at all" * 300)
    with (
        opened_aside(begun.path.parent, begun.run_id) as opened,
        pytest.raises(JournalError, match=r"journal\.sqlite"),
    ):
        opened.result()


def test_every_name_of_the_package_is_there() -> None:
    """What is loaded only when it is asked for is there to be asked for, and no module."""
    for name in bulkcancel.execution.__all__:
        for _ in range(2):  # a module of that name would be there from the second time on
            assert callable(getattr(bulkcancel.execution, name))
    assert not hasattr(bulkcancel.execution, "of_no_such_name")
