"""What a power loss leaves of files: what was synced for certain, of the rest any part or nothing.

Pure: a tape of all that was done to the files goes in, and every moment of it can be had again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from random import Random
from typing import TypeAlias, assert_never

SECTOR = 512
"""What a disk writes whole or not at all, in bytes."""


@dataclass(frozen=True, slots=True)
class Named:
    """A name in the folder came to mean another file; ``None``: it was taken away."""

    name: str
    file: int | None


@dataclass(frozen=True, slots=True)
class Written:
    """Bytes were written into a file."""

    file: int
    at: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Truncated:
    """A file was given another length."""

    file: int
    size: int


@dataclass(frozen=True, slots=True)
class Synced:
    """All that was done to a file is on the disk."""

    file: int


@dataclass(frozen=True, slots=True)
class FolderSynced:
    """All that was done to the names is on the disk."""


@dataclass(frozen=True, slots=True)
class Noted:
    """Something happened beside the disk, at this point of the tape."""

    what: object


Event: TypeAlias = Named | Written | Truncated | Synced | FolderSynced | Noted
Tape: TypeAlias = Iterable[Event]
_Change: TypeAlias = Written | Truncated


class Platter:
    """What is on the disk for certain, and what is on the way to it."""

    def __init__(self) -> None:
        self._names: dict[str, int] = {}
        self._loose_names: list[Named] = []
        self._safe: dict[int, bytearray] = {}
        self._loose: dict[int, list[_Change]] = {}

    def take(self, event: Event) -> None:
        """Let the next thing on the tape happen."""
        match event:
            case Named():
                self._loose_names.append(event)
            case Written() | Truncated():
                self._loose.setdefault(event.file, []).append(event)
            case Synced():
                content = self._safe.setdefault(event.file, bytearray())
                for change in self._loose.pop(event.file, []):
                    _apply(content, change)
            case FolderSynced():
                for named in self._loose_names:
                    _name(self._names, named)
                self._loose_names.clear()
            case Noted():
                pass
            case _:
                assert_never(event)

    def after_loss(
        self, chance: Random | None = None, luck: float | None = None
    ) -> dict[str, bytes]:
        """Return the files that are there when the power comes back.

        Without ``chance`` all that was not synced is gone. With it each sector of it has arrived
        or not, whatever the order; names arrive in order. ``luck`` is the share that arrives,
        drawn unless given; with 1 nothing is lost.
        """
        if luck is None:
            luck = 0.0 if chance is None else chance.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        chance = chance or Random(0)
        names = dict(self._names)
        for named in self._loose_names:
            if chance.random() >= luck:
                break
            _name(names, named)
        return {name: self._content(file, chance, luck) for name, file in names.items()}

    def _content(self, file: int, chance: Random, luck: float) -> bytes:
        content = bytearray(self._safe.get(file, b""))
        loose = self._loose.get(file, [])
        reach = len(content)
        # Where nothing arrived and yet the file is longer, there is nothing or what lay there once.
        waste: Callable[[int], bytes] = bytes if chance.random() < 0.5 else chance.randbytes
        for change in loose:
            if isinstance(change, Truncated):
                reach = change.size
                if chance.random() < luck:
                    _apply(content, change, waste)
                continue
            reach = max(reach, change.at + len(change.data))
            for piece in _sectors(change):
                if chance.random() < luck:
                    _apply(content, piece, waste)
        if reach > len(content) and chance.random() < luck:
            content += waste(reach - len(content))
        return bytes(content)


def _name(names: dict[str, int], named: Named) -> None:
    if named.file is None:
        names.pop(named.name, None)
    else:
        names[named.name] = named.file


def _apply(content: bytearray, change: _Change, waste: Callable[[int], bytes] = bytes) -> None:
    if isinstance(change, Truncated):
        del content[change.size :]
        content += bytes(change.size - len(content))
        return
    content += waste(max(0, change.at - len(content)))
    content[change.at : change.at + len(change.data)] = change.data


def _sectors(written: Written) -> Iterator[Written]:
    """Yield a write in the parts that a disk writes whole or not at all."""
    at, end = written.at, written.at + len(written.data)
    while at < end:
        until = min(end, (at // SECTOR + 1) * SECTOR)
        yield Written(written.file, at, written.data[at - written.at : until - written.at])
        at = until


def moments(tape: Tape) -> Iterator[tuple[Event, Platter]]:
    """Yield each thing on a tape with the disk as it was just then; one disk, which goes on."""
    platter = Platter()
    for event in tape:
        platter.take(event)
        yield event, platter


def platter_after(tape: Tape) -> Platter:
    """Return the disk at the end of a tape."""
    platter = Platter()
    for event in tape:
        platter.take(event)
    return platter


def notes(tape: Tape) -> list[object]:
    """Return what was noted on a tape."""
    return [event.what for event in tape if isinstance(event, Noted)]
