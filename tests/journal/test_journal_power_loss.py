"""Rows 42 and 43 of the fault matrix: the power fails, and what was not synced is gone.

The real pool, client and journal are at work. Only SQLite's files lie on a disk that forgets, and
the SQLite that writes them is the one that apsw brings; what is left is opened as real files, by
the program's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import assert_never

import pytest
from changing import replace
from forgetful import ForgetfulDisk, lay_down
from hypothesis import given, settings
from hypothesis import strategies as st
from platter import Event, Noted, moments, notes, platter_after
from quickrun import QuickRig
from rigging import make_ids

from bulkcancel.client import Client, Exchange
from bulkcancel.decision import History
from bulkcancel.errors import JournalError
from bulkcancel.execution import RunSession
from bulkcancel.journal import (
    JOURNAL_NAME,
    AttemptEntry,
    Entry,
    Intent,
    Journal,
    OutcomeEntry,
    PaceEntry,
    ReadEntry,
    WaitEntry,
    What,
)
from bulkcancel.model import Kind, ManifestRow, Outcome, RowKind, Settlement

MEMORY = Path("/dev/shm")  # noqa: S108 - only a folder made anew inside it is used
IDS = make_ids(60)
FAULTS = (
    "hangup-after+10..14",
    "500+20..24",
    "502-applied+30..34",
    "hangup-before+40..44",
    "429+50..54",
)
CHECKPOINTS = pytest.mark.parametrize("checkpoint_every", [1000, 20])
"""How often the log is carried over: as in life, and so often that it is seen many times."""
LOADED = "the input is in the journal"
MANIFEST = [
    ManifestRow(row=number, kind=RowKind.ALLOCATION, allocation_id=text)
    for number, text in enumerate(IDS, start=2)
]


@dataclass(frozen=True, slots=True)
class Sent:
    """Now bytes of a cancel may leave."""

    allocation_id: str


@dataclass(frozen=True, slots=True)
class Returned:
    """The journal said that these entries are on the disk."""

    entries: tuple[Entry, ...]


class PowerLostError(Exception):
    """The power has failed: nothing leaves this machine any more."""


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Iterator[QuickRig]:
    """Give a folder in which to serve and run."""
    with ExitStack() as stack:
        path = stack.enter_context(scratch())
        monkeypatch.setenv("XDG_STATE_HOME", str(path / "state"))
        yield QuickRig(path=path, stack=stack)


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a folder, in memory where there is such a place."""
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        yield Path(folder)


