"""What follows: send, read back, settle, or halt the run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from bulkcancel.decision.classify import Finding
from bulkcancel.decision.history import History
from bulkcancel.model import Kind, Settlement


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Send the cancel (again) after that many seconds."""

    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """Read the allocation back after that many seconds."""

    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """The allocation has its outcome."""

    settlement: Settlement


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """The answer says that the run must not go on; the allocation stays open for a resume."""

    kind: Kind
    reason: str
    then: Send | Read
    """What a resumed run does first with this allocation."""


Next: TypeAlias = Send | Read | Settle | Halt


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What the answer was found to mean, what is known now, and what follows."""

    finding: Finding
    history: History
    next: Next
