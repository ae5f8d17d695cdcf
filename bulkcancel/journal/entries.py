"""What a run writes into its journal, and the case it takes out of it."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

import msgspec

from bulkcancel.decision import History
from bulkcancel.model import Kind, Settlement


class What(StrEnum):
    """What is to be done next with an allocation."""

    SEND = "send"
    READ = "read"


class Case(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An allocation that has no outcome yet, and what is to be done with it.

    ``row`` is the number of its first row and its key in the journal. ``intents`` counts the
    intents written so far. ``due`` is in seconds since the epoch. ``cut_off`` is set when the last
    intent has no attempt: the process ended between the two, at the time ``due``. ``waited`` is
    set once the journal holds it as one that waits.
    """

    row: int
    allocation_id: str
    history: History
    what: What = What.SEND
    due: float = 0.0
    intents: int = 0
    cut_off: bool = False
    waited: bool = False


class Intent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The durable note "about to send"; ``number`` counts the intents of the row from 1."""

    row: int
    number: int
    at: float


class AttemptEntry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What became of an intent.

    ``sent`` is false when no byte left. ``cause`` names why there was no answer and is ``None``
    if there was one. ``elapsed`` is in seconds; ``at`` (when it was answered) since the epoch.
    ``lead`` is the row of the first allocation of the same request, ``None`` if it went alone.
    """

    row: int
    number: int
    at: float
    elapsed: float
    sent: bool
    kind: Kind
    reason: str
    cause: str | None = None
    http_status: int | None = None
    status: str | None = None
    version: int | None = None
    lead: int | None = None


class ReadEntry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One read of an allocation and what it showed; times as in `AttemptEntry`."""

    row: int
    at: float
    elapsed: float
    kind: Kind
    reason: str
    http_status: int | None = None
    status: str | None = None
    version: int | None = None


class WaitEntry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An allocation goes back to the queue, due at a time (seconds since the epoch)."""

    row: int
    what: What
    due: float
    history: History


class OutcomeEntry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An allocation is settled; without ``waited`` it is not among those that wait."""

    row: int
    settled_at: float
    settlement: Settlement
    history: History
    waited: bool = True


class PaceEntry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The rate limit as learned (requests per second) from ``at`` on, seconds since the epoch."""

    at: float
    limit: float | None


Entry: TypeAlias = Intent | AttemptEntry | ReadEntry | WaitEntry | OutcomeEntry | PaceEntry