@contextmanager
def running_on(disk: ForgetfulDisk) -> Iterator[None]:
    """Let journals lie on a disk; note each send just before it, each write once it returned."""
    write, cancel, read = Journal.write, Client.cancel, Client.read

    def writing(self: Journal, entries: Iterable[Entry]) -> None:
        handed_in = tuple(entries)
        write(self, handed_in)
        disk.record(Noted(Returned(handed_in)))

    async def cancelling(self: Client, allocation_id: str) -> Exchange:
        if not disk.record(Noted(Sent(allocation_id))):
            raise PowerLostError
        return await cancel(self, allocation_id)

    async def reading(self: Client, allocation_id: str) -> Exchange:
        if not disk.has_power:
            raise PowerLostError
        return await read(self, allocation_id)

    with disk.mounted(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(Journal, "write", writing)
        patch.setattr(Client, "cancel", cancelling)
        patch.setattr(Client, "read", reading)
        yield


def lost(folder: Path, promised: Iterable[object]) -> list[str]:
    """Return what a journal that came through a power loss lacks of what was promised before it."""
    try:
        with Journal.open(folder / JOURNAL_NAME) as journal:
            found = set(
                journal.select(
                    "SELECT 'intent', row, number FROM intent"
                    " UNION SELECT 'attempt', row, number FROM attempt"
                    " UNION SELECT 'read', row, at FROM read_back"
                    " UNION SELECT 'outcome', row, outcome FROM outcome"
                    " UNION SELECT 'outcome', row, outcome FROM reopened"
                )
            )
            intents = Counter(
                allocation_id
                for (allocation_id,) in journal.select(
                    "SELECT r.allocation_id FROM intent i JOIN row r ON r.row = i.row"
                )
            )
            halves = journal.select(
                "SELECT row FROM attempt EXCEPT SELECT row FROM waiting"
                " EXCEPT SELECT row FROM outcome"
            )
            missing = [f"row {row} lost what follows from its attempt" for (row,) in halves]
    except JournalError as error:
        return [str(error)]
    for what in promised:
        match what:
            case Sent(allocation_id=allocation_id):
                intents[allocation_id] -= 1
                if intents[allocation_id] < 0:
                    missing.append(f"{allocation_id} was sent without an intent")
            case Returned(entries=entries):
                keys = {
                    key_of(entry)
                    for entry in entries
                    if not isinstance(entry, WaitEntry | PaceEntry)
                }
                missing += [f"{key} was lost" for key in keys - found]
    return missing


def key_of(entry: Intent | AttemptEntry | ReadEntry | OutcomeEntry) -> tuple[str, int, object]:
    """Return what tells an entry from all others, as `lost` reads it back."""
    match entry:
        case Intent():
            return "intent", entry.row, entry.number
        case AttemptEntry():
            return "attempt", entry.row, entry.number
        case ReadEntry():
            return "read", entry.row, entry.at
        case OutcomeEntry():
            return "outcome", entry.row, entry.settlement.outcome.value
        case _:
            assert_never(entry)


def sends(promised: Iterable[object]) -> Counter[str]:
    """Return how often each allocation was sent."""
    return Counter(what.allocation_id for what in promised if isinstance(what, Sent))


def requests(rig: QuickRig) -> Counter[str]:
    """Return how many cancels of each allocation reached the server."""
    known = rig.server.ledger.summary().allocations
    return Counter({allocation_id: truth.puts for allocation_id, truth in known.items()})


def check_each_send(tape: Sequence[Event], folder: Path, chance: Random | None = None) -> None:
    """Assert that when bytes of a cancel may leave, its intent is on the disk for certain."""
    promised: list[object] = []
    for event, platter in moments(tape):
        if isinstance(event, Noted):
            promised.append(event.what)
            if isinstance(event.what, Sent):
                lay_down(platter.after_loss(chance), folder)
                missing = lost(folder, promised)
                assert not missing, ", ".join(missing)


@CHECKPOINTS
def test_42_no_send_without_an_intent_on_the_disk(rig: QuickRig, checkpoint_every: int) -> None:
    """Had the power failed at any send: its intent is there, and all that was written before.

    So it is whether all the rest is gone or any part of it had arrived.
    """
    rig.serve(*FAULTS)
    disk = ForgetfulDisk(rig.folder(), checkpoint_every=checkpoint_every)
    with running_on(disk):
        assert rig.work(IDS).exit_code == 0
    rig.check(IDS)
    assert requests(rig) <= sends(notes(disk.tape))
    check_each_send(disk.tape, rig.path / "left")
    check_each_send(disk.tape, rig.path / "left", Random(42))


def work_until_the_loss(rig: QuickRig, session: RunSession) -> None:
    """Work until the power fails; whatever the process does after that never happened."""
    try:
        rig.carry(session)
    except* PowerLostError:
        pass


@pytest.mark.parametrize("seed", range(8))
def test_42_a_resume_after_power_losses(rig: QuickRig, seed: int) -> None:
    """The power fails at some moment, and again in the resume: nothing is lost, and a resume ends.

    After each loss the journal is put back as the disk kept it; the server goes on as it was.
    """
    chance = Random(seed)
    rig.serve(*FAULTS)
    quick = replace(rig.settings(), concurrency=chance.choice([1, 4, 8]))
    wanted = make_ids(100)
    promised: list[object] = []
    for most in (250, 80):
        disk = ForgetfulDisk(rig.folder(), checkpoint_every=chance.choice([20, 1000]))
        with running_on(disk):
            session = None if promised else rig.begin(wanted, quick)
            disk.cut_after(chance.randrange(most))
            work_until_the_loss(rig, session or rig.reopen(quick))
        assert not disk.has_power, "it failed before the run had ended"
        promised += [LOADED, *notes(disk.tape)]
        left = disk.platter().after_loss(chance if seed % 2 else None)
        lay_down(left, rig.path / "left")
        assert lost(rig.path / "left", promised) == []
        assert requests(rig) <= sends(promised), "no more had reached the server by then"
        lay_down(left, rig.folder())
    assert rig.resume().exit_code == 0
    rig.check(wanted, killed=True)


@cache
def scripted(checkpoint_every: int) -> tuple[Event, ...]:
    """Return the tape of a journal that is made, filled, closed, opened again and filled further.

    The same at each call. The tape itself is held against the files all along.
    """
    chance = Random(1)
    with scratch() as folder:
        path = folder / JOURNAL_NAME
        disk = ForgetfulDisk(folder, checkpoint_every=checkpoint_every)
        with running_on(disk):
            with Journal.create(path) as journal:
                journal.load([MANIFEST[:30], MANIFEST[30:]], {"run_id": "night"})
                disk.record(Noted(LOADED))
                for entries in script(MANIFEST[:35], chance):
                    journal.write(entries)
                    files = {one.name: one.read_bytes() for one in folder.iterdir()}
                    assert disk.platter().after_loss(chance, luck=1.0) == files
            with Journal.open(path) as journal:
                for entries in script(MANIFEST[35:], chance):
                    journal.write(entries)
        return tuple(disk.tape)


def script(rows: Sequence[ManifestRow], chance: Random) -> Iterator[list[Entry]]:
    """Yield batches of entries as a run would write them: intents, then what came of them."""
    settled = Settlement(outcome=Outcome.CANCELLED, reason="shown")
    left = list(rows)
    while left:
        taken = [left.pop() for _ in range(min(len(left), chance.randint(1, 4)))]
        yield [Intent(row=one.row, number=1, at=1.0) for one in taken]
        answers: list[Entry] = []
        for one in taken:
            row, history = one.row, History(sends=1)
            answers += [
                AttemptEntry(
                    row=row, number=1, at=2.0, elapsed=1.0, sent=True, kind=Kind.SHOWN, reason=""
                ),
                WaitEntry(row=row, what=What.READ, due=3.0, history=history),
                ReadEntry(row=row, at=3.0, elapsed=1.0, kind=Kind.SHOWN, reason=""),
            ]
            if chance.random() < 0.8:
                answers.append(
                    OutcomeEntry(row=row, settled_at=4.0, settlement=settled, history=history)
                )
        yield answers


@CHECKPOINTS
def test_42_any_part_of_what_was_not_synced_may_arrive(checkpoint_every: int) -> None:
    """Whenever the power fails and whichever sectors had arrived: nothing promised is lost.

    Before the input was loaded, when nothing can have been sent, the journal may be refused, in
    words.
    """
    tape = scripted(checkpoint_every)
    with scratch() as folder:

        @settings(max_examples=250, deadline=None)
        @given(moment=st.integers(0, len(tape)), seed=st.integers(0, 2**32))
        def lose_power(moment: int, seed: int) -> None:
            lay_down(platter_after(tape[:moment]).after_loss(Random(seed)), folder)
            promised = notes(tape[:moment])
            missing = lost(folder, promised)
            assert missing == [] or LOADED not in promised

        lose_power()


@pytest.mark.parametrize(
    ("since", "words"),
    [("start", "is not a journal"), ("resume", "was sent without an intent")],
    ids=["start", "resume"],
)
def test_43_without_the_sync_the_check_fails(
    rig: QuickRig, monkeypatch: pytest.MonkeyPatch, since: str, words: str
) -> None:
    """With synchronous=NORMAL, from the start or on a loaded journal, row 42 finds it out."""
    rig.serve(*FAULTS)
    disk = ForgetfulDisk(rig.folder())
    with running_on(disk):
        if since == "resume":
            with rig.begin(IDS):
                pass
            monkeypatch.setattr("bulkcancel.journal.connection._FULL", 1)
            assert rig.resume().exit_code == 0
        else:
            monkeypatch.setattr("bulkcancel.journal.connection._FULL", 1)
            assert rig.work(IDS).exit_code == 0
    with pytest.raises(AssertionError, match=words):
        check_each_send(disk.tape, rig.path / "left")
