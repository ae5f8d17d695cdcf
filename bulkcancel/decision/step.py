"""What follows: send, read back, settle, or halt the run."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from bulkcancel.decision.classify import Finding
from bulkcancel.decision.history import History
from bulkcancel.model import Kind, Settlement


class Send(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Send the cancel (again) after that many seconds."""

    after: float


class Read(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Read the allocation back after that many seconds."""

    after: float


class Settle(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The allocation has its outcome."""

    settlement: Settlement


class Halt(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The answer says that the run must not go on; the allocation stays open for a resume."""

    kind: Kind
    reason: str
    then: Send | Read
    """What a resumed run does first with this allocation."""


Next: TypeAlias = Send | Read | Settle | Halt


class Step(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the answer was found to mean, what is known now, and what follows."""

    finding: Finding
    history: History
    next: Next
